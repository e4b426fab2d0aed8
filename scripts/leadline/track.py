"""The way of one beam: its reference segments with what is taken off the heights, cut into pieces that fit memory."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leadline.accounts import State
from leadline.beam import Beam, Fallback, Selection
from leadline.corrections import APPLIED, corrections, refuse_where_nothing_is_known
from leadline.errors import InputDataError
from leadline.first_photon_bias import WINDOW_REACH

SHOT_INTERVAL = 1e-4
"""Seconds between two laser shots."""

NOMINAL_SHOT_SPACING = 0.715
"""Metres between two shots where a beam is too short to tell (ATL03 r006: 0.7095 to 0.7158)."""

SPILL = 20.0
"""Farthest that a photon may lie outside its 20 m reference segment, m (ATL03 r006: 1.1): beyond, it is broken."""

REFERENCE_LENGTH = 20.0
"""Length of a reference segment, m."""

OF_REFERENCE = (*APPLIED, "geoid_free2mean", "solar_elevation")
"""What the photons of a reference segment have in common."""


@dataclass(frozen=True)
class Track:
    """The reference segments of a beam, ready to place its photons."""

    start: NDArray[np.float64]
    """Along-track distance where each begins, m, increasing, shape (n,)."""
    first_photon: NDArray[np.int64]
    """Number of the first photon of each, and of the one after the last, shape (n + 1,)."""
    usable: NDArray[np.bool_]
    """Well pointed, and every correction known, shape (n,)."""
    level: NDArray[np.float64]
    """Sum of what is taken off the heights, m, shape (n,)."""
    of_reference: NDArray[np.float64]
    """The columns ``OF_REFERENCE`` of ``tables.SEGMENTS``, shape (n, 6)."""
    mss_flag: NDArray[np.uint8]
    """Where the mean sea surface is from: 0 dem_h, 1 geoid, 2 a grid of the user's."""
    fallback: Fallback
    shot_spacing: float
    """Metres between two shots on the ground."""
    counts: dict[str, int]
    """Reference segments, and how many are of no use and why."""


@dataclass(frozen=True)
class Piece:
    """A stretch of the track that is resampled at once."""

    bins: tuple[float, float]
    """Its segments are those with first <= floor(x / window) < last."""
    rows: slice
    """Reference segments whose photons it needs: its own and those within reach."""
    photons: slice
    """Photons of these, in the file."""
    counted: slice
    """Reference segments whose photons it accounts for: pieces share none."""


def track_of(beam: Beam, selection: Selection, own_mss: NDArray | None = None) -> Track:
    """Return the reference segments of a beam with their corrections, told which are of use.

    ``own_mss`` is the mean-tide MSS of a grid of the user's at the reference photons, m, NaN where it has none.

    Raises ``InputDataError`` where the photons cannot be placed, where no reference segment has corrections (land), or
    where there is no mean sea surface.
    """
    reference = beam.reference_segments
    start = reference["segment_dist_x"].to_numpy()
    if not (np.diff(start) > 0).all() or not np.isfinite(start).all():
        raise InputDataError(State.UNREADABLE, "expected segment_dist_x to grow along the track; fetch it again")
    correction, mss_flag = corrections(reference, selection.mss, own_mss)
    refuse_where_nothing_is_known(correction)
    corrected = correction[list(APPLIED)].notna().all(axis=1).to_numpy()
    pointed = np.ones(len(reference), bool)
    if "podppd_flag" in reference:
        pointed = reference["podppd_flag"].isin(selection.podppd_flags).to_numpy()
    correction["solar_elevation"] = reference.get("solar_elevation", np.nan)
    first_photon = first_photons(reference, beam.n_photons)
    counts = {
        "reference_segments": len(reference),
        "reference_segments_without_photons": int((np.diff(first_photon) == 0).sum()),
        "reference_segments_badly_pointed": int((~pointed).sum()),
        "reference_segments_without_corrections": int((~corrected).sum()),
    }
    return Track(
        start,
        first_photon,
        pointed & corrected,
        correction[list(APPLIED)].sum(axis=1).to_numpy(),
        np.ascontiguousarray(correction[list(OF_REFERENCE)], np.float64),
        mss_flag,
        beam.fallback,
        shot_spacing(start, reference["delta_time"].to_numpy() if "delta_time" in reference else None),
        counts,
    )


def first_photons(reference_segments: pd.DataFrame, n_photons: int) -> NDArray[np.int64]:
    """Return the number of each reference segment's first photon and of the end, counted from 0, shape (n + 1,).

    ``ph_index_beg`` is 1-based and 0 for an empty segment. Raises ``InputDataError`` where index and counts do not
    cover the photons exactly once: a height would be put at a wrong place.
    """
    count = reference_segments["segment_ph_cnt"].to_numpy()
    begin = reference_segments["ph_index_beg"].to_numpy()
    first = np.concatenate([[0], np.cumsum(count.clip(0, n_photons + 1))])
    filled = count > 0
    if (count < 0).any() or first[-1] != n_photons or not np.array_equal(begin[filled], 1 + first[:-1][filled]):
        message = f"ph_index_beg and segment_ph_cnt do not cover the {n_photons:,} photons exactly once; fetch it again"
        raise InputDataError(State.UNREADABLE, message)
    return first


def shot_spacing(start: NDArray, time: NDArray | None) -> float:
    """Return the metres between two shots, from the distance and time (s) of the reference segments, shapes (n,).

    The median over pairs half the beam apart, so that a few broken times do not matter; the nominal spacing where there
    are no times or one segment alone. Raises ``InputDataError`` where the spacecraft would stand still or fly back.
    """
    half = (start.size + 1) // 2
    if time is None or start.size == 1:
        return NOMINAL_SHOT_SPACING
    seconds = time[half:] - time[:-half]
    known = np.isfinite(seconds)
    with np.errstate(divide="ignore", invalid="ignore"):
        speeds = (start[half:] - start[:-half])[known] / seconds[known]
    spacing = float(np.median(speeds)) * SHOT_INTERVAL if known.any() else np.nan
    if not 0.8 < spacing / NOMINAL_SHOT_SPACING < 1.2:
        message = f"delta_time and segment_dist_x put the shots {spacing:.3g} m apart, expected 0.7 m; fetch it again"
        raise InputDataError(State.UNREADABLE, message)
    return spacing


def pieces_of(track: Track, window: float, n_photons: int) -> list[Piece]:
    """Cut a track into pieces of about ``n_photons`` photons, of whole reference segments and whole bins."""
    n = track.start.size
    cuts = np.searchsorted(track.first_photon[:-1], np.arange(n_photons, track.first_photon[-1], n_photons))
    rows = [0, *np.unique(cuts[cuts < n]).tolist(), n]
    bins = [-np.inf, *np.floor(track.start[rows[1:-1]] / window), np.inf]
    reach = WINDOW_REACH + window + SPILL
    begin = np.searchsorted(track.start, np.multiply(bins[:-1], window) - reach - REFERENCE_LENGTH, side="left")
    end = np.searchsorted(track.start, np.multiply(bins[1:], window) + reach, side="right")
    return [
        Piece(
            bins=(bins[k], bins[k + 1]),
            rows=slice(int(begin[k]), int(end[k])),
            photons=slice(int(track.first_photon[begin[k]]), int(track.first_photon[end[k]])),
            counted=slice(rows[k], rows[k + 1]),
        )
        for k in range(len(bins) - 1)
    ]
