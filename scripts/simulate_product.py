"""Simulate NASA's ATL10 of a simulated granule from the granule's photons."""

import argparse
from pathlib import Path

from leadline.log import run
from leadline.simulate.atl10 import simulate_atl10


def main() -> None:
    """Parse the command line and write the product."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--granule", type=Path, required=True, help="simulated ATL03 file")
    parser.add_argument("--name", required=True, help="granule key, yyyymmddhhmmss_ttttccss")
    parser.add_argument("--product", type=Path, required=True, help="simulated ATL10 file to write")
    args = parser.parse_args()
    simulate_atl10(args.product, args.granule, args.name)


if __name__ == "__main__":
    run(main)
