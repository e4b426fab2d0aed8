"""ATL03 granules in: HDF5 groups as NASA names them, to arrays and tables of one beam.

Every fault of a file ends in an ``InputDataError`` that names the file, the beam and the dataset.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from leadline.accounts import State
from leadline.errors import InputDataError
from leadline.first_photon_bias import CHANNELS, NOMINAL_DEAD_TIME, Calibration, dead_time_calibration
from leadline.names import BEAMS
from leadline.photons import Beam

SEA_ICE = 2
"""Column of sea ice in ``signal_conf_ph`` and ``surf_type``."""

PHOTONS = ("h_ph", "lat_ph", "lon_ph", "delta_time", "dist_ph_along", "quality_ph")
REFERENCE_SEGMENTS = {
    "geolocation": ("segment_dist_x", "ph_index_beg", "segment_ph_cnt", "podppd_flag", "solar_elevation"),
    "geophys_corr": ("tide_ocean", "tide_equilibrium", "dac", "dem_h", "dem_flag", "geoid", "geoid_free2mean"),
}
BACKGROUND = ("delta_time", "bckgrd_counts", "bckgrd_rate")

_STRONG = {0: ("gt1l", "gt2l", "gt3l"), 1: ("gt1r", "gt2r", "gt3r")}
"""Strong beams by sc_orient: 0 backward, 1 forward."""
_TRANSITION = 2


@dataclass(frozen=True)
class Granule:
    """An open ATL03 file."""

    path: Path
    file: h5py.File
    release: str
    beam_types: dict[str, str]
    """``strong`` or ``weak`` for each beam that the file has."""


@contextmanager
def open_granule(path: Path) -> Iterator[Granule]:
    """Open a granule and tell its beams.

    Raises ``InputDataError`` where the file is missing, is not HDF5, is cut off, holds no beam, or was taken while
    the spacecraft turned (sc_orient 2), when strong and weak cannot be told apart.
    """
    try:
        file = h5py.File(path)
    except FileNotFoundError:
        message = f"{path}: there is no such file; correct the table that names it or fetch the granule"
        raise InputDataError(State.MISSING_FILE, message) from None
    except OSError as error:
        message = f"{path}: expected a whole ATL03 HDF5 file, found none ({_first_line(error)}); fetch it again"
        raise InputDataError(State.UNREADABLE, message) from None
    with file:
        yield Granule(Path(path), file, _release(file), _beam_types(file, path))


def read_beam(granule: Granule, beam: str) -> Beam:
    """Read one beam of an open granule.

    Raises ``InputDataError`` where the beam or one of its datasets is absent, empty or broken. Absent calibrations are
    no error: the dead-time model stands in for CAL-19.
    """
    kind = granule.beam_types.get(beam)
    if kind is None:
        have = ", ".join(granule.beam_types)
        message = f"{granule.path} {beam}: expected this beam, the file has {have}; fetch the granule with it"
        raise InputDataError(State.MISSING_BEAM, message)
    photons = {name: _read(granule, f"{beam}/heights/{name}") for name in PHOTONS}
    photons["signal_conf_ph"] = _read(granule, f"{beam}/heights/signal_conf_ph", column=SEA_ICE)
    references = {
        name: _read(granule, f"{beam}/{group}/{name}") for group, names in REFERENCE_SEGMENTS.items() for name in names
    }
    if not photons["h_ph"].size or not references["segment_dist_x"].size:
        raise InputDataError(
            State.EMPTY_BEAM, f"{granule.path} {beam}: expected photons, the beam is empty; nothing can be made of it"
        )
    background = {name: _read(granule, f"{beam}/bckgrd_atlas/{name}") for name in BACKGROUND}
    calibration, dead_time = _calibration(granule.file, beam, kind)
    return Beam(
        _table(granule, beam, "heights", photons),
        _table(granule, beam, "geolocation and geophys_corr", references),
        _table(granule, beam, "bckgrd_atlas", background),
        calibration,
        dead_time,
    )


def _table(granule: Granule, beam: str, group: str, columns: dict[str, np.ndarray]) -> pd.DataFrame:
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        message = f"{granule.path} {beam}/{group}: expected datasets of one length, found {lengths}; fetch it again"
        raise InputDataError(State.UNREADABLE, message)
    return pd.DataFrame(columns)


def _read(granule: Granule, name: str, column: int | None = None) -> np.ndarray:
    """Read a dataset, or one column of it, with NaN for its fill value."""
    try:
        dataset = granule.file[name]
    except KeyError:
        message = f"{granule.path} {name}: expected this dataset, it is absent; fetch the granule without subsetting it"
        raise InputDataError(State.MISSING_DATASET, message) from None
    try:
        values = dataset[...] if column is None else dataset[:, column]
    except (OSError, ValueError) as error:
        message = f"{granule.path} {name}: cannot be read ({_first_line(error)}); fetch the granule again"
        raise InputDataError(State.UNREADABLE, message) from None
    if values.dtype.kind == "f":
        values[values > _FILL_BEGINS] = np.nan
    return values


_FILL_BEGINS = 3e38
"""ATL03 fills floats with 3.4028235e38, with or without saying so in _FillValue."""


def _release(file: h5py.File) -> str:
    return _text(file["ancillary_data/release"][0]) if "ancillary_data/release" in file else "unknown"


def _beam_types(file: h5py.File, path: Path) -> dict[str, str]:
    orientation = int(file["orbit_info/sc_orient"][0]) if "orbit_info/sc_orient" in file else None
    if orientation == _TRANSITION:
        raise InputDataError(
            State.ORIENTATION_TRANSITION,
            f"{path}: sc_orient is 2, the spacecraft was turning and its beams cannot be told apart; leave it out",
        )
    present = [beam for beam in BEAMS if beam in file]
    if not present:
        message = f"{path}: expected beams gt1l to gt3r, found none; is this an ATL03 granule?"
        raise InputDataError(State.MISSING_BEAM, message)
    return {beam: _beam_type(file[beam], orientation, path) for beam in present}


def _beam_type(group: h5py.Group, orientation: int | None, path: Path) -> str:
    """Return strong or weak by ``atlas_beam_type``, or by sc_orient where a subsetter dropped the attribute."""
    beam = group.name.strip("/")
    if "atlas_beam_type" in group.attrs:
        return _text(np.atleast_1d(group.attrs["atlas_beam_type"])[0])
    if orientation is None:
        message = (
            f"{path} {beam}: expected atlas_beam_type or /orbit_info/sc_orient to tell strong from weak; fetch it whole"
        )
        raise InputDataError(State.MISSING_DATASET, message)
    return "strong" if beam in _STRONG[orientation] else "weak"


def _calibration(file: h5py.File, beam: str, kind: str) -> tuple[Calibration, float]:
    """Return CAL-19 and the mean dead time of the channels that the beam uses (1 to 16 strong, 17 to 20 weak)."""
    root = "ancillary_data/calibrations"
    dead_time = NOMINAL_DEAD_TIME
    if (name := f"{root}/dead_time/{beam}/dead_time") in file:
        n_strong = CHANNELS["strong"]
        of_channels = file[name][...]
        dead_time = 1e9 * float(np.mean(of_channels[:n_strong] if kind == "strong" else of_channels[n_strong:]))
    if (name := f"{root}/first_photon_bias/{beam}") in file:
        axes = (np.asarray(file[name][axis], np.float64) for axis in ("dead_time", "strength", "width", "ffb_corr"))
        return Calibration(*axes, from_granule=True), dead_time
    return dead_time_calibration(dead_time, CHANNELS[kind]), dead_time


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
