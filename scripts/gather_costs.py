"""Gather what the jobs of campaigns that have run cost, for `snakemake estimate` to go by."""

import argparse
from pathlib import Path

import pandas as pd

from leadline.benchmarks.jobs import full_size_jobs, jobs_of
from leadline.benchmarks.measures import machine
from leadline.files import written_whole
from leadline.log import run


def main() -> None:
    """Parse the command line, gather the jobs, and write them with the machine above them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", nargs="+", required=True, metavar="NAME=FOLDER", help="campaigns by name")
    parser.add_argument("--benchmarks", type=Path, default=Path("results/benchmarks"), help="of stages at full size")
    parser.add_argument("--remark", default="", help="what else is to be known of the measures")
    parser.add_argument("--output", type=Path, default=Path("config/costs/measured.tsv"), help="the table")
    args = parser.parse_args()
    campaigns = dict(each.split("=", 1) for each in args.results)
    of_campaigns = [jobs_of(Path(folder)).assign(campaign=name) for name, folder in campaigns.items()]
    jobs = pd.concat([*of_campaigns, full_size_jobs(args.benchmarks).assign(campaign="benchmark")])
    here = machine(0)
    where = f"{here['processor']}, {here['cores']} cores, {here['memory_bytes'] / 2**30:.0f} GiB"
    with written_whole(args.output) as aside:
        aside.write_text(f"# machine: {where}\n# remark: {args.remark}\n")
        jobs.to_csv(aside, sep="\t", index=False, float_format="%.8g", mode="a")


if __name__ == "__main__":
    run(main)
