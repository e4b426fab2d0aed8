"""Ranks: the processes that train or classify together. The only module that knows Horovod.

Keras 3 and horovod.tensorflow.keras do not go together: its optimizer trains without averaging and raises nothing. So
only horovod.tensorflow is used, and a training loop averages its gradients by ``Ranks.average`` itself.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TypeVar

# TensorFlow reads this once, when it is imported; the command lines import this module before others that need it
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

from leadline.errors import LeadlineError

_SIZE_BY_LAUNCHER = ("HOROVOD_SIZE", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS")
"""Where horovodrun, Open MPI, MPICH and srun tell a process how many of it they started; the innermost first."""

Value = TypeVar("Value")


class Ranks:
    """One process alone, rank 0 of 1: what several would exchange it already has."""

    rank: int = 0
    size: int = 1

    def share(self, value: Value) -> Value:
        """Return what rank 0 gives."""
        return value

    def average(self, tensors: list[tf.Tensor]) -> list[tf.Tensor]:
        """Return the mean over the ranks of each tensor; all ranks get the same bits."""
        return tensors

    def gather(self, rows: np.ndarray) -> np.ndarray:
        """Return the rows of all ranks, those of rank 0 first; ranks may hold different numbers of them."""
        return rows

    @contextmanager
    def bound_together(self, remedy: str) -> Iterator[None]:
        """Raise LeadlineError with the remedy where another rank ends, or stands still, before the work is done."""
        yield


class HorovodRanks(Ranks):
    """One of several processes that Horovod connects."""

    def __init__(self, horovod: ModuleType) -> None:
        """Take the initialised module ``horovod.tensorflow``."""
        self.rank = horovod.rank()
        self.size = horovod.size()
        self._horovod = horovod

    def share(self, value: Value) -> Value:
        """Return what rank 0 gives."""
        return self._horovod.broadcast_object(value, root_rank=0)

    def average(self, tensors: list[tf.Tensor]) -> list[tf.Tensor]:
        """Return the mean over the ranks of each tensor; all ranks get the same bits."""
        return self._horovod.grouped_allreduce(tensors, op=self._horovod.Average)

    def gather(self, rows: np.ndarray) -> np.ndarray:
        """Return the rows of all ranks, those of rank 0 first; ranks may hold different numbers of them."""
        return self._horovod.allgather(tf.constant(rows)).numpy()

    @contextmanager
    def bound_together(self, remedy: str) -> Iterator[None]:
        """Raise LeadlineError with the remedy where another rank ends, or stands still, before the work is done.

        Gloo waits 30 s for a process that stands still (HOROVOD_GLOO_TIMEOUT_SECONDS). One that goes on and has no part
        in the work it does not tell: Horovod 0.28.1 looks for such ranks (HOROVOD_STALL_SHUTDOWN_TIME_SECONDS) under
        MPI alone.
        """
        try:
            yield
        except tf.errors.OpError as error:
            if "Horovod has been shut down" not in error.message:
                raise
            raise LeadlineError(
                f"rank {self.rank} of {self.size}: another rank ended before the work was done and says itself why, "
                f"or it stood still; {remedy}"
            ) from error


def start() -> Ranks:
    """Return this process's place among those that its launcher started; call it first, before TensorFlow works.

    A plain process is alone and Horovod is left out. Started by horovodrun, mpirun or srun it is one of several. Raises
    LeadlineError where Horovod does not see as many processes as were started: each would train a model of its own.
    """
    started = next((int(os.environ[name]) for name in _SIZE_BY_LAUNCHER if name in os.environ), 1)
    if started == 1:
        return Ranks()
    try:
        import horovod.tensorflow as horovod

        horovod.init()
    except Exception as error:
        raise LeadlineError(
            f"{started} processes were launched, but Horovod does not start: {error}; "
            "mend the installation (`make ready`) or launch one process with `python`"
        ) from error
    if horovod.size() != started:
        raise LeadlineError(
            f"{started} processes were launched, but Horovod sees {horovod.size()}; launch with `horovodrun --gloo`, "
            "or build Horovod with MPI to launch with mpirun or srun"
        )
    _take_a_share_of_the_machine(horovod)
    return HorovodRanks(horovod)


def _take_a_share_of_the_machine(horovod: ModuleType) -> None:
    """Use one GPU a rank; where there is none, divide the cores among the ranks of this machine."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        own = gpus[horovod.local_rank()]
        tf.config.set_visible_devices(own, "GPU")
        tf.config.experimental.set_memory_growth(own, True)
    else:
        threads = max(1, len(os.sched_getaffinity(0)) // horovod.local_size())
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
