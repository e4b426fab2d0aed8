"""The pixels around places in a raster of classes: how many agree, and how far another class is."""

from functools import lru_cache

import numba
import numpy as np

from leadline.names import SurfaceClass

_UNKNOWN = int(SurfaceClass.UNKNOWN)
_ROUNDING = 1e-6
"""More than adding distances in pixels rounds off."""


def look_around(
    classes: np.ndarray, row: np.ndarray, column: np.ndarray, radius: int, reach: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of the pixels around each place that are of its class, and how far it is to another class.

    Beyond the edge no pixel agrees. The distance, in pixels, is from the middle of the place's pixel to the near edge
    of that of another known class, and ``reach`` where none is nearer. A place of no class has neither: 0 and 0.
    """
    agreeing, distance = _search_around(classes, row, column, radius, *_pixels_around(reach + 0.5), reach + 0.5)
    return agreeing / np.float32((2 * radius + 1) ** 2), distance - 0.5


@lru_cache(maxsize=8)
def _pixels_around(reach: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return how far down and right all the pixels nearer than ``reach`` lie, and how far away, nearest first."""
    side = np.arange(-int(reach), int(reach) + 1)
    down, right = (axis.ravel() for axis in np.meshgrid(side, side, indexing="ij"))
    away = np.hypot(down, right)
    nearest_first = np.argsort(away, kind="stable")[1 : np.count_nonzero(away < reach)]
    return down[nearest_first], right[nearest_first], away[nearest_first]


@numba.njit(cache=True)
def _search_around(
    classes: np.ndarray,
    row: np.ndarray,
    column: np.ndarray,
    radius: int,
    down: np.ndarray,
    right: np.ndarray,
    away: np.ndarray,
    reach: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return how many pixels within the radius are of each place's class, and how far away the first of another is.

    A step along the track brings no pixel nearer than by its own length, so what was nearer than the last distance less
    the step is passed over: the search is a ring instead of a disc, and its cost hardly grows with the reach.
    """
    height, width = classes.shape
    agreeing = np.zeros(len(row), np.float32)
    distance = np.full(len(row), 0.5)
    for i in range(len(row)):
        own = classes[row[i], column[i]]
        if own == _UNKNOWN:
            continue
        first = 0
        if i > 0 and own == classes[row[i - 1], column[i - 1]]:
            step = np.hypot(row[i] - row[i - 1], column[i] - column[i - 1])
            if step == 0:
                agreeing[i], distance[i] = agreeing[i - 1], distance[i - 1]
                continue
            first = np.searchsorted(away, distance[i - 1] - step - _ROUNDING)
        for r in range(max(row[i] - radius, 0), min(row[i] + radius + 1, height)):
            for c in range(max(column[i] - radius, 0), min(column[i] + radius + 1, width)):
                agreeing[i] += classes[r, c] == own
        distance[i] = reach
        for k in range(first, len(away)):
            r, c = row[i] + down[k], column[i] + right[k]
            if 0 <= r < height and 0 <= c < width and classes[r, c] != own and classes[r, c] != _UNKNOWN:
                distance[i] = away[k]
                break
    return agreeing, distance
