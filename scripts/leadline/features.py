"""What a network sees of a segment: features of it and of its neighbours, and the labels to learn from."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

from leadline.errors import ModelError
from leadline.names import KEY, SURFACE_CLASSES, SurfaceClass, class_name
from leadline.surroundings import along_tracks
from leadline.tables import FEATURES, MEASURED, TRAINING_SET

BLOCK_LENGTH = 10_000.0
"""Metres of track that go to validation, or to training, as one."""

NEIGHBOURHOOD = 10_000.0
"""Metres of track, half of them on either side, whose lowest heights a relative height stands above."""
LOWEST = 0.05
"""Share of the neighbourhood's segments that is lower than its low height: leads, where there are any."""
FAINTEST = 0.05
"""Photons a shot that a rate is taken for where it is less, so that it has a logarithm: one in 20 shots."""
DARKEST = 1e3
"""Background rate that a lower one is taken for, Hz, for the same reason."""


@dataclass(frozen=True)
class Inputs:
    """What a network sees of a track."""

    features: tuple[str, ...]
    """Names of features: columns of a training set (``MEASURED``), or keys of ``DERIVED``."""
    reach: int
    """Segments on either side of the one that is classified."""

    def __post_init__(self) -> None:
        """Take any sequence of names, as JSON gives it; raise ModelError for a name that is no feature."""
        object.__setattr__(self, "features", tuple(self.features))
        if unknown := [name for name in self.features if name not in MEASURED and name not in DERIVED]:
            known = ", ".join([*MEASURED, *DERIVED])
            raise ModelError(f"features: {', '.join(unknown)}: no such feature; there are {known}")


def relative_height(table: pd.DataFrame) -> np.ndarray:
    """Return height_mean above the 5 % quantile of the same over the 10 km of the same track around it, m.

    So heights mean the same wherever the sea stands; that low height is near the sea where leads are near.
    """
    return table["height_mean"].to_numpy() - along_tracks(table, table["height_mean"], NEIGHBOURHOOD, LOWEST)


def log_photon_rate(table: pd.DataFrame) -> np.ndarray:
    """Return the natural logarithm of photon_rate (1 a shot)."""
    return np.log(np.maximum(table["photon_rate"].to_numpy(), FAINTEST))


def log_return_width(table: pd.DataFrame) -> np.ndarray:
    """Return the natural logarithm of return_width (ns)."""
    return np.log(np.maximum(table["return_width"].to_numpy(), 0.1))


def log_background_rate(table: pd.DataFrame) -> np.ndarray:
    """Return the natural logarithm of background_rate (Hz)."""
    return np.log(np.maximum(table["background_rate"].to_numpy(), DARKEST))


def relative_background(table: pd.DataFrame) -> np.ndarray:
    """Return the natural logarithm of background_rate over its median in the 10 km of the same track around it.

    Water is dark and snow is bright under any sun; the neighbourhood tells the sun.
    """
    background = log_background_rate(table)
    return background - along_tracks(table, background, NEIGHBOURHOOD, 0.5)


DERIVED: dict[str, Callable[[pd.DataFrame], np.ndarray]] = {
    "relative_height": relative_height,
    "log_photon_rate": log_photon_rate,
    "log_return_width": log_return_width,
    "relative_background": relative_background,
}
"""Features that follow from a table of MEASURED columns sorted by granule, beam and x_atc, by their names."""

PAPER_INPUTS = Inputs(FEATURES, 2)
"""Six features of the segments n-2 to n+2 (paper, section III.B.1)."""

NO_LABEL = {"surface_class": int(SurfaceClass.UNKNOWN), "why": "no_scene", "confidence": 0.0}
"""What a training set says of a segment that the labels do not hold."""


def training_set(segments: pd.DataFrame, labels: pd.DataFrame, role: str) -> pd.DataFrame:
    """Return a granule's segments with features, surface class and role (the table TRAINING_SET).

    ``segments`` and ``labels`` are tables of the same granule, joined on its key. Every segment stays, for it may be
    the neighbour of a labelled one; its class is unknown where no label says otherwise, and ``why`` tells the reason.
    ``role`` is train or test. The support of all labels is 1: they are not checked here.
    """
    table = segments[[*KEY, *MEASURED]].merge(
        labels[[*KEY, *NO_LABEL]], how="left", on=list(KEY), validate="one_to_one"
    )
    table = table.fillna(NO_LABEL).astype({"surface_class": np.uint8, "confidence": np.float32})
    return table.assign(support=np.float32(1), role=role)[TRAINING_SET.names]


def require_learnable(table: pd.DataFrame) -> None:
    """Raise ModelError unless the labels of a training set are of two surface classes at least."""
    labelled = table["surface_class"][table["surface_class"] != SurfaceClass.UNKNOWN]
    if labelled.nunique() < 2:
        found = ", ".join(f"{n:,} {class_name(c)}" for c, n in labelled.value_counts().items())
        raise ModelError(
            f"training set: labels of two surface classes are needed, found {found or 'none'} in the granules of role "
            "train; give more granules that role, or see in the accounts of the labels why they are unknown"
        )


def feature_array(table: pd.DataFrame, inputs: Inputs) -> np.ndarray:
    """Return the features of the segments of a table sorted by granule, beam and x_atc: float32, (n, k)."""
    return np.column_stack([feature(table, name) for name in inputs.features]).astype(np.float32)


def feature(table: pd.DataFrame, name: str) -> np.ndarray:
    """Return a feature (n,) of the segments of a sorted table: a column of it, or what follows from its columns."""
    return table[name].to_numpy() if name in table else DERIVED[name](table)


def with_relative_height(table: pd.DataFrame) -> pd.DataFrame:
    """Return a sorted table with its relative height as a column: dear, and both networks and their domain look at it.

    ``feature`` takes it from there.
    """
    return table.assign(relative_height=relative_height(table))


def windows(table: pd.DataFrame, segment_length: float, reach: int) -> np.ndarray:
    """Return the rows of each segment's window, (n, 2 reach + 1): itself, and ``reach`` neighbours on either side.

    ``table`` holds granule, beam and x_atc (m) and is sorted by them. Neighbours follow each other by exactly
    ``segment_length`` (m) in one beam of one granule. Where a gap or the end of the beam leaves none, the segment
    itself stands in, so that no window crosses a gap and every segment has one.
    """
    run = runs(table, segment_length)
    rows = np.arange(len(table))[:, np.newaxis]
    neighbours = rows + np.arange(-reach, reach + 1)
    run_of_neighbours = np.pad(run, reach, constant_values=-1)[neighbours + reach]
    return np.where(run_of_neighbours == run[rows], neighbours, rows)


def runs(table: pd.DataFrame, segment_length: float, by: np.ndarray | None = None) -> np.ndarray:
    """Return the number of the unbroken run that each segment of a sorted table is in, (n,), rising from 0.

    A run ends with the beam, at a gap, and where ``by`` (n,) changes.
    """
    track = table.groupby(["granule", "beam"], sort=False).ngroup().to_numpy()
    follows = np.isclose(np.diff(table["x_atc"].to_numpy()), segment_length, rtol=0, atol=1e-3)
    follows &= track[1:] == track[:-1]
    if by is not None:
        follows &= by[1:] == by[:-1]
    return np.concatenate([[0], np.cumsum(~follows)])[: len(table)]


def split(
    table: pd.DataFrame, index: np.ndarray, validation_share: float, seed: int, minimum_support: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows to train with and the rows to validate with, of the labelled ones.

    Whole blocks of 10 km of a granule, all its beams together, are held out, for neighbouring segments share a
    footprint and random ones would leak. Windows that reach from one part into the other are in neither.
    The blocks are drawn by ``seed`` so that the parts have alike shares of the classes and no class is missing from
    training; there is no validation where that cannot be. ``index`` are the windows of the table.
    A label with less than ``minimum_support`` is in neither: an epoch chosen by wrong labels costs two points of
    balanced accuracy on simulated tracks. What such labels do to a measure, the untouched granules tell, which keep
    all of theirs.
    """
    labelled = ((table["surface_class"] != SurfaceClass.UNKNOWN) & (table["support"] >= minimum_support)).to_numpy()
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
    """Return mean and variance of each feature, float64, (k,), for a network to normalise by.

    ``features`` (n, k) are those of the training rows alone. A feature that does not vary among them is scaled by its
    own size, so that a small change of it later stays a small number.
    """
    mean = features.mean(axis=0, dtype=np.float64)
    deviation = features.std(axis=0, dtype=np.float64)
    size = np.maximum(np.abs(mean), 1.0)
    return mean, np.where(deviation > 1e-6 * size, deviation, size) ** 2


def known_classes(segments: pd.DataFrame, truth: pd.DataFrame) -> np.ndarray:
    """Return the surface class, uint8 (n,), that a table of truth or labels gives each segment, unknown where none."""
    found = segments[[*KEY]].merge(truth[[*KEY, "surface_class"]], how="left", on=list(KEY), validate="one_to_one")
    return found["surface_class"].fillna(SurfaceClass.UNKNOWN).to_numpy(np.uint8)


def class_counts(classes: np.ndarray) -> dict[str, int]:
    """Return how many segments are of each surface class, by the class's word."""
    return {class_name(surface_class): int((classes == surface_class).sum()) for surface_class in SURFACE_CLASSES}
