"""Photons of one beam: where along the track, which to keep, and how high above the mean sea surface.

Pure functions over the tables of a ``Beam``, whose columns are named as ATL03 names its datasets.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leadline.accounts import State
from leadline.errors import InputDataError
from leadline.first_photon_bias import Calibration

MSS_IN_DEM = 3
"""dem_flag where dem_h is the mean sea surface."""

NOMINAL_QUALITY = 0
"""quality_ph of releases 005 and 006 for a photon that is no afterpulse, impulse response or transmitter echo."""

SHOT_INTERVAL = 1e-4
"""Seconds between two laser shots."""


@dataclass(frozen=True)
class Beam:
    """What one beam of a granule holds, as far as sea ice needs it."""

    photons: pd.DataFrame
    """A row a photon, in file order: h_ph, lat_ph, lon_ph, delta_time, dist_ph_along, quality_ph of the group heights,
    and the sea-ice column of signal_conf_ph."""
    reference_segments: pd.DataFrame
    """A row a 20 m geolocation segment: segment_dist_x, ph_index_beg, segment_ph_cnt, podppd_flag, solar_elevation, and
    the corrections of geophys_corr; NaN where filled."""
    background: pd.DataFrame
    """A row for 50 shots: delta_time, bckgrd_counts, bckgrd_rate."""
    calibration: Calibration
    """CAL-19 of the beam, or its dead-time stand-in."""
    dead_time: float
    """Mean dead time of the channels in use, ns."""


@dataclass(frozen=True)
class Selection:
    """Which photons serve; the defaults are the paper's."""

    minimum_confidence: int = 3
    """Lowest sea-ice confidence of signal_conf_ph: 3 medium, 4 high."""
    podppd_flags: tuple[int, ...] = (0,)
    """Pointing and orbit states that are good enough: 0 nominal, 4 nominal in a calibration scan."""


def reference_of_photons(reference_segments: pd.DataFrame, n_photons: int) -> NDArray[np.int64]:
    """Return the row of each photon's 20 m reference segment, shape (n_photons,).

    ``ph_index_beg`` is 1-based and 0 for an empty segment. Raises ``InputDataError`` where index and counts do not
    cover the photons exactly once: a height would be put at a wrong place.
    """
    count = reference_segments["segment_ph_cnt"].to_numpy()
    begin = reference_segments["ph_index_beg"].to_numpy()
    filled = count > 0
    expected = 1 + np.concatenate([[0], np.cumsum(count[filled])[:-1]])
    if count.sum() != n_photons or not np.array_equal(begin[filled], expected):
        message = f"ph_index_beg and segment_ph_cnt do not cover the {n_photons:,} photons exactly once; fetch it again"
        raise InputDataError(State.UNREADABLE, message)
    return np.repeat(np.arange(count.size), count)


def corrections(reference_segments: pd.DataFrame) -> pd.DataFrame:
    """Return what ATL03 has not taken off ``h_ph``, in metres, a row a reference segment; NaN where unknown.

    mss: dem_h where dem_flag says it is the MSS (mss_flag 0), else the geoid (1); both brought to the tide-free
    system of h_ph by subtracting geoid_free2mean from the mean-tide MSS (ATL07). tide: ocean and long-period
    equilibrium tide. dac: dynamic atmosphere correction.
    """
    has_mss = (reference_segments["dem_flag"] == MSS_IN_DEM) & np.isfinite(reference_segments["dem_h"])
    mss = reference_segments["dem_h"] - reference_segments["geoid_free2mean"]
    return pd.DataFrame(
        {
            "mss": mss.where(has_mss, reference_segments["geoid"]),
            "mss_flag": np.where(has_mss, 0, 1).astype(np.uint8),
            "tide": reference_segments["tide_ocean"] + reference_segments["tide_equilibrium"],
            "dac": reference_segments["dac"],
        }
    )


def select(
    photons: pd.DataFrame, reference_segments: pd.DataFrame, selection: Selection
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the photons of usable reference segments, in along-track order, and the counts of what was dropped.

    Columns: x (m, segment_dist_x + dist_ph_along), height (m, above MSS with tides and DAC off), time, latitude,
    longitude, solar_elevation, the corrections, and signal (bool: nominal quality, confidence high enough). Photons
    that are no signal stay, for the photon rate counts them.

    Raises ``InputDataError`` (no_sea_ice) where no reference segment has tides, DAC and a mean sea surface.
    """
    correction = corrections(reference_segments)
    corrected = correction[["mss", "tide", "dac"]].notna().all(axis=1).to_numpy()
    if not corrected.any():
        message = (
            "expected tides and a mean sea surface, all are fill values: this is land; choose a granule over sea ice"
        )
        raise InputDataError(State.NO_SEA_ICE, message)
    reference = reference_of_photons(reference_segments, len(photons))
    pointed = reference_segments["podppd_flag"].isin(selection.podppd_flags).to_numpy()
    height = photons["h_ph"] - correction[["mss", "tide", "dac"]].sum(axis=1).to_numpy()[reference]
    whole = np.isfinite(height) & np.isfinite(photons["dist_ph_along"])
    usable = (pointed & corrected)[reference] & whole.to_numpy()
    nominal = photons["quality_ph"].to_numpy() == NOMINAL_QUALITY
    confident = photons["signal_conf_ph"].to_numpy() >= selection.minimum_confidence
    counts = {
        "reference_segments": len(reference_segments),
        "reference_segments_without_photons": int((reference_segments["segment_ph_cnt"] == 0).sum()),
        "reference_segments_badly_pointed": int((~pointed).sum()),
        "reference_segments_without_corrections": int((~corrected).sum()),
        "photons": len(photons),
        "photons_of_dropped_segments": int((~usable).sum()),
        "photons_of_bad_quality": int((usable & ~nominal).sum()),
        "photons_of_low_confidence": int((usable & nominal & ~confident).sum()),
        "photons_kept": int((usable & nominal & confident).sum()),
    }
    of_reference = {
        "solar_elevation": reference_segments["solar_elevation"],
        **{name: correction[name] for name in correction},
    }
    table = pd.DataFrame(
        {
            "x": (reference_segments["segment_dist_x"].to_numpy()[reference] + photons["dist_ph_along"]),
            "height": height,
            "time": photons["delta_time"],
            "latitude": photons["lat_ph"],
            "longitude": photons["lon_ph"],
            "signal": nominal & confident,
            **{name: values.to_numpy()[reference] for name, values in of_reference.items()},
        }
    )
    return table[usable].sort_values("x", kind="stable", ignore_index=True), counts


def background_of_photons(time: NDArray, background: pd.DataFrame) -> tuple[NDArray, NDArray]:
    """Return bckgrd_counts (per 50 shots) and bckgrd_rate (Hz) at each photon, shape (n,).

    A photon belongs to the last row that began at or before it; one before the first row takes the first.
    """
    if background.empty:
        missing = np.full(time.size, np.nan)
        return missing, missing
    row = np.maximum(np.searchsorted(background["delta_time"].to_numpy(), time, side="right") - 1, 0)
    return tuple(background[name].to_numpy(np.float64)[row] for name in ("bckgrd_counts", "bckgrd_rate"))
