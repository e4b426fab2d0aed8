"""Fetch one ATL03 granule from Earthdata: whole, or the beams and the stretch of track that a region needs."""

import argparse
import json
from pathlib import Path

from leadline.archives.earthdata import find, login
from leadline.archives.granule_fetch import fetch_part, fetch_whole
from leadline.log import run


def main() -> None:
    """Parse the command line and fetch the granule."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--granule", required=True, help="granule key, yyyymmddhhmmss_ttttccss")
    parser.add_argument("--release", required=True, help="release of ATL03, three digits")
    parser.add_argument("--beams", nargs="+", help="beams of a part; without them the whole granule is fetched")
    parser.add_argument("--region", type=json.loads, help="west, east, south, north of a part (degrees), JSON")
    parser.add_argument("--output", type=Path, required=True, help="ATL03 file")
    args = parser.parse_args()
    granule, session = find("ATL03", args.release, args.granule), login()
    if args.beams:
        box = tuple(args.region[side] for side in ("west", "south", "east", "north"))
        fetch_part(granule, args.output, session, args.beams, box)
    else:
        fetch_whole(granule, args.output, session)


if __name__ == "__main__":
    run(main)
