"""Lay the paper's Tables I to V beside what this campaign and the benchmarks on this machine came to."""

import argparse
import json
from pathlib import Path

import pandas as pd

from leadline.benchmarks.scaling import machine_words
from leadline.files import written_whole
from leadline.log import run
from leadline.report.paper_tables import Measured, beside_paper


def main() -> None:
    """Parse the command line and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", required=True, help="acquire.source of the campaign")
    parser.add_argument("--summary", type=Path, required=True, help="JSON figures of the campaign")
    parser.add_argument("--drift", type=Path, required=True, help="table of how scenes are laid on tracks")
    parser.add_argument(
        "--benchmarks", type=Path, nargs="*", default=[], help="tables of benchmarks; .json beside each"
    )
    parser.add_argument("--output", type=Path, required=True, help="table to write")
    args = parser.parse_args()
    benchmarks = {path.stem: _measured(path) for path in args.benchmarks}
    figures = json.loads(args.summary.read_text())
    table = beside_paper(args.source, figures, pd.read_csv(args.drift, sep="\t"), benchmarks)
    with written_whole(args.output) as aside:
        table.to_csv(aside, sep="\t", index=False, float_format="%g")


def _measured(path: Path) -> Measured:
    told = json.loads(path.with_suffix(".json").read_text())
    return Measured(pd.read_csv(path, sep="\t"), machine_words(told["machine"]), told.get("source", "simulated"))


if __name__ == "__main__":
    run(main)
