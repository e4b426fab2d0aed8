"""Simulate the truth below one granule: class, freeboard and sea surface of its segments."""

import argparse
from pathlib import Path

from flight import add_flight, flight
from leadline.log import run
from leadline.simulate.truth import simulate_truth


def main() -> None:
    """Parse the command line and write the truth."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_flight(parser)
    parser.add_argument("--segment-length", type=float, required=True, help="length of a segment, m")
    parser.add_argument("--truth", type=Path, required=True, help="Parquet table to write")
    args = parser.parse_args()
    simulate_truth(args.truth, flight(args), args.segment_length)


if __name__ == "__main__":
    run(main)
