"""Tell what the campaign took, rule by rule, and what it stands on: versions, and data and methods to cite."""

import argparse
import os
from pathlib import Path

from leadline.benchmarks.measures import machine
from leadline.citations import citations, versions
from leadline.figures.resources import draw_resources
from leadline.files import written_whole
from leadline.log import run
from leadline.report.resources import read_benchmarks, resources_table


def main() -> None:
    """Parse the command line and write the tables and the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", required=True, help="acquire.source of the campaign")
    parser.add_argument("--benchmarks", type=Path, required=True, help="folder of Snakemake's benchmark files")
    parser.add_argument("--rules", nargs="+", required=True, help="rules of the workflow")
    parser.add_argument("--subjects", nargs="+", required=True, help="granules, scenes, batches, roles and networks")
    parser.add_argument("--releases", nargs="+", required=True, help="releases of the granules")
    parser.add_argument("--products", nargs="*", default=[], help="NASA's products that are compared")
    parser.add_argument("--product-release", required=True, help="release of these")
    parser.add_argument("--scenes", nargs="*", default=[], help="scenes of the campaign")
    parser.add_argument("--digests", nargs="+", required=True, help="what=digest of code and config")
    parser.add_argument("--output", type=Path, required=True, help="folder to write to")
    args = parser.parse_args()
    table = resources_table(read_benchmarks(args.benchmarks, args.rules, args.subjects))
    products = [(product, args.product_release) for product in args.products]
    tables = {
        "resources": table,
        "versions": versions(dict(pair.split("=") for pair in args.digests), machine(os.cpu_count())),
        "citations": citations(args.source, args.releases, products, args.scenes),
    }
    for name, rows in tables.items():
        with written_whole(args.output / f"{name}.tsv") as aside:
            rows.to_csv(aside, sep="\t", index=False)
    with written_whole(args.output / "resources.png") as aside:
        draw_resources(table).savefig(aside)


if __name__ == "__main__":
    run(main)
