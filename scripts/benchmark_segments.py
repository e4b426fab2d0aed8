"""Measure the stage of segments on a long simulated beam: beside plain reading, beside pandas, its memory, its cost.

All in one run, on as many cores as --threads. With the defaults it takes 15 minutes, and 3.5 GB of the folder.
"""

import argparse
import json
import logging
import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from leadline.accounts import State, read_account
from leadline.atl03 import DATASETS
from leadline.benchmarks.long_beam import write_long_beam
from leadline.benchmarks.measures import Way, compare, exponent, machine, peak_memory, seconds
from leadline.benchmarks.targets import Figure, against_targets, as_text
from leadline.config import read_yaml
from leadline.errors import LeadlineError
from leadline.files import written_whole
from leadline.log import run
from leadline.simulate.granule import simulate_granule
from leadline.simulate.world import GranuleSettings

logger = logging.getLogger("leadline.benchmarks")

SCRIPTS = Path(__file__).resolve().parent
BEAM = "gt1r"
# 61 frames of 200 shots end 0.3 m before the end of a reference segment: laid end to end, they leave no gap.
STRETCH = GranuleSettings("20191104200000_90010510", 1, -80.0, -20.0, heading=350.0, length=8703.0)
STRETCH_FILE = "stretch.h5"
LONGER = 5
"""How many times longer the beam is that must need no more memory."""


def main() -> None:
    """Parse the command line, measure, write all figures and show those with targets."""
    parser = argparse.ArgumentParser(description=__doc__)
    sizes = [n * 1_000_000 for n in (1, 2, 5, 10, 20, 50)]
    parser.add_argument("--photons", type=int, default=20_000_000, help="photons of the beam")
    parser.add_argument("--sizes", type=int, nargs="+", default=sizes, help="photons of the beams that tell the cost")
    parser.add_argument("--rounds", type=int, default=3, help="times that each is timed")
    parser.add_argument("--threads", type=int, default=2, help="processes of the stage, and cores for all")
    parser.add_argument("--folder", type=Path, help="keep the beams here, and use those that are here")
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks/segments.json"), help="all figures")
    args = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: args.threads])
    with TemporaryDirectory() as temporary:
        results, figures = measure(args.folder or Path(temporary), args)
    with written_whole(args.output) as aside:
        aside.write_text(json.dumps(results, indent=2) + "\n")
    sys.stdout.write(as_text(figures))


def measure(folder: Path, args: argparse.Namespace) -> tuple[dict[str, Any], list[Figure]]:
    """Measure with the beams of a folder; return all numbers, and the figures that come of them."""
    settings = read_yaml(SCRIPTS.parent / "config" / "config.yaml")["segments"]
    beams = {n: long_beam(folder, n) for n in sorted({args.photons, LONGER * args.photons, *args.sizes})}
    stretch, beam, longer = folder / STRETCH_FILE, beams[args.photons], beams[LONGER * args.photons]
    stages = {path: stage(path, settings, args.threads) for path in (stretch, *beams.values())}
    by_hand = folder / "pandas.parquet"
    ways = {
        "read": rival("read_plainly", "h5py", str(beam), BEAM, DATASETS),
        "stage": stages[beam],
        "pandas": rival("group_with_pandas", "pandas, pyarrow.parquet", str(beam), BEAM, settings, str(by_hand)),
    }
    logger.info("once untimed: the stage's kernels are compiled, and the beam comes into the page cache")
    seconds(stages[stretch].command)
    seconds(ways["read"].command)
    times = compare(ways, args.rounds)
    logger.info("memory of the stage")
    peaks = {path: peak_memory(stages[path].command) for path in (beam, longer)}
    logger.info("cost of the stage by size")
    sizes = [stretch, *(beams[n] for n in sorted(args.sizes))]
    rounds = [[seconds(stages[path].command) for path in sizes] for _ in range(args.rounds)]
    photons = {path: counts(path)["photons"] for path in stages}
    cost = {photons[path]: of_size for path, of_size in zip(sizes, zip(*rounds, strict=True), strict=True)}
    memory = {photons[path]: peak for path, peak in peaks.items()}
    figures = against_targets(times, memory, exponent(list(cost), [median(of_size) for of_size in cost.values()]))
    results = {
        "source": "simulated",
        "machine": machine(args.threads),
        "command": shlex.join(ways["stage"].command),
        "beam": {"photons": photons[beam], "bytes": beam.stat().st_size},
        "counts": counts(beam),
        "kept": {"stage": in_table(beam.with_suffix(".parquet")), "pandas": in_table(by_hand)},
        "times": [time._asdict() for time in times],
        "memory": [{"photons": n, "bytes": peak} for n, peak in memory.items()],
        "cost": [{"photons": n, "seconds": of_size} for n, of_size in cost.items()],
        "figures": [figure._asdict() | {"met": figure.met} for figure in figures],
    }
    return results, figures


def long_beam(folder: Path, n_photons: int) -> Path:
    """Return a granule in the folder whose beam has so many photons; it is made where it is not there yet."""
    path, stretch = folder / f"photons_{n_photons}.h5", folder / STRETCH_FILE
    if not stretch.exists():
        logger.info("simulating %.1f km of track", STRETCH.length / 1000)
        simulate_granule(stretch, STRETCH)
    if not path.exists():
        logger.info("making a beam of %s photons", f"{n_photons:,}")
        write_long_beam(stretch, path, BEAM, DATASETS, n_photons)
    return path


def stage(granule: Path, settings: Mapping[str, Any], threads: int) -> Way:
    """Return the stage as rules/segments.smk runs it; table and account come beside the granule."""
    script = [sys.executable, str(SCRIPTS / "resample_segments.py")]
    options = {
        "granule": granule,
        "name": STRETCH.name,
        "beams": BEAM,
        **settings,
        "threads": threads,
        "output": granule.with_suffix(".parquet"),
        "account": granule.with_suffix(".json"),
    }
    words = []
    for name, value in options.items():
        words += [f"--{name.replace('_', '-')}", *map(str, value if isinstance(value, list) else [value])]
    return Way([*script, *words], [*script, "--help"])


def rival(function: str, modules: str, *arguments: Any) -> Way:
    """Return a function of ``benchmarks.rivals`` in a process of its own that starts by importing these modules."""
    start = f"import sys; sys.path.insert(0, {str(SCRIPTS)!r}); import {modules}, leadline.benchmarks.rivals"
    work = f"leadline.benchmarks.rivals.{function}(*{arguments!r})"
    return Way([sys.executable, "-c", f"{start}; {work}"], [sys.executable, "-c", start])


def counts(granule: Path) -> dict[str, float]:
    """Return what the stage kept and dropped of a granule; raises ``LeadlineError`` where it could not use it."""
    account = read_account(granule.with_suffix(".json"))
    for part in account.everything():
        if part.state is not State.OK:
            raise LeadlineError(f"the stage made nothing of {granule}: {part.reason}")
    return account.parts[0].counts


def in_table(table: Path) -> dict[str, int]:
    """Return how many photons and segments a table of segments holds."""
    n_photons = pd.read_parquet(table, columns=["n_photons"])["n_photons"]
    return {"photons": int(n_photons.sum()), "segments": len(n_photons)}


if __name__ == "__main__":
    run(main)
