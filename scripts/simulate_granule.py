"""Simulate one ATL03 granule."""

import argparse
from pathlib import Path

from flight import add_flight, flight
from leadline.log import run
from leadline.simulate.granule import simulate_granule


def main() -> None:
    """Parse the command line and write the granule."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_flight(parser)
    parser.add_argument("--granule", type=Path, required=True, help="ATL03 file to write")
    args = parser.parse_args()
    simulate_granule(args.granule, flight(args))


if __name__ == "__main__":
    run(main)
