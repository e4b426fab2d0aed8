"""How long commands take and what memory they hold, and what follows: ratios, and how the cost grows."""

import logging
import os
import platform
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from subprocess import DEVNULL, Popen
from tempfile import TemporaryFile
from typing import Any, NamedTuple

import h5py
import numpy as np
import psutil

from leadline.errors import LeadlineError

logger = logging.getLogger("leadline.benchmarks")


class Way(NamedTuple):
    """A way to do the work."""

    command: list[str]
    start: list[str]
    """The command that starts the same process, imports what it needs, and ends."""


class Time(NamedTuple):
    """How long a way took once."""

    round: int
    way: str
    seconds: float
    """From the start of its process to its end."""
    seconds_inside: float
    """Without the start of the process and its imports."""
    cpu_seconds: float
    """On all cores, of the process and those below it: what other work on the machine changes little."""


def compare(ways: Mapping[str, Way], rounds: int) -> list[Time]:
    """Time all ways in turn, each in a process of its own, a few rounds, of which each begins with another way.

    Raises ``LeadlineError`` where a process fails.
    """
    times = []
    names = list(ways)
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            start = seconds(ways[name].start)
            before = _cpu_seconds()
            whole = seconds(ways[name].command)
            logger.info("round %d of %d: %s %.2f s, %.2f s of them to start", number + 1, rounds, name, whole, start)
            times.append(Time(number, name, whole, whole - start, _cpu_seconds() - before))
    return times


def ratio(times: Sequence[Time], above: str, below: str, measure: str = "seconds") -> float:
    """Return the median over the rounds of how many times longer one way took than another."""
    found = {(time.way, time.round): getattr(time, measure) for time in times}
    return median(found[above, number] / found[below, number] for way, number in found if way == above)


def exponent(n_photons: Sequence[int], seconds: Sequence[float]) -> float | None:
    """Return p of the power law ``seconds = fixed + c * n_photons ** p``: 1 where the cost is linear.

    The first beam is a short one, and what it takes is fixed. p is the slope between the logarithms of the photons and
    of the seconds that the others have more than it, by least squares. Noise goes with the whole time, so each
    logarithm weighs as much as the share that it stands for has in it. None where fewer than two took longer.
    """
    more_photons = np.subtract(n_photons[1:], n_photons[0])
    more_seconds = np.subtract(seconds[1:], seconds[0])
    longer = more_seconds > 0
    if longer.sum() < 2:
        return None
    weight = (more_seconds / seconds[1:])[longer]
    return float(np.polyfit(np.log(more_photons[longer]), np.log(more_seconds[longer]), 1, w=weight)[0])


def seconds(command: Sequence[str]) -> float:
    """Return how long a command takes, from the start of its process to its end.

    Raises ``LeadlineError`` where it fails.
    """
    begin = time.perf_counter()
    with _launched(command):
        pass
    return time.perf_counter() - begin


def _cpu_seconds() -> float:
    """Return the processor time of all processes below this one that have ended."""
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def peak_memory(command: Sequence[str]) -> int:
    """Return the most memory in bytes that a command and the processes below it held at one time.

    It is the sum of their proportional set sizes (Linux: what processes share counts once), read fifty times a second.
    Raises ``LeadlineError`` where the command fails.
    """
    peak = 0
    with _launched(command) as process:
        parent = psutil.Process(process.pid)
        while process.poll() is None:
            with suppress(psutil.NoSuchProcess):
                peak = max(peak, sum(map(_held, [parent, *parent.children(recursive=True)])))
            time.sleep(0.02)
    return peak


def _held(process: psutil.Process) -> int:
    """Return the proportional set size of a process in bytes, 0 where it has ended."""
    with suppress(psutil.NoSuchProcess):
        return process.memory_full_info().pss
    return 0


@contextmanager
def _launched(command: Sequence[str]) -> Iterator[Popen]:
    """Start a command, and wait for its end; raise ``LeadlineError`` with its last line where it fails."""
    with TemporaryFile() as said, Popen(command, stdout=DEVNULL, stderr=said) as process:
        yield process
        if process.wait():
            said.seek(0)
            last = said.read().decode().strip().splitlines()[-1:]
            raise LeadlineError(f"{shlex.join(command)} ended with {process.returncode}: {' '.join(last)}")


def machine(cores: int) -> dict[str, Any]:
    """Return what the measures hang on besides the code, with the number of cores that were used."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = {line.split(":")[1].strip() for line in lines if line.startswith("model name")}
    return {
        "processor": ", ".join(sorted(models)) or platform.machine(),
        "cores": os.cpu_count(),
        "cores_used": cores,
        "memory_bytes": psutil.virtual_memory().total,
        "system": platform.platform(),
        "python": platform.python_version(),
        "hdf5": h5py.version.hdf5_version,
        **{name: version(name) for name in ("h5py", "numba", "numpy", "pandas", "pyarrow")},
    }
