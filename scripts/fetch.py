"""Say how to get a granule or scene onto disk: leadline does not fetch from Earthdata or Copernicus yet."""

import argparse
from pathlib import Path

from leadline.errors import LeadlineError
from leadline.log import run


def main() -> None:
    """Parse the command line and end with what a person can do instead."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wanted", required=True, help="granule or scene key")
    parser.add_argument("--output", type=Path, required=True, help="file that is wanted")
    args = parser.parse_args()
    raise LeadlineError(
        f"{args.wanted}: leadline cannot fetch from archives yet; download it, name its file in the table, and set"
        f" acquire.source: local and acquire.folder (or put the file at {args.output})"
    )


if __name__ == "__main__":
    run(main)
