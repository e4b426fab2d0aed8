"""Simulated scenes for tests: straight leads in thick ice, thin cloud and shadow over it, and files of them."""

import json
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import rasterio
from rasterio.transform import from_origin
from scipy.ndimage import gaussian_filter

from leadline.names import SurfaceClass
from leadline.paper_filter import THICK_ICE_VALUE, WATER_VALUE
from leadline.products.product import BANDS, offset_of
from leadline.simulate.safe_folder import write_safe

SETTINGS = {"filtered_by": "shade", "white": 1.0, "thick_cloud_brightness": 0.8, "thick_cloud_flatness": 0.97}
TAGS = {"ADD_OFFSET": "-1000", "QUANTIFICATION_VALUE": "10000", "SENSING_TIME": "2019-11-04T19:45:29Z"}
TRANSFORM = from_origin(500_000, 2_000_000, 10, 10)
CRS = "EPSG:32702"
TIME = datetime(2019, 11, 4, 19, 45, 29, tzinfo=UTC)
TILE = "T02CNA"
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


def digital_numbers(bands: np.ndarray, offset: float) -> np.ndarray:
    """Return what a product stores of reflectance, uint16; NaN becomes 0."""
    numbers = np.maximum(np.rint(bands * 10000 - offset), 1)
    return np.where(np.isfinite(bands), numbers, 0).astype(np.uint16)


def write_scene(path: Path, bands: np.ndarray, tags: dict | None = None, descriptions=None, crs: str | None = CRS):
    """Write reflectance (bands, y, x) as a GeoTIFF of digital numbers with the tags' offset; NaN becomes 0."""
    tags = TAGS if tags is None else tags
    numbers = digital_numbers(bands, float(tags.get("ADD_OFFSET", 0)))
    profile = {"driver": "GTiff", "count": len(bands), "height": bands.shape[1], "width": bands.shape[2]}
    with rasterio.open(path, "w", **profile, dtype="uint16", nodata=0, crs=crs, transform=TRANSFORM) as dataset:
        dataset.write(numbers)
        dataset.descriptions = BANDS if descriptions is None else descriptions
        dataset.update_tags(**tags)
    return path


def write_safe_scene(
    parent: Path, bands: np.ndarray, level="L1C", baseline="05.09", names=BANDS, crs=CRS, transform=TRANSFORM
) -> Path:
    """Write reflectance (4, y, x) as a SAFE folder with the bands that are named, and return the folder."""
    numbers = dict(zip(BANDS, digital_numbers(bands, offset_of(baseline)), strict=True))
    place = {"tile": TILE, "time": TIME, "crs": crs, "transform": transform}
    return write_safe(parent, numbers.__getitem__, level=level, baseline=baseline, bands=names, **place)


def write_stac_scene(folder: Path, bands: np.ndarray, properties: dict, assets: dict, offset: float) -> Path:
    """Write reflectance (4, y, x) as COGs and the item beside them, and return the item.

    ``assets`` holds the asset of each band in the order of ``BANDS`` by its key; what it does not tell is filled in.
    """
    folder.mkdir(exist_ok=True)
    numbers = digital_numbers(bands, offset)
    profile = {"driver": "COG", "count": 1, "height": bands.shape[1], "width": bands.shape[2]}
    for plane, (key, asset) in zip(numbers, assets.items(), strict=False):
        with rasterio.open(
            folder / f"{key}.tif", "w", **profile, dtype="uint16", nodata=0, crs=CRS, transform=TRANSFORM
        ) as dataset:
            dataset.write(plane, 1)
        asset.setdefault("href", f"https://catalogue.example/{key}.tif")
    item = {
        "type": "Feature",
        "id": "S2A_02CNA_20191104_0",
        "properties": {"datetime": "2019-11-04T19:45:29.024Z", **properties},
        "assets": assets,
    }
    path = folder / "item.json"
    path.write_text(json.dumps(item))
    return path


def segment_colours(rgb: np.ndarray) -> np.ndarray:
    """Return the uint8 class of each pixel of a picture, uint8 (y, x, 3), by the authors' thresholds alone."""
    value = rgb.max(axis=2)
    classes = np.where(value >= THICK_ICE_VALUE, np.uint8(SurfaceClass.THICK_ICE), np.uint8(SurfaceClass.THIN_ICE))
    classes[value <= WATER_VALUE] = SurfaceClass.OPEN_WATER
    return classes
