"""The outline of what a scene shows, for maps."""

import numpy as np
from rasterio.crs import CRS
from rasterio.features import shapes
from shapely import Polygon, transform, union_all
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from leadline.projections import transformed
from leadline.segmentation import Quality, SceneClasses, pixel_size


def outline_of(scene: SceneClasses, projection: str) -> BaseGeometry:
    """Return the outline of what a scene shows, in a projection (m); empty where it holds no data."""
    holds = scene.quality & Quality.NODATA == 0
    parts = [shape(part) for part, _ in shapes(holds.astype(np.uint8), holds, transform=scene.transform)]
    outline = union_all(parts).simplify(2 * pixel_size(scene.transform))
    if outline.is_empty or CRS.from_user_input(scene.crs).is_geographic:
        return Polygon()
    return transform(outline, lambda places: np.column_stack(transformed(*places.T, scene.crs, projection)))
