"""A robust centre of the leads of a section, its bias and its error by bootstrap.

Leads differ by more than their own errors: by what the sea does between them, by thin ice taken for water, by what is
left of the first-photon bias. This spread between leads, of a whole granule, goes into the weight of each. A lead that
lies farther off than ``HUBER`` deviations pulls no harder for it (Huber's M-estimator). The bootstrap draws blocks of
leads that lie close together and may be one lead in the sea: they share their error.

A bootstrap of few leads says little: with one it says nothing. So its variance is taken together with the one that the
leads' weights foretell, which counts for ``FORETOLD`` blocks; and its bias, that of the samples' centres, is taken off
in the same proportion.
"""

from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leadline.runs import sizes, spread

HUBER = 1.345
"""Deviations up to which a lead pulls in proportion; 95 % as efficient as the mean where there are no outliers."""
ROUNDS = 5
"""Rounds of weighting anew."""
DRAWS = 100
"""Bootstrap samples: they tell an error to 7 %."""
FORETOLD = 5.0
"""Blocks that the foretold variance counts for."""
BLOCK = 100.0
"""Distance between leads that may be one, m."""
PRIOR_SPREAD = 0.015
"""Spread between leads where the granule does not tell it, m: that of neighbours in two ATL10 r006 (13 and 16 mm)."""
PRIOR_PAIRS = 10.0
"""Pairs of leads that the prior spread counts for."""


def spread_between(leads: pd.DataFrame, reach: float) -> float:
    """Return the spread (m) of leads beyond their own errors, from neighbours up to ``reach`` (m) apart.

    ``leads`` has the columns of ``tables.LEADS``, of any tracks, each in order. The median of the squares of their
    differences tells it, whatever a few outliers say; the fewer pairs there are, the more the prior counts.
    """
    neighbours = (leads["beam"].to_numpy()[1:] == leads["beam"].to_numpy()[:-1]) & (
        leads["x_start"].to_numpy()[1:] - leads["x_end"].to_numpy()[:-1] <= reach
    )
    difference = np.diff(leads["height_robust"])[neighbours]
    variance = leads["height_robust_error"].to_numpy(float) ** 2
    of_errors = (variance[1:] + variance[:-1])[neighbours]
    n = len(difference)
    median_of_chi_square = 0.4549
    seen = max(0, np.median(difference**2) / median_of_chi_square - np.median(of_errors)) / 2 if n else 0
    return float(np.sqrt((n * seen + PRIOR_PAIRS * PRIOR_SPREAD**2) / (n + PRIOR_PAIRS)))


def robust_centres(
    leads: pd.DataFrame, first: NDArray, between: float, name: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the centre of each run of leads and its error (m).

    ``leads`` has the columns of ``tables.LEADS``, a section's leads after the other's; sections begin at the rows
    ``first``. ``between`` is the spread between leads (m). The draws hang on ``name``, that of the track, so that the
    same leads have the same centre to the last bit.
    """
    height = leads["height_robust"].to_numpy(float)[:, None]
    precision = 1 / (leads["height_robust_error"].to_numpy(float)[:, None] ** 2 + between**2)
    mean = np.add.reduceat(precision * height, first) / np.add.reduceat(precision, first)
    centre = _huber(height, precision, first, mean)
    times, n_blocks = _drawn(leads, first, np.random.default_rng(crc32(name.encode())))
    replicas = _huber(height, precision, first, centre, times)
    heard = (n_blocks - 1) / (n_blocks - 1 + FORETOLD)
    bias = heard * (replicas.mean(axis=1) - centre[:, 0])
    foretold = 1 / np.add.reduceat(precision[:, 0], first)
    seen = replicas.var(axis=1) * n_blocks / np.maximum(n_blocks - 1, 1)
    return centre[:, 0] - bias, np.sqrt(heard * seen + (1 - heard) * foretold)


def _huber(height: NDArray, precision: NDArray, first: NDArray, start: NDArray, times: NDArray | int = 1) -> NDArray:
    """Return the centres of runs, shape (runs, samples), from those to start with.

    Heights and their precisions have the shape (leads, 1); ``times``, how often each counts, (leads, samples).
    """
    centre, reach = start, HUBER / np.sqrt(precision)
    for _ in range(ROUNDS):
        off = np.abs(height - spread(centre, first, len(height)))
        pull = times * precision * (reach / np.maximum(off, reach))
        centre = np.add.reduceat(pull * height, first) / np.add.reduceat(pull, first)
    return centre


def _drawn(leads: pd.DataFrame, first: NDArray, random: np.random.Generator) -> tuple[NDArray, NDArray]:
    """Return how often each lead is in each bootstrap sample, shape (leads, draws), and the blocks of each section."""
    begins = np.r_[True, leads["x_start"].to_numpy()[1:] - leads["x_end"].to_numpy()[:-1] > BLOCK]
    begins[first] = True
    block = np.cumsum(begins) - 1
    first_block = block[first]
    n = block[-1] + 1
    n_blocks = sizes(first_block, n)
    of_section = spread(n_blocks, first_block, n)[:, None]
    chosen = spread(first_block, first_block, n)[:, None] + np.floor(random.random((n, DRAWS)) * of_section)
    times = np.bincount((chosen * DRAWS + np.arange(DRAWS)).astype(np.int64).ravel(), minlength=n * DRAWS)
    return times.reshape(n, DRAWS)[block], n_blocks
