"""The segments stage a second time, written from its definitions: whole beams in pandas, plain and slow.

It shares with the library the settings, the tables of first-photon bias with their look-up and the share of the
footprint's blur, and nothing else, so that where the two agree both have read the definitions alike. It reads whole
granules of releases before 007.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from leadline.dead_time import dead_time_calibration
from leadline.first_photon_bias import Calibration, look_up
from leadline.footprint import FOOTPRINT, blur_share
from leadline.segments import Resampling
from leadline.tables import SEGMENTS

SEA_ICE = 2
LARGEST_NUMBER = 3e38
METRES_A_NANOSECOND = 0.299792458 / 2
SHOT_INTERVAL = 1e-4
SPACING_OF_ONE_REFERENCE = 0.715
STRETCH_OF_MODE = 0.225
WINDOW_PHOTONS = 150
WINDOW_REACH = 200.0
CELL = 0.01
WIDTH_OF_A_PULSE = 2.5631 * 0.64
STRONG_CHANNELS = slice(0, 16)
WEAK_CHANNELS = slice(16, 20)
PATHS = {
    "heights": ["h_ph", "lat_ph", "lon_ph", "delta_time", "dist_ph_along", "quality_ph"],
    "geolocation": [
        "delta_time",
        "segment_dist_x",
        "ph_index_beg",
        "segment_ph_cnt",
        "podppd_flag",
        "solar_elevation",
    ],
    "geophys_corr": ["tide_ocean", "tide_equilibrium", "dac", "dem_h", "dem_flag", "geoid", "geoid_free2mean"],
    "bckgrd_atlas": ["delta_time", "bckgrd_counts", "bckgrd_rate"],
}
MEANS = {
    "time": "delta_time",
    "latitude": "lat_ph",
    "height_mean": "height",
    "background_rate": "bckgrd_rate",
    "background_counts": "bckgrd_counts",
    **{name: name for name in ("solar_elevation", "mss", "geoid_free2mean", "tide_ocean", "tide_equilibrium", "dac")},
}
"""Columns of the segments that are means over the kept photons, and the columns of the photons that they are of."""


def plain_segments(path: Path, granule: str, fallback: dict[str, int], settings: Resampling) -> pd.DataFrame:
    """Return ``tables.SEGMENTS``; ``fallback`` gives that column's value for each beam wanted."""
    with h5py.File(path) as file:
        tables = [_segments(file, beam, settings).assign(beam=beam, fallback=int(fallback[beam])) for beam in fallback]
    table = pd.concat(tables, ignore_index=True).assign(granule=granule)
    return table[SEGMENTS.names].astype(
        {field.name: field.type.to_pandas_dtype() for field in SEGMENTS if field.name not in ("granule", "beam")}
    )


def _segments(file: h5py.File, beam: str, settings: Resampling) -> pd.DataFrame:
    photons = _photons(file, beam, settings)
    signal = photons[photons.signal]
    mode = {number: _mode(heights.to_numpy()) for number, heights in signal.groupby("bin").height}
    kept = signal[(signal.height - signal.bin.map(mode)).abs() <= settings.trim]
    table = _statistics(kept)
    table["trim_effect"] = table.height_mean - signal.groupby("bin").height.mean()
    table["x_atc"] = (table.index + 0.5) * settings.window
    spacing = _shot_spacing(file, beam)
    table["n_shots"] = settings.window / spacing
    table["high_confidence_rate"] = table.n_photons / table.n_shots
    table["photon_rate"] = _photon_rate(photons, table, settings.surface_window)
    table = table.join(_first_photon_bias(file, beam, kept, table, spacing))
    for name in ("height_mean", "height_median", "height_min", "height_max"):
        table[name] -= table.first_photon_bias
    table["height_error"] = _height_errors(table, settings.window)
    return table


def _read(file: h5py.File, group: str) -> pd.DataFrame:
    """Return datasets of a group in float64 where they are floats, with NaN for fill."""
    table = pd.DataFrame({name: file[group][name][:] for name in PATHS[group.split("/")[1]]})
    floats = table.select_dtypes("floating").astype(np.float64)
    return table.assign(**floats.where(floats <= LARGEST_NUMBER))


def _photons(file: h5py.File, beam: str, settings: Resampling) -> pd.DataFrame:
    """Return the whole photons of usable reference segments, in order along the track."""
    photons = _read(file, f"{beam}/heights")
    photons["confidence"] = file[f"{beam}/heights/signal_conf_ph"][:, SEA_ICE]
    references = _references(file, beam, settings)
    photons["reference"] = -1
    for k, begin, count in references[["ph_index_beg", "segment_ph_cnt"]].itertuples():
        if count:
            photons.loc[begin - 1 : begin + count - 2, "reference"] = k
    whole = (
        photons.h_ph.between(-1000, 10_000)
        & photons.lat_ph.between(-90, 90)
        & photons.lon_ph.between(-180, 180)
        & photons.dist_ph_along.between(-20, 40)
        & (photons.delta_time >= 0)
    )
    photons = photons[whole].join(references[references.usable], on="reference", how="inner")
    photons["x"] = photons.segment_dist_x + photons.dist_ph_along
    photons["bin"] = np.floor(photons.x / settings.window).astype(int)
    photons["height"] = photons.h_ph - (photons.mss + photons.tide_ocean + photons.tide_equilibrium + photons.dac)
    photons["signal"] = photons.quality_ph.isin(settings.selection.quality_before_007) & (
        photons.confidence >= settings.selection.minimum_confidence
    )
    background = _read(file, f"{beam}/bckgrd_atlas").sort_values("delta_time", ignore_index=True)
    begun = np.searchsorted(background.delta_time, photons.delta_time, side="right")
    photons["row"] = np.maximum(begun - 1, 0)
    photons = photons.join(background[["bckgrd_counts", "bckgrd_rate"]], on="row")
    return photons.sort_values("x", kind="stable")


def _references(file: h5py.File, beam: str, settings: Resampling) -> pd.DataFrame:
    """Return the reference segments with the mean sea surface, its flag, and whether they are usable."""
    corrections = _read(file, f"{beam}/geophys_corr")
    table = _read(file, f"{beam}/geolocation").drop(columns="delta_time").join(corrections)
    from_dem = (settings.selection.mss == "dem") & (table.dem_flag == 3) & table.dem_h.notna()
    table["mss"] = (table.dem_h - table.geoid_free2mean).where(from_dem, table.geoid)
    table["mss_flag"] = np.where(from_dem, 0, 1)
    corrected = table[["mss", "tide_ocean", "tide_equilibrium", "dac"]].notna().all(axis="columns")
    table["usable"] = table.podppd_flag.isin(settings.selection.podppd_flags) & corrected
    return table


def _shot_spacing(file: h5py.File, beam: str) -> float:
    """Return the distance between shots, from reference segments half the beam apart."""
    references = _read(file, f"{beam}/geolocation")
    if len(references) == 1:
        return SPACING_OF_ONE_REFERENCE
    distance = references.segment_dist_x.diff((len(references) + 1) // 2)
    duration = references.delta_time.diff((len(references) + 1) // 2)
    return (distance / duration).median() * SHOT_INTERVAL


def _mode(heights: np.ndarray) -> float:
    """Return the median of the densest stretch that begins at a photon; of equally dense ones, of the highest."""
    stretches = [
        heights[(heights >= begin) & (heights <= begin + STRETCH_OF_MODE)] for begin in sorted(heights, reverse=True)
    ]
    return float(np.median(max(stretches, key=len)))


def _statistics(kept: pd.DataFrame) -> pd.DataFrame:
    """Return what can be said of each bin by its kept photons alone."""
    by_bin = kept.groupby("bin")
    table = by_bin[list(set(MEANS.values()))].mean()
    table = pd.DataFrame({name: table[of] for name, of in MEANS.items()})
    reference = by_bin.lon_ph.transform("first")
    from_reference = (kept.lon_ph - reference + 180) % 360 - 180
    longitude = by_bin.lon_ph.first() + from_reference.groupby(kept.bin).mean()
    return table.assign(
        longitude=(longitude + 180) % 360 - 180,
        n_photons=by_bin.size(),
        height_median=by_bin.height.median(),
        height_std=by_bin.height.std(ddof=0),
        height_min=by_bin.height.min(),
        height_max=by_bin.height.max(),
        mss_flag=by_bin.mss_flag.first(),
    )


def _photon_rate(photons: pd.DataFrame, table: pd.DataFrame, surface_window: float) -> pd.Series:
    """Return photons a shot near the median, less the background there where it is known."""
    near = (photons.height - photons.bin.map(table.height_median)).abs() <= surface_window
    seconds = 2 * surface_window / METRES_A_NANOSECOND * 1e-9
    return near.groupby(photons.bin).sum() / table.n_shots - (table.background_rate * seconds).fillna(0)


def _first_photon_bias(
    file: h5py.File, beam: str, kept: pd.DataFrame, table: pd.DataFrame, spacing: float
) -> pd.DataFrame:
    calibration, dead_time = _calibration(file, beam)
    returns = pd.DataFrame(
        _returns(kept, spacing), columns=["return_strength", "return_width", "few"], index=table.index
    )
    bias, clamped = look_up(calibration, dead_time, returns.return_strength.to_numpy(), returns.return_width.to_numpy())
    flag = 1 * clamped + 2 * (not calibration.from_granule) + 4 * returns.few
    return returns.drop(columns="few").assign(first_photon_bias=bias, first_photon_bias_flag=flag)


def _height_errors(table: pd.DataFrame, window: float) -> pd.Series:
    """Return the errors of the means: scatter of the photons, and blur from pairs of bins one footprint apart."""
    scatter = (table.return_width * METRES_A_NANOSECOND / 2.5631) ** 2 / table.n_photons
    lag = max(1, round(FOOTPRINT / window))
    pairs = {
        number: ((table.height_mean[number + lag] - height) ** 2 - scatter[number + lag] - scatter[number]) / 2
        for number, height in table.height_mean.items()
        if number + lag in table.index
    }
    blur = pd.Series(0.0, table.index)
    for number in table.index:
        near = [
            pairs[k] for k in range(number - 2 * lag, number + lag) if k in pairs and abs(k + lag / 2 - number) <= lag
        ]
        if near:
            blur[number] = blur_share(window) * max(0.0, float(np.mean(near)))
    return np.sqrt(scatter + blur)


def _returns(kept: pd.DataFrame, spacing: float) -> Iterator[tuple[float, float, bool]]:
    """Yield strength and width of the photons around each segment, and whether they are few."""
    x = kept.x.to_numpy()
    n = kept.groupby("bin").height.transform("size")
    deviation = ((kept.height - kept.groupby("bin").height.transform("mean")) * np.sqrt(n / (n - 1))).to_numpy()
    first = 0
    for n_photons in kept.groupby("bin").size():
        middle = first + n_photons // 2
        near = np.flatnonzero(np.abs(x - x[middle]) <= WINDOW_REACH)
        nearest, farthest = near[0], near[-1] + 1
        begin = max(min(middle - WINDOW_PHOTONS // 2, farthest - WINDOW_PHOTONS), nearest)
        end = min(begin + WINDOW_PHOTONS, farthest)
        strength = (end - begin) / ((x[end - 1] - x[begin]) / spacing + 1)
        yield strength, _width(deviation[begin:end]), end - begin < WINDOW_PHOTONS
        first += n_photons


def _width(deviation: np.ndarray) -> float:
    """Return 10 to 90 % of deviations in ns; of those of lone photons, which are NaN, nothing is said."""
    known = deviation[np.isfinite(deviation)]
    if not known.size:
        return WIDTH_OF_A_PULSE
    cells, counts = np.unique(np.floor(known / CELL), return_counts=True)
    reached = counts.cumsum()
    places = []
    for level in (0.1 * known.size, 0.9 * known.size):
        k = np.argmax(reached >= level)
        places.append(cells[k] + (level - (reached[k] - counts[k])) / counts[k])
    return (places[1] - places[0]) * CELL / METRES_A_NANOSECOND


def _calibration(file: h5py.File, beam: str) -> tuple[Calibration, float]:
    """Return the table of first-photon bias, and the mean dead time of the channels in use in ns."""
    weak = "weak" in str(file[beam].attrs["atlas_beam_type"])
    channels = WEAK_CHANNELS if weak else STRONG_CHANNELS
    dead_time = 3.0
    if (name := f"ancillary_data/calibrations/dead_time/{beam}/dead_time") in file:
        dead_time = file[name][channels].mean() * 1e9
    if (name := f"ancillary_data/calibrations/first_photon_bias/{beam}") not in file:
        return _dead_time_calibration(dead_time, channels.stop - channels.start), dead_time
    axes = [file[name][axis][...].astype(np.float64) for axis in ("dead_time", "strength", "width", "ffb_corr")]
    return Calibration(*axes, from_granule=True), dead_time


_dead_time_calibration = cache(dead_time_calibration)
