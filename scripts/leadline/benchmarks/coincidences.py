"""Simulated coincidences whose drift is known, to measure the estimate of drift by, and such as must be refused."""

import logging
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from leadline.names import SurfaceClass
from leadline.resampling import resample_granule
from leadline.segmentation import Quality, SceneClasses
from leadline.segments import Resampling
from leadline.simulate.floes import noise
from leadline.simulate.granule import simulate_granule
from leadline.simulate.sentinel2 import SceneSettings, simulate_scene
from leadline.simulate.world import GranuleSettings

logger = logging.getLogger("leadline.benchmarks")

BEAMS = ["gt1r", "gt2r", "gt3r"]
LENGTHS = (20_000.0, 40_000.0)
"""Shortest and longest track, m."""
FARTHEST = 600.0
"""Longest drift, m."""
CLOUDIEST = 0.5
"""Largest share of a scene under thin cloud."""
DAYS = 2
"""Worlds of a place: the scene of one is that of another day to the track of the other."""
HIDDEN = (0.85, 0.98)
"""Least and largest share of a scene that cloud hides where it is mostly cloud."""
CLOUD = 300.0
"""Width of these clouds, pixels."""
EVEN = 3000.0
"""Length of a stretch of even ice, m."""
LOWEST = 0.02
"""Share of the heights that is below its level."""


def draw_coincidences(seed: int, place: int, scenes: int) -> list[SceneSettings]:
    """Draw the coincidences of a place, ``scenes`` of each of its ``DAYS`` granules; no two draws share a world.

    Place, flight and length are drawn once; drift and cloud for each scene, drift in any direction. Every second
    scene has a thick cloud, every third a corner without data.
    """
    random = np.random.default_rng([seed, place])
    heading = random.uniform(185, 200) if random.random() < 0.7 else random.uniform(340, 355)
    where = random.uniform(-77, -72), random.uniform(-175, -160), heading, random.uniform(*LENGTHS)
    return [
        _draw_scene(random, GranuleSettings(f"201911{DAYS * place + day + 1:02d}200000_90010510", seed, *where), number)
        for day in range(DAYS)
        for number in range(scenes)
    ]


def _draw_scene(random: np.random.Generator, granule: GranuleSettings, number: int) -> SceneSettings:
    lag = 5.0 + 7 * number
    far, direction = random.uniform(0, FARTHEST), random.uniform(0, 2 * np.pi)
    return SceneSettings(
        name=f"S2_T02CNB_{granule.start + timedelta(minutes=lag):%Y%m%dT%H%M%S}",
        granule=granule,
        drift_x=far * np.cos(direction),
        drift_y=far * np.sin(direction),
        thin_cloud=random.uniform(0, CLOUDIEST),
        thick_cloud=number % 2 == 1,
        nodata_corner=number % 3 == 2,
        offset=-1000,
        lag_minutes=lag,
    )


def segments_of(folder: Path, granule: GranuleSettings, resampling: Resampling) -> Path:
    """Return the table of a granule's segments in the folder; it is made where it is not there yet."""
    table, photons = folder / f"{granule.name}.parquet", folder / f"{granule.name}.h5"
    if not table.exists():
        logger.info("simulating %.1f km of track", granule.length / 1000)
        simulate_granule(photons, granule)
        resample_granule(photons, granule.name, BEAMS, resampling, table)
        photons.unlink()
    return table


def scene_of(folder: Path, settings: SceneSettings) -> Path:
    """Return the GeoTIFF of a scene in the folder; it is made where it is not there yet."""
    path = folder / f"{settings.name}.tif"
    if not path.exists():
        logger.info("simulating %s", settings.name)
        simulate_scene(path, settings)
    return path


def even_stretch(segments: pd.DataFrame) -> pd.DataFrame:
    """Return the segments of one stretch of a beam where the ice lies highest above the sea: one with hardly a lead."""
    stretch = np.floor(segments["x_atc"] / EVEN)
    stretches = segments.groupby([segments["beam"], stretch])
    whole = stretches["x_atc"].transform(np.ptp) > 0.9 * EVEN
    lowest = stretches["height_median"].transform("quantile", LOWEST).where(whole)
    return segments[lowest == lowest.max()]


def mostly_cloud(scene_classes: SceneClasses, seed: int) -> SceneClasses:
    """Return a scene of which thick cloud hides most; what is left lies in patches."""
    random = np.random.default_rng(seed)
    half = tuple(-(-side // 2) for side in scene_classes.classes.shape)
    field = cv2.resize(noise(random, half, CLOUD / 2), scene_classes.classes.shape[::-1])
    hidden = field < np.quantile(field, random.uniform(*HIDDEN))
    return replace(
        scene_classes,
        classes=np.where(hidden, np.uint8(SurfaceClass.UNKNOWN), scene_classes.classes),
        quality=np.where(hidden, np.uint8(Quality.THICK_CLOUD), scene_classes.quality),
        value=np.where(hidden, np.uint8(255), scene_classes.value),
    )
