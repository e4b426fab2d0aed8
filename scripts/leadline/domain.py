"""The domain that a classifier knows: what its training segments and their surroundings are like, and what is not.

A segment is known by its photons and, for half as much signal or another sun looks like another class in one segment
of ten photons, by the 10 km of track around it. Both are measured by the squared Mahalanobis distance, of a segment to
the nearest of the surface classes, of its surroundings to all of them together.
"""

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2

from leadline.features import feature, log_background_rate, log_photon_rate, log_return_width
from leadline.names import SURFACE_CLASSES
from leadline.surroundings import along_tracks

KNOWN_SHARE = 0.999
"""Share of the training segments that is inside; the threshold follows."""
GRANTED_SHARE = 0.99
"""Share of a normal distribution of surroundings that is inside, even where those that trained were more alike."""
REACH = 10_000.0
"""Metres of track that are a segment's surroundings."""
ALIKE = 0.1
"""Surroundings that differ by 10 % in a rate are alike, however few tracks trained: added to their spread.

The strong beams differ by a fifth in energy; with 5 %, two of them are outside where the third alone trained. Weak
beams and night are outside at any value to 20 %; of half the signal 100 % at 5 %, 68 % at 10 % and 1 % at 20 %
(simulated)."""
BRIGHT = 0.75
"""Quantile of the rates that stands for the surroundings: thick ice, wherever a quarter of them is."""


@dataclass(frozen=True)
class Cloud:
    """A cloud of points, by its mean and the inverse of its covariance."""

    mean: list[float]
    precision: list[list[float]]

    def distance(self, points: np.ndarray) -> np.ndarray:
        """Return the squared Mahalanobis distance of points (n, k)."""
        apart = points - np.array(self.mean)
        return np.einsum("ni,ij,nj->n", apart, np.array(self.precision), apart)


@dataclass(frozen=True)
class Domain:
    """What a classifier was trained on."""

    classes: list[Cloud]
    """Of the segments of each surface class that trained."""
    surroundings: Cloud
    farthest_segment: float
    """Threshold of the distance to the nearest class."""
    farthest_surroundings: float

    def outside(self, table: pd.DataFrame) -> np.ndarray:
        """Return, bool (n,), which segments of a sorted table are unlike all that trained, or stand in such a place."""
        far = _nearest(self.classes, segment_features(table)) > self.farthest_segment
        return far | (self.surroundings.distance(surroundings_features(table)) > self.farthest_surroundings)

    def as_dict(self) -> dict:
        """Return the domain ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: dict) -> "Domain":
        """Return the domain that ``as_dict`` gave."""
        classes = [Cloud(**cloud) for cloud in fields["classes"]]
        return cls(**{**fields, "classes": classes, "surroundings": Cloud(**fields["surroundings"])})


def fit(table: pd.DataFrame, rows: np.ndarray) -> Domain:
    """Return the domain of the training rows of a TRAINING_SET sorted by granule, beam and x_atc."""
    segments, places = segment_features(table)[rows], surroundings_features(table)[rows]
    surface_class = table["surface_class"].to_numpy()[rows]
    found = [each for each in SURFACE_CLASSES if (surface_class == each).sum() > segments.shape[1]]
    classes = [_cloud(segments[surface_class == each], 0.0) for each in found]
    surroundings = _cloud(places, ALIKE)
    near, around = _nearest(classes, segments), surroundings.distance(places)
    # Few tracks make the training surroundings more alike than those to come: a normal distribution's tail is granted.
    normal = chi2.ppf(GRANTED_SHARE, places.shape[1])
    return Domain(
        classes,
        surroundings,
        farthest_segment=float(np.quantile(near, KNOWN_SHARE)),
        farthest_surroundings=float(max(np.quantile(around, KNOWN_SHARE), normal)),
    )


def segment_features(table: pd.DataFrame) -> np.ndarray:
    """Return what tells a segment's kind, (n, 4), of a sorted table.

    Logarithms of photon rate, spread of height and return width, and the relative height, its tail of ridges drawn in.
    """
    columns = (
        log_photon_rate(table),
        np.log(table["height_std"].to_numpy(np.float64) + 0.02),
        log_return_width(table),
        np.arcsinh(feature(table, "relative_height") / 0.1),
    )
    return np.column_stack(columns)


def surroundings_features(table: pd.DataFrame) -> np.ndarray:
    """Return what tells signal and sun around a segment, (n, 2): quantiles of the logarithms of its rates.

    They are the photon rate and the background rate of the brightest quarter of the surroundings.
    """
    rates = (log_photon_rate(table), log_background_rate(table))
    return np.column_stack([along_tracks(table, rate, REACH, BRIGHT) for rate in rates])


def _cloud(points: np.ndarray, least_deviation: float) -> Cloud:
    covariance = np.cov(points, rowvar=False) + least_deviation**2 * np.eye(points.shape[1])
    return Cloud(points.mean(axis=0).tolist(), np.linalg.inv(covariance).tolist())


def _nearest(clouds: list[Cloud], points: np.ndarray) -> np.ndarray:
    return np.min([cloud.distance(points) for cloud in clouds], axis=0)
