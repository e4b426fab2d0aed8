"""What a network sees of a segment: six features of it and of its neighbours, and the labels to learn from."""

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

from leadline.errors import ModelError
from leadline.names import KEY, SURFACE_CLASSES, SurfaceClass, class_name
from leadline.tables import FEATURES, TRAINING_SET

REACH = 2
"""A window holds the segments n-2 to n+2 (paper, section III.B.1)."""

BLOCK_LENGTH = 10_000.0
"""Metres of track that go to validation, or to training, as one."""


def training_set(segments: pd.DataFrame, labels: pd.DataFrame, role: str) -> pd.DataFrame:
    """Return a granule's segments with features, surface class and role (the table TRAINING_SET).

    ``segments`` and ``labels`` are tables of the same granule, joined on its key. Every segment stays, for it may be
    the neighbour of a labelled one; its class is unknown where no label says otherwise. ``role`` is train or test.
    """
    table = segments[[*KEY, *FEATURES]].merge(
        labels[[*KEY, "surface_class"]], how="left", on=list(KEY), validate="one_to_one"
    )
    known = table["surface_class"].fillna(SurfaceClass.UNKNOWN).astype(np.uint8)
    return table.assign(surface_class=known, role=role)[TRAINING_SET.names]


def require_learnable(table: pd.DataFrame) -> None:
    """Raise ModelError unless the labels of a training set are of two surface classes at least."""
    labelled = table["surface_class"][table["surface_class"] != SurfaceClass.UNKNOWN]
    if labelled.nunique() < 2:
        found = ", ".join(f"{n:,} {class_name(c)}" for c, n in labelled.value_counts().items())
        raise ModelError(
            f"training set: labels of two surface classes are needed, found {found or 'none'} in the granules of role "
            "train; give more granules that role, or see in the accounts of the labels why they are unknown"
        )


def feature_array(table: pd.DataFrame) -> np.ndarray:
    """Return the features of the table's segments: float32, (n, 6), in the order of FEATURES."""
    return table[list(FEATURES)].to_numpy(np.float32)


def windows(table: pd.DataFrame, segment_length: float) -> np.ndarray:
    """Return the rows of each segment's window, (n, 5): itself in the middle, two neighbours on either side.

    ``table`` holds granule, beam and x_atc (m) and is sorted by them. Neighbours follow each other by exactly
    ``segment_length`` (m) in one beam of one granule. Where a gap or the end of the beam leaves none, the segment
    itself stands in, so that no window crosses a gap and every segment has one.
    """
    track = table.groupby(["granule", "beam"], sort=False).ngroup().to_numpy()
    follows = np.isclose(np.diff(table["x_atc"].to_numpy()), segment_length, rtol=0, atol=1e-3)
    follows &= track[1:] == track[:-1]
    run = np.concatenate([[0], np.cumsum(~follows)])[: len(table)]
    rows = np.arange(len(table))[:, np.newaxis]
    neighbours = rows + np.arange(-REACH, REACH + 1)
    run_of_neighbours = np.pad(run, REACH, constant_values=-1)[neighbours + REACH]
    return np.where(run_of_neighbours == run[rows], neighbours, rows)


def split(table: pd.DataFrame, index: np.ndarray, validation_share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows to train with and the rows to validate with, of the labelled ones.

    Whole blocks of 10 km of a granule, all its beams together, are held out, for neighbouring segments share a
    footprint and random ones would leak. Windows that reach from one part into the other are in neither.
    The blocks are drawn by ``seed`` so that the parts have alike shares of the classes and no class is missing from
    training; there is no validation where that cannot be. ``index`` are the windows of the table.
    """
    labelled = (table["surface_class"] != SurfaceClass.UNKNOWN).to_numpy()
    block = table.groupby(["granule", table["x_atc"] // BLOCK_LENGTH]).ngroup().to_numpy()
    held_out = np.isin(block, _held_out(block[labelled], table["surface_class"][labelled], validation_share, seed))
    whole = (held_out[index] == held_out[:, np.newaxis]).all(axis=1)
    return np.flatnonzero(labelled & whole & ~held_out), np.flatnonzero(labelled & whole & held_out)


def _held_out(block: np.ndarray, classes: pd.Series, share: float, seed: int) -> np.ndarray:
    """Return the blocks of the first of 1/share like parts that leaves every class in the others; else none."""
    parts = min(round(1 / share), len(np.unique(block)), classes.value_counts().max()) if share else 0
    if parts > 1:
        folds = StratifiedGroupKFold(parts, shuffle=True, random_state=seed)
        for others, part in folds.split(block, classes, groups=block):
            if len(part) and classes.iloc[others].nunique() == classes.nunique():
                return np.unique(block[part])
    return np.array([], dtype=block.dtype)


def normalisation(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of each feature, float64, (6,), for a network to normalise by.

    ``features`` (n, 6) are those of the training rows alone. A feature that does not vary among them is scaled by its
    own size, so that a small change of it later stays a small number.
    """
    mean = features.mean(axis=0, dtype=np.float64)
    deviation = features.std(axis=0, dtype=np.float64)
    size = np.maximum(np.abs(mean), 1.0)
    return mean, np.where(deviation > 1e-6 * size, deviation, size) ** 2


def feature_ranges(features: np.ndarray) -> dict[str, tuple[float, float]]:
    """Return the lowest and highest value of each feature, by its name, in the feature's unit."""
    lowest, highest = features.min(axis=0), features.max(axis=0)
    return {name: (float(low), float(high)) for name, low, high in zip(FEATURES, lowest, highest, strict=True)}


def out_of_domain(features: np.ndarray, ranges: dict[str, tuple[float, float]]) -> np.ndarray:
    """Return, bool (n,), where any feature of a segment lies outside the ranges that a network has seen."""
    lowest, highest = np.array([ranges[name] for name in FEATURES], dtype=np.float32).T
    return ((features < lowest) | (features > highest)).any(axis=1)


def class_counts(classes: np.ndarray) -> dict[str, int]:
    """Return how many segments are of each surface class, by the class's word."""
    return {class_name(surface_class): int((classes == surface_class).sum()) for surface_class in SURFACE_CLASSES}
