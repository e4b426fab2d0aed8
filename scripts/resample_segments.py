"""Resample the photons of a granule's beams into segments; a beam that cannot be used is named in the account."""

import argparse
import logging
from pathlib import Path

import pandas as pd

from leadline.accounts import Account, State, write_account
from leadline.atl03 import Granule, open_granule, read_beam
from leadline.errors import InputDataError, named
from leadline.log import run, share
from leadline.photons import Selection
from leadline.segments import Resampling, resample
from leadline.tables import SEGMENTS, empty_table, write_table

logger = logging.getLogger("leadline.segments")


def main() -> None:
    """Parse the command line and write the segments and their account."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--granule", type=Path, required=True, help="ATL03 file")
    parser.add_argument("--name", required=True, help="granule key, yyyymmddhhmmss_ttttccss")
    parser.add_argument("--beams", nargs="+", required=True, help="beams to resample")
    parser.add_argument("--window", type=float, required=True, help="length of a segment, m")
    parser.add_argument("--minimum-confidence", type=int, required=True, help="lowest confidence that is kept")
    parser.add_argument("--podppd-flags", type=int, nargs="+", required=True, help="podppd_flag values that are kept")
    parser.add_argument("--trim", type=float, required=True, help="farthest from the segment's median, m")
    parser.add_argument("--surface-window", type=float, required=True, help="reach of photon_rate, m")
    parser.add_argument("--output", type=Path, required=True, help="Parquet table of segments")
    parser.add_argument("--account", type=Path, required=True, help="JSON account")
    args = parser.parse_args()
    selection = Selection(args.minimum_confidence, tuple(args.podppd_flags))
    resampling = Resampling(args.window, args.trim, args.surface_window, selection)
    try:
        with open_granule(args.granule) as granule:
            logger.info("%s: ATL03 release %s, beams %s", args.name, granule.release, granule.beam_types)
            made = [_resample_beam(granule, args.name, beam, resampling) for beam in args.beams]
        tables, accounts = zip(*made, strict=True)
        account = Account("segments", args.name, parts=accounts)
        table = pd.concat(tables, ignore_index=True)
    except InputDataError as error:
        logger.warning("%s", error)
        account, table = Account("segments", args.name, error.state, str(error)), empty_table(SEGMENTS)
    write_table(args.output, table, SEGMENTS)
    write_account(args.account, account)


def _resample_beam(granule: Granule, name: str, beam: str, resampling: Resampling) -> tuple[pd.DataFrame, Account]:
    try:
        contents = read_beam(granule, beam)
        with named(f"{granule.path} {beam}"):
            segments, counts = resample(contents, name, beam, resampling)
    except InputDataError as error:
        logger.warning("%s", error)
        return empty_table(SEGMENTS), Account("segments", beam, error.state, str(error))
    kept = share(counts["photons_kept"] - counts["photons_trimmed"], counts["photons"])
    logger.info("%s %s: kept %s photons in %s segments", name, beam, kept, f"{len(segments):,}")
    return segments, Account("segments", beam, State.OK, counts=counts)


if __name__ == "__main__":
    run(main)
