"""Fetch the ATL07 or ATL10 of a granule's pass from Earthdata: of the same track and cycle, whatever its start."""

import argparse
from pathlib import Path

from leadline.archives.campaign_search import of_hemisphere
from leadline.archives.earthdata import companions, find, login
from leadline.archives.granule_fetch import fetch_whole
from leadline.errors import LeadlineError
from leadline.log import run
from leadline.names import NASA_PRODUCTS


def main() -> None:
    """Parse the command line and fetch the product."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--granule", required=True, help="granule key, yyyymmddhhmmss_ttttccss")
    parser.add_argument("--release", required=True, help="release of granule and product, three digits")
    parser.add_argument("--product", choices=NASA_PRODUCTS, required=True, help="which product")
    parser.add_argument("--output", type=Path, required=True, help="HDF5 file")
    args = parser.parse_args()
    there = {one.name: one for one in companions(find("ATL03", args.release, args.granule), args.product)}
    name = of_hemisphere(args.granule, there)
    if name is None:
        raise LeadlineError(f"{args.granule}: Earthdata has no {args.product} of its pass; take it out of the products")
    fetch_whole(there[name], args.output, login())


if __name__ == "__main__":
    run(main)
