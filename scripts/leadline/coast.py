"""The coast poleward of 50 degrees, for maps: Natural Earth, land 1:50m (public domain), kept beside the figures.
Ice shelves are not in it: the sea goes on below them.

The file is GeoJSON with a ring to each land mass; a ring may cross the antimeridian or go around a pole, as it does on
a polar map, so that nothing is cut there. Its member ``source`` tells where it is from.
"""

import json
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from leadline.projections import to_projection

COAST = Path(__file__).parent / "figures" / "coastline.geojson"


def read_land(projection: str) -> BaseGeometry:
    """Return the land around the pole of a polar projection, in the projection (m)."""
    south = is_southern(projection)
    polygons = []
    for feature in json.loads(COAST.read_text())["features"]:
        rings = [np.array(ring) for ring in feature["geometry"]["coordinates"]]
        if (rings[0][:, 1].mean() < 0) == south:
            shell, *holes = (np.column_stack(to_projection(ring[:, 1], ring[:, 0], projection)) for ring in rings)
            polygons.append(shapely.Polygon(shell, holes).buffer(0))
    return shapely.union_all(polygons)


def is_southern(projection: str) -> bool:
    """Return whether a polar projection is of the south: whether the South Pole lies in its middle."""
    x, y = to_projection(np.array([-90.0, 90.0]), np.zeros(2), projection)
    distance = np.nan_to_num(np.hypot(x, y), nan=np.inf)
    return bool(distance[0] < distance[1])
