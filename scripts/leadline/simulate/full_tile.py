"""A simulated Sentinel-2 tile in full: snow-covered ice with leads of any width, and thin cloud; to measure with."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
from affine import Affine
from numpy.typing import NDArray

from leadline.products.product import BANDS, QUANTIFICATION, offset_of
from leadline.simulate.safe_folder import write_safe

SIZE = 10_980
"""Pixels along a side of a tile."""
ICE, NIR_TO_GREEN = 0.88, 0.9
NOISE = 0.008
"""Reflectance; it makes the files of the bands as large as those of real ice."""
LEADS = 60
"""In a tile of ``SIZE``: they take about a tenth of it."""


def write_full_tile(parent: Path, size: int = SIZE, seed: int = 0) -> Path:
    """Write a SAFE folder (L1C, baseline 05.09) of a simulated tile and return it."""
    return write_safe(
        parent,
        _numbers(size, seed),
        level="L1C",
        baseline="05.09",
        tile="T02CNA",
        time=datetime(2019, 11, 4, 19, 45, 29, tzinfo=UTC),
        crs="EPSG:32702",
        transform=Affine(10, 0, 499_980, 0, -10, 2_000_020),
    )


def _numbers(size: int, seed: int) -> Callable[[str], NDArray[np.uint16]]:
    """Return what gives the digital numbers (y, x) of a band."""
    surface = _surface(np.random.default_rng(seed), size)

    def numbers(band: str) -> NDArray[np.uint16]:
        random = np.random.default_rng([seed, BANDS.index(band)])
        share = NIR_TO_GREEN if band == "B08" else 1.0
        digital_number = np.empty(surface.shape, np.uint16)
        for row, line in zip(digital_number, surface, strict=True):
            reflectance = share * line + NOISE * random.standard_normal(size, np.float32)
            row[:] = np.clip(reflectance * QUANTIFICATION - offset_of("05.09"), 1, 65_535)
        return digital_number

    return numbers


def _surface(random: np.random.Generator, size: int) -> NDArray[np.float32]:
    """Return the visible reflectance (y, x): leads of 1 to 80 pixels across uneven ice, under patches of thin cloud."""
    surface = ICE + np.float32(0.02) * _smooth(random, size, 40)
    for _ in range(round(LEADS * size / SIZE)):
        middle, direction = random.uniform(0, size, 2), random.uniform(0, np.pi)
        reach = random.uniform(0.05, 1.5) * size * np.array([np.cos(direction), np.sin(direction)])
        ends = [tuple(int(place) for place in end) for end in (middle - reach, middle + reach)]
        reflectance = random.choice([0.05, 0.06, 0.2, 0.35, 0.5])
        cv2.line(surface, *ends, float(reflectance), int(random.integers(1, 80) ** 2 / 80) + 1)
    haze = np.clip(_smooth(random, size, 500) - np.float32(1), 0, 1) * np.float32(0.1)
    surface *= 1 - haze
    surface += haze
    return surface


def _smooth(random: np.random.Generator, size: int, length: int) -> NDArray[np.float32]:
    """Return noise (y, x) of unit variance at the knots, that changes over so many pixels."""
    knots = random.standard_normal((size // length + 2,) * 2, np.float32)
    return cv2.resize(knots, (size, size), interpolation=cv2.INTER_CUBIC)
