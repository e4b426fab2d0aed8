"""Other ways to do the work: h5py reading alone, and a resampling with pandas as one would write it by hand.

Light to import, for plain reading starts with this module.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray


def read_plainly(granule: Path, beam: str, names: Sequence[str]) -> dict[str, NDArray]:
    """Read whole datasets of a beam, as fast as h5py does plainly.

    The stage needs one column of signal_conf_ph; to read all five is 1.5 times faster than to let HDF5 pick one.
    """
    with h5py.File(granule) as file:
        return {name: file[beam][name][...] for name in names}


def group_with_pandas(granule: Path, beam: str, settings: Mapping[str, Any], output: Path) -> None:
    """Resample a beam with pandas: read it all, select, group by floor(x / window), and write a Parquet table.

    ``settings`` are the config's ``segments``. The columns are those of ``tables.SEGMENTS`` that a groupby can make:
    first-photon bias is not taken off, and what hangs on it is left out. Photons are trimmed about the median of their
    segment; about the mode, as the stage does, no groupby can.
    """
    # Imported here, so that plain reading need not wait for it.
    import pandas as pd

    with h5py.File(granule) as file:
        heights = file[beam]["heights"]
        photons = pd.DataFrame({name: heights[name][...] for name in _PHOTONS})
        photons["confidence"] = heights["signal_conf_ph"][...][:, 2]
        references = pd.DataFrame({name.split("/")[1]: file[beam][name][...] for name in _REFERENCES})
        background = pd.DataFrame({name: file[beam]["bckgrd_atlas"][name][...] for name in _BACKGROUND})

    in_dem = references["dem_flag"] == 3
    references["mss"] = (references["dem_h"] - references["geoid_free2mean"]).where(in_dem, references["geoid"])
    references["mss_flag"] = np.where(in_dem, 0, 1).astype(np.uint8)
    level = references[["mss", "tide_ocean", "tide_equilibrium", "dac"]].astype(float).sum(axis=1, skipna=False)
    reference = np.repeat(np.arange(len(references)), references["segment_ph_cnt"])
    x = references["segment_dist_x"].to_numpy()[reference] + photons["dist_ph_along"]
    photons["bin"] = np.floor(x / settings["window"]).astype(np.int64)
    photons["height"] = photons["h_ph"] - level.to_numpy()[reference]
    photons["reference"] = reference
    photons = photons[references["podppd_flag"].isin(settings["podppd_flags"]).to_numpy()[reference]]

    nominal = photons["quality_ph"].isin(settings["quality_before_007"])
    signal = photons[nominal & (photons["confidence"] >= settings["minimum_confidence"])]
    middle = signal.groupby("bin")["height"].transform("median")
    signal = signal[(signal["height"] - middle).abs() <= settings["trim"]]
    row = np.searchsorted(background["delta_time"], signal["delta_time"], side="right") - 1
    signal = signal.assign(
        **{name: references[name].to_numpy()[signal["reference"]] for name in _OF_REFERENCE},
        **{name: background[name].to_numpy()[row] for name in ("bckgrd_counts", "bckgrd_rate")},
    )
    segments = signal.groupby("bin").agg(
        n_photons=("height", "count"),
        **{f"height_{how}": ("height", how) for how in ("mean", "median", "std", "min", "max")},
        **{name: (column, "mean") for name, column in _MEANS.items()},
        mss_flag=("mss_flag", "max"),
    )

    metres_a_shot = np.ptp(x) / np.ptp(photons["delta_time"]) * 1e-4
    segments["n_shots"] = settings["window"] / metres_a_shot
    surface = segments["height_median"].reindex(photons["bin"]).to_numpy()
    near = photons["bin"][(photons["height"] - surface).abs() <= settings["surface_window"]]
    expected = segments["background_rate"] * 2 * settings["surface_window"] / _METRES_A_SECOND
    segments["photon_rate"] = near.groupby(near).size() / segments["n_shots"] - expected
    segments["high_confidence_rate"] = segments["n_photons"] / segments["n_shots"]
    segments["x_atc"] = (segments.index + 0.5) * settings["window"]
    segments.to_parquet(output, index=False)


_METRES_A_SECOND = 299_792_458.0 / 2
"""Of height, for the travel there and back."""
_PHOTONS = ("h_ph", "lat_ph", "lon_ph", "delta_time", "dist_ph_along", "quality_ph")
_REFERENCES = (
    *(f"geolocation/{name}" for name in ("segment_dist_x", "segment_ph_cnt", "podppd_flag", "solar_elevation")),
    *(f"geophys_corr/{name}" for name in ("tide_ocean", "tide_equilibrium", "dac")),
    *(f"geophys_corr/{name}" for name in ("dem_h", "dem_flag", "geoid", "geoid_free2mean")),
)
_BACKGROUND = ("delta_time", "bckgrd_counts", "bckgrd_rate")
_OF_REFERENCE = ["solar_elevation", "mss", "mss_flag", "geoid_free2mean", "tide_ocean", "tide_equilibrium", "dac"]
_MEANS = {
    "time": "delta_time",
    "latitude": "lat_ph",
    "longitude": "lon_ph",
    "background_counts": "bckgrd_counts",
    "background_rate": "bckgrd_rate",
    **{name: name for name in _OF_REFERENCE if name != "mss_flag"},
}
