"""Leads, sea surface and freeboard as a plain loop, the way notebooks do it: what the vectorised code is held against.

A loop over steps finds the leads, a loop over windows estimates the sea surface, and a loop over segments measures the
freeboard. A window is cut out of the table by a mask, and its rows are looked up one by one. The rules are those of
``leads``, ``references`` and ``sea_surface``; the robust method, filling and smoothing are left out.
"""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd

from leadline.footprint import FOOTPRINT
from leadline.leads import CORE, LEAST_ICE, LOW_ICE, ROUNDING
from leadline.names import SurfaceClass
from leadline.sea_surface import SeaSurfaceSettings

METHODS = ("minimum", "average", "nearest_minimum", "nasa")


class Segment(NamedTuple):
    """A segment of open water."""

    x: float
    height: float
    error: float
    n_photons: float


class Lead(NamedTuple):
    """A run of open water."""

    centre: float
    n_segments: int
    height_min: float
    height_mean: float
    height_nasa: float
    error: float


def plain_freeboard(track: pd.DataFrame, settings: SeaSurfaceSettings) -> pd.DataFrame:
    """Return ``sea_surface_<method>`` of the paper's four methods and ``freeboard_raw`` of each segment (m).

    ``track`` holds the segments of one track with their classes, by x_atc. Sea surface and freeboard are NaN between
    two windows of which one tells no sea surface.
    """
    step = settings.section_step
    begin, end = math.floor(track["x_atc"].min() / step), math.floor(track["x_atc"].max() / step)
    leads = [lead for number in range(begin, end + 1) for lead in _leads_of_step(track, number * step, settings)]
    half, low, high = settings.section_length / 2, settings.lb_refsurf, settings.ub_refsurf
    surfaces = {}
    for number in range(begin, end + 2):
        centre = number * step
        within = [lead for lead in leads if centre - half <= lead.centre < centre + half]
        found = _surfaces(within, centre) if within else {}
        accepted = {method: height for method, height in found.items() if low <= height <= high}
        surfaces[number] = dict.fromkeys(METHODS, math.nan) | accepted
    rows = []
    for row in range(len(track)):
        place = track["x_atc"].iloc[row] / step
        before, share = surfaces[math.floor(place)], place - math.floor(place)
        after = surfaces[math.floor(place) + 1]
        here = {method: before[method] + share * (after[method] - before[method]) for method in METHODS}
        rows.append([*here.values(), track["height_mean"].iloc[row] - here[settings.method]])
    return pd.DataFrame(rows, columns=[*(f"sea_surface_{method}" for method in METHODS), "freeboard_raw"])


def _leads_of_step(track: pd.DataFrame, x: float, settings: SeaSurfaceSettings) -> list[Lead]:
    """Return the used leads of the step that begins at x (m)."""
    window = track[(track["x_atc"] >= x) & (track["x_atc"] < x + settings.section_step)]
    runs, run, ice = [], [], []
    for row in range(len(window)):
        surface_class = window["surface_class"].iloc[row]
        segment = Segment(*(window[name].iloc[row] for name in ("x_atc", "height_mean", "height_error", "n_photons")))
        if surface_class == SurfaceClass.THICK_ICE and math.isfinite(segment.height):
            ice.append(segment.height)
        far = run and segment.x - run[-1].x > settings.segment_length + settings.lead_gap + ROUNDING
        if run and (surface_class != SurfaceClass.OPEN_WATER or far):
            runs.append(run)
            run = []
        if surface_class == SurfaceClass.OPEN_WATER and segment.error > 0 and math.isfinite(segment.height):
            run.append(segment)
    shortest = settings.lead_length - ROUNDING
    long = [run for run in [*runs, run] if len(run) * settings.segment_length >= shortest]
    enough = len(ice) * settings.segment_length >= LEAST_ICE
    low = sorted(ice)[int(LOW_ICE * len(ice))] if enough else math.inf
    return [lead for lead in (_lead(run, low, settings) for run in long) if lead]


def _lead(run: list[Segment], low_ice: float, settings: SeaSurfaceSettings) -> Lead | None:
    """Return a lead, or None where its height is not one of a lead."""
    edge, core = (math.ceil(length / settings.segment_length) for length in (FOOTPRINT / 2, CORE))
    left_out = min(edge, max(0, len(run) - core) // 2)
    inner = run[left_out : len(run) - left_out]
    footprints = _joined(inner, [settings.segment_length] * len(inner), FOOTPRINT, settings)
    height = float(np.median([mean for mean, _ in footprints]))
    if height >= low_ice or not settings.lb_refsurf <= height <= settings.ub_refsurf:
        return None
    groups = _joined(inner, [segment.n_photons for segment in inner], settings.photons_per_group, settings)
    lowest = min(mean for mean, _ in groups)
    weights = [math.exp(-(((mean - lowest) / error) ** 2)) for mean, error in groups]
    nasa, error = _weighted(groups, weights)
    heights = [segment.height for segment in run]
    return Lead((run[0].x + run[-1].x) / 2, len(run), min(heights), sum(heights) / len(heights), nasa, error)


def _joined(
    run: list[Segment], amounts: list[float], amount_of_group: float, settings: SeaSurfaceSettings
) -> list[tuple[float, float]]:
    """Return the mean heights and errors (m) of groups of consecutive segments of about the same amount each."""
    whole = sum(amounts)
    number = max(1, round(whole / amount_of_group))
    groups, until = {}, 0.0
    for segment, amount in zip(run, amounts, strict=True):
        until += amount
        groups.setdefault(math.floor((until - amount / 2) * (number / whole)), []).append(segment)
    made = []
    for group in groups.values():
        photons = sum(segment.n_photons for segment in group)
        mean = sum(segment.n_photons * segment.height for segment in group) / photons
        error = math.sqrt(sum((segment.n_photons * segment.error) ** 2 for segment in group)) / photons
        made.append((mean, error * math.sqrt(min(len(group), max(1, FOOTPRINT / settings.segment_length)))))
    return made


def _surfaces(leads: list[Lead], centre: float) -> dict[str, float]:
    """Return the sea surface (m) of a window by each method from the leads in it."""
    nearest = min(leads, key=lambda lead: abs(lead.centre - centre))
    average, _ = _weighted([(lead.height_mean, lead.error) for lead in leads], [lead.n_segments for lead in leads])
    nasa, _ = _weighted([(lead.height_nasa, lead.error) for lead in leads], [1 / lead.error**2 for lead in leads])
    lowest = min(lead.height_min for lead in leads)
    return dict(zip(METHODS, (lowest, average, nearest.height_min, nasa), strict=True))


def _weighted(heights: list[tuple[float, float]], weights: list[float]) -> tuple[float, float]:
    """Return the weighted mean of heights and its error (m) from heights with their errors."""
    whole = sum(weights)
    mean = sum(weight * height for (height, _), weight in zip(heights, weights, strict=True)) / whole
    variance = sum((weight * error) ** 2 for (_, error), weight in zip(heights, weights, strict=True)) / whole**2
    return mean, math.sqrt(variance)
