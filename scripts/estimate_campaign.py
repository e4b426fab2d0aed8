"""Estimate what a campaign costs, from its tables and from jobs that were measured: hours, memory, bytes and money."""

import argparse
import json
import sys
from pathlib import Path

import pandas as pd

from leadline.catalog import read_campaign
from leadline.costs import COSTS, estimate, fit, planned_jobs, predict
from leadline.files import written_whole
from leadline.log import run

TABLES = ("granules", "scenes", "coincidences", "corrections", "products")


def main() -> None:
    """Parse the command line, estimate, write the table and the figures, and show the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in TABLES:
        parser.add_argument(f"--{name}", required=True, help="table of the campaign")
    parser.add_argument("--folder", type=Path, help="folder of a person's own files; those not in it are left out")
    parser.add_argument("--maximum-lag", type=float, required=True, help="longest time between scene and track, min")
    parser.add_argument("--source", required=True, help="acquire.source of the campaign")
    parser.add_argument("--simulated-length", type=float, help="length of simulated tracks, m")
    parser.add_argument("--segment-length", type=float, required=True, help="m")
    parser.add_argument("--epochs", type=int, required=True, help="passes over the training set")
    parser.add_argument("--alike", nargs="*", default=[], metavar="RULE=N", help="jobs of rules whose jobs cost alike")
    parser.add_argument("--grids", type=int, required=True, help="grids that freeboard is summed on")
    parser.add_argument("--track-pages", action="store_true", help="whether each track gets its page")
    parser.add_argument("--measured", type=Path, required=True, help="table of measured jobs (gather_costs.py)")
    parser.add_argument("--settings", type=Path, required=True, help="table of prices and of sizes not yet known")
    parser.add_argument("--output", type=Path, required=True, help="the table; figures go into a JSON file beside it")
    args = parser.parse_args()
    campaign = read_campaign({name: getattr(args, name) for name in TABLES}, args.folder, args.maximum_lag)
    settings = pd.read_csv(args.settings, sep="\t", comment="#").set_index("name")
    values = settings["value"].to_dict()
    sizes = values | {"segment_length": args.segment_length, "epochs": args.epochs, "grids": args.grids}
    if args.source == "simulated":
        sizes["track_length"] = args.simulated_length
        sizes["pixels_per_scene"] = args.simulated_length * values["simulated_pixels_per_metre"]
    measured = pd.read_csv(args.measured, sep="\t", comment="#")
    alike = {rule: int(number) for rule, number in (each.split("=") for each in args.alike)}
    jobs = planned_jobs(campaign, sizes, args.source, alike, args.track_pages)
    table = estimate(predict(jobs, fit(measured)), values)
    rules = table.drop(index="total")
    not_known = list(rules.index[rules["core_hours"].isna()])
    with written_whole(args.output) as aside:
        table.to_csv(aside, sep="\t", float_format="%.4g", index_label="rule")
    head = [line for line in args.measured.read_text().splitlines() if line.startswith("#")]
    figures = {
        "estimated": json.loads(table.loc["total"].dropna().to_json()),
        "not_known": not_known,
        "extrapolated": list(rules.index[rules["extrapolated"] & rules["core_hours"].notna()]),
        "measured": {"jobs": len(measured), "costs": list(COSTS), "where": head},
        "settings": json.loads(settings.to_json(orient="index")),
        "sizes": sizes,
    }
    with written_whole(args.output.with_suffix(".json")) as aside:
        aside.write_text(json.dumps(figures, indent=2) + "\n")
    sys.stdout.write(table.to_string(float_format="%.3g", na_rep="-") + "\n")
    if not_known:
        sys.stdout.write(f"Not known, and not in the total: hours and memory of {', '.join(not_known)}\n")


if __name__ == "__main__":
    run(main)
