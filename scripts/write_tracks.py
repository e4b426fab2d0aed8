"""Write the freeboard of all batches of a campaign as one GeoParquet file."""

import argparse
from pathlib import Path

from leadline.geoparquet import write_tracks
from leadline.log import logger, run


def main() -> None:
    """Parse the command line and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--freeboard", type=Path, nargs="+", required=True, help="Parquet folders of batches")
    parser.add_argument("--output", type=Path, required=True, help="GeoParquet file")
    args = parser.parse_args()
    n_rows = write_tracks(args.freeboard, args.output)
    logger.info("%s: %s segments", args.output, f"{n_rows:,}")


if __name__ == "__main__":
    run(main)
