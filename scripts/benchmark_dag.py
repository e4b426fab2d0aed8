"""Measure how long Snakemake takes to plan campaigns of many granules, up to a year of the polar oceans.

Each plan is granules:target or granules:target:part, as in 60000:freeboard:1/12 for a twelfth of the tracks.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import yaml

from leadline.benchmarks.dag import GRANULES_A_YEAR, Plan, plan, write_campaign
from leadline.benchmarks.measures import machine
from leadline.files import written_whole
from leadline.log import run

ROOT = Path(__file__).resolve().parents[1]
PLANS = [
    Plan(1000),
    Plan(3000),
    Plan(GRANULES_A_YEAR, "segments"),
    Plan(GRANULES_A_YEAR, "freeboard", "1/12"),
]


def main() -> None:
    """Parse the command line, dry-run each plan, write the table, and show it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plans", type=plan_of, nargs="+", default=PLANS, help="what to plan")
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks/dag.tsv"), help="the table")
    args = parser.parse_args()
    tables = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())["tables"]
    rows = []
    with TemporaryDirectory() as folder:
        for each in args.plans:
            config = write_campaign(
                each.granules, {name: str(ROOT / path) for name, path in tables.items()}, Path(folder)
            )
            rows.append({**each._asdict(), **plan(ROOT, config, each.target, each.batch)._asdict()})
            table = pd.DataFrame(rows)
            with written_whole(args.output) as aside:
                table.to_csv(aside, sep="\t", index=False, float_format="%.1f")
    figures = {"machine": machine(1), "load": os.getloadavg(), "plans": rows}
    with written_whole(args.output.with_suffix(".json")) as aside:
        aside.write_text(json.dumps(figures, indent=2) + "\n")
    sys.stdout.write(table.to_string(index=False, float_format="%.1f") + "\n")


def plan_of(text: str) -> Plan:
    """Return the plan that a text like 60000:freeboard:1/12 names."""
    granules, *rest = text.split(":")
    if not granules.isdigit() or len(rest) > 2:
        raise argparse.ArgumentTypeError(f"{text}: expected granules:target or granules:target:part")
    return Plan(int(granules), *rest)


if __name__ == "__main__":
    run(main)
