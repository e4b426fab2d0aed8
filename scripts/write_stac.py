"""Write a STAC catalogue of the tracks, their table and the grids."""

import argparse
from pathlib import Path

from leadline.accounts import read_account
from leadline.log import logger, run
from leadline.maps.stac_items import write_catalog


def main() -> None:
    """Parse the command line and write the catalogue."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=Path, nargs="+", required=True, help="JSON accounts of batches")
    parser.add_argument("--products", type=Path, required=True, help="folder of the tracks' NetCDF products")
    parser.add_argument("--table", type=Path, required=True, help="GeoParquet file of all tracks")
    parser.add_argument("--grids", type=Path, nargs="*", default=[], help="NetCDF grids, each beside its GeoTIFF")
    parser.add_argument("--output", type=Path, required=True, help="folder of the catalogue")
    args = parser.parse_args()
    # Accounts name the tracks with segments; to name the products of a large campaign would fill the command line.
    names = [part.subject.replace(" ", "_") for path in args.accounts for part in read_account(path).parts]
    tracks = [args.products / f"{name}.nc" for name in names]
    geotiffs = [path.with_suffix(".tif") for path in args.grids]
    write_catalog(args.output, tracks, args.table, args.grids, geotiffs)
    logger.info("%s: %s tracks, %s grids", args.output, len(tracks), len(args.grids))


if __name__ == "__main__":
    run(main)
