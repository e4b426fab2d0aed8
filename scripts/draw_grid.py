"""Draw the freeboard of a month or week on a grid, and how many segments it is of."""

import argparse
from pathlib import Path

import xarray as xr

from leadline.coast import read_land
from leadline.figures.grid import draw_grid
from leadline.files import written_whole
from leadline.log import run
from leadline.maps.grids import GRIDS


def main() -> None:
    """Parse the command line and write the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--netcdf", type=Path, required=True, help="NetCDF of the grid")
    parser.add_argument("--output", type=Path, required=True, help="PNG to write")
    args = parser.parse_args()
    with xr.open_dataset(args.netcdf) as dataset:
        figure = draw_grid(dataset, read_land(GRIDS[dataset.attrs["grid"]].projection))
    with written_whole(args.output) as aside:
        figure.savefig(aside)


if __name__ == "__main__":
    run(main)
