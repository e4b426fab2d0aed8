"""Resample the photons of a granule's beams into segments; a beam that cannot be used is named in the account."""

import argparse
from pathlib import Path

from leadline.accounts import write_account
from leadline.beam import Selection
from leadline.log import run
from leadline.resampling import resample_granule
from leadline.segments import Resampling


def main() -> None:
    """Parse the command line and write the segments and their account."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--granule", type=Path, required=True, help="ATL03 file")
    parser.add_argument("--name", required=True, help="granule key, yyyymmddhhmmss_ttttccss")
    parser.add_argument("--beams", nargs="+", required=True, help="beams to resample")
    parser.add_argument("--window", type=float, required=True, help="length of a segment, m")
    parser.add_argument("--minimum-confidence", type=int, required=True, help="lowest confidence that is kept")
    parser.add_argument("--quality-before-007", type=int, nargs="+", required=True, help="quality_ph kept before 007")
    parser.add_argument("--quality-from-007", type=int, nargs="+", required=True, help="quality_ph kept from 007 on")
    parser.add_argument("--podppd-flags", type=int, nargs="+", required=True, help="podppd_flag values that are kept")
    parser.add_argument("--mss", required=True, help="mean sea surface: dem, geoid, or a grid's file")
    parser.add_argument("--trim", type=float, required=True, help="farthest from the segment's mode, m")
    parser.add_argument("--surface-window", type=float, required=True, help="reach of photon_rate, m")
    parser.add_argument("--threads", type=int, default=1, help="processes that resample")
    parser.add_argument("--output", type=Path, required=True, help="Parquet table of segments")
    parser.add_argument("--account", type=Path, required=True, help="JSON account")
    args = parser.parse_args()
    selection = Selection(
        args.minimum_confidence,
        tuple(args.quality_before_007),
        tuple(args.quality_from_007),
        tuple(args.podppd_flags),
        args.mss,
    )
    resampling = Resampling(args.window, args.trim, args.surface_window, selection)
    account = resample_granule(args.granule, args.name, args.beams, resampling, args.output, args.threads)
    write_account(args.account, account)


if __name__ == "__main__":
    run(main)
