"""ATL10's rules of the sea surface, to the digit: leads from segments, and references from leads, filled and smoothed.

Checked against ATL10 r006 (a granule of the Fram Strait of 7 January 2022, three beams): all 22 leads whose segments it
has, 17 of them of more than one segment; the heights, errors and flags of all 42 reference sections of its six beams,
11 of them valid; and 864 freeboards. What the file does not tell is said at the function.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leadline.runs import ONE_RUN, spread, weighted

NO_REFERENCE, FROM_LEADS, INTERPOLATED, ONE_POINT, END_POINT, OTHER_BEAMS = 255, 0, 1, 2, 3, 4
"""How a reference was found: ATL10's ``beam_refsurf_interp_flag`` (its -1 is our 255), and the leads of other beams."""


@dataclass(frozen=True)
class ReferenceLimits:
    """ATL10's control values by their own names and values (r006 ``/ancillary_data/freeboard_estimation``).

    ``ht_thresh1``, for sections of low ice concentration, is not among them: a granule does not tell the concentration.
    """

    lb_n_f: int = 1
    """Fewest leads of a reference."""
    lb_refsurf: float = -0.5
    """Lowest reference, m."""
    ub_refsurf: float = 0.5
    """Highest reference, m."""
    ht_thresh2: float = 0.5
    """Greatest difference between consecutive references, m."""
    maxgaptime: float = 30.0
    """Longest gap that is interpolated, s of flight."""
    maxgapht: float = 0.05
    """Greatest difference of height across a gap that is interpolated, m."""
    maxpadtime: float = 10.0
    """Farthest that a reference is carried on, and longest gap of one section that is filled at any height, s."""
    refsurf_3pt_smoother: bool = True
    """Whether references of NASA's method are smoothed."""
    fill_sections: int = 0
    """Most consecutive sections that are filled, 0 for as many as the times allow. No field of ATL10, which fills one:
    it leaves those alone that lie between others, 9.9 s and 6 mm apart (r006)."""


def lead_height(height: NDArray, sigma: NDArray, first: NDArray = ONE_RUN) -> tuple[NDArray, NDArray]:
    """Return the height of leads and its error (m) by ATL10's weights exp(-((h - h_min) / sigma)^2).

    ``height`` and ``sigma`` (m) are those of segments, whose leads begin at the rows ``first``.
    """
    above = height - spread(np.minimum.reduceat(height, first), first, len(height))
    return weighted(height, sigma, np.exp(-((above / sigma) ** 2)), first)


def combine(height: NDArray, sigma: NDArray, first: NDArray = ONE_RUN) -> tuple[NDArray, NDArray]:
    """Return the reference height of leads and its error (m) by ATL10's inverse variances.

    ``height`` and ``sigma`` (m) are those of leads, whose sections begin at the rows ``first``.
    """
    return weighted(height, sigma, 1 / sigma**2, first)


def accepted(height: NDArray, n_leads: NDArray, limits: ReferenceLimits) -> NDArray[np.bool_]:
    """Return which references stand: of enough leads, in the accepted range, and without a jump to the next.

    ``height`` (m, NaN where there is none) and ``n_leads`` are those of consecutive sections. The file does not tell
    which of two references goes where they jump; here it is the one farther from the median of all.
    """
    stands = (n_leads >= limits.lb_n_f) & (height >= limits.lb_refsurf) & (height <= limits.ub_refsurf)
    rows = np.flatnonzero(stands)
    if rows.size:
        off = np.abs(height[rows] - np.median(height[rows]))
        jumps = np.abs(np.diff(height[rows])) > limits.ht_thresh2
        stands[rows[:-1][jumps & (off[:-1] > off[1:])]] = False
        stands[rows[1:][jumps & (off[:-1] <= off[1:])]] = False
    return stands


def filled(
    x: NDArray, time: NDArray, height: NDArray, variance: NDArray, limits: ReferenceLimits
) -> tuple[NDArray, NDArray, NDArray[np.uint8]]:
    """Return height and variance of references with their gaps filled, and how each was found.

    ``x`` (m), ``time`` (s), ``height`` (m, NaN where there is none) and ``variance`` (m2) are those of consecutive
    sections. A gap between two references is linear in ``x``, and so is its variance: a gap of one section up to
    ``maxpadtime`` (flag 2), any up to ``maxgaptime`` whose ends differ by ``maxgapht`` at most (flag 1). Else the
    nearer reference is copied, as far as ``maxpadtime`` (flag 3).
    """
    known = np.isfinite(height)
    if not known.any():
        return height, variance, np.full(len(height), NO_REFERENCE, np.uint8)
    place, rows = np.arange(len(height)), np.flatnonzero(known)
    after = np.searchsorted(rows, place)
    before, after = rows[np.maximum(after - 1, 0)], rows[np.minimum(after, rows.size - 1)]
    between = (before < place) & (place < after)
    reach = limits.fill_sections or len(height)
    since, until = (np.where(np.abs(place - row) <= reach, np.abs(time - time[row]), np.inf) for row in (before, after))
    nearer = np.where(since <= until, before, after)
    gap, missing = time[after] - time[before], after - before - 1
    bridged = (gap <= limits.maxgaptime) & (np.abs(height[after] - height[before]) <= limits.maxgapht)
    carried = np.minimum(since, until) <= limits.maxpadtime
    flag = np.select(
        [
            known,
            between & (missing == 1) & (gap <= limits.maxpadtime),
            between & (missing <= reach) & bridged,
            carried,
        ],
        [FROM_LEADS, ONE_POINT, INTERPOLATED, END_POINT],
        NO_REFERENCE,
    ).astype(np.uint8)
    linear = (flag == ONE_POINT) | (flag == INTERPOLATED)

    def fill(value: NDArray) -> NDArray:
        return np.select(
            [known, linear, flag == END_POINT], [value, np.interp(x, x[known], value[known]), value[nearer]], np.nan
        )

    return fill(height), fill(variance), flag


def smoothed(height: NDArray) -> NDArray[np.float64]:
    """Return references as means of three: each with the one before and the one after, where there are both.

    ATL10 r006 takes sections as the file has them, one after the other, filled ones too, however far apart they are.
    """
    means = height.copy()
    means[1:-1] = (height[:-2] + height[1:-1] + height[2:]) / 3
    return np.where(np.isnan(means), height, means)
