"""Spark jobs measured as in the paper's Tables II and V: load, map and reduce, by executors and cores.

* load: what the job needs is read into the executors' memory;
* map: the work is declared; Spark is lazy, so nothing is done yet;
* reduce: the action that does the work, writes the Parquet parts and counts.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

import pandas as pd
import psutil
from pyspark import RDD, SparkContext

from leadline.errors import LeadlineError
from leadline.spark.session import session

COLUMNS = ["source", "executors", "cores", "load_s", "map_s", "reduce_s", "speedup_load", "speedup_reduce"]


class Layout(NamedTuple):
    """How many executors there are, and how many cores each has."""

    executors: int
    cores: int


class Job(NamedTuple):
    """What is measured: how it runs, with a clock for its stages and the path of a folder that it makes."""

    few: Callable[[int], Callable[["Clock", SparkContext, Path], None]]
    """Returns how the job runs on the first so many files of its load."""
    run: Callable[["Clock", SparkContext, Path], None]
    folder: Path
    """Where all executors see files."""


class Clock:
    """Seconds of the stages of a job, and those of the processor: on all cores, of this process and those below it.

    On a local-cluster these are all there are. What other work on the machine changes them little.
    """

    def __init__(self) -> None:
        """Begin with no stage."""
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what is done inside as a stage of this name."""
        before, used = perf_counter(), _processor_seconds()
        yield
        self.seconds[f"{name}_s"] = perf_counter() - before
        self.seconds[f"{name}_cpu_s"] = _processor_seconds() - used


def measure(
    job: Job, layouts: Sequence[Layout], rounds: int, memory: int, settings: Mapping[str, str]
) -> Iterator[dict[str, float]]:
    """Time all layouts in turn, a few rounds, of which each begins with another layout: one row a time.

    A row holds round, executors, cores, and the seconds of each stage. The executors share ``memory`` (MiB).
    ``settings`` are Spark's, and win over those of the layout; without a master in them, Spark starts a cluster of
    processes on this machine (local-cluster), and all of it, driver included, is kept to as many processors as the
    layout has cores: else the threads of Java would use others, and one core would be 1.4. The executors are warm: they
    have done a little of the job before. Raises ``LeadlineError`` where their memory does not hold the load.
    """
    processors = sorted(os.sched_getaffinity(0))
    for number in range(rounds):
        first = number % len(layouts)
        for layout in [*layouts[first:], *layouts[:first]]:
            n_cores = layout.executors * layout.cores
            _keep_to(processors if "spark.master" in settings else processors[:n_cores])
            with (
                session("leadline benchmark", _settings(layout, memory, settings)) as spark,
                TemporaryDirectory(dir=job.folder) as folder,
            ):
                job.few(n_cores)(Clock(), spark.sparkContext, Path(folder) / "warm")
                clock = Clock()
                job.run(clock, spark.sparkContext, Path(folder) / "measured")
            yield {"round": number, **layout._asdict(), **clock.seconds}
    _keep_to(processors)


def table_of(
    times: Sequence[Mapping[str, float]], n_segments: int, paper: pd.DataFrame, rates: Mapping[str, str]
) -> pd.DataFrame:
    """Return the medians over the rounds in the columns of the paper's tables, its own rows (``paper``, in the columns
    ``paper.EXECUTORS``) below them.

    Speed-up is over the first layout. ``rates`` names, for each further column, the stage whose segments per second
    and core it tells.
    """
    measured = pd.DataFrame(times).groupby(["executors", "cores"], sort=False).agg(median).reset_index()
    for stage in ("load", "reduce"):
        measured[f"speedup_{stage}"] = measured[f"{stage}_s"].iloc[0] / measured[f"{stage}_s"]
    for rate, stage in rates.items():
        measured[rate] = n_segments / measured[f"{stage}_s"] / (measured["executors"] * measured["cores"])
    rows = pd.concat([measured.assign(source="this machine"), paper.assign(source="paper")])
    return rows[[*COLUMNS, *rates]].reset_index(drop=True)


def require_in_memory(context: SparkContext, load: RDD) -> None:
    """Raise ``LeadlineError`` where the executors do not hold all of a load that is to persist."""
    (stored,) = (info for info in context._jsc.sc().getRDDStorageInfo() if info.id() == load.id())
    if stored.numCachedPartitions() < load.getNumPartitions():
        raise LeadlineError(
            f"the executors hold {stored.numCachedPartitions()} of {load.getNumPartitions()} parts of the load;"
            " give them more --memory"
        )


def _settings(layout: Layout, memory: int, settings: Mapping[str, str]) -> dict[str, str]:
    of_each = memory // layout.executors
    return {
        "spark.master": f"local-cluster[{layout.executors},{layout.cores},{of_each}]",
        "spark.executor.memory": f"{of_each}m",
        "spark.executor.instances": str(layout.executors),
        "spark.executor.cores": str(layout.cores),
        "spark.cores.max": str(layout.executors * layout.cores),
        # No task may start before all executors are there, or the first would take them all.
        "spark.scheduler.minRegisteredResourcesRatio": "1",
        "spark.scheduler.maxRegisteredResourcesWaitingTime": "120s",
        **settings,
    }


def _processor_seconds() -> float:
    this = psutil.Process()
    used = 0.0
    for process in (this, *this.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            used += sum(process.cpu_times()[:2])
    return used


def _keep_to(processors: Sequence[int]) -> None:
    """Let this process and those below it run on these processors alone, and with them what they will start."""
    this = psutil.Process()
    for process in (this, *this.children(recursive=True)):
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            for thread in process.threads():
                os.sched_setaffinity(thread.id, processors)


@contextmanager
def kept_to_one_processor() -> Iterator[None]:
    """Keep this process to one processor, and let it go again."""
    processors = sorted(os.sched_getaffinity(0))
    _keep_to(processors[:1])
    try:
        yield
    finally:
        _keep_to(processors)
