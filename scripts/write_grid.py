"""Write the freeboard of a month or week on a grid, as CF NetCDF and as GeoTIFF."""

import argparse
from pathlib import Path

from leadline.log import logger, run
from leadline.maps.cell_files import read_cells
from leadline.maps.grid_files import grid_dataset, write_geotiff, write_netcdf
from leadline.maps.gridding import statistics
from leadline.maps.grids import GRIDS


def main() -> None:
    """Parse the command line and write both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--grid", choices=GRIDS, required=True, help="name of the grid")
    parser.add_argument("--period", required=True, help="month or week, as in 2019-11 or 2019-W45")
    parser.add_argument("--sums", type=Path, nargs="+", required=True, help="sums of batches by track and cell")
    parser.add_argument("--distributions", type=Path, nargs="+", required=True, help="their freeboards by cell")
    parser.add_argument("--segment-length", type=float, required=True, help="length of a segment, m")
    parser.add_argument("--provenance", nargs="*", default=[], help="key=value pairs that the files carry")
    parser.add_argument("--netcdf", type=Path, required=True, help="NetCDF to write")
    parser.add_argument("--geotiff", type=Path, required=True, help="GeoTIFF to write")
    args = parser.parse_args()
    found = read_cells(args.sums, args.distributions, args.period)
    cells = statistics(found.sums, found.distribution, args.segment_length)
    provenance = dict(pair.split("=", 1) for pair in args.provenance)
    dataset = grid_dataset(cells, GRIDS[args.grid], args.period, found.granules, found.n_outside, provenance)
    write_netcdf(args.netcdf, dataset)
    write_geotiff(args.geotiff, dataset)
    words = "%s: %s cells with segments, %s with a freeboard; %s segments outside of the grid"
    logger.info(words, args.netcdf, len(cells), cells["freeboard"].notna().sum(), f"{found.n_outside:,}")


if __name__ == "__main__":
    run(main)
