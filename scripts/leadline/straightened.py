"""A scene straightened along a track: columns along the flight, from left to right, and rows across it, left on top."""

import numpy as np
from affine import Affine
from numpy.typing import NDArray

BASELINE = 100.0
"""How far before and behind a place its direction is taken from, m: segments' own places jitter by decimetres."""


def places_beside(
    x_atc: NDArray, x: NDArray, y: NDArray, along: NDArray, across: NDArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return x and y of the places ``along`` (m, shape (n,)) and ``across`` (m to the left, shape (k,)), shapes (k, n).

    ``x_atc`` (m, increasing) are distances along the track, where it is at ``x`` and ``y`` of a map in metres. Gaps of
    the track are bridged straight; beyond its ends, and where it is nowhere, places are NaN.
    """
    known = np.isfinite(x) & np.isfinite(y)
    x_atc, x, y = x_atc[known], x[known], y[known]
    if x_atc.size < 2:
        return np.full((2, len(across), len(along)), np.nan)
    inside = (along >= x_atc[0]) & (along <= x_atc[-1])
    on_track = [np.where(inside, np.interp(along, x_atc, axis), np.nan) for axis in (x, y)]
    forward = [np.interp(along + BASELINE, x_atc, axis) - np.interp(along - BASELINE, x_atc, axis) for axis in (x, y)]
    with np.errstate(invalid="ignore"):
        east, north = np.array(forward) / np.hypot(*forward)
    return on_track[0] - np.outer(across, north), on_track[1] + np.outer(across, east)


def values_at(plane: NDArray, transform: Affine, x: NDArray, y: NDArray, outside: int = 0) -> NDArray:
    """Return the pixels of a raster (rows, columns) that hold the places, as they are; ``outside`` where none does."""
    column, row = (np.floor(axis) for axis in ~transform @ (x, y))
    height, width = plane.shape
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    found = np.full(x.shape, outside, plane.dtype)
    found[inside] = plane[row[inside].astype(np.intp), column[inside].astype(np.intp)]
    return found
