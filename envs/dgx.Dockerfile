# leadline's environment for a DGX: Horovod reduces gradients with NCCL. The tests do not build it.
#   docker build --tag leadline-dgx --file envs/dgx.Dockerfile .
#   apptainer build envs/leadline.sif docker-daemon://leadline-dgx:latest
#   snakemake --profile dgx --sdm apptainer --apptainer-args="--nv --bind /raid"
# For Slurm with pyxis: enroot import dockerd://leadline-dgx
#
# The base is NGC's CUDA image: CUDA 12, cuDNN 9.3 or newer and NCCL with their headers, as TensorFlow 2.18 asks for and
# Horovod compiles against. NGC's TensorFlow images hold the same libraries under another Python and TensorFlow than
# requirements.lock. Added are Python 3.11, a compiler, and the lock, with Horovod built for NCCL.
FROM nvcr.io/nvidia/cuda:12.6.3-cudnn-devel-rockylinux9

RUN dnf install --assumeyes python3.11 gcc-c++ make && dnf clean all

WORKDIR /opt/leadline
COPY Makefile pyproject.toml requirements.lock ./
RUN HOROVOD_GPU_OPERATIONS=NCCL make ready && rm -rf /root/.cache

ENV PATH=/opt/leadline/.venv/bin:$PATH
