"""Levels of detail of a track: what bins of ever more segments hold, so that a page draws no more than one can see.

A track is laid on slots, one for each segment length, filled or not. A level joins ``FACTOR`` neighbours of the level
below: it keeps the lowest, the highest, the mean and the count of what is in them, and how many segments have each
class, so that nothing of a lead of one segment is lost however far one looks from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

FACTOR = 4
"""Bins of a level that one bin of the next joins."""
MOST_BINS = 2000
"""Bins that a page draws at once, and that the coarsest level has at most: one or two a pixel."""


class _Sized(Protocol):
    def __len__(self) -> int: ...


Level = TypeVar("Level", bound=_Sized)


@dataclass(frozen=True)
class Bins:
    """The values in each bin of consecutive slots; float64 and int64, shape (n,)."""

    low: NDArray[np.float64]
    """The lowest, NaN where there is none."""
    mean: NDArray[np.float64]
    high: NDArray[np.float64]
    count: NDArray[np.int64]
    """How many there are, without those that are NaN."""

    def __len__(self) -> int:
        """Return the number of bins."""
        return len(self.count)


def slots_of(x: ArrayLike, length: float) -> NDArray[np.int64]:
    """Return the slot of each segment of a track, counted from the first, by its centre x (m) and the length (m)."""
    x = np.asarray(x, float)
    return np.rint((x - x[:1]) / length).astype(np.int64)


def on_slots(values: ArrayLike, slots: NDArray[np.int64], absent: float = np.nan) -> NDArray:
    """Return values laid on slots 0 to the last, shape (last + 1,), with ``absent`` where there is no segment."""
    values = np.asarray(values)
    laid = np.full(slots[-1] + 1 if slots.size else 0, absent, np.result_type(values, np.min_scalar_type(absent)))
    laid[slots] = values
    return laid


def bins_of(values: ArrayLike) -> Bins:
    """Return the finest level of values on slots, NaN where there is none: each is its own lowest, mean and highest."""
    values = np.asarray(values, float)
    return Bins(values, values, values, np.isfinite(values).astype(np.int64))


def coarser(bins: Bins, factor: int = FACTOR) -> Bins:
    """Return the next level of values: the last bin may join fewer."""
    low, mean, high = (_joined(values, factor, np.nan) for values in (bins.low, bins.mean, bins.high))
    count = _joined(bins.count, factor, 0)
    total = count.sum(axis=1)
    sums = np.where(count > 0, mean * count, 0.0).sum(axis=1)
    means = np.divide(sums, total, out=np.full(total.shape, np.nan), where=total > 0)
    return Bins(np.fmin.reduce(low, axis=1), means, np.fmax.reduce(high, axis=1), total)


def counts_of(codes: NDArray[np.integer], n_codes: int) -> NDArray[np.int64]:
    """Return the finest level of codes on slots: of how many segments each slot has each code, shape (n, n_codes).

    A code that is not below ``n_codes`` is that of a slot without segment.
    """
    return (codes[:, np.newaxis] == np.arange(n_codes)).astype(np.int64)


def coarser_counts(counts: NDArray[np.int64], factor: int = FACTOR) -> NDArray[np.int64]:
    """Return the next level of counts, shape (ceil(n / factor), n_codes)."""
    return _joined(counts, factor, 0).sum(axis=1)


def shares(counts: NDArray[np.int64], most: int = 255) -> NDArray[np.uint8]:
    """Return the share that each code has of its bin's segments, in parts of ``most``, rounded up.

    What is there never becomes 0; where a bin has no segment, all are 0.
    """
    total = counts.sum(axis=1, keepdims=True)
    return np.ceil(most * (counts / np.maximum(total, 1))).astype(np.uint8)


def pyramid(finest: Level, joined: Callable[[Level], Level], most: int = MOST_BINS) -> list[Level]:
    """Return the levels from the finest to the first that has at most ``most`` bins."""
    levels = [finest]
    while len(levels[-1]) > most:
        levels.append(joined(levels[-1]))
    return levels


def _joined(values: NDArray, factor: int, absent: float) -> NDArray:
    """Return values in rows of ``factor``, shape (ceil(n / factor), factor, ...), the last one filled up."""
    short = -len(values) % factor
    filled = np.concatenate([values, np.full((short, *values.shape[1:]), absent, values.dtype)])
    return filled.reshape(-1, factor, *values.shape[1:])
