"""Freeboard: how far each segment stands above the local sea surface.

It is the total freeboard, of snow and ice together, because the laser sees the snow.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leadline.accounts import Account, State
from leadline.leads import find_leads, in_order
from leadline.names import SurfaceClass
from leadline.references import END_POINT, FROM_LEADS, INTERPOLATED, NO_REFERENCE, ONE_POINT, OTHER_BEAMS
from leadline.sea_surface import SeaSurfaceSettings, estimate_sections, sea_surface_at
from leadline.tables import FREEBOARD, empty_table

NO_LEAD = "expected a lead with lead_flag 0 on the track, found none: no sea surface, so no freeboard"

FOUND = {
    FROM_LEADS: "leads",
    INTERPOLATED: "interpolated",
    ONE_POINT: "one_point_fill",
    END_POINT: "end_point_fill",
    OTHER_BEAMS: "other_beams",
    NO_REFERENCE: "none",
}
"""The words of ``sea_surface_flag``."""


def freeboard_above(
    height: NDArray, height_error: NDArray, sea_surface: NDArray, *sea_surface_errors: NDArray
) -> tuple[NDArray, NDArray, NDArray]:
    """Return raw freeboard, freeboard with negatives set to 0, and the error of the raw one, m.

    As ATL10 r006 does it: height minus reference, no negatives, error sqrt(sigma_segment^2 + sigma_reference^2).
    """
    raw = height - sea_surface
    squares = sum(error**2 for error in (height_error, *sea_surface_errors))
    return raw, np.maximum(raw, 0), np.sqrt(squares)


def freeboard_of_stretch(stretch: pd.DataFrame, sections: pd.DataFrame, settings: SeaSurfaceSettings) -> pd.DataFrame:
    """Return the freeboard of a stretch of one track by x_atc, a row a segment, with the columns of ``FREEBOARD``.

    ``sections`` are those of the whole track. Every segment has a ``freeboard_raw``, whatever its class: that of open
    water is a residual that tells of the sea surface, while its ``freeboard`` is 0 by definition. Where there is no sea
    surface, it and freeboard are NaN and the flag is 255.
    """
    if stretch.empty:
        return empty_table(FREEBOARD)
    stretch = in_order(stretch)
    found = sea_surface_at(stretch["x_atc"].to_numpy(), sections, settings.method)
    raw, freeboard, error = freeboard_above(
        stretch["height_mean"].to_numpy(float),
        stretch["height_error"].to_numpy(float),
        found["sea_surface"],
        found["sea_surface_error"],
        found["correlated_error"],
    )
    water = (stretch["surface_class"] == SurfaceClass.OPEN_WATER).to_numpy()
    freeboard[water & np.isfinite(raw)] = 0
    columns = {**found, "freeboard_raw": raw, "freeboard": freeboard, "freeboard_error": error}
    return pd.DataFrame({name: columns.get(name, stretch.get(name)) for name in FREEBOARD.names}, copy=False)


class TrackTables(NamedTuple):
    """What one track gives."""

    leads: pd.DataFrame
    sections: pd.DataFrame
    freeboard: pd.DataFrame


def extent_of(track: pd.DataFrame) -> pd.DataFrame:
    """Return where a track begins and ends (granule, beam, x_first, x_last), a row, or none if the track is empty."""
    ends = {"x_first": track["x_atc"].min(), "x_last": track["x_atc"].max()}
    return track[["granule", "beam"]].head(1).reset_index(drop=True).assign(**ends)


def track_tables(track: pd.DataFrame, settings: SeaSurfaceSettings) -> TrackTables:
    """Return leads, sections and freeboard of one track of segments with their classes, by itself."""
    leads = find_leads(track, settings)
    sections = estimate_sections(leads, extent_of(track), settings)
    return TrackTables(leads, sections, freeboard_of_stretch(track, sections, settings))


def state_of_track(upstream: Account, freeboard: pd.DataFrame) -> tuple[State, str]:
    """Return how a track ended and why: as its beam did upstream, without open water, or well."""
    if upstream.state is not State.OK:
        return upstream.state, upstream.reason
    if (freeboard["sea_surface_flag"] == NO_REFERENCE).all():
        return State.NO_OPEN_WATER, NO_LEAD
    return State.OK, ""


def account_of_freeboard(batch: str, counts: pd.DataFrame) -> Account:
    """Return the account of a batch, a part a track: its segments by how their sea surface was found.

    ``counts`` holds granule, beam, sea_surface_flag and count.
    """
    parts = []
    for (granule, beam), track in counts.groupby(["granule", "beam"]):
        found = {f"segments_sea_surface_{FOUND[row.sea_surface_flag]}": int(row.count) for row in track.itertuples()}
        none = set(track["sea_surface_flag"]) == {NO_REFERENCE}
        state, reason = (State.NO_OPEN_WATER, NO_LEAD) if none else (State.OK, "")
        parts.append(Account("freeboard", f"{granule} {beam}", state, reason, found))
    return Account("freeboard", batch, parts=tuple(parts))
