"""2 m segments of one beam: statistics of its photons in bins of along-track distance, and their corrections."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leadline.accounts import State
from leadline.errors import InputDataError
from leadline.first_photon_bias import HALF_SPEED_OF_LIGHT, WIDTH_OF_GAUSSIAN, look_up, moving_strength_and_width
from leadline.photons import SHOT_INTERVAL, Beam, Selection, background_of_photons, select
from leadline.tables import SEGMENTS


@dataclass(frozen=True)
class Resampling:
    """How photons become segments; the defaults are the paper's where it names one."""

    window: float = 2.0
    """Length of a segment, m."""
    trim: float = 0.7
    """Farthest that a photon may lie from its segment's median height, m: afterpulses and strays lie beyond."""
    surface_window: float = 2.5
    """Reach above and below the surface in which photons of any confidence count for the photon rate, m."""
    selection: Selection = field(default_factory=Selection)


def resample(beam: Beam, granule: str, name: str, resampling: Resampling) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the segments of a beam, with the columns of ``tables.SEGMENTS``, and the counts of what was dropped.

    A segment holds the photons with floor(x / window) in common; a bin without signal photons gives no row.
    Raises ``InputDataError`` where the beam cannot be used or no photon is left.
    """
    photons, counts = select(beam.photons, beam.reference_segments, resampling.selection)
    signal = photons[photons["signal"]]
    bins = np.floor(signal["x"].to_numpy() / resampling.window).astype(np.int64)
    median = pd.Series(signal["height"].to_numpy()).groupby(bins).transform("median").to_numpy()
    near = np.abs(signal["height"].to_numpy() - median) <= resampling.trim
    counts["photons_trimmed"] = int((~near).sum())
    signal, bins = signal[near], bins[near]
    if signal.empty:
        message = f"expected photons of confidence {resampling.selection.minimum_confidence} or more, none is left"
        raise InputDataError(State.NO_PHOTONS_KEPT, message)
    segments = _statistics(signal, bins)
    segments["n_shots"] = resampling.window / _shot_spacing(photons)
    _set_background(segments, signal, bins, beam.background)
    _set_rates(segments, photons, resampling)
    _correct_first_photon_bias(segments, signal, bins, beam)
    segments["x_atc"] = (segments.index + 0.5) * resampling.window
    segments["granule"], segments["beam"] = granule, name
    counts["segments"] = len(segments)
    return segments[SEGMENTS.names].reset_index(drop=True), counts


def _statistics(signal: pd.DataFrame, bins: NDArray) -> pd.DataFrame:
    """Return the statistics of the photons in each bin, indexed by bin."""
    grouped = signal.groupby(bins)
    means = ["time", "latitude", "longitude", "solar_elevation", "mss", "tide", "dac"]
    height = grouped["height"].agg(["mean", "median", "min", "max"]).add_prefix("height_")
    # The spread about the mean of a single photon is 0, not unknown.
    spread = grouped["height"].std(ddof=0).rename("height_std")
    flag, size = grouped["mss_flag"].max(), grouped.size().rename("n_photons")
    return pd.concat([grouped[means].mean(), height, spread, flag, size], axis=1)


def _shot_spacing(photons: pd.DataFrame) -> float:
    """Return the metres between two shots, from the photons' own time and distance (0.71 m)."""
    first, last = photons["time"].idxmin(), photons["time"].idxmax()
    seconds = photons["time"][last] - photons["time"][first]
    if not seconds > 0:
        raise InputDataError(State.UNREADABLE, "expected delta_time to grow along the track, it stands still")
    return abs(photons["x"][last] - photons["x"][first]) / seconds * SHOT_INTERVAL


def _set_background(segments: pd.DataFrame, signal: pd.DataFrame, bins: NDArray, background: pd.DataFrame) -> None:
    counts, rate = background_of_photons(signal["time"].to_numpy(), background)
    segments["background_counts"] = pd.Series(counts).groupby(bins).mean()
    segments["background_rate"] = pd.Series(rate).groupby(bins).mean()


def _set_rates(segments: pd.DataFrame, photons: pd.DataFrame, resampling: Resampling) -> None:
    """Set photons per shot: those kept, and those of any confidence near the surface less the background there."""
    bins = np.floor(photons["x"].to_numpy() / resampling.window).astype(np.int64)
    surface = segments["height_median"].reindex(bins).to_numpy()
    near = np.abs(photons["height"].to_numpy() - surface) <= resampling.surface_window
    n_near = pd.Series(near).groupby(bins).sum().reindex(segments.index)
    seconds_a_shot = 2 * resampling.surface_window / HALF_SPEED_OF_LIGHT * 1e-9
    expected = (segments["background_rate"] * seconds_a_shot).fillna(0)
    segments["photon_rate"] = n_near / segments["n_shots"] - expected
    segments["high_confidence_rate"] = segments["n_photons"] / segments["n_shots"]


def _correct_first_photon_bias(segments: pd.DataFrame, signal: pd.DataFrame, bins: NDArray, beam: Beam) -> None:
    """Take the first-photon bias off the heights, and set the error of the mean from the width of the return."""
    deviation = signal["height"].to_numpy() - segments["height_mean"].reindex(bins).to_numpy()
    time = signal["time"].to_numpy()
    shot = np.round((time - time.min()) / SHOT_INTERVAL).astype(np.int64)
    n_photons = segments["n_photons"].to_numpy()
    centre = np.cumsum(n_photons) - n_photons + n_photons // 2
    # A mean of n photons takes 1/n of their variance with it.
    n_of_photon = segments["n_photons"].reindex(bins).to_numpy()
    deviation = deviation * np.sqrt(n_of_photon / np.maximum(n_of_photon - 1, 1))
    strength, width = moving_strength_and_width(deviation, np.sort(shot), centre)
    bias, clamped = look_up(beam.calibration, beam.dead_time, strength, width)
    for name in ("height_mean", "height_median", "height_min", "height_max"):
        segments[name] -= bias
    segments["first_photon_bias"] = bias
    segments["first_photon_bias_flag"] = clamped.astype(np.uint8) if beam.calibration.from_granule else np.uint8(2)
    segments["height_error"] = width * HALF_SPEED_OF_LIGHT / WIDTH_OF_GAUSSIAN / np.sqrt(n_photons)
