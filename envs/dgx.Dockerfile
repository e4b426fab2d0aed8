# leadline's environment for a DGX: Horovod reduces gradients with NCCL. The tests do not build it.
#   docker build --tag leadline-dgx --file envs/dgx.Dockerfile .
#   enroot import dockerd://leadline-dgx        (for Slurm with pyxis)
# NGC's TensorFlow images bring another Python and TensorFlow than requirements.lock; this base has CUDA 12,
# cuDNN 9.3 or newer and NCCL, which TensorFlow 2.18 asks for, and the right Python in its packages.
FROM nvidia/cuda:12.6.3-cudnn-devel-rockylinux9

RUN dnf install --assumeyes python3.11 gcc-c++ make && dnf clean all

WORKDIR /opt/leadline
COPY Makefile pyproject.toml requirements.lock ./
RUN HOROVOD_GPU_OPERATIONS=NCCL make ready && rm -rf /root/.cache

ENV PATH=/opt/leadline/.venv/bin:$PATH
