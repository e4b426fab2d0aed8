"""Sum the freeboard of a batch by the cells of a grid."""

import argparse
from pathlib import Path

from leadline.log import logger, run
from leadline.maps.cell_files import write_cells
from leadline.maps.grids import GRIDS, OUTSIDE


def main() -> None:
    """Parse the command line and write sums and distributions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--freeboard", type=Path, required=True, help="Parquet folder of the batch's freeboard")
    parser.add_argument("--grid", choices=GRIDS, required=True, help="name of the grid")
    parser.add_argument("--sums", type=Path, required=True, help="Parquet file of sums by track and cell")
    parser.add_argument("--distribution", type=Path, required=True, help="Parquet file of freeboards by cell")
    args = parser.parse_args()
    sums = write_cells(args.freeboard, GRIDS[args.grid], args.sums, args.distribution)
    inside = sums["cell"] != OUTSIDE
    cells, tracks = sums.loc[inside, "cell"].nunique(), sums.groupby(["granule", "beam"]).ngroups
    lost = len(sums) - inside.sum()
    logger.info("%s: %s tracks in %s cells of %s, %s of them partly outside", args.sums, tracks, cells, args.grid, lost)


if __name__ == "__main__":
    run(main)
