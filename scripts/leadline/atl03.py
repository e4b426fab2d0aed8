"""ATL03 granules in: HDF5 groups as NASA names them, to tables of one beam and stretches of its photons.

Every fault of a file ends in an ``InputDataError`` that names the file, the beam and the dataset.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from leadline.accounts import State
from leadline.beam import Beam, Fallback
from leadline.chunks import read_rows
from leadline.errors import InputDataError
from leadline.first_photon_bias import CHANNELS, NOMINAL_DEAD_TIME, Calibration
from leadline.names import BEAMS

SEA_ICE = 2
"""Column of sea ice in ``signal_conf_ph`` and ``surf_type``."""

SURFACE_TYPES = 5
"""Columns of ``signal_conf_ph``."""

PHOTONS = {
    "h_ph": "f4",
    "lat_ph": "f8",
    "lon_ph": "f8",
    "delta_time": "f8",
    "dist_ph_along": "f4",
    "quality_ph": "i1",
    "signal_conf_ph": "i1",
}
"""Datasets of the group heights, and their types."""

REFERENCE_SEGMENTS = {"segment_dist_x": "f8", "ph_index_beg": "i8", "segment_ph_cnt": "i8"}
"""Datasets of the group geolocation that place the photons: without them nothing can be made."""

OPTIONAL = {
    "geolocation/delta_time": Fallback.SHOT_SPACING,
    "geolocation/reference_photon_lat": Fallback.REFERENCE_PHOTON,
    "geolocation/reference_photon_lon": Fallback.REFERENCE_PHOTON,
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

DATASETS = (
    *(f"heights/{name}" for name in PHOTONS),
    *(f"geolocation/{name}" for name in REFERENCE_SEGMENTS),
    *OPTIONAL,
    *(f"bckgrd_atlas/{name}" for name in BACKGROUND),
)
"""All datasets that are read of the group of a beam."""

_CALIBRATIONS = "ancillary_data/calibrations"
DEAD_TIME = _CALIBRATIONS + "/dead_time/{beam}/dead_time"
FIRST_PHOTON_BIAS = tuple(
    _CALIBRATIONS + "/first_photon_bias/{beam}/" + name for name in ("dead_time", "strength", "width", "ffb_corr")
)
"""Datasets of CAL-19: the three axes, and the table."""

MAXIMUM_DEAD_TIME = 100.0
"""No channel is blind for that long, ns."""

LIMITS = {
    "segment_dist_x": (-1e8, 1e8),
    "delta_time": (0, 1e10),
    "reference_photon_lat": (-90, 90),
    "reference_photon_lon": (-180, 180),
    "solar_elevation": (-90, 90),
    "tide_ocean": (-50, 50),
    "tide_equilibrium": (-50, 50),
    "dac": (-50, 50),
    "dem_h": (-200, 10_000),
    "geoid": (-200, 200),
    "geoid_free2mean": (-10, 10),
    "bckgrd_counts": (0, 1e9),
    "bckgrd_rate": (0, 1e9),
}
"""What the datasets of reference segments and background can hold; what lies beyond, as fill values do, is unknown."""

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
    orientation: int | None
    """sc_orient, 0 backward or 1 forward; None where the file does not tell."""
    beams: tuple[str, ...]


@contextmanager
def open_granule(path: Path) -> Iterator[Granule]:
    """Open a granule.

    Raises ``InputDataError`` where the file is missing, is not HDF5, is cut off, holds no beam, or was taken while
    the spacecraft turned (sc_orient 2), when strong and weak cannot be told apart.
    """
    path = Path(path)
    if not path.exists():
        message = f"{path}: there is no such file; correct the table that names it or fetch the granule"
        raise InputDataError(State.MISSING_FILE, message)
    with ExitStack() as stack:
        with _reading(path):
            file = stack.enter_context(h5py.File(path))
            beams = tuple(beam for beam in BEAMS if beam in file)
        with _reading(f"{path} ancillary_data/release"):
            release = _release(file, path)
        with _reading(f"{path} orbit_info/sc_orient"):
            orientation = _orientation(file, path)
        if not beams:
            message = f"{path}: expected beams gt1l to gt3r, found none; is this an ATL03 granule?"
            raise InputDataError(State.MISSING_BEAM, message)
        yield Granule(path, file, release, orientation, beams)


def read_beam(granule: Granule, beam: str) -> Beam:
    """Read what one beam of an open granule holds besides its photons.

    Raises ``InputDataError`` where the beam or a dataset that places its photons is absent, empty or broken. What a
    subsetter may have dropped is no error: the beam says what stands in for it.
    """
    if beam not in granule.beams:
        have = ", ".join(granule.beams)
        message = f"{granule.path} {beam}: expected this beam, the file has {have}; fetch the granule with it"
        raise InputDataError(State.MISSING_BEAM, message)
    kind, fallback = _beam_type(granule, beam)
    fallback |= Fallback.NONE if granule.release else Fallback.RELEASE
    references = {
        name: _read(granule, f"{beam}/geolocation/{name}", dtype) for name, dtype in REFERENCE_SEGMENTS.items()
    }
    for name, stand_in in OPTIONAL.items():
        if _has(granule, f"{beam}/{name}"):
            references[name.split("/")[1]] = _read(granule, f"{beam}/{name}", "f8")
        else:
            fallback |= stand_in
    reference_segments = _table(granule, f"{beam}/geolocation and geophys_corr", references)
    lengths = {name: len(_dataset(granule, f"{beam}/heights/{name}")) for name in PHOTONS}
    _refuse_unequal(granule, f"{beam}/heights", lengths)
    if not lengths["h_ph"] or reference_segments.empty:
        raise InputDataError(
            State.EMPTY_BEAM, f"{granule.path} {beam}: expected photons, the beam is empty; nothing can be made of it"
        )
    background = dict.fromkeys(BACKGROUND, np.empty(0))
    if all(_has(granule, f"{beam}/bckgrd_atlas/{name}") for name in BACKGROUND):
        background = {name: _read(granule, f"{beam}/bckgrd_atlas/{name}", "f8") for name in BACKGROUND}
    rows = _table(granule, f"{beam}/bckgrd_atlas", background).dropna(subset="delta_time").sort_values("delta_time")
    fallback |= Fallback.NONE if len(rows) else Fallback.BACKGROUND
    calibration, dead_time, stand_in = _calibration(granule, beam, kind)
    return Beam(
        kind,
        granule.release,
        lengths["h_ph"],
        reference_segments,
        rows,
        calibration,
        dead_time,
        fallback | stand_in,
    )


def read_photons(granule: Granule, beam: str, photons: slice) -> dict[str, np.ndarray]:
    """Read a stretch of the photons of a beam: ``PHOTONS``, in file order, of signal_conf_ph the sea-ice column.

    Raises ``InputDataError`` where a dataset is broken.
    """
    read = {name: _read(granule, f"{beam}/heights/{name}", dtype, photons) for name, dtype in PHOTONS.items()}
    return read | {"signal_conf_ph": read["signal_conf_ph"][:, SEA_ICE]}


@contextmanager
def _reading(place: Path | str) -> Iterator[None]:
    """Name the place where a file's bytes or shapes are not what HDF5 and ATL03 have."""
    try:
        yield
    except (OSError, RuntimeError, ValueError, TypeError, LookupError, MemoryError) as error:
        fault = (str(error).splitlines() or [type(error).__name__])[0]
        message = f"{place}: expected whole data as ATL03 has them, found none ({fault}); fetch the granule again"
        raise InputDataError(State.UNREADABLE, message) from None


def _table(granule: Granule, group: str, columns: dict[str, np.ndarray]) -> pd.DataFrame:
    _refuse_unequal(granule, group, {name: len(values) for name, values in columns.items()})
    return pd.DataFrame(columns)


def _refuse_unequal(granule: Granule, group: str, lengths: dict[str, int]) -> None:
    if len(set(lengths.values())) > 1:
        message = f"{granule.path} {group}: expected datasets of one length, found {lengths}; fetch it again"
        raise InputDataError(State.UNREADABLE, message)


def _has(granule: Granule, name: str) -> bool:
    with _reading(f"{granule.path} {name}"):
        return name in granule.file


def _dataset(granule: Granule, name: str) -> h5py.Dataset:
    """Return a dataset of numbers: a row a photon, 20 m or 50 shots."""
    place = f"{granule.path} {name}"
    if not _has(granule, name):
        message = f"{place}: expected this dataset, it is absent; fetch the granule without subsetting it"
        raise InputDataError(State.MISSING_DATASET, message)
    with _reading(place):
        dataset = granule.file[name]
        if not isinstance(dataset, h5py.Dataset) or dataset.dtype.kind not in "iuf":
            raise TypeError("expected a dataset of numbers")
        columns = (SURFACE_TYPES,) if name.endswith("/signal_conf_ph") else ()
        if not dataset.shape or dataset.shape[1:] != columns:
            raise ValueError(f"expected axes {('n', *columns)}, found {dataset.shape}")
    return dataset


def _read(granule: Granule, name: str, dtype: str, part: slice = np.s_[:]) -> np.ndarray:
    """Read a part of a dataset in its type, with NaN for what is beyond its ``LIMITS``."""
    dataset = _dataset(granule, name)
    with _reading(f"{granule.path} {name}"):
        values = read_rows(dataset, part)
        typed = values.astype(dtype, copy=False)
        if typed.dtype.kind == "i" and not np.array_equal(typed, values):
            raise ValueError(f"expected integers of type {dtype}")
    if "/heights/" not in name and (limits := LIMITS.get(name.split("/")[-1])):
        typed[~((typed >= limits[0]) & (typed <= limits[1]))] = np.nan
    return typed


def _release(file: h5py.File, path: Path) -> str:
    """Return the release in three digits, however the file writes it, or by the file's name; empty where unknown."""
    told = _text(np.ravel(file["ancillary_data/release"][...])) if "ancillary_data/release" in file else ""
    if number := re.fullmatch(r"0*(\d{1,3})(\.0*)?", told.strip()):
        return number[1].zfill(3)
    in_name = _RELEASE_IN_NAME.search(path.name)
    return in_name[1] if in_name else ""


def _orientation(file: h5py.File, path: Path) -> int | None:
    """Return sc_orient; None where it is absent or no orientation."""
    if "orbit_info/sc_orient" not in file:
        return None
    orientations = set(np.ravel(file["orbit_info/sc_orient"][...]).tolist())
    if _TRANSITION in orientations or set(_STRONG) <= orientations:
        message = f"{path}: sc_orient is {sorted(orientations)}, the spacecraft was turning; leave the granule out"
        raise InputDataError(State.ORIENTATION_TRANSITION, message)
    return orientations.pop() if len(orientations) == 1 and orientations <= set(_STRONG) else None


def _beam_type(granule: Granule, beam: str) -> tuple[str, Fallback]:
    """Return strong or weak by ``atlas_beam_type``, checked against sc_orient where both are there."""
    with _reading(f"{granule.path} {beam}"):
        attribute = _text(np.ravel(granule.file[beam].attrs.get("atlas_beam_type", "")))
    told = {attribute} & set(CHANNELS)
    if granule.orientation is not None:
        told.add("strong" if beam in _STRONG[granule.orientation] else "weak")
    if not told:
        message = f"{granule.path} {beam}: expected atlas_beam_type or /orbit_info/sc_orient to tell strong from weak"
        raise InputDataError(State.MISSING_DATASET, f"{message}; fetch the granule whole")
    if len(told) > 1:
        message = f"{granule.path} {beam}: atlas_beam_type is {attribute}, but sc_orient is {granule.orientation}"
        raise InputDataError(State.ORIENTATION_CONFLICT, f"{message}; fetch the granule again")
    both = attribute in CHANNELS and granule.orientation is not None
    return told.pop(), Fallback.NONE if both else Fallback.ORIENTATION


def _calibration(granule: Granule, beam: str, kind: str) -> tuple[Calibration, float, Fallback]:
    """Return CAL-19, the mean dead time of the channels that the beam uses, and what stands in for the dead times."""
    dead_time, fallback = NOMINAL_DEAD_TIME, Fallback.DEAD_TIME
    if _has(granule, name := DEAD_TIME.format(beam=beam)):
        of_channels = _read(granule, name, "f8")
        with _reading(f"{granule.path} {name}"):
            dead_time, fallback = _mean_dead_time(of_channels, kind), Fallback.NONE
    names = [name.format(beam=beam) for name in FIRST_PHOTON_BIAS]
    if not all(_has(granule, name) for name in names):
        from leadline.dead_time import dead_time_calibration  # here: scipy takes as long to load as a piece does

        return dead_time_calibration(dead_time, CHANNELS[kind]), dead_time, fallback
    axes_and_table = []
    for name in names:
        with _reading(f"{granule.path} {name}"):
            values = np.asarray(granule.file[name][...])
            if values.dtype.kind not in "iuf":
                raise TypeError("expected numbers")
            axes_and_table.append(values.astype(np.float64))
    with _reading(f"{granule.path} {_CALIBRATIONS}/first_photon_bias/{beam} (CAL-19)"):
        calibration = Calibration(*axes_and_table, from_granule=True)
        calibration.check()
    return calibration, dead_time, fallback


def _mean_dead_time(of_channels: np.ndarray, kind: str) -> float:
    """Return the mean dead time in ns of the channels of a strong or weak beam, of those of both in s."""
    n_strong = CHANNELS["strong"]
    if of_channels.size != sum(CHANNELS.values()):
        raise ValueError(f"expected dead times of {sum(CHANNELS.values())} channels, found {of_channels.size}")
    in_use = 1e9 * (of_channels[:n_strong] if kind == "strong" else of_channels[n_strong:])
    if not ((in_use > 0) & (in_use < MAXIMUM_DEAD_TIME)).all():
        raise ValueError(f"expected dead times of some ns, found {in_use.min()} to {in_use.max()} ns")
    return float(in_use.mean())


def _text(values: np.ndarray) -> str:
    """Return the first of some texts, empty where there is none."""
    value = values[0] if values.size else ""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
