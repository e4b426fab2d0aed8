"""Measure the sea surface of all methods on simulated tracks whose sea level is known.

With the defaults it takes about four minutes on two cores.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from leadline.beam import Selection
from leadline.benchmarks.coincidences import segments_of
from leadline.benchmarks.sea_surface import ERRORS, SIMULATED_SEA, draw_granules, sections_and_truth, summary
from leadline.config import read_yaml
from leadline.files import written_whole
from leadline.log import run
from leadline.sea_surface import SeaSurfaceSettings
from leadline.segments import Resampling
from leadline.simulate.truth import simulate_truth
from leadline.simulate.world import GranuleSettings
from leadline.tables import SEGMENTS, TRUTH, read_table

CONFIG = Path(__file__).resolve().parents[1] / "config" / "config.yaml"


def main() -> None:
    """Parse the command line, measure, write a row for each method, signal and kind of errors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=6001, help="seed of the worlds")
    parser.add_argument("--worlds", type=int, default=2, help="worlds for each signal")
    parser.add_argument("--signals", type=float, nargs="+", default=[0.5, 1.0, 2.0], help="times the nominal photons")
    parser.add_argument("--length", type=float, default=40_000.0, help="length of each track, m")
    parser.add_argument("--processes", type=int, default=2, help="worlds simulated at a time")
    parser.add_argument("--folder", type=Path, help="keep segments and truth here, and use those that are here")
    parser.add_argument(
        "--output", type=Path, default=Path("results/benchmarks/sea_surface.tsv"), help="what it comes to"
    )
    args = parser.parse_args()
    granules = draw_granules(args.seed, args.worlds, args.signals, args.length)
    with TemporaryDirectory() as temporary, ProcessPoolExecutor(args.processes) as pool:
        rows = pd.concat(pool.map(partial(measure, args.folder or Path(temporary)), granules))
    kinds = rows.groupby(["signal", "class_errors", "method"], sort=False)
    table = pd.DataFrame([dict(zip(kinds.keys, kind, strict=True)) | summary(of_kind) for kind, of_kind in kinds])
    with written_whole(args.output) as aside:
        table.to_csv(aside, sep="\t", index=False, float_format="%.4f")
    sys.stdout.write(table.to_string(index=False, float_format="%.4f") + "\n")


def measure(folder: Path, granule: GranuleSettings) -> pd.DataFrame:
    """Simulate a granule and return its sections by all methods with all kinds of class errors."""
    settings = read_yaml(CONFIG)["segments"]
    keeps = ("minimum_confidence", "quality_before_007", "quality_from_007", "podppd_flags", "mss")
    others = ("window", "trim", "surface_window")
    resampling = Resampling(*(settings[name] for name in others), Selection(*(settings[name] for name in keeps)))
    segments = read_table(segments_of(folder, granule, resampling), SEGMENTS)
    truth = folder / f"{granule.name}_truth.parquet"
    if not truth.exists():
        simulate_truth(truth, granule, settings["window"])
    sea_surface = SeaSurfaceSettings(segment_length=settings["window"], **SIMULATED_SEA)
    below = read_table(truth, TRUTH)
    return pd.concat(
        sections_and_truth(segments, below, errors, granule.seed, sea_surface).assign(
            signal=granule.signal, class_errors=errors
        )
        for errors in ERRORS
    )


if __name__ == "__main__":
    run(main)
