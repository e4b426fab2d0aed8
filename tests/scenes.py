"""Simulated scenes for tests: straight leads in thick ice, thin cloud and shadow over it, and GeoTIFFs of them."""

from pathlib import Path

import cv2
import numpy as np
import rasterio
from rasterio.transform import from_origin
from scipy.ndimage import gaussian_filter

from leadline.names import SurfaceClass

SETTINGS = {"white": 1.0, "thick_cloud_brightness": 0.8, "thick_cloud_flatness": 0.97}
TAGS = {"ADD_OFFSET": "-1000", "QUANTIFICATION_VALUE": "10000", "SENSING_TIME": "2019-11-04T19:45:29Z"}
TRANSFORM = from_origin(500_000, 2_000_000, 10, 10)
CRS = "EPSG:32702"
THICK, WATER = 0.88, 0.05

LEADS = ((3, 0.05), (5, 0.05), (30, 0.05), (6, 0.3), (20, 0.45), (50, 0.35), (70, 0.5), (9, 0.2), (15, 0.6))
"""Width in pixels and reflectance of each lead; below 0.1 it is open water, else thin ice."""


def lead_scene(seed: int = 0, size: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    """Return the true class and the visible reflectance (y, x) of leads that cross thick ice in any direction."""
    rng = np.random.default_rng(seed)
    truth = np.full((size, size), SurfaceClass.THICK_ICE, np.uint8)
    surface = THICK + 0.01 * gaussian_filter(rng.normal(0, 70, (size, size)), 20)
    for width, reflectance in LEADS:
        middle, direction = rng.uniform(0, size, 2), rng.uniform(0, np.pi)
        reach = 2 * size * np.array([np.cos(direction), np.sin(direction)])
        ends = [tuple(int(place) for place in end) for end in (middle - reach, middle + reach)]
        lead = cv2.line(np.zeros_like(truth), *ends, 1, width) > 0
        truth[lead] = SurfaceClass.OPEN_WATER if reflectance < 0.1 else SurfaceClass.THIN_ICE
        surface[lead] = reflectance
    return truth, surface


def patch(size: int = 1000) -> np.ndarray:
    """Return the share (y, x) of a cloud or shadow in the light, soft at its edges."""
    share = np.zeros((size, size))
    share[3 * size // 10 : 7 * size // 10, 2 * size // 10 : 8 * size // 10] = 1
    return gaussian_filter(share, size / 33)


def bands_of(visible: np.ndarray, seed: int = 0, noise: float = 0.008, flatness: float = 0.9) -> np.ndarray:
    """Return the reflectance of the four bands (4, y, x) of a grey surface that is darker in B08."""
    rng = np.random.default_rng(seed)
    bands = np.stack([visible, visible, visible, flatness * visible]).astype(np.float32)
    return bands + noise * rng.standard_normal(bands.shape, np.float32)


def write_scene(path: Path, bands: np.ndarray, tags: dict | None = None, descriptions=None, crs: str | None = CRS):
    """Write reflectance (bands, y, x) as a GeoTIFF of digital numbers with the tags' offset; NaN becomes 0."""
    tags = TAGS if tags is None else tags
    numbers = np.rint(bands * 10000 - float(tags.get("ADD_OFFSET", 0)))
    numbers = np.where(np.isfinite(bands), np.maximum(numbers, 1), 0).astype(np.uint16)
    profile = {"driver": "GTiff", "count": len(bands), "height": bands.shape[1], "width": bands.shape[2]}
    with rasterio.open(path, "w", **profile, dtype="uint16", nodata=0, crs=crs, transform=TRANSFORM) as dataset:
        dataset.write(numbers)
        dataset.descriptions = ("B02", "B03", "B04", "B08") if descriptions is None else descriptions
        dataset.update_tags(**tags)
    return path
