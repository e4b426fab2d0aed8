"""Measure how much of a granule moves when a stretch of its track is read where it stands, behind a local server.

The granule is simulated: six beams, laid end to end until they fill the file. With the defaults it takes ten minutes
and 1 GB of the folder; --latency makes every answer late, as those of a host far away are.
"""

import argparse
import json
import logging
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import h5py
import requests

from leadline.archives.earthdata import Box
from leadline.archives.remote_file import RemoteFile
from leadline.archives.remote_granule import cut_granule
from leadline.benchmarks.long_beam import write_long_granule
from leadline.benchmarks.measures import machine
from leadline.benchmarks.range_server import served
from leadline.files import written_whole
from leadline.log import run
from leadline.names import BEAMS
from leadline.simulate.atl03_file import LAYOUT
from leadline.simulate.granule import simulate_granule
from leadline.simulate.world import GranuleSettings

logger = logging.getLogger("leadline.benchmarks")

STRETCH = GranuleSettings("20191104200000_90010510", 1, -80.0, -20.0, heading=350.0, length=8703.0)
STRONG = ["gt1r", "gt2r", "gt3r"]
LATENCIES = [0.0, 0.05]
REFERENCE_LENGTH = 20.0


def main() -> None:
    """Parse the command line, make the granule, cut it, and write and show what moved."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stretches", type=int, default=134, help="times that the simulated 8.7 km are laid on")
    parser.add_argument("--length", type=float, default=40_000.0, help="length of the stretch that is read, m")
    parser.add_argument("--latency", type=float, nargs="+", default=LATENCIES, help="delays of the answers, s")
    parser.add_argument("--folder", type=Path, help="keep the granule here, and use the one that is here")
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks/subset.json"), help="all figures")
    args = parser.parse_args()
    with TemporaryDirectory() as temporary:
        granule = long_granule(args.folder or Path(temporary), args.stretches)
        box = middle(granule, args.length)
        rows = [measure(granule, box, latency, Path(temporary) / "cut.h5") for latency in args.latency]
    results = {"source": "simulated", "machine": machine(1), "beams": STRONG, "length": args.length, "cuts": rows}
    with written_whole(args.output) as aside:
        aside.write_text(json.dumps(results, indent=2) + "\n")
    for row in rows:
        share = row["moved"] / row["granule"]
        sys.stdout.write(
            f"{row['moved'] / 1e6:.1f} of {row['granule'] / 1e6:.0f} MB moved ({share:.2%}) in {row['requests']}"
            f" requests, {row['seconds']:.1f} s at a latency of {row['latency']:g} s\n"
        )


def long_granule(folder: Path, n_stretches: int) -> Path:
    """Return a granule of so many stretches in the folder; it is made where it is not there yet."""
    path, stretch = folder / f"stretches_{n_stretches}.h5", folder / "stretch.h5"
    if not stretch.exists():
        simulate_granule(stretch, STRETCH)
    if not path.exists():
        logger.info("making a granule of %.0f km", n_stretches * STRETCH.length / 1000)
        names = [f"{group}/{name}" for group, fields in LAYOUT.items() for name in fields]
        write_long_granule(stretch, path, BEAMS, names, n_stretches)
    return path


def middle(granule: Path, length: float) -> Box:
    """Return a box that holds a stretch of this length in the middle of the track."""
    with h5py.File(granule) as file:
        latitude = file[f"{STRONG[0]}/geolocation/reference_photon_lat"][...]
    half = round(length / REFERENCE_LENGTH / 2)
    south, north = sorted(latitude[[len(latitude) // 2 - half, len(latitude) // 2 + half]].tolist())
    return (-180.0, south, 180.0, north)


def measure(granule: Path, box: Box, latency: float, path: Path) -> dict[str, Any]:
    """Cut the strong beams in a box out of a granule behind a server, and return what moved and how long it took."""
    with served(granule, latency) as traffic, requests.Session() as session:
        begun = time.monotonic()
        cut_granule(RemoteFile(traffic.url, session), path, STRONG, box)
        seconds = time.monotonic() - begun
    return {
        "latency": latency,
        "granule": granule.stat().st_size,
        "moved": traffic.bytes_sent,
        "requests": traffic.requests,
        "seconds": seconds,
        "written": path.stat().st_size,
    }


if __name__ == "__main__":
    run(main)
