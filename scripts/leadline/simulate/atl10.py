"""A simulated ATL10: NASA's sea-ice segments, leads, reference surfaces and freeboards of a simulated granule.

Made from the same photons as our segments, by NASA's rules as far as they are known: 150 consecutive signal photons a
segment, the specular ones of which are leads, ATL10's weights and references, and no negative freeboards. The rules
that tell a specular lead in ATL07 are not public in numbers; here they are bounds of photon rate and width that part
the simulated surfaces, ATL07's test against the lowest heights around is left out, and all that is bright and flat
counts. So this product stands in for NASA's in the comparison, and is always called simulated.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leadline.atl03 import Granule, open_granule, read_beam, read_photons
from leadline.beam import Beam, Selection
from leadline.first_photon_bias import HALF_SPEED_OF_LIGHT, look_up
from leadline.photons import select
from leadline.references import (
    NO_REFERENCE,
    ReferenceLimits,
    accepted,
    combine,
    filled,
    lead_height,
    smoothed,
)
from leadline.simulate.atl10_file import write_atl10
from leadline.simulate.atlas import PULSE_WIDTH
from leadline.track import REFERENCE_LENGTH, pieces_of, track_of

PHOTONS = 150
"""Photons of a segment (ATL07)."""
LONGEST_GAP = REFERENCE_LENGTH
"""Longest stretch without photons inside a segment, m."""
TRIM = 2.0
"""Farthest that a photon counts from the median of its segment, in widths (ATL07: of its mode)."""
KEPT_WIDTH = 0.8796
"""Standard deviation of a Gaussian that is trimmed at two, in its own."""
SECTION = 10_000.0
"""Length of a reference section, m (ATL10's ``l``)."""
SPECULAR_RATE = {"strong": 10.0, "weak": 2.5}
"""Least photons a shot of a specular lead: the simulated mirrors return 10 to 30 to a strong beam, snow 6 to 10."""
SPECULAR_WIDTH = 0.08
"""Greatest width of a specular lead, m (ATL10 r006: 95 % lie below 0.062)."""
DARK_RATE = {"strong": 2.0, "weak": 0.5}
"""Most photons a shot of a dark lead."""
DARK_WIDTH = 0.13
"""Greatest width of a smooth dark lead, m (ATL10 r006: 0.128)."""
OTHER, SPECULAR_HIGH, DARK_SMOOTH = 1, 5, 7
"""Values of height_segment_type."""
USED = 2
"""height_segment_ssh_flag of segments that the reference is from."""


class Atl10Beam(NamedTuple):
    """The tables of one simulated beam, with ATL10's names and units."""

    segments: pd.DataFrame
    leads: pd.DataFrame
    sections: pd.DataFrame


def simulate_atl10(path: Path, granule_path: Path, name: str) -> None:
    """Write the simulated ATL10 of a simulated granule with the key ``name``, of all its beams that have segments."""
    with open_granule(granule_path) as granule:
        segments = {beam: photon_segments(granule, beam) for beam in granule.beams}
    write_atl10(path, name, {beam: beam_tables(table) for beam, table in segments.items() if len(table)})


def photon_segments(granule: Granule, name: str) -> pd.DataFrame:
    """Return the segments of 150 consecutive signal photons of a beam, a row each, along the track.

    Columns: seg_dist_x (m), delta_time (s), latitude, longitude (degrees), and as ATL10 has them
    height_segment_length_seg, _height, _sigma, _w_gaussian (m), photon_rate (1) and height_segment_type.
    """
    beam = read_beam(granule, name)
    selection = Selection()
    track = track_of(beam, selection)
    (whole,) = pieces_of(track, REFERENCE_LENGTH, beam.n_photons)
    photons, _ = select(read_photons(granule, name, whole.photons), whole, track, selection, beam.release)
    signal = photons.order[photons.signal[photons.order]]
    rows = signal[consecutive(photons.x[signal])]
    x = photons.x[rows]
    rate = PHOTONS / ((x[:, -1] - x[:, 0]) / track.shot_spacing + 1)
    height, sigma, width = surface(photons.height[rows], rate, beam)
    east = np.exp(1j * np.radians(photons.longitude[rows])).mean(axis=1)
    return pd.DataFrame(
        {
            "seg_dist_x": x.mean(axis=1),
            "delta_time": photons.time[rows].mean(axis=1),
            "latitude": photons.latitude[rows].mean(axis=1),
            "longitude": np.degrees(np.angle(east)),
            "height_segment_length_seg": x[:, -1] - x[:, 0],
            "height_segment_height": height,
            "height_segment_sigma": sigma,
            "height_segment_w_gaussian": width,
            "photon_rate": rate,
            "height_segment_type": segment_type(rate, width, beam.kind),
        }
    )


def consecutive(x: NDArray) -> NDArray[np.intp]:
    """Return the rows of photons along the track that make a segment each, shape (segments, 150).

    A gap ends a segment; what is left of fewer photons makes none.
    """
    ends = np.flatnonzero(np.diff(x) > LONGEST_GAP) + 1
    begin, end = np.concatenate([[0], ends]), np.concatenate([ends, [x.size]])
    n_segments = (end - begin) // PHOTONS
    number = np.arange(n_segments.sum()) - np.repeat(np.cumsum(n_segments) - n_segments, n_segments)
    first = np.repeat(begin, n_segments) + number * PHOTONS
    return first[:, None] + np.arange(PHOTONS)


def surface(height: NDArray, rate: NDArray, beam: Beam) -> tuple[NDArray, NDArray, NDArray]:
    """Return height, its error and the width of segments, m, from the heights (m) of their photons, shape (n, 150).

    The height is the mean of what lies within two widths of the median, less the first-photon bias; the width is that
    of the surface, the pulse taken off.
    """
    low, median, high = np.quantile(height, [0.1587, 0.5, 0.8413], axis=1)
    kept = np.abs(height - median[:, None]) <= TRIM * ((high - low) / 2)[:, None]
    heights = np.where(kept, height, np.nan)
    spread = np.nanstd(heights, axis=1)
    tenth, nine_tenths = np.nanquantile(heights, [0.1, 0.9], axis=1)
    bias, _ = look_up(beam.calibration, beam.dead_time, rate, (nine_tenths - tenth) / HALF_SPEED_OF_LIGHT)
    width = np.sqrt(np.maximum((spread / KEPT_WIDTH) ** 2 - (PULSE_WIDTH * HALF_SPEED_OF_LIGHT) ** 2, 0))
    return np.nanmean(heights, axis=1) - bias, spread / np.sqrt(kept.sum(axis=1)), width


def segment_type(rate: NDArray, width: NDArray, kind: str) -> NDArray[np.int8]:
    """Return height_segment_type by photons a shot and width (m) of the segments of a strong or weak beam."""
    specular = (rate >= SPECULAR_RATE[kind]) & (width <= SPECULAR_WIDTH)
    dark = (rate <= DARK_RATE[kind]) & (width <= DARK_WIDTH)
    return np.select([specular, dark], [SPECULAR_HIGH, DARK_SMOOTH], OTHER).astype(np.int8)


def beam_tables(segments: pd.DataFrame) -> Atl10Beam:
    """Return segments with freeboard, leads and reference sections of a beam by ATL10's rules."""
    limits = ReferenceLimits()
    number = np.floor(segments["seg_dist_x"] / SECTION).astype(int)
    lead_rows, first = _leads(segments, number)
    leads = _lead_table(segments.iloc[lead_rows], first)
    sections = _sections(segments, leads, number, limits)
    of_segment = sections.iloc[number - number.min()].reset_index(drop=True)
    height, reference = segments["height_segment_height"], of_segment["beam_refsurf_height"]
    used = np.zeros(len(segments), np.int8)
    used[lead_rows] = np.where(of_segment["beam_refsurf_interp_flag"].iloc[lead_rows] == 0, USED, 1)
    with_freeboard = segments.assign(
        height_segment_ssh_flag=used,
        beam_fb_height=np.maximum(height - reference, 0),
        beam_fb_unc=np.hypot(segments["height_segment_sigma"], of_segment["beam_refsurf_sigma"]),
    )
    return Atl10Beam(with_freeboard, leads, sections)


def _leads(segments: pd.DataFrame, number: pd.Series) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows of specular segments, and where each lead begins among them: a run within one section."""
    rows = np.flatnonzero(segments["height_segment_type"] == SPECULAR_HIGH)
    begins = np.diff(rows, prepend=-2) > 1
    begins |= np.diff(number.to_numpy()[rows], prepend=-1) != 0
    return rows, np.flatnonzero(begins)


def _lead_table(water: pd.DataFrame, first: NDArray) -> pd.DataFrame:
    names = ("seg_dist_x", "delta_time", "latitude", "longitude")
    if not first.size:
        columns = (*names[1:], "lead_dist_x", "lead_height", "lead_sigma", "lead_length", "ssh_n")
        return pd.DataFrame({name: np.empty(0) for name in columns})
    height, sigma = lead_height(*(water[f"height_segment_{name}"].to_numpy() for name in ("height", "sigma")), first)
    n = np.diff(first, append=len(water))
    means = {name: np.add.reduceat(water[name].to_numpy(), first) / n for name in names}
    return pd.DataFrame(
        {
            "lead_dist_x": means.pop("seg_dist_x"),
            **means,
            "lead_height": height,
            "lead_sigma": sigma,
            "lead_length": np.add.reduceat(water["height_segment_length_seg"].to_numpy(), first),
            "ssh_n": n,
        }
    )


def _sections(segments: pd.DataFrame, leads: pd.DataFrame, number: pd.Series, limits: ReferenceLimits) -> pd.DataFrame:
    """Return the reference sections from the first segment to the last, filled and smoothed."""
    numbers = np.arange(number.min(), number.max() + 1)
    x = (numbers + 0.5) * SECTION
    known = segments["seg_dist_x"]
    place = {name: np.interp(x, known, segments[name]) for name in ("delta_time", "latitude", "longitude")}
    height, variance = np.full((2, len(x)), np.nan)
    of_lead = np.floor(leads["lead_dist_x"].to_numpy() / SECTION).astype(int) - numbers[0]
    filled_sections, first, n = np.unique(of_lead, return_index=True, return_counts=True)
    n_leads = np.zeros(len(x), np.int32)
    if first.size:
        n_leads[filled_sections] = n
        reference, error = combine(leads["lead_height"].to_numpy(), leads["lead_sigma"].to_numpy(), first)
        height[filled_sections], variance[filled_sections] = reference, error**2
    height = np.where(accepted(height, n_leads, limits), height, np.nan)
    height, variance, flag = filled(x, place["delta_time"], height, variance, limits)
    return pd.DataFrame(
        {
            "beam_refsurf_dist_x": x,
            **place,
            "beam_refsurf_height": smoothed(height),
            "beam_refsurf_sigma": np.sqrt(variance),
            "beam_refsurf_interp_flag": np.where(flag == NO_REFERENCE, -1, flag.astype(np.int16)),
            "beam_lead_n": n_leads,
        }
    )
