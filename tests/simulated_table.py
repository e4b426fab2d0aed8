"""A simulated training set for tests: runs of the three classes with features as their photons would give them."""

import numpy as np
import pandas as pd

from leadline.names import SurfaceClass
from leadline.tables import MEASURED, TRAINING_SET

RUNS = {SurfaceClass.THICK_ICE: 150.0, SurfaceClass.THIN_ICE: 25.0, SurfaceClass.OPEN_WATER: 12.0}
"""Mean length of a run of each class, in segments."""

SEGMENT_LENGTH = 2.0

GRANULES = ("20191104195311_05940510", "20191113191053_07310510", "20191126182014_09290510")


def simulated_table(n: int, beams: int = 1, granules: tuple[str, ...] = GRANULES[:1], seed: int = 0) -> pd.DataFrame:
    """Return a TRAINING_SET of ``n`` segments a beam less 1 in 100, of role train."""
    rng = np.random.default_rng(seed)
    tables = []
    for granule in granules:
        for beam in ("gt1r", "gt2r", "gt3r")[:beams]:
            table = _features(rng, _classes(rng, n))
            present = np.flatnonzero(rng.random(n) < 0.99)
            table.insert(0, "x_atc", (np.arange(n) + 0.5) * SEGMENT_LENGTH)
            tables.append(table.iloc[present].assign(granule=granule, beam=beam, role="train"))
    return pd.concat(tables, ignore_index=True)[TRAINING_SET.names]


def _classes(rng: np.random.Generator, n: int) -> np.ndarray:
    kinds = rng.choice(3, size=n, p=[0.4, 0.35, 0.25])
    lengths = 1 + rng.geometric(1 / np.array(list(RUNS.values()))[kinds])
    return np.repeat(kinds, lengths)[:n].astype(np.uint8)


def _features(rng: np.random.Generator, classes: np.ndarray) -> pd.DataFrame:
    """Return features whose classes overlap as segments of ten photons do, correlated over a footprint of 11 m."""

    def smooth(values: np.ndarray, segments: int) -> np.ndarray:
        return np.convolve(values, np.full(segments, 1 / segments), mode="same")

    def noise(spread: float) -> np.ndarray:
        return smooth(rng.normal(0, spread * 5**0.5, len(classes)), 5)

    height = np.array([0.35, 0.06, 0.0])[classes] + noise(0.04) + np.where(classes == 0, noise(0.12), 0)
    spread = np.array([0.14, 0.08, 0.06])[classes] * np.exp(noise(0.3))
    specular = (classes == SurfaceClass.OPEN_WATER) & (noise(1.0) > 0)
    rate = np.where(specular, 18.0, np.array([7.5, 3.5, 1.3])[classes]) * np.exp(noise(0.4))
    background = smooth(np.array([6e6, 4e6, 3e6])[classes], 17) * np.exp(noise(0.1))
    values = (height, spread, 0.9 * rate, rate * np.exp(noise(0.05)), background / 4500, background)
    others = (height + noise(0.01), rate * np.exp(noise(0.1)), 7 * spread * np.exp(noise(0.1)))
    table = pd.DataFrame(dict(zip(MEASURED, (*values, *others), strict=True)), dtype=np.float32)
    label = {"why": "scene", "confidence": np.float32(1), "support": np.float32(1)}
    return table.assign(surface_class=classes, **label)
