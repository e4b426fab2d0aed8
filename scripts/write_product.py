"""Write one track of a batch's freeboard, with its leads and sections, as a CF NetCDF trajectory."""

import argparse
import json
from pathlib import Path

from leadline.accounts import read_account
from leadline.freeboard import state_of_track
from leadline.log import logger, run
from leadline.netcdf import write_product
from leadline.tables import FREEBOARD, LEADS, SECTIONS, read_track


def main() -> None:
    """Parse the command line and write the product."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--granule", required=True, help="granule key, yyyymmddhhmmss_ttttccss")
    parser.add_argument("--beam", required=True, help="gt1l to gt3r")
    parser.add_argument("--freeboard", type=Path, required=True, help="Parquet folder of the batch's freeboard")
    parser.add_argument("--leads", type=Path, required=True, help="Parquet folder of the batch's leads")
    parser.add_argument("--sections", type=Path, required=True, help="Parquet folder of the batch's sections")
    parser.add_argument("--account", type=Path, required=True, help="JSON account of the granule's segments")
    parser.add_argument("--description", type=Path, required=True, help="JSON description of the model")
    parser.add_argument("--projection", required=True, help="plane of x and y, as in EPSG:3976")
    parser.add_argument("--provenance", nargs="*", default=[], help="key=value pairs that the product carries")
    parser.add_argument("--output", type=Path, required=True, help="NetCDF product")
    args = parser.parse_args()
    freeboard, leads, sections = (
        read_track(path, schema, args.granule, args.beam)
        for path, schema in ((args.freeboard, FREEBOARD), (args.leads, LEADS), (args.sections, SECTIONS))
    )
    granule_account = read_account(args.account)
    upstream = next((part for part in granule_account.parts if part.subject == args.beam), granule_account)
    state, reason = state_of_track(upstream, freeboard)
    model = json.loads(args.description.read_text())
    provenance = {"granule": args.granule, "beam": args.beam, "model_digest": model["digest"]}
    provenance |= dict(pair.split("=", 1) for pair in args.provenance)
    write_product(args.output, freeboard, leads, sections, args.projection, provenance, state, reason)
    logger.info("%s: %s segments, %s leads, %s %s", args.output, f"{len(freeboard):,}", len(leads), state, reason)


if __name__ == "__main__":
    run(main)
