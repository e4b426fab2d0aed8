"""Places from one map projection to another."""

from functools import lru_cache
from typing import Any

import numpy as np
from pyproj import CRS, Transformer

GEOGRAPHIC = "EPSG:4326"


def to_projection(latitude: np.ndarray, longitude: np.ndarray, projection: str) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y (m) of places (degrees) in a projection: EPSG:3976 in the south, EPSG:3413 in the north."""
    return transformed(longitude, latitude, GEOGRAPHIC, projection)


def transformed(x: np.ndarray, y: np.ndarray, source: str, target: str) -> tuple[np.ndarray, np.ndarray]:
    """Return places of one projection in another, NaN where they have none."""
    x, y = (np.atleast_1d(axis) for axis in _transformer(source, target).transform(x, y))
    known = np.isfinite(x) & np.isfinite(y)
    return np.where(known, x, np.nan), np.where(known, y, np.nan)


def grid_mapping(projection: str) -> dict[str, Any]:
    """Return the attributes of CF's grid mapping of a projection."""
    mapping = CRS.from_user_input(projection).to_cf()
    if mapping["grid_mapping_name"] == "polar_stereographic" and "standard_parallel" in mapping:
        # CF wants it beside the standard parallel, from which it follows.
        mapping["latitude_of_projection_origin"] = float(np.copysign(90, mapping["standard_parallel"]))
    return mapping


@lru_cache
def _transformer(source: str, target: str) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)
