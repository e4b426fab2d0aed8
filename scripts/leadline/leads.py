"""Leads: runs of open-water segments that tell the height of the sea.

The track is cut at the multiples of ``section_step``. Nothing that is found in one step hangs on another: a lead that
crosses a cut becomes two, so that any whole steps of a track can be searched alone and give the same leads.

The footprint of 11 m counts twice. Neighbouring 2 m segments share it, so the error of what is joined from them takes
the segments of one footprint for one. And the outermost segments of a lead see the ice beside it: between thick ice of
0.3 m they raise the mean of a 20 m lead by 2 (bright water) to 9 cm (dark water). So the segments within half a
footprint of its ends, three of 2 m, do not count for ``height_nasa``, which leaves 0.1 to 0.8 cm in leads of 18 m; nor
do those within a whole one for ``height_robust``, in leads that are long enough. A shorter lead keeps its middle 6 m,
and a bias of 0.4 to 4 (16 m) or 7 to 22 cm (6 m): hence the default ``lead_length``. Longer segments want longer leads:
at 10 m the middle one is clear of the ice from 30 m on.

A lead must fit its surroundings. Ice that was taken for water is as high as ice: a lead that stands above the lowest
tenth of the thick ice of its own step is not used. Where the step has less than 200 m of thick ice, nothing is
held against it. Nor is a lead used that lies outside ATL10's accepted range of references.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leadline.accounts import State
from leadline.errors import InputDataError
from leadline.footprint import FOOTPRINT
from leadline.names import SurfaceClass
from leadline.references import ReferenceLimits, lead_height
from leadline.runs import first_lowest, medians, sizes, spread
from leadline.tables import LEADS, empty_table

CORE = 6.0
"""Length in the middle of a lead that counts however short the lead is, m."""

ROUNDING = 1e-3
"""By how much two distances along the track (some 1e7 m) may differ and still be the same, m."""

USED, ABOVE_ICE, OUT_OF_RANGE = 0, 1, 2
"""The values of ``lead_flag``."""

LOW_ICE = 0.1
"""Share of the thick ice of a step that may lie below a lead that is told from it."""
LEAST_ICE = 200.0
"""Length of thick ice in a step below which a lead is not held against it, m."""


@dataclass(frozen=True)
class LeadSettings(ReferenceLimits):
    """How open water becomes leads."""

    segment_length: float = 2.0
    """Length of a segment, m."""
    section_step: float = 5_000.0
    """Distance between the centres of two sections, m; leads are cut at its multiples."""
    lead_length: float = 18.0
    """Shortest length of open-water segments that make a lead, m."""
    lead_gap: float = 4.0
    """Longest stretch without segments that does not end a lead, m."""
    photons_per_group: int = 150
    """Photons that are joined to one height before the ATL10 weights; ATL07's own aggregation."""


def steps_of(x_atc: NDArray, settings: LeadSettings) -> NDArray[np.int64]:
    """Return the number of the step in which each distance along the track (m) lies."""
    return (np.asarray(x_atc) // settings.section_step).astype(np.int64)


def in_order(stretch: pd.DataFrame) -> pd.DataFrame:
    """Return segments of one track by ``x_atc``.

    Raises ``InputDataError`` (unreadable) where two segments have the same place, or one has none.
    """
    if _apart(stretch).all():
        return stretch
    stretch = stretch.sort_values("x_atc", ignore_index=True)
    wrong = np.flatnonzero(~_apart(stretch))
    if wrong.size:
        granule, beam, x = stretch.loc[wrong[0], ["granule", "beam", "x_atc"]]
        raise InputDataError(
            State.UNREADABLE,
            f"{granule} {beam}: expected one segment at each x_atc, found another at {x} m; resample the granule again",
        )
    return stretch


def _apart(stretch: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which segments have a place beyond that of the one before."""
    x = stretch["x_atc"].to_numpy()
    apart = np.isfinite(x)
    apart[1:] &= x[1:] > x[:-1]
    return apart


def find_leads(stretch: pd.DataFrame, settings: LeadSettings) -> pd.DataFrame:
    """Return the leads of whole steps of one track, a row each with the columns of ``tables.LEADS``.

    ``stretch`` holds segments with their class: granule, beam, x_atc, n_photons, height_mean, height_error and
    surface_class, in any order. Open water without photons, or whose height or error is not a number, or whose error is
    not positive, counts as a missing segment. Raises ``InputDataError`` where two segments have the same place.
    """
    stretch = in_order(stretch)
    water = (stretch["surface_class"] == SurfaceClass.OPEN_WATER).to_numpy()
    step = steps_of(stretch["x_atc"], settings)
    rows, first = _runs_of_water(stretch, water, step, settings)
    if not first.size:
        return empty_table(LEADS)
    n = len(rows)
    names = ("x_atc", "n_photons", "height_mean", "height_error")
    x, n_photons, height, error = (stretch[name].to_numpy()[rows].astype(float) for name in names)
    number = sizes(first, n)
    of_footprint = max(1, FOOTPRINT / settings.segment_length)

    def groups(edge: float, amount: NDArray, of_group: float) -> tuple[NDArray, NDArray, NDArray]:
        inner = _inner(first, n, edge, settings)
        within = n_photons[inner], height[inner], error[inner], (np.cumsum(inner) - inner)[first]
        return join_segments(*within, amount[inner], of_group, of_footprint)

    nasa, nasa_error = lead_height(*groups(FOOTPRINT / 2, n_photons, settings.photons_per_group))
    robust, robust_error = _robust_height(*groups(FOOTPRINT, np.ones(n), of_footprint))
    ice = _low_ice(stretch, step, step[rows[first]], settings)
    lowest = first_lowest(height, first)
    leads = {
        "granule": stretch["granule"].iloc[0],
        "beam": stretch["beam"].iloc[0],
        "x_start": x[first] - settings.segment_length / 2,
        "x_end": x[first + number - 1] + settings.segment_length / 2,
        "n_segments": number,
        "height_min": height[lowest],
        "x_min": x[lowest],
        "height_mean": np.add.reduceat(height, first) / number,
        "height_nasa": nasa,
        "height_nasa_error": nasa_error,
        "height_robust": robust,
        "height_robust_error": robust_error,
        "height_ice": ice,
        "lead_flag": _flags(robust, ice, settings),
    }
    return pd.DataFrame(leads)[LEADS.names]


def join_segments(
    n_photons: NDArray,
    height: NDArray,
    error: NDArray,
    first: NDArray,
    amount: NDArray,
    amount_of_group: float,
    segments_of_footprint: float,
) -> tuple[NDArray, NDArray, NDArray]:
    """Join consecutive segments of leads to groups of about the same amount each, of photons or of segments.

    Leads begin at the rows ``first``. Returns the groups' mean heights (by photons) and errors (m), and the groups at
    which the leads begin. The error is that of the photons, as if segments within one footprint were one.
    ``amount`` holds whole numbers, so that their sums are exact wherever in the track they begin.
    """
    n = len(height)
    whole = np.add.reduceat(amount, first)
    until = np.cumsum(amount)
    until -= spread(until[first] - amount[first], first, n)
    groups = np.maximum(1, np.round(whole / amount_of_group))
    group = np.floor((until - amount / 2) * spread(groups / whole, first, n))
    begins = np.r_[True, np.diff(group) != 0]
    begins[first] = True
    first_of_group = np.flatnonzero(begins)
    photons = np.add.reduceat(n_photons, first_of_group)
    mean = np.add.reduceat(n_photons * height, first_of_group) / photons
    independent = np.sqrt(np.add.reduceat((n_photons * error) ** 2, first_of_group)) / photons
    taken_for_one = np.minimum(sizes(first_of_group, n), segments_of_footprint)
    return mean, independent * np.sqrt(taken_for_one), np.searchsorted(first_of_group, first)


def _runs_of_water(
    stretch: pd.DataFrame, water: NDArray, step: NDArray, settings: LeadSettings
) -> tuple[NDArray, NDArray]:
    """Return the rows of all leads, one lead after the other, and where in them each begins."""
    rows = np.flatnonzero(water)
    names = ("height_mean", "height_error", "n_photons")
    height, error, n_photons = (stretch[name].to_numpy()[rows] for name in names)
    rows = rows[np.isfinite(height) & np.isfinite(error) & (error > 0) & (n_photons > 0)]
    x = stretch["x_atc"].to_numpy()[rows]
    apart = np.diff(x) > settings.segment_length + settings.lead_gap + ROUNDING
    apart |= (np.diff(np.cumsum(~water)[rows]) > 0) | (np.diff(step[rows]) > 0)
    first = np.flatnonzero(np.r_[True, apart][: len(rows)])
    number = sizes(first, len(rows))
    long = number * settings.segment_length >= settings.lead_length - ROUNDING
    return rows[np.repeat(long, number)], np.r_[0, np.cumsum(number[long])][:-1]


def _inner(first: NDArray, n: int, edge: float, settings: LeadSettings) -> NDArray[np.bool_]:
    """Return which of the n segments of leads lie more than ``edge`` (m) from their lead's ends, or in its core."""
    edge, core = (math.ceil(length / settings.segment_length) for length in (edge, CORE))
    number = sizes(first, n)
    left_out = np.minimum(edge, np.maximum(0, number - core) // 2)
    place = np.arange(n) - spread(first, first, n)
    return (place >= spread(left_out, first, n)) & (place < spread(number - left_out, first, n))


def _robust_height(height: NDArray, error: NDArray, first: NDArray) -> tuple[NDArray, NDArray]:
    """Return the median of the footprints of each lead, and its error.

    The spread about the median is taken from the footprints' errors or from the footprints themselves, whichever is
    more; a median of many has an error sqrt(pi / 2) times that of a mean.
    """
    middle = medians(height, first)
    number = sizes(first, len(height))
    of_photons = np.add.reduceat(error**2, first) / number
    seen = (1.4826 * medians(np.abs(height - spread(middle, first, len(height))), first)) ** 2
    inefficiency = np.where(number > 2, np.pi / 2, 1)
    return middle, np.sqrt(np.maximum(of_photons, seen) * inefficiency / number)


def _low_ice(stretch: pd.DataFrame, step: NDArray, of_leads: NDArray, settings: LeadSettings) -> NDArray[np.float64]:
    """Return the height that ``LOW_ICE`` of the thick ice of each lead's step lies below, NaN where it is too little.

    ``of_leads`` holds the step of each lead, in order.
    """
    height, ice = stretch["height_mean"].to_numpy(), (stretch["surface_class"] == SurfaceClass.THICK_ICE).to_numpy()
    steps, own = np.unique(of_leads, return_inverse=True)
    begin, end = np.searchsorted(step, steps), np.searchsorted(step, steps, side="right")
    low = [_quantile(height[b:e][ice[b:e]], settings) for b, e in zip(begin, end, strict=True)]
    return np.array(low)[own]


def _quantile(height: NDArray, settings: LeadSettings) -> float:
    height = height[np.isfinite(height)]
    if len(height) * settings.segment_length < LEAST_ICE:
        return np.nan
    rank = int(LOW_ICE * len(height))
    return np.partition(height, rank)[rank]


def _flags(height: NDArray, ice: NDArray, settings: LeadSettings) -> NDArray[np.uint8]:
    outside = (height < settings.lb_refsurf) | (height > settings.ub_refsurf)
    return np.select([outside, height > ice], [OUT_OF_RANGE, ABOVE_ICE], USED).astype(np.uint8)
