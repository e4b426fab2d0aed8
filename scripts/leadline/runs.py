"""Sums over runs: consecutive rows that belong together, such as the segments of a lead or the leads of a section.

Runs are told by ``first``, the rows at which they begin, increasing, shape (r,); a run ends where the next begins. All
rows belong to a run, and every run has a row. A run's result hangs on its own rows alone, to the last bit.
"""

import numpy as np
from numpy.typing import NDArray

ONE_RUN = np.zeros(1, np.intp)
"""All rows as one run."""


def sizes(first: NDArray, n: int) -> NDArray[np.intp]:
    """Return how many of ``n`` rows each run has."""
    return np.diff(first, append=n)


def spread(of_run: NDArray, first: NDArray, n: int) -> NDArray:
    """Return a value of each run at all of its rows, shape (n,)."""
    return np.repeat(of_run, sizes(first, n), axis=0)


def first_lowest(value: NDArray, first: NDArray) -> NDArray[np.intp]:
    """Return the row of the lowest value of each run, the first one of equals."""
    lowest = spread(np.minimum.reduceat(value, first), first, len(value))
    rows = np.flatnonzero(value == lowest)
    return rows[np.searchsorted(rows, first)]


def medians(value: NDArray, first: NDArray) -> NDArray[np.float64]:
    """Return the median of each run."""
    number = sizes(first, len(value))
    ordered = value[np.lexsort((value, np.repeat(np.arange(len(first)), number)))]
    return (ordered[first + (number - 1) // 2] + ordered[first + number // 2]) / 2


def weighted(height: NDArray, sigma: NDArray, weight: NDArray, first: NDArray = ONE_RUN) -> tuple[NDArray, NDArray]:
    """Return the weighted mean of the heights of each run and its error, from independent errors sigma (m)."""
    share = weight / spread(np.add.reduceat(weight, first), first, len(weight))
    variance = np.add.reduceat((share * sigma) ** 2, first)
    return np.add.reduceat(share * height, first), np.sqrt(variance)
