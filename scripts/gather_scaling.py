"""Bring the paper's Tables II, IV and V together with what the benchmarks measured here: a table and a figure.

What has not been measured yet is left out, and said.
"""

import argparse
import json
import logging
from functools import partial
from pathlib import Path

import pandas as pd

from leadline.benchmarks.scaling import draw_scaling, executors_rows, machine_words, ranks_rows
from leadline.errors import LeadlineError
from leadline.files import written_whole
from leadline.log import run

logger = logging.getLogger("leadline.benchmarks")

BENCHMARKS = {
    "autolabel": partial(executors_rows, name="II"),
    "training": ranks_rows,
    "freeboard": partial(executors_rows, name="V"),
}
"""Each benchmark's word, and what makes rows of its table."""
UNTOLD = "not told"
"""The data of a benchmark that does not say."""


def main() -> None:
    """Parse the command line, gather, and write table and figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--benchmarks", type=Path, default=Path("results/benchmarks"), help="folder of their tables")
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks/scaling.tsv"), help="the table")
    args = parser.parse_args()
    tables = []
    for name, rows_of in BENCHMARKS.items():
        path = args.benchmarks / f"{name}.tsv"
        if not path.exists():
            logger.warning("%s: not measured yet, and left out", path)
            continue
        measured = json.loads(path.with_suffix(".json").read_text())
        told = {"machine": machine_words(measured["machine"]), "data": measured.get("source", UNTOLD)}
        tables.append(rows_of(pd.read_csv(path, sep="\t"), **told))
    if not tables:
        raise LeadlineError(f"{args.benchmarks}: expected {', '.join(BENCHMARKS)}; run scripts/benchmark_*.py")
    rows = pd.concat(tables, ignore_index=True)
    with written_whole(args.output) as aside:
        rows.to_csv(aside, sep="\t", index=False, float_format="%.4g")
    with written_whole(args.output.with_suffix(".png")) as aside:
        draw_scaling(rows).savefig(aside, dpi=150)


if __name__ == "__main__":
    run(main)
