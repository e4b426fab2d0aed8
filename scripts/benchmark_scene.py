"""Measure how long a whole Sentinel-2 tile takes to be segmented, and the memory of the whole process.

The tile is simulated: 10980 x 10980 pixels of ice, leads and thin cloud as an L1C SAFE folder of JPEG 2000 bands. To
make it takes some minutes, and 0.6 GB of the folder.
"""

import argparse
import json
import logging
import os
import shlex
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import rasterio

from leadline.accounts import State, read_account
from leadline.benchmarks.measures import Way, compare, machine, peak_memory
from leadline.benchmarks.targets import GIB, Figure, as_text
from leadline.config import read_yaml
from leadline.errors import LeadlineError
from leadline.files import written_whole
from leadline.log import run
from leadline.scene_classes import SETTINGS
from leadline.simulate.full_tile import SIZE, write_full_tile

logger = logging.getLogger("leadline.benchmarks")

SCRIPTS = Path(__file__).resolve().parent
NAME = "S2_T02CNA_20191104T194529"


def main() -> None:
    """Parse the command line, measure, write all figures and show those with targets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=SIZE, help="pixels along a side of the tile")
    parser.add_argument("--rounds", type=int, default=3, help="times that it is timed")
    parser.add_argument("--threads", type=int, default=2, help="cores")
    parser.add_argument("--folder", type=Path, help="keep the tile here, and use the one that is here")
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks/scene.json"), help="all figures")
    args = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: args.threads])
    with TemporaryDirectory() as temporary:
        results, figures = measure(args.folder or Path(temporary), args.size, args.rounds, args.threads)
    with written_whole(args.output) as aside:
        aside.write_text(json.dumps(results, indent=2) + "\n")
    sys.stdout.write(as_text(figures))


def measure(folder: Path, size: int, rounds: int, threads: int) -> tuple[dict[str, Any], list[Figure]]:
    """Measure with the tile of a folder; return all numbers, and the figures that come of them."""
    scene = tile(folder / f"pixels_{size}", size)
    way = stage(scene, folder)
    times = compare({"scene": way}, rounds)
    logger.info("memory of the stage")
    peak = peak_memory(way.command)
    account = read_account(folder / "account.json")
    if account.state is not State.OK:
        raise LeadlineError(f"the stage made nothing of {scene}: {account.reason}")
    figures = [
        Figure(f"seconds for {size} x {size} pixels", median(time.seconds for time in times), at_most=90),
        Figure("processor seconds, on all cores", median(time.cpu_seconds for time in times)),
        Figure("GiB", peak / GIB, at_most=2),
    ]
    results = {
        "source": "simulated",
        "machine": machine(threads) | {"gdal": rasterio.__gdal_version__, "opencv": cv2.__version__},
        "command": shlex.join(way.command),
        "pixels": [size, size],
        "bytes": sum(path.stat().st_size for path in scene.rglob("*.jp2")),
        "counts": account.counts,
        "times": [time._asdict() for time in times],
        "peak_bytes": peak,
        "figures": [figure._asdict() | {"met": figure.met} for figure in figures],
    }
    return results, figures


def tile(folder: Path, size: int) -> Path:
    """Return the SAFE folder of a tile of this size in the folder; it is made where it is not there yet."""
    if not folder.exists():
        logger.info("simulating a tile of %d x %d pixels", size, size)
        with written_whole(folder) as aside:
            write_full_tile(aside, size)
    return next(folder.glob("*.SAFE"))


def stage(scene: Path, folder: Path) -> Way:
    """Return the stage as rules/labels.smk runs it; classes and account go to the folder."""
    labels = read_yaml(SCRIPTS.parent / "config" / "config.yaml")["labels"]
    options = {
        "scene": scene,
        "name": NAME,
        **{name: labels[name] for name in SETTINGS},
        "output": folder / "classes.tif",
        "account": folder / "account.json",
    }
    script = [sys.executable, str(SCRIPTS / "segment_scene.py")]
    words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    return Way([*script, *words], [*script, "--help"])


if __name__ == "__main__":
    run(main)
