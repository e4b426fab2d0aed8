"""Simulate one ATL03 granule, and the truth of its surface."""

import argparse
from pathlib import Path

from flight import add_flight, flight
from leadline.log import run
from leadline.simulate.granule import simulate_granule


def main() -> None:
    """Parse the command line and write the granule and its truth."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_flight(parser)
    parser.add_argument("--granule", type=Path, required=True, help="ATL03 file to write")
    parser.add_argument("--truth", type=Path, required=True, help="Parquet table of the truth to write")
    args = parser.parse_args()
    simulate_granule(args.granule, args.truth, flight(args))


if __name__ == "__main__":
    run(main)
