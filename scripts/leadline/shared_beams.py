"""Sections of one beam from the leads of the granule's other beams, the difference between the beams taken off.

ATL10 does without since r003 (``multi_beam_disable_flag``), for the beams' sea surfaces differ by centimetres.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leadline.tables import SEA_SURFACE_METHODS

LEAST_COMMON = 5
"""Sections in which two beams have leads below which their difference is not known."""
LEAST_SCATTER = 0.005
"""Scatter of the difference between two beams that is believed at least, m."""


def shared(beam: pd.DataFrame, others: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the sections of a beam with those that have no sea surface filled from the other beams of its granule.

    Each table holds a beam's sections: x_atc, place (m, of its leads), and for each method ``sea_surface_<method>`` (m)
    and ``variance_<method>`` (m2); they are NaN without leads. The difference between two beams is the median over the
    sections where both have leads; how much it scatters there, and how well its median is known, is the variance of
    what one says about the other. Beams of fewer than ``LEAST_COMMON`` common sections say nothing.
    """
    beside = [other.set_index("x_atc").reindex(beam["x_atc"]) for other in others]
    place, _ = _combined([each["place"].to_numpy() for each in beside], [1.0] * len(beside))
    filled = {"place": beam["place"].fillna(pd.Series(place))}
    for method in SEA_SURFACE_METHODS:
        own, variance = beam[f"sea_surface_{method}"], beam[f"variance_{method}"]
        said = [_said(own.to_numpy(), each[f"sea_surface_{method}"].to_numpy()) for each in beside]
        heights, variances = map(pd.Series, _combined(*zip(*said, strict=True)))
        filled |= {f"sea_surface_{method}": own.fillna(heights), f"variance_{method}": variance.fillna(variances)}
    return beam.assign(**filled)


def _combined(heights: Sequence[NDArray], variances: Sequence[float]) -> tuple[NDArray, NDArray]:
    """Return the means of what beams say, by inverse variance, and their variances, NaN where none says anything."""
    precision = np.isfinite(heights) / np.asarray(variances)[:, None]
    total = precision.sum(axis=0)
    total[total == 0] = np.nan
    return np.nansum(precision * heights, axis=0) / total, 1 / total


def _said(own: NDArray, other: NDArray) -> tuple[NDArray, float]:
    """Return the heights that another beam gives for this one (m), and their variance (m2); infinite if unknown."""
    difference = own - other
    common = difference[np.isfinite(difference)]
    if len(common) < LEAST_COMMON:
        return np.full(len(own), np.nan), np.inf
    middle = np.median(common)
    scatter = max(LEAST_SCATTER, 1.4826 * np.median(np.abs(common - middle)))
    return other + middle, scatter**2 * (1 + np.pi / 2 / len(common))
