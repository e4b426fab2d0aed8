"""First-photon bias: a channel that has just seen a photon is blind for its dead time, so early photons win.

The mean of the recorded photons is then higher than the surface. CAL-19 tabulates the correction by dead time,
strength of the return and its width (NASA's ATL07 processing, `ffb_corr` in picoseconds on the axes
dead_time, strength, width); ``dead_time`` computes the same table for granules that carry none.
"""

from dataclasses import dataclass
from enum import IntFlag
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

HALF_SPEED_OF_LIGHT = 299_792_458.0 / 2 * 1e-9
"""Metres of height for a nanosecond of travel there and back."""

CHANNELS = {"strong": 16, "weak": 4}
"""Detector channels behind a beam."""

NOMINAL_DEAD_TIME = 3.0
"""Dead time in ns where the granule does not give it (the given ones lie near 2.98 and 3.05)."""

WIDTH_OF_GAUSSIAN = 2.5631
"""10 to 90 % of a Gaussian, in standard deviations."""

PULSE_WIDTH = WIDTH_OF_GAUSSIAN * 0.64
"""10 to 90 % of the transmitted pulse, ns (1.5 ns at half its height)."""

WINDOW_PHOTONS = 150
"""Photons that strength and width are taken from: a 2 m segment of about 2.8 shots is too few (ATL07 uses 150)."""

WINDOW_REACH = 200.0
"""Farthest that such a photon may lie from the middle of its segment, m: beyond, the surface is another one."""

CELL = 0.01
"""Cell of the histogram that tells the width, m."""


MAXIMUM_BIAS = 1e5
"""No bias is that great, ps (15 m): a fill value."""


LARGEST = 1e6
"""No dead time (ns), strength or width of a table is that large: a fill value."""


class BiasFlag(IntFlag):
    """How a first-photon bias was found; 0 is CAL-19, inside its table."""

    EDGE_OF_TABLE = 1
    DEAD_TIME_MODEL = 2
    FEW_PHOTONS = 4


@dataclass(frozen=True)
class Calibration:
    """CAL-19 of one beam, or what stands in its place."""

    dead_time: NDArray[np.float64]
    """Dead-time axis, ns, shape (d,)."""
    strength: NDArray[np.float64]
    """Strength axis of each dead time, photons per shot, shape (d, s)."""
    width: NDArray[np.float64]
    """Width axis of each dead time, 10 to 90 % of the received photons, ns, shape (d, w)."""
    correction: NDArray[np.float64]
    """Bias, ps, shape (d, s, w)."""
    from_granule: bool
    """False where the table was computed from the dead time because the granule has none."""

    def check(self) -> None:
        """Raise ``ValueError`` where the axes do not fit the table or do not grow, or a number is none."""
        if self.correction.ndim != 3:
            raise ValueError("ffb_corr has not the axes dead_time, strength and width")
        n_dead_times, n_strengths, n_widths = self.correction.shape
        axes = {"dead_time": self.dead_time[None], "strength": self.strength, "width": self.width}
        shapes = (1, n_dead_times), (n_dead_times, n_strengths), (n_dead_times, n_widths)
        for (name, axis), shape in zip(axes.items(), shapes, strict=True):
            if axis.shape != shape or not (np.diff(axis, axis=1) > 0).all() or not (np.abs(axis) < LARGEST).all():
                raise ValueError(f"{name} is no growing axis of the table")
        if min(n_strengths, n_widths) < 2:
            raise ValueError("strength and width need two values each")
        if not (np.isfinite(self.correction) & (np.abs(self.correction) < MAXIMUM_BIAS)).all():
            raise ValueError("ffb_corr holds what is no bias")


def look_up(
    calibration: Calibration, dead_time: float, strength: NDArray, width: NDArray
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the first-photon bias in metres of height, and where the table had to be clamped at its edge.

    ``dead_time`` in ns picks the nearest table; ``strength`` (photons per shot) and ``width`` (ns) are looked up
    bilinearly, shapes (n,). The bias is positive: the surface is lower than the mean of the photons.
    """
    nearest = int(np.argmin(np.abs(calibration.dead_time - dead_time)))
    row, down, outside = _place_on(calibration.strength[nearest], strength)
    column, right, beside = _place_on(calibration.width[nearest], width)
    table = calibration.correction[nearest]
    upper = table[row, column] * (1 - right) + table[row, column + 1] * right
    lower = table[row + 1, column] * (1 - right) + table[row + 1, column + 1] * right
    return (upper * (1 - down) + lower * down) * 1e-3 * HALF_SPEED_OF_LIGHT, outside | beside


def _place_on(axis: NDArray, value: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Return the cell of each value on a growing axis, how far through it the value lies, and if it is beyond."""
    inside = np.clip(value, axis[0], axis[-1])
    cell = np.clip(np.searchsorted(axis, inside) - 1, 0, axis.size - 2)
    return cell, (inside - axis[cell]) / (axis[cell + 1] - axis[cell]), inside != value


class Return(NamedTuple):
    """The return around each segment; arrays of one length."""

    strength: NDArray[np.float64]
    """Photons per shot."""
    width: NDArray[np.float64]
    """10 to 90 % of the photons, ns."""
    n_photons: NDArray[np.int64]
    """Photons that tell it."""


def moving_return(x: NDArray, deviation: NDArray, centre: NDArray, shot_spacing: float) -> Return:
    """Return strength and width of the return around each segment, from ``WINDOW_PHOTONS`` photons if there are.

    ``x`` (m) and ``deviation`` (m, of each photon from its segment's mean, so that steps of the surface do not widen
    the return; NaN where that is unknown) are in along-track order, shape (n,); ``centre`` holds the index of each
    segment's middle photon, increasing. Shots without photons count for the strength. Photons farther than
    ``WINDOW_REACH`` from the middle one belong to another surface. Where no deviation is known the pulse's own width
    stands in.
    """
    begin = np.searchsorted(x, x[centre] - WINDOW_REACH, side="left")
    end = np.searchsorted(x, x[centre] + WINDOW_REACH, side="right")
    begin = np.clip(centre - WINDOW_PHOTONS // 2, begin, np.maximum(end - WINDOW_PHOTONS, begin))
    end = np.minimum(begin + WINDOW_PHOTONS, end)
    shots = (x[end - 1] - x[begin]) / shot_spacing + 1
    width = _moving_widths(deviation, begin, end) / HALF_SPEED_OF_LIGHT
    return Return((end - begin) / shots, np.where(np.isnan(width), PULSE_WIDTH, width), end - begin)


@numba.njit(cache=True)
def _moving_widths(deviation: NDArray, begin: NDArray, end: NDArray) -> NDArray[np.float64]:
    """Return the 10 to 90 % width, m, of the photons from ``begin`` to ``end``, NaN where no deviation is known.

    ``begin`` and ``end`` do not decrease, so the histogram of a window follows from that of the one before.
    """
    widths = np.full(begin.size, np.nan)
    farthest = 0.0
    for away in deviation:
        farthest = max(farthest, abs(away)) if not np.isnan(away) else farthest
    middle = 1 + int(farthest / CELL)
    histogram = np.zeros(2 * middle + 1, np.int64)
    known, left, right = 0, 0, 0
    for k in range(begin.size):
        for away in deviation[right : end[k]]:
            if not np.isnan(away):
                histogram[middle + int(np.floor(away / CELL))] += 1
                known += 1
        for away in deviation[left : begin[k]]:
            if not np.isnan(away):
                histogram[middle + int(np.floor(away / CELL))] -= 1
                known -= 1
        left, right = begin[k], end[k]
        if known:
            widths[k] = (_place(histogram, 0.9 * known) - _place(histogram, 0.1 * known)) * CELL
    return widths


@numba.njit(cache=True)
def _place(histogram: NDArray, count: float) -> float:
    """Return where the cumulative histogram reaches a count, in cells, linear inside the cell."""
    below, k = 0, 0
    while below + histogram[k] < count:
        below += histogram[k]
        k += 1
    return k + (count - below) / histogram[k]


def bias_flag(calibration: Calibration, clamped: NDArray, n_photons: NDArray) -> NDArray[np.uint8]:
    """Return the flags of looked-up biases: a sum of ``BiasFlag``."""
    flag = np.where(clamped, BiasFlag.EDGE_OF_TABLE, 0) | np.where(n_photons < WINDOW_PHOTONS, BiasFlag.FEW_PHOTONS, 0)
    return (flag | (0 if calibration.from_granule else BiasFlag.DEAD_TIME_MODEL)).astype(np.uint8)
