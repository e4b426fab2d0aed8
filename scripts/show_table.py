"""Show a table of the report as a page."""

import argparse
from pathlib import Path

import pandas as pd

from leadline.files import written_whole
from leadline.log import run
from leadline.pages.table_page import table_page


def main() -> None:
    """Parse the command line and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path, required=True, help="tab-separated table")
    parser.add_argument("--title", required=True, help="what it tells")
    parser.add_argument("--output", type=Path, required=True, help="HTML to write")
    args = parser.parse_args()
    table = pd.read_csv(args.table, sep="\t", dtype=str, keep_default_na=False)
    with written_whole(args.output) as aside:
        aside.write_text(table_page(args.title, str(args.table), table))


if __name__ == "__main__":
    run(main)
