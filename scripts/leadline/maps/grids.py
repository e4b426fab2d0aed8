"""Grids for maps: NSIDC's cells of 25 km, on EASE-Grid 2.0 and on the polar stereographic planes of sea ice.

Sizes and corners are those of NSIDC's own definitions (its repository mapxmaps: EASE2_N25km.gpd, EASE2_S25km.gpd,
N3B.gpd, S3B.gpd), names those of NSIDC's products. ATL20 lies on the same polar stereographic cells, but on the
ellipsoid of Hughes (EPSG:3411, 3412); here they are of WGS 84, as NSIDC has them since: about 1 m in 25 km.
"""

from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from leadline.projections import GEOGRAPHIC, to_projection, transformed

CELL = 25_000.0
"""Side of a cell, m."""
OUTSIDE = -1
"""The cell of what lies on no cell."""


@dataclass(frozen=True)
class Grid:
    """Square cells, counted along rows from the upper left corner of the grid on."""

    name: str
    title: str
    projection: str
    """Plane of the cells, as in EPSG:6932."""
    left: float
    """x of the left edge, m."""
    top: float
    """y of the upper edge, m."""
    n_columns: int
    n_rows: int

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns."""
        return self.n_rows, self.n_columns

    @property
    def transform(self) -> Affine:
        """From column and row to x and y, m."""
        return Affine(CELL, 0, self.left, 0, -CELL, self.top)

    @property
    def x(self) -> NDArray[np.float64]:
        """The columns' centres, m."""
        return self.left + CELL * (np.arange(self.n_columns) + 0.5)

    @property
    def y(self) -> NDArray[np.float64]:
        """The rows' centres, m."""
        return self.top - CELL * (np.arange(self.n_rows) + 0.5)


_EASE2 = "EASE-Grid 2.0, 25 km"
_POLAR = "NSIDC sea ice polar stereographic, 25 km"

GRIDS = {
    grid.name: grid
    for grid in (
        Grid("EASE2_N25km", f"{_EASE2}, north", "EPSG:6931", -9_000_000, 9_000_000, 720, 720),
        Grid("EASE2_S25km", f"{_EASE2}, south", "EPSG:6932", -9_000_000, 9_000_000, 720, 720),
        Grid("PS_N25km", f"{_POLAR}, north", "EPSG:3413", -3_850_000, 5_850_000, 304, 448),
        Grid("PS_S25km", f"{_POLAR}, south", "EPSG:3976", -3_950_000, 4_350_000, 316, 332),
    )
}
"""The grids by their names."""

HEMISPHERES = {"EPSG:3413": "N", "EPSG:3976": "S"}
"""The letter of a grid's name for each plane that a campaign can have."""


def grids_of(kinds: list[str], projection: str) -> list[str]:
    """Return the names of grids of kinds (EASE2, PS) in the hemisphere of a campaign's plane."""
    return [f"{kind}_{HEMISPHERES[projection]}25km" for kind in kinds]


def cells_at(grid: Grid, latitude: NDArray, longitude: NDArray) -> NDArray[np.int32]:
    """Return the cells that places (degrees) lie in, ``OUTSIDE`` where there is none.

    A cell holds its left and its upper edge.
    """
    x, y = to_projection(latitude, longitude, grid.projection)
    column, row = np.floor((x - grid.left) / CELL), np.floor((grid.top - y) / CELL)
    inside = (column >= 0) & (column < grid.n_columns) & (row >= 0) & (row < grid.n_rows)
    return np.where(inside, row * grid.n_columns + column, OUTSIDE).astype(np.int32)


def places_of(grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return latitude and longitude (degrees) of the cells' centres, each of the grid's shape."""
    longitude, latitude = transformed(*np.meshgrid(grid.x, grid.y), grid.projection, GEOGRAPHIC)
    return latitude, longitude


def corners_of(grid: Grid, cells: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return latitude and longitude (degrees) of the four corners of cells, shape (4, n)."""
    row, column = np.divmod(np.asarray(cells), grid.n_columns)
    right, down = (np.array(steps)[:, None] for steps in ((0, 1, 1, 0), (0, 0, 1, 1)))
    x, y = grid.transform @ (column + right, row + down)
    longitude, latitude = transformed(x, y, grid.projection, GEOGRAPHIC)
    return latitude, longitude
