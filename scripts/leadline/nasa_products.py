"""NASA's sea-ice products in: ATL07 heights and ATL10 freeboards, releases 001 to 007, to one table.

The three layouts hold the same under other names: ATL07 in ``sea_ice_segments``, ATL10 in ``freeboard_segment`` (from
release 006 on) or in ``freeboard_beam_segment`` (before).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leadline.accounts import Account, State
from leadline.errors import InputDataError

LAYOUTS = (
    ("sea_ice_segments", "sea_ice_segments/heights"),
    ("freeboard_segment", "freeboard_segment/heights"),
    ("freeboard_beam_segment/beam_freeboard", "freeboard_beam_segment/height_segments"),
)
"""Groups of a beam that hold a row a segment, by layout; the first says where the segments are."""

DATASETS = {
    "x_atc": ("seg_dist_x",),
    "time": ("delta_time",),
    "latitude": ("latitude",),
    "longitude": ("longitude",),
    "length": ("height_segment_length_seg",),
    "height": ("height_segment_height",),
    "sigma": ("height_segment_sigma", "height_segment_surface_error_est"),
    "type": ("height_segment_type",),
    "ssh_flag": ("height_segment_ssh_flag",),
    "freeboard": ("beam_fb_height",),
    "freeboard_error": ("beam_fb_unc", "beam_fb_sigma"),
}
"""Columns of the table, and the datasets that hold each, by release."""

NEEDED = ("latitude", "longitude", "length", "height", "type")
"""Columns without which segments can neither be placed nor compared."""

NO_NUMBER = 1e30
"""What is larger is a fill value: NASA's are 3.4e38 and 1.8e308."""

_NAME = re.compile(r"ATL(?:07|10)-\d{2}_\d{14}_(?P<rgt>\d{4})(?P<cycle>\d{2})\d{2}_(?P<release>\d{3})_\d{2}")


@dataclass(frozen=True)
class NasaProduct:
    """An ATL07 or ATL10 file."""

    path: Path
    product: str
    """ATL07 or ATL10."""
    release: str
    """Three digits; empty where neither the file nor its name tells."""
    rgt: int
    cycle: int
    segments: pd.DataFrame
    """A row a segment, by beam and in the order of the file: beam, the columns ``DATASETS`` and sea_surface.

    All but beam are numbers, NaN where the file has a fill value or its release has no such dataset. Units: x_atc,
    length, height, sigma, freeboard, freeboard_error and sea_surface m, time s since 2018-01-01, places degrees; type
    and ssh_flag are NASA's codes. The sea surface is height - freeboard, NaN where the freeboard was cut at 0.
    """
    beams: tuple[Account, ...]
    """How each beam that was asked for ended."""


def read_product(path: Path, product: str, beams: list[str]) -> NasaProduct:
    """Read the segments of some beams of a file of a product, ATL07 or ATL10.

    Raises ``InputDataError`` where the file is missing, broken, of another product, or tells no pass. A beam that is
    absent, empty or broken has no rows and a named state.
    """
    path = Path(path)
    if not path.exists():
        raise InputDataError(
            State.MISSING_FILE, f"{path}: there is no such file; correct the table of products or fetch it"
        )
    with _reading(path), h5py.File(path) as file:
        short_name = _text(file.attrs.get("short_name", b""))
        if short_name != product:
            message = f"{path}: expected the short_name {product}, found {short_name!r}; correct the table of products"
            raise InputDataError(State.UNREADABLE, message)
        release, rgt, cycle = _told(file, path)
        tables, accounts = [], []
        for beam in beams:
            try:
                tables.append(_segments(file, path, beam))
                accounts.append(Account("comparison", beam, counts={"segments_of_nasa": len(tables[-1])}))
            except InputDataError as error:
                accounts.append(Account("comparison", beam, error.state, str(error)))
    segments = pd.concat([_no_segments(), *tables], ignore_index=True)
    return NasaProduct(path, product, release, rgt, cycle, segments, tuple(accounts))


def require_pass(product: NasaProduct, granule: str) -> None:
    """Raise ``InputDataError`` where a product is not of the pass of a granule: its ground track and its cycle.

    The granule's key ends in ttttccss; NASA's sea-ice products begin at another time and count other regions.
    """
    rgt, cycle = int(granule[15:19]), int(granule[19:21])
    if (product.rgt, product.cycle) != (rgt, cycle):
        message = f"{product.path}: expected the pass of {granule}, RGT {rgt:04} and cycle {cycle:02}, found RGT "
        message += f"{product.rgt:04} and cycle {product.cycle:02}; give the granule's own {product.product}"
        raise InputDataError(State.WRONG_PASS, message)


def _told(file: h5py.File, path: Path) -> tuple[str, int, int]:
    """Return release, RGT and cycle as the file tells them, or else its name."""
    in_name = _NAME.search(path.name)
    told = in_name.groupdict() if in_name else {"release": ""}
    datasets = {
        "release": "ancillary_data/release",
        "rgt": "orbit_info/rgt",
        "cycle": "orbit_info/cycle_number",
    }
    for what, name in datasets.items():
        if name in file:
            told[what] = _text(np.ravel(file[name][...])[0])
    if not {"rgt", "cycle"} <= told.keys():
        message = f"{path}: expected orbit_info/rgt and cycle_number, or NASA's file name; fetch it whole"
        raise InputDataError(State.MISSING_DATASET, message)
    return told["release"], int(told["rgt"]), int(told["cycle"])


def _segments(file: h5py.File, path: Path, beam: str) -> pd.DataFrame:
    if beam not in file:
        message = f"{path} {beam}: expected this beam, it is absent; fetch the product with all its beams"
        raise InputDataError(State.MISSING_BEAM, message)
    groups = next((groups for groups in LAYOUTS if groups[0] in file[beam]), ())
    places = {column: _place(file, beam, groups, names) for column, names in DATASETS.items()}
    if not any(places.values()):
        message = f"{path} {beam}: expected segments, the beam is empty; nothing can be compared on it"
        raise InputDataError(State.EMPTY_BEAM, message)
    if lacking := [column for column in NEEDED if not places[column]]:
        message = f"{path} {beam}: expected {', '.join(DATASETS[column][0] for column in lacking)}, found none"
        raise InputDataError(State.MISSING_DATASET, f"{message}; fetch the product without subsetting it")
    columns = {}
    for column, place in places.items():
        if place:
            with _reading(f"{path} {place}"):
                columns[column] = _numbers(file[place])
    lengths = {column: len(values) for column, values in columns.items()}
    if len(set(lengths.values())) > 1:
        message = f"{path} {beam}: expected datasets of one length, found {lengths}; fetch it again"
        raise InputDataError(State.UNREADABLE, message)
    if not lengths["height"]:
        message = f"{path} {beam}: expected segments, the beam has none; nothing can be compared on it"
        raise InputDataError(State.EMPTY_BEAM, message)
    table = pd.DataFrame(columns).reindex(columns=list(DATASETS)).assign(beam=beam)
    sea_surface = (table["height"] - table["freeboard"]).where(table["freeboard"] > 0)
    return table.assign(sea_surface=sea_surface)[_no_segments().columns]


def _place(file: h5py.File, beam: str, groups: tuple[str, ...], names: tuple[str, ...]) -> str:
    """Return where one of the names stands in one of the groups of a beam, empty where none does."""
    places = (f"{beam}/{group}/{name}" for name in names for group in groups)
    return next((place for place in places if place in file), "")


def _no_segments() -> pd.DataFrame:
    numbers = {name: np.empty(0) for name in (*DATASETS, "sea_surface")}
    return pd.DataFrame({"beam": np.empty(0, object)} | numbers)


def _numbers(dataset: h5py.Dataset) -> NDArray[np.float64]:
    """Return the values of a dataset of one axis, NaN for fill values."""
    if not isinstance(dataset, h5py.Dataset) or dataset.dtype.kind not in "iuf" or dataset.ndim != 1:
        raise TypeError("expected a dataset of numbers with one axis")
    values = dataset[...].astype(np.float64)
    values[~(np.abs(values) < NO_NUMBER)] = np.nan
    return values


@contextmanager
def _reading(place: Path | str) -> Iterator[None]:
    """Name the place where a file is not what HDF5 and NASA's products have."""
    try:
        yield
    except (OSError, RuntimeError, ValueError, TypeError, LookupError) as error:
        fault = (str(error).splitlines() or [type(error).__name__])[0]
        message = f"{place}: expected whole data as ATL07 and ATL10 have them, found none ({fault}); fetch it again"
        raise InputDataError(State.UNREADABLE, message) from None


def _text(value: bytes | str | np.generic) -> str:
    return value.decode(errors="replace").strip() if isinstance(value, bytes) else str(value)
