"""ATL03 granules in: HDF5 groups as NASA names them, to tables of one beam and stretches of its photons.

Every fault of a file ends in an ``InputDataError`` that names the file, the beam and the dataset.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from leadline.accounts import State
from leadline.beam import Beam, Fallback
from leadline.errors import InputDataError
from leadline.first_photon_bias import CHANNELS, NOMINAL_DEAD_TIME, Calibration
from leadline.names import BEAMS

SEA_ICE = 2
"""Column of sea ice in ``signal_conf_ph`` and ``surf_type``."""

SURFACE_TYPES = 5
"""Columns of ``signal_conf_ph``."""

PHOTONS = ("h_ph", "lat_ph", "lon_ph", "delta_time", "dist_ph_along", "quality_ph", "signal_conf_ph")
"""Datasets of the group heights."""

REFERENCE_SEGMENTS = ("segment_dist_x", "ph_index_beg", "segment_ph_cnt")
"""Datasets of the group geolocation that place the photons: without them nothing can be made."""

OPTIONAL = {
    "geolocation/delta_time": Fallback.SHOT_SPACING,
    "geolocation/reference_photon_lat": Fallback.NONE,
    "geolocation/reference_photon_lon": Fallback.NONE,
    "geolocation/podppd_flag": Fallback.PODPPD_FLAG,
    "geolocation/solar_elevation": Fallback.SOLAR_ELEVATION,
    "geophys_corr/tide_ocean": Fallback.TIDE_OCEAN,
    "geophys_corr/tide_equilibrium": Fallback.TIDE_EQUILIBRIUM,
    "geophys_corr/dac": Fallback.DAC,
    "geophys_corr/geoid_free2mean": Fallback.GEOID_FREE2MEAN,
    "geophys_corr/dem_h": Fallback.DEM_H,
    "geophys_corr/dem_flag": Fallback.DEM_H,
    "geophys_corr/geoid": Fallback.NONE,
}
"""Datasets of the reference segments that subsetters may drop, and what is said where something stands in for them."""

BACKGROUND = ("delta_time", "bckgrd_counts", "bckgrd_rate")

MAXIMUM_DEAD_TIME = 100.0
"""No channel is blind for that long, ns."""

_STRONG = {0: ("gt1l", "gt2l", "gt3l"), 1: ("gt1r", "gt2r", "gt3r")}
"""Strong beams by sc_orient: 0 backward, 1 forward."""
_TRANSITION = 2
_RELEASE_IN_NAME = re.compile(r"ATL03_\d{14}_\d{8}_(\d{3})_\d{2}")


@dataclass(frozen=True)
class Granule:
    """An open ATL03 file."""

    path: Path
    file: h5py.File
    release: str
    """ATL03 release, as in ``006``, told by the file or its name; empty where neither does."""
    beam_types: dict[str, str]
    """``strong`` or ``weak`` for each beam that the file has."""
    fallback: Fallback
    """What stands in for what the file does not tell."""


@contextmanager
def open_granule(path: Path) -> Iterator[Granule]:
    """Open a granule and tell its beams.

    Raises ``InputDataError`` where the file is missing, is not HDF5, is cut off, holds no beam, or was taken while
    the spacecraft turned (sc_orient 2) or contradicts itself, when strong and weak cannot be told apart.
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
        release = _release(file, Path(path))
        beam_types, fallback = _beam_types(file, path)
        yield Granule(Path(path), file, release, beam_types, fallback | (0 if release else Fallback.RELEASE))


def read_beam(granule: Granule, beam: str) -> Beam:
    """Read what one beam of an open granule holds besides its photons.

    Raises ``InputDataError`` where the beam or a dataset that places its photons is absent, empty or broken. What a
    subsetter may have dropped is no error: the beam says what stands in for it.
    """
    kind = granule.beam_types.get(beam)
    if kind is None:
        have = ", ".join(granule.beam_types)
        message = f"{granule.path} {beam}: expected this beam, the file has {have}; fetch the granule with it"
        raise InputDataError(State.MISSING_BEAM, message)
    fallback = granule.fallback
    references = {name: _read(granule, f"{beam}/geolocation/{name}") for name in REFERENCE_SEGMENTS}
    for name, stand_in in OPTIONAL.items():
        if f"{beam}/{name}" in granule.file:
            references[name.split("/")[1]] = _read(granule, f"{beam}/{name}")
        else:
            fallback |= stand_in
    lengths = {name: len(_dataset(granule, f"{beam}/heights/{name}")) for name in PHOTONS}
    _refuse_unequal(granule, f"{beam}/heights", lengths)
    if not lengths["h_ph"] or not references["segment_dist_x"].size:
        raise InputDataError(
            State.EMPTY_BEAM, f"{granule.path} {beam}: expected photons, the beam is empty; nothing can be made of it"
        )
    background = dict.fromkeys(BACKGROUND, np.empty(0))
    if all(f"{beam}/bckgrd_atlas/{name}" in granule.file for name in BACKGROUND):
        background = {name: _read(granule, f"{beam}/bckgrd_atlas/{name}") for name in BACKGROUND}
    else:
        fallback |= Fallback.BACKGROUND
    calibration, dead_time, stand_in = _calibration(granule, beam, kind)
    return Beam(
        granule.release,
        lengths["h_ph"],
        _table(granule, f"{beam}/geolocation and geophys_corr", references),
        _table(granule, f"{beam}/bckgrd_atlas", background).dropna(subset="delta_time").sort_values("delta_time"),
        calibration,
        dead_time,
        fallback | stand_in,
    )


def read_photons(granule: Granule, beam: str, photons: slice) -> dict[str, np.ndarray]:
    """Read a stretch of the photons of a beam: ``PHOTONS``, in file order, of signal_conf_ph the sea-ice column.

    Raises ``InputDataError`` where a dataset is broken.
    """
    read = {name: _read(granule, f"{beam}/heights/{name}", photons) for name in PHOTONS}
    return read | {"signal_conf_ph": read["signal_conf_ph"][:, SEA_ICE]}


def _table(granule: Granule, group: str, columns: dict[str, np.ndarray]) -> pd.DataFrame:
    _refuse_unequal(granule, group, {name: len(values) for name, values in columns.items()})
    return pd.DataFrame(columns)


def _refuse_unequal(granule: Granule, group: str, lengths: dict[str, int]) -> None:
    if len(set(lengths.values())) > 1:
        message = f"{granule.path} {group}: expected datasets of one length, found {lengths}; fetch it again"
        raise InputDataError(State.UNREADABLE, message)


def _dataset(granule: Granule, name: str) -> h5py.Dataset:
    """Return a dataset of numbers: a row a photon, 20 m or 50 shots."""
    place = f"{granule.path} {name}"
    try:
        dataset = granule.file[name]
    except KeyError:
        message = f"{place}: expected this dataset, it is absent; fetch the granule without subsetting it"
        raise InputDataError(State.MISSING_DATASET, message) from None
    if not isinstance(dataset, h5py.Dataset) or dataset.dtype.kind not in "iuf":
        raise InputDataError(State.UNREADABLE, f"{place}: expected a dataset of numbers; fetch the granule again")
    expected = (SURFACE_TYPES,) if name.endswith("/signal_conf_ph") else ()
    if not dataset.shape or dataset.shape[1:] != expected:
        message = f"{place}: expected axes {('n', *expected)}, found {dataset.shape}; fetch the granule again"
        raise InputDataError(State.UNREADABLE, message)
    return dataset


def _read(granule: Granule, name: str, part: slice = np.s_[:]) -> np.ndarray:
    """Read a part of a dataset, with NaN for its fill value."""
    dataset = _dataset(granule, name)
    try:
        values = dataset[part]
    except (OSError, RuntimeError, ValueError) as error:
        message = f"{granule.path} {name}: cannot be read ({_first_line(error)}); fetch the granule again"
        raise InputDataError(State.UNREADABLE, message) from None
    if values.dtype.kind == "f":
        values[values > _FILL_BEGINS] = np.nan
    return values


_FILL_BEGINS = 3e38
"""ATL03 fills floats with 3.4028235e38, with or without saying so in _FillValue."""


def _release(file: h5py.File, path: Path) -> str:
    if "ancillary_data/release" in file:
        return _text(np.ravel(file["ancillary_data/release"][...])[0])
    in_name = _RELEASE_IN_NAME.search(path.name)
    return in_name[1] if in_name else ""


def _beam_types(file: h5py.File, path: Path) -> tuple[dict[str, str], Fallback]:
    """Return strong or weak for each beam by ``atlas_beam_type``, checked against sc_orient where both are there."""
    orientation = None
    if "orbit_info/sc_orient" in file:
        orientation = int(np.ravel(file["orbit_info/sc_orient"][...])[0])
    if orientation == _TRANSITION:
        raise InputDataError(
            State.ORIENTATION_TRANSITION,
            f"{path}: sc_orient is 2, the spacecraft was turning and its beams cannot be told apart; leave it out",
        )
    present = [beam for beam in BEAMS if beam in file]
    if not present:
        message = f"{path}: expected beams gt1l to gt3r, found none; is this an ATL03 granule?"
        raise InputDataError(State.MISSING_BEAM, message)
    strong = _STRONG.get(orientation)
    by_orientation = {beam: "strong" if beam in strong else "weak" for beam in present} if strong else {}
    by_attribute = {beam: _beam_type(file[beam]) for beam in present}
    for beam, kind in by_attribute.items():
        if kind is None and not by_orientation:
            message = f"{path} {beam}: expected atlas_beam_type or /orbit_info/sc_orient to tell strong from weak"
            raise InputDataError(State.MISSING_DATASET, f"{message}; fetch the granule whole")
        if kind and by_orientation and kind != by_orientation[beam]:
            message = f"{path} {beam}: atlas_beam_type is {kind}, but sc_orient is {orientation}; fetch it again"
            raise InputDataError(State.ORIENTATION_CONFLICT, message)
    checked = by_orientation and all(by_attribute.values())
    return {beam: by_attribute[beam] or by_orientation[beam] for beam in present}, (
        Fallback.NONE if checked else Fallback.ORIENTATION
    )


def _beam_type(group: h5py.Group) -> str | None:
    """Return the ``atlas_beam_type`` of a beam, or None where a subsetter dropped it."""
    kind = _text(np.ravel(group.attrs.get("atlas_beam_type", ""))[0])
    return kind if kind in CHANNELS else None


def _calibration(granule: Granule, beam: str, kind: str) -> tuple[Calibration, float, Fallback]:
    """Return CAL-19, the mean dead time of the channels that the beam uses, and what stands in for the dead times."""
    root = "ancillary_data/calibrations"
    dead_time, fallback = NOMINAL_DEAD_TIME, Fallback.DEAD_TIME
    if (name := f"{root}/dead_time/{beam}/dead_time") in granule.file:
        n_strong = CHANNELS["strong"]
        of_channels = _read(granule, name)
        dead_time = 1e9 * float(np.mean(of_channels[:n_strong] if kind == "strong" else of_channels[n_strong:]))
        if not 0 < dead_time < MAXIMUM_DEAD_TIME:
            message = f"{granule.path} {name}: expected some ns, found {dead_time} ns; fetch the granule again"
            raise InputDataError(State.UNREADABLE, message)
        fallback = Fallback.NONE
    names = [f"{root}/first_photon_bias/{beam}/{name}" for name in ("dead_time", "strength", "width", "ffb_corr")]
    if not all(name in granule.file for name in names):
        from leadline.dead_time import dead_time_calibration  # here: scipy takes as long to load as a piece does

        return dead_time_calibration(dead_time, CHANNELS[kind]), dead_time, fallback
    try:
        dead_times, strength, width, correction = (granule.file[name][...].astype(np.float64) for name in names)
        calibration = Calibration(dead_times, strength, width, correction, from_granule=True)
        calibration.check()
    except (OSError, RuntimeError, ValueError) as error:
        message = f"{granule.path} {root}/first_photon_bias/{beam}: no table of CAL-19 ({_first_line(error)})"
        raise InputDataError(State.UNREADABLE, f"{message}; fetch the granule again") from None
    return calibration, dead_time, fallback


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
