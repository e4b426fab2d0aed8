"""Freeboard: how far each segment stands above the local sea surface.

It is the total freeboard, of snow and ice together, because the laser sees the snow.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leadline.accounts import Account, State
from leadline.sea_surface import (
    NO_SEA_SURFACE,
    SeaSurfaceSettings,
    estimate_sections,
    find_leads,
    sea_surface_at,
)
from leadline.tables import FREEBOARD

NO_LEAD = "expected a lead on the track, found none: no sea surface, so no freeboard"


def freeboard_above(
    height: NDArray, height_error: NDArray, sea_surface: NDArray, sea_surface_error: NDArray
) -> tuple[NDArray, NDArray, NDArray]:
    """Return raw freeboard, freeboard with negatives set to 0, and the error of the raw one, m.

    As ATL10 r006 does it: height minus reference, no negatives, error sqrt(sigma_segment^2 + sigma_reference^2).
    """
    raw = height - sea_surface
    return raw, np.maximum(raw, 0), np.hypot(height_error, sea_surface_error)


def freeboard_of_track(track: pd.DataFrame, sections: pd.DataFrame, settings: SeaSurfaceSettings) -> pd.DataFrame:
    """Return the freeboard of one track by x_atc, a row a segment with the columns of ``tables.FREEBOARD``.

    Every segment has one, whatever its class: that of open water is a residual that tells of the sea surface. Where
    the track has no lead, sea surface and freeboard are NaN and the flag is 255.
    """
    track = track.sort_values("x_atc", ignore_index=True)
    surfaces = sea_surface_at(track["x_atc"].to_numpy(), sections, settings.method)
    raw, freeboard, error = freeboard_above(
        track["height_mean"].to_numpy(float),
        track["height_error"].to_numpy(float),
        surfaces["sea_surface"].to_numpy(),
        surfaces["sea_surface_error"].to_numpy(),
    )
    columns = {"freeboard_raw": raw, "freeboard": freeboard, "freeboard_error": error}
    return track.join(surfaces).assign(**columns)[FREEBOARD.names]


class TrackTables(NamedTuple):
    """What one track gives."""

    leads: pd.DataFrame
    sections: pd.DataFrame
    freeboard: pd.DataFrame


def track_tables(track: pd.DataFrame, settings: SeaSurfaceSettings) -> TrackTables:
    """Return leads, sections and freeboard of one track of segments with their classes."""
    leads = find_leads(track, settings)
    sections = estimate_sections(track, leads, settings)
    return TrackTables(leads, sections, freeboard_of_track(track, sections, settings))


def state_of_track(upstream: Account, freeboard: pd.DataFrame) -> tuple[State, str]:
    """Return how a track ended and why: as its beam did upstream, without open water, or well."""
    if upstream.state is not State.OK:
        return upstream.state, upstream.reason
    if (freeboard["sea_surface_flag"] == NO_SEA_SURFACE).all():
        return State.NO_OPEN_WATER, NO_LEAD
    return State.OK, ""


def account_of_freeboard(batch: str, counts: pd.DataFrame) -> Account:
    """Return the account of a batch, a part a track: its segments by how their sea surface was found.

    ``counts`` holds granule, beam, sea_surface_flag and count.
    """
    words = {0: "leads", 1: "interpolated", 2: "extrapolated", NO_SEA_SURFACE: "none"}
    parts = []
    for (granule, beam), track in counts.groupby(["granule", "beam"]):
        found = {f"segments_sea_surface_{words[row.sea_surface_flag]}": int(row.count) for row in track.itertuples()}
        none = set(track["sea_surface_flag"]) == {NO_SEA_SURFACE}
        state, reason = (State.NO_OPEN_WATER, NO_LEAD) if none else (State.OK, "")
        parts.append(Account("freeboard", f"{granule} {beam}", state, reason, found))
    return Account("freeboard", batch, parts=tuple(parts))
