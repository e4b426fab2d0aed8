"""Measure how fast the paper's LSTM is trained by one process and by several ranks, and how fast it classifies.

Each training is the workflow's own command line. The table has the columns of the paper's Table IV, and its rows first;
the figures of every round are in a JSON file beside it.
"""

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from leadline.benchmarks.measures import machine
from leadline.benchmarks.targets import as_text
from leadline.benchmarks.training import Run, classified, figures, table_iv, trained
from leadline.files import written_whole
from leadline.log import run
from leadline.steps import PRECISIONS
from leadline.tables import TRAINING_SET, read_table


def main() -> None:
    """Parse the command line, measure, write the table and all figures, and show those with targets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--training-set", type=Path, default=Path("results/model/train_set.parquet"))
    parser.add_argument("--segment-length", type=float, default=2.0, help="length of its segments, m")
    parser.add_argument("--ranks", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[32, 1024], help="windows of a step, of one rank")
    parser.add_argument("--launcher", default=Run.launcher, help="what starts ranks")
    parser.add_argument("--epochs", type=int, default=5, help="of each training; the first has the compiling in it")
    parser.add_argument("--rounds", type=int, default=3, help="times that each is timed")
    parser.add_argument("--precision", choices=PRECISIONS, default="float32")
    parser.add_argument("--xla", action="store_true", help="compile the steps with XLA")
    parser.add_argument("--classified", type=int, default=500_000, help="least number of segments to classify")
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks/training.tsv"))
    args = parser.parse_args()

    options = ("--epochs", str(args.epochs), "--precision", args.precision, "--xla", str(args.xla))
    runs = [
        Run(args.training_set, args.segment_length, ranks, batch_size, options, args.launcher)
        for batch_size in args.batch_sizes
        for ranks in args.ranks
    ]
    times = trained(runs, args.rounds)
    segments = read_table(args.training_set, TRAINING_SET)
    rates = classified(runs[-1], copies(segments, args.classified), args.rounds)
    table = table_iv(times)
    shown = figures(table, rates)
    results = {
        "source": "simulated",
        "machine": machine(len(os.sched_getaffinity(0))),
        "load": os.getloadavg(),
        "trained": [
            {**asdict(each), "training_set": each.training_set.name, "times": rounds} for each, rounds in times.items()
        ],
        "classified_per_second": rates,
        "figures": [figure._asdict() | {"met": figure.met} for figure in shown],
    }
    with written_whole(args.output) as aside:
        table.to_csv(aside, sep="\t", index=False, float_format="%.4g")
    with written_whole(args.output.with_suffix(".json")) as aside:
        aside.write_text(json.dumps(results, indent=2) + "\n")
    sys.stdout.write(as_text(shown))


def copies(table: pd.DataFrame, n_segments: int) -> pd.DataFrame:
    """Return a table as often, each time as other granules, as makes so many segments."""
    times = -(-n_segments // len(table))
    return pd.concat([table.assign(granule=f"{n} " + table["granule"]) for n in range(times)], ignore_index=True)


if __name__ == "__main__":
    run(main)
