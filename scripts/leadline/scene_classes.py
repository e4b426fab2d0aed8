"""A scene to its surface classes, in strips: what is held of the whole scene is 8 bit."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from typing import Any

import numpy as np
from rasterio.windows import Window

from leadline.names import SurfaceClass
from leadline.products.product import BANDS
from leadline.scene import Scene
from leadline.segmentation import (
    THICK_ICE_VALUE,
    WATER_VALUE,
    Scale,
    SceneClasses,
    bright_and_flat,
    calibrated_scale,
    count_pixels,
    fixed_scale,
    pixel_size,
    segment_picture,
    to_8_bit,
)

SETTINGS = ("scale", "filtered_by", "white", "thick_cloud_brightness", "thick_cloud_flatness", "transition")
"""What ``classes_of_scene`` is told besides the scene, as the config calls it."""
LOOK = 1_000_000
"""Pixels that tell enough of a scene to scale it."""
WATER = (0.0, 0.1)
"""Reflectance that open water can have in red, where haze lifts it less than in blue (SCIENCE.md 8.4)."""
RED = BANDS.index("B04")


def classes_of_scene(
    scene: Scene,
    *,
    scale: str,
    filtered_by: str,
    white: float,
    thick_cloud_brightness: float,
    thick_cloud_flatness: float,
    transition: float,
) -> tuple[SceneClasses, dict[str, int], dict[str, Any]]:
    """Return the classes of an open scene, its counts of pixels, and the tags that say how they were made.

    ``scale`` is fixed (``white`` becomes 255) or calibrated (by the scene's own open water and bright ice);
    ``transition`` is in metres, the others are reflectances and a ratio of them. Water of a reflectance that it cannot
    have, as with a wrong offset, is remarked and nothing else. Raises ``InputDataError`` where a window cannot be
    read, and where nothing is left: all nodata or all thick cloud.
    """
    step = _step(scene.shape)
    look = scene.reflectance(step=step)
    look[:, bright_and_flat(look, thick_cloud_brightness, thick_cloud_flatness)] = np.nan
    chosen = fixed_scale(white) if scale == "fixed" else calibrated_scale(look, white)
    rgb, valid, cloud = _picture(scene, chosen, thick_cloud_brightness, thick_cloud_flatness)
    pixel = pixel_size(scene.transform)
    classes, quality = segment_picture(rgb, valid, cloud, filtered_by=filtered_by, pixel=pixel, transition=transition)
    counts = count_pixels(classes, quality, thick_cloud_tested="B08" not in scene.absent_bands)
    remarks = [*scene.remarks, *filter(None, (chosen.reason, _implausible_water(look, classes, step)))]
    tags = {
        **scene.provenance,
        "scale": chosen.name,
        "black": chosen.black,
        "white": chosen.white,
        "filtered_by": filtered_by,
        "water_value": WATER_VALUE,
        "thick_ice_value": THICK_ICE_VALUE,
        "thick_cloud_brightness": thick_cloud_brightness,
        "thick_cloud_flatness": thick_cloud_flatness,
        "transition": transition,
        "remarks": "; ".join(remarks),
    }
    return SceneClasses(classes, quality, _value(rgb), scene.crs, scene.transform), counts, tags


def _step(shape: tuple[int, int]) -> int:
    """Return the power of two by which a scene is thinned out to about ``LOOK`` pixels, as JPEG 2000 stores it."""
    return 2 ** max(0, round(np.log2(np.prod(shape) / LOOK) / 2))


def _picture(
    scene: Scene, scale: Scale, brightness: float, flatness: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the 8-bit picture (y, x, 3), where it holds data, and where it may be thick cloud, both bool (y, x)."""
    rgb = np.empty((*scene.shape, 3), np.uint8)
    valid, cloud = np.empty(scene.shape, bool), np.empty(scene.shape, bool)
    for window, reflectance in _read_ahead(scene):
        rows = slice(window.row_off, window.row_off + window.height)
        rgb[rows] = to_8_bit(reflectance, scale)
        valid[rows] = np.isfinite(reflectance[:3]).all(axis=0)
        cloud[rows] = bright_and_flat(reflectance, brightness, flatness)
    return rgb, valid, cloud


def _read_ahead(scene: Scene) -> Iterator[tuple[Window, np.ndarray]]:
    """Give each strip with its reflectance; the next is read meanwhile."""
    with ThreadPoolExecutor(1) as reader:
        strips = list(scene.strips())
        coming = reader.submit(scene.reflectance, strips[0])
        for strip, following in zip_longest(strips, strips[1:]):
            reflectance = coming.result()
            if following:
                coming = reader.submit(scene.reflectance, following)
            yield strip, reflectance


def _value(rgb: np.ndarray) -> np.ndarray:
    """Return the greatest of red, green and blue, uint8 (y, x)."""
    value = np.maximum(rgb[..., 0], rgb[..., 1])
    return np.maximum(value, rgb[..., 2], out=value)


def _implausible_water(look: np.ndarray, classes: np.ndarray, step: int) -> str:
    """Return a line where the open water of a thinned-out scene has a reflectance that water does not have."""
    red = look[RED]
    seen = classes[step // 2 :: step, step // 2 :: step]
    rows, columns = (min(pair) for pair in zip(red.shape, seen.shape, strict=True))
    water = red[:rows, :columns][seen[:rows, :columns] == SurfaceClass.OPEN_WATER]
    usual = np.nanmedian(water) if np.isfinite(water).any() else WATER[0]
    if WATER[0] <= usual < WATER[1]:
        return ""
    return (
        f"open water has the reflectance {usual:.3f} in red, expected {WATER[0]:g} to {WATER[1]:g}: "
        "check the offset of the digital numbers"
    )
