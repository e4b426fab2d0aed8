"""Simulated tracks of segments with their classes, for the tests of sea surface, freeboard and product."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from leadline.names import SurfaceClass

GRANULE, BEAM = "20191104195311_05940510", "gt1r"
START = 10_000_000.0
"""Where the tracks begin, m; a multiple of the section step."""
ICE, WATER = SurfaceClass.THICK_ICE, SurfaceClass.OPEN_WATER
PHOTON_SPREAD = 0.1


def track_of(
    surface_class: ArrayLike, height: ArrayLike = 0.0, n_photons: ArrayLike = 10, segment_length: float = 2.0
) -> pd.DataFrame:
    """Return a track of segments of a length (m) from ``START`` on, with the columns that freeboard needs."""
    surface_class = np.asarray(surface_class)
    n = len(surface_class)
    x = START + (np.arange(n) + 0.5) * segment_length
    columns = {
        "granule": GRANULE,
        "beam": BEAM,
        "x_atc": x,
        "time": 58_000_000 + (x - START) / 7150,
        "latitude": -74 - (x - START) / 111_000,
        "longitude": -170.0,
        "n_photons": np.broadcast_to(n_photons, n),
        "height_mean": np.broadcast_to(np.asarray(height, float), n),
        "height_error": PHOTON_SPREAD / np.sqrt(np.broadcast_to(n_photons, n)),
        "surface_class": surface_class.astype(np.uint8),
        "probability_thick_ice": (surface_class == ICE).astype(float),
        "probability_thin_ice": 0.0,
        "probability_open_water": (surface_class == WATER).astype(float),
        "out_of_domain": False,
    }
    return pd.DataFrame(columns)


def classes(*runs: tuple[int, SurfaceClass]) -> np.ndarray:
    """Return surface classes from runs of (segments, class)."""
    return np.repeat([each for _, each in runs], [length for length, _ in runs])


def simulated_track(n_segments: int = 20_000, seed: int = 2019) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return a track of thick ice with leads, its true sea level and its true freeboard (m), by segment."""
    random = np.random.default_rng(seed)
    surface_class = np.full(n_segments, ICE)
    for begin in random.integers(0, n_segments, n_segments // 700):
        surface_class[begin : begin + random.integers(9, 100)] = WATER
    sea_level = 0.03 * np.sin(2 * np.pi * np.arange(n_segments) / 30_000)
    freeboard = np.where(surface_class == WATER, 0, 0.2 + random.gamma(2, 0.1, n_segments))
    n_photons = np.maximum(random.poisson(10, n_segments), 1)
    noise = random.normal(0, PHOTON_SPREAD, n_segments) / np.sqrt(n_photons)
    return track_of(surface_class, sea_level + freeboard + noise, n_photons), sea_level, freeboard


def simulated_track_and_truth() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a simulated track, and what is true of its segments as a table."""
    track, sea_surface, freeboard = simulated_track()
    truth = track[["granule", "beam", "x_atc", "surface_class"]].assign(freeboard=freeboard, sea_surface=sea_surface)
    return track, truth
