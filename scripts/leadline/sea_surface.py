"""The local sea surface along a track: leads, and sections of track whose leads tell the height of the sea.

A lead is a run of open-water segments. A section is a window of the track; the leads in it estimate its sea surface by
the paper's four methods (Iqrah et al., 2025: minimum, average, nearest minimum, and NASA's equations). Between the
centres of the sections the sea surface is linear in along-track distance.

NASA's equations (ATL10 r006) weight the heights in a lead towards their minimum, which is biased low, the more so the
noisier and the more numerous the heights are. An ATL07 height is a mean of 150 photons; a 2 m segment holds 3 to 40. So
the segments of a lead are first joined to groups of about 150 photons. Monte Carlo of leads in 2 m segments with a
photon spread of 0.10 m, bias of the height in cm at 10 (and at 3) photons a segment:

========  =============  =========  ===================  =================
segments  minimum        average    nasa, each segment   nasa, by groups
========  =============  =========  ===================  =================
3         -2.7 (-5.5)    0.0 (0.0)  -1.9 (-4.0)          0.0 (0.0)
10        -5.2 (-10.8)   0.0 (0.0)  -3.7 (-7.9)          0.0 (0.0)
30        -7.2 (-15.2)   0.0 (0.0)  -5.1 (-11.0)         -0.2 (0.0)
100       -8.9 (-19.6)   0.0 (0.0)  -6.3 (-13.8)         -0.3 (-0.1)
1000      -12.9 (-27.5)  0.0 (0.0)  -9.1 (-19.0)         -0.5 (-0.4)
========  =============  =========  ===================  =================

Water rough by 3 cm over some metres brings the last column to -0.8 (60 m leads) and -2 cm (1 km leads).

The footprint of 11 m counts twice. Neighbouring 2 m segments share it, so the error of a group is that of its photons
times sqrt(11 / 2), about twice the scatter of groups on flat water. And the outermost segments of a lead see the ice
beside it: between thick ice of 0.3 m they raise the mean of a 20 m lead by 2 (bright water) to 9 cm (dark water). So
the segments within half a footprint of its ends, three of 2 m, do not count for ``height_nasa``, which leaves 0.1 to
0.8 cm in leads of 18 m. A shorter lead keeps its middle 6 m, and a bias of 0.4 to 4 (16 m) or 7 to 22 cm (6 m): hence
the default ``lead_length``. Longer segments want longer leads: at 10 m the middle one is clear of the ice from 30 m on.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leadline.footprint import FOOTPRINT
from leadline.names import SurfaceClass
from leadline.tables import LEADS, SEA_SURFACE_METHODS, SECTIONS, empty_table

CORE = 6.0
"""Length in the middle of a lead that counts however short the lead is, m."""

ROUNDING = 1e-3
"""By how much two distances along the track (some 1e7 m) may differ and still be the same, m."""

NO_SEA_SURFACE = 255
"""The sea_surface_flag of a track without leads."""


@dataclass(frozen=True)
class SeaSurfaceSettings:
    """How leads become a sea surface; segments, sections and method are the paper's."""

    segment_length: float = 2.0
    """Length of a segment, m."""
    method: str = "nasa"
    """The sea surface that freeboard is measured from, one of ``tables.SEA_SURFACE_METHODS``."""
    section_length: float = 10_000.0
    """Length of a section, m."""
    section_step: float = 5_000.0
    """Distance between the centres of two sections, m."""
    lead_length: float = 18.0
    """Shortest length of open-water segments that make a lead, m."""
    lead_gap: float = 4.0
    """Longest stretch without segments that does not end a lead, m."""
    photons_per_group: int = 150
    """Photons that are joined to one height before the ATL10 weights; ATL07's own aggregation."""


def weighted(height: NDArray, sigma: NDArray, weight: NDArray) -> tuple[float, float]:
    """Return the weighted mean of heights and its error, from independent errors sigma (m)."""
    share = weight / np.sum(weight)
    return float(np.sum(share * height)), float(np.sqrt(np.sum((share * sigma) ** 2)))


def lead_height(height: NDArray, sigma: NDArray) -> tuple[float, float]:
    """Return the height of a lead and its error (m) by ATL10's weights exp(-((h - h_min) / sigma)^2)."""
    return weighted(height, sigma, np.exp(-(((height - np.min(height)) / sigma) ** 2)))


def combine(height: NDArray, sigma: NDArray) -> tuple[float, float]:
    """Return the reference height of leads and its error (m) by ATL10's inverse variances."""
    return weighted(height, sigma, 1 / sigma**2)


def group_segments(
    n_photons: NDArray, height: NDArray, error: NDArray, settings: SeaSurfaceSettings
) -> tuple[NDArray, NDArray]:
    """Join consecutive segments to groups of about as many photons; return the groups' mean heights and errors (m).

    The error is that of the photons, as if segments within one footprint were one.
    """
    n_photons = n_photons.astype(float)
    photons = n_photons.sum()
    n_groups = max(1, round(photons / settings.photons_per_group))
    group = np.floor((np.cumsum(n_photons) - n_photons / 2) / photons * n_groups).astype(int)
    group = np.unique(group, return_inverse=True)[1]
    photons_of_group = np.bincount(group, n_photons)
    mean = np.bincount(group, n_photons * height) / photons_of_group
    independent = np.sqrt(np.bincount(group, (n_photons * error) ** 2)) / photons_of_group
    segments_of_footprint = np.minimum(np.bincount(group), max(1, FOOTPRINT / settings.segment_length))
    return mean, independent * np.sqrt(segments_of_footprint)


def find_leads(track: pd.DataFrame, settings: SeaSurfaceSettings) -> pd.DataFrame:
    """Return the leads of one track, a row each with the columns of ``tables.LEADS``.

    ``track`` holds segments with their class, in any order. Open water whose height or error is not a number, or whose
    error is not positive, counts as a missing segment.
    """
    water = track["surface_class"] == SurfaceClass.OPEN_WATER
    measured = np.isfinite(track["height_mean"]) & np.isfinite(track["height_error"]) & (track["height_error"] > 0)
    track = track[measured | ~water].sort_values("x_atc")
    water = track["surface_class"] == SurfaceClass.OPEN_WATER
    after_gap = track["x_atc"].diff() > settings.segment_length + settings.lead_gap + ROUNDING
    begins = water & (after_gap | ~water.shift(fill_value=False))
    runs = track[water].groupby(begins.cumsum()[water])
    shortest = settings.lead_length - ROUNDING
    leads = [_lead(run, settings) for _, run in runs if len(run) * settings.segment_length >= shortest]
    return pd.DataFrame(leads, columns=LEADS.names) if leads else empty_table(LEADS)


def _lead(run: pd.DataFrame, settings: SeaSurfaceSettings) -> dict:
    x, height = run["x_atc"].to_numpy(), run["height_mean"].to_numpy(float)
    edge, core = (math.ceil(length / settings.segment_length) for length in (FOOTPRINT / 2, CORE))
    left_out = min(edge, max(0, len(run) - core) // 2)
    inner = run.iloc[left_out : len(run) - left_out]
    groups = group_segments(
        inner["n_photons"].to_numpy(),
        inner["height_mean"].to_numpy(float),
        inner["height_error"].to_numpy(float),
        settings,
    )
    height_nasa, height_nasa_error = lead_height(*groups)
    return {
        "granule": run["granule"].iloc[0],
        "beam": run["beam"].iloc[0],
        "x_start": x[0] - settings.segment_length / 2,
        "x_end": x[-1] + settings.segment_length / 2,
        "n_segments": len(run),
        "height_min": height.min(),
        "x_min": x[height.argmin()],
        "height_mean": height.mean(),
        "height_nasa": height_nasa,
        "height_nasa_error": height_nasa_error,
    }


def estimate_sections(track: pd.DataFrame, leads: pd.DataFrame, settings: SeaSurfaceSettings) -> pd.DataFrame:
    """Return the sections of one track, a row each with the columns of ``tables.SECTIONS``.

    Section centres are the multiples of the step from before the first segment to after the last, so that they do not
    depend on where the track is cut. A lead belongs to each section that holds its centre. A section without leads
    takes its sea surfaces and the variance of their error from its neighbours: linear in between (flag 1; the variance
    as in ATL10 r006), copied beyond the outermost (flag 2). Without any lead they are NaN (flag 255).
    """
    if track.empty:
        return empty_table(SECTIONS)
    step = settings.section_step
    first, last = np.floor(track["x_atc"].min() / step), np.ceil(track["x_atc"].max() / step)
    sections = pd.DataFrame({"x_atc": np.arange(first, last + 1) * step})
    leads = leads.assign(centre=(leads["x_start"] + leads["x_end"]) / 2).sort_values("centre")
    half = settings.section_length / 2
    begin, end = (leads["centre"].searchsorted(sections["x_atc"] + side) for side in (-half, half))
    sections["n_leads"] = end - begin
    for method in SEA_SURFACE_METHODS:
        estimates = [
            _ESTIMATES[method](leads.iloc[b:e], centre) if e > b else (np.nan, np.nan)
            for b, e, centre in zip(begin, end, sections["x_atc"], strict=True)
        ]
        height, error = np.array(estimates).T
        sections[f"sea_surface_{method}"] = _filled(sections, height)
        if method == settings.method:
            sections["sea_surface_error"] = np.sqrt(_filled(sections, error**2))
    sections["sea_surface_flag"] = _flag(sections)
    return sections.assign(granule=track["granule"].iloc[0], beam=track["beam"].iloc[0])[SECTIONS.names]


def _minimum(leads: pd.DataFrame, _: float) -> tuple[float, float]:
    lowest = leads.iloc[leads["height_min"].argmin()]
    return lowest["height_min"], lowest["height_nasa_error"]


def _average(leads: pd.DataFrame, _: float) -> tuple[float, float]:
    columns = leads[["height_mean", "height_nasa_error", "n_segments"]].to_numpy(float)
    return weighted(*columns.T)


def _nearest_minimum(leads: pd.DataFrame, centre: float) -> tuple[float, float]:
    nearest = leads.iloc[(leads["centre"] - centre).abs().argmin()]
    return nearest["height_min"], nearest["height_nasa_error"]


def _nasa(leads: pd.DataFrame, _: float) -> tuple[float, float]:
    return combine(*leads[["height_nasa", "height_nasa_error"]].to_numpy(float).T)


_ESTIMATES = {"minimum": _minimum, "average": _average, "nearest_minimum": _nearest_minimum, "nasa": _nasa}


def _filled(sections: pd.DataFrame, values: NDArray) -> NDArray:
    """Return values of sections with those without leads filled from their neighbours."""
    known = (sections["n_leads"] > 0).to_numpy()
    if not known.any():
        return values
    return np.interp(sections["x_atc"], sections["x_atc"][known], values[known])


def _flag(sections: pd.DataFrame) -> NDArray:
    """Return how the sea surface of each section was found: 0 leads, 1 interpolated, 2 extrapolated, 255 none."""
    known = np.flatnonzero(sections["n_leads"] > 0)
    if not len(known):
        return np.full(len(sections), NO_SEA_SURFACE, np.uint8)
    place = np.arange(len(sections))
    flag = np.where((place < known[0]) | (place > known[-1]), 2, 1)
    flag[known] = 0
    return flag.astype(np.uint8)


def sea_surface_at(x: NDArray, sections: pd.DataFrame, method: str) -> pd.DataFrame:
    """Return the sea surfaces at along-track distances x (m), a row each.

    Columns: the four ``sea_surface_<method>``, ``sea_surface`` by the chosen method and ``sea_surface_error`` (m; its
    variance, too, is linear between the centres), and ``sea_surface_flag`` of the nearest section.
    """
    centre = sections["x_atc"].to_numpy()
    heights = {
        name: np.interp(x, centre, sections[name]) for name in (f"sea_surface_{each}" for each in SEA_SURFACE_METHODS)
    }
    middle = (centre[1:] + centre[:-1]) / 2
    return pd.DataFrame(
        {
            **heights,
            "sea_surface": heights[f"sea_surface_{method}"],
            "sea_surface_error": np.sqrt(np.interp(x, centre, sections["sea_surface_error"] ** 2)),
            "sea_surface_flag": sections["sea_surface_flag"].to_numpy()[np.searchsorted(middle, x)],
        }
    )
