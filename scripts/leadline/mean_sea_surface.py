"""A user's own grid of the mean sea surface (MSS) at the border: NetCDF or GeoTIFF in, heights along a track out.

NetCDF goes through xarray and other rasters through rasterio: GDAL takes a NetCDF grid that is stored longitude by
latitude, as those of CNES/CLS are, for one whose x is latitude.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import rasterio
import xarray as xr
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from rasterio.windows import Window
from scipy.interpolate import RegularGridInterpolator

from leadline.errors import ConfigError

HIGHEST = 110.0
"""Metres; no mean sea surface is further from the ellipsoid (-107 m south of India, +86 m at New Guinea)."""

WINDOW = 1024
"""Nodes a side of the largest window that is read at a time: 8 MiB."""

_NETCDF = {b"CDF\x01": "scipy", b"CDF\x02": "scipy", b"CDF\x05": "netcdf4", b"\x89HDF": "netcdf4"}
"""xarray's engine by a file's first bytes. The netCDF library reads what a cut-off classic file lacks as zeros; scipy
sees that it is cut off."""

_METRES = ("", "m", "meter", "meters", "metre", "metres")
_MSS = r"mss|mean sea (surface|level)|sea surface height"
_NOT_MSS = r"err|uncert|accuracy|std|deviation|geoid|topography|anomal|mask|flag|count|number"
_LONGITUDE = r"\b(nb)?lon(gitude)?s?\b|\bdegrees? ?e(ast)?\b"
_LATITUDE = r"\b(nb)?lat(itude)?s?\b|\bdegrees? ?n(orth)?\b"
_X = rf"{_LONGITUDE}|\bxc?\b"
_Y = rf"{_LATITUDE}|\byc?\b"
_WGS84 = r"wgs|6378137"
_TOPEX = r"topex|t/p\b|\btpx?\b|6378136\.3(?!\d)"
_TOPEX_BELOW_WGS84 = 0.7, 0.713682
"""Metres at the equator and the poles between the ellipsoids (6378136.3, 6356751.600563) and (6378137, 6356752.314245)
of TOPEX/Poseidon and WGS-84."""


class _GridError(Exception):
    """What is wrong with a grid, in one line without the name of its file."""


@dataclass(frozen=True)
class _Grid:
    """A mean sea surface in an open file: where its nodes are, and how to read a window of them."""

    crs: CRS
    x: NDArray[np.float64]
    """The columns' easting or longitude in ``crs``, rising or falling."""
    y: NDArray[np.float64]
    """The rows' northing or latitude."""
    read: Callable[[slice, slice], NDArray[np.float64]]
    """Heights (rows, columns) in metres, NaN where the file has none."""
    attributes: tuple[Mapping[str, object], Mapping[str, object]]
    """What the file says of the heights, and of itself: its ellipsoid may be named there."""


def sample_mss(path: Path, latitude: NDArray, longitude: NDArray) -> NDArray[np.float64]:
    """Return the mean sea surface at the positions, in metres above WGS-84, shape (n,).

    Bilinear between the four nodes around a position, also across the seam of a grid that goes round the Earth; NaN
    beyond the outermost nodes (a raster's are the centres of its pixels), where one of the four has no height, and
    where the position is not finite. Only windows of the grid around the positions are read.

    The file: NetCDF on axes of latitude and longitude in any order and convention, or on projected axes with CF's
    grid_mapping; or any raster that GDAL reads, with its projection. Packed integers are unpacked and fill values
    taken out. Heights that the file's attributes, or else its projection, say are above the ellipsoid of TOPEX/Poseidon
    are brought to WGS-84 (0.70 m lower at the equator, 0.71 m at the poles); a file that says nothing is taken as
    WGS-84. The permanent tide stays as the grid has it: mean-tide is assumed, and ``corrections`` takes it off
    by geoid_free2mean.

    Raises ``ConfigError`` where the file is missing or unreadable, holds no or several grids that could be the MSS, has
    no axes or projection, names both ellipsoids, or holds a height beyond ±110 m.
    """
    latitude, longitude = np.asarray(latitude, np.float64), np.asarray(longitude, np.float64)
    with _opened(Path(path)) as grid:
        height = _sampled(grid, latitude, longitude)
        above_topex = _is_above_topex(grid)
    if above_topex:
        equator, poles = _TOPEX_BELOW_WGS84
        sine = np.sin(np.radians(latitude))
        height -= equator * (1 - sine**2) + poles * sine**2
    return height


def _sampled(grid: _Grid, latitude: NDArray, longitude: NDArray) -> NDArray[np.float64]:
    """Return the heights of the grid at the positions, one window after the other."""
    to_grid = Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True)
    x, y = map(np.atleast_1d, to_grid.transform(longitude, latitude))
    x_axis, columns = grid.x, np.arange(grid.x.size)
    if grid.crs.is_geographic:
        x_axis, columns = _round_the_earth(x_axis)
        middle = (x_axis[0] + x_axis[-1]) / 2
        with np.errstate(invalid="ignore"):  # an infinite longitude becomes NaN
            x = x - 360 * np.round((x - middle) / 360)
    column, row = _cell(x_axis, x), _cell(grid.y, y)
    inside = np.flatnonzero((column >= 0) & (row >= 0))
    windows = pd.DataFrame({"row": row[inside] // WINDOW, "column": column[inside] // WINDOW})
    height = np.full(x.size, np.nan)
    for members in windows.groupby(["row", "column"]).indices.values():
        here = inside[members]
        rows, across = (slice(cell[here].min(), cell[here].max() + 2) for cell in (row, column))
        nodes = _read(grid, rows, columns[across])
        interpolator = RegularGridInterpolator((grid.y[rows], x_axis[across]), nodes)
        height[here] = interpolator(np.column_stack([y[here], x[here]]))
    return height


def _round_the_earth(longitude: NDArray) -> tuple[NDArray, NDArray]:
    """Return an axis of longitudes and its columns; one that ends a step short of a whole turn is closed both ways."""
    columns = np.arange(longitude.size)
    left = 360 - abs(longitude[-1] - longitude[0])
    if not 0 < left < 1.5 * abs(longitude[1] - longitude[0]):
        return longitude, columns
    turn = np.copysign(360, longitude[1] - longitude[0])
    closed = np.concatenate([[longitude[-1] - turn], longitude, [longitude[0] + turn]])
    return closed, np.concatenate([columns[-1:], columns, columns[:1]])


def _cell(axis: NDArray, values: NDArray) -> NDArray[np.intp]:
    """Return after which node of a rising or falling axis, or on which, each value lies; -1 where it lies beyond."""
    sign = np.sign(axis[1] - axis[0])
    cell = np.searchsorted(sign * axis, sign * values, side="right") - 1
    return np.where(sign * values <= sign * axis[-1], cell, -1)


def _read(grid: _Grid, rows: slice, columns: NDArray) -> NDArray[np.float64]:
    """Return the heights of the rows and columns; columns on both sides of the seam are read one side at a time."""
    sides = np.split(columns, np.flatnonzero(np.diff(columns) != 1) + 1)
    height = np.hstack([grid.read(rows, slice(side[0], side[-1] + 1)) for side in sides])
    beyond = height[np.abs(height) > HIGHEST]
    if beyond.size:
        raise _GridError(
            f"expected heights of the sea within {HIGHEST:g} m of the ellipsoid, found one of {beyond[0]:g}; "
            "give a mean sea surface in metres that declares its fill value"
        )
    return height


def _is_above_topex(grid: _Grid) -> bool:
    """Return whether the heights are above the ellipsoid of TOPEX/Poseidon.

    Attributes that are called ellipsoid go before those that speak of one, the heights' own before the file's, and all
    before the projection's ellipsoid.
    """
    texts = [[(name.lower(), str(value).lower()) for name, value in some.items()] for some in grid.attributes]
    named = [" ".join(value for name, value in some if "ellips" in name) for some in texts]
    told = [" ".join(value for _, value in some if "ellips" in value) for some in texts]
    said = next(filter(None, [*named, *told]), str(grid.crs.ellipsoid.semi_major_metre))
    topex, wgs84 = re.search(_TOPEX, said), re.search(_WGS84, said)
    if topex and wgs84:
        raise _GridError(
            "expected heights above one ellipsoid, its attributes name WGS-84 and TOPEX; "
            "write the attribute ellipsoid, WGS84 or TOPEX, beside the heights"
        )
    return bool(topex)


@contextmanager
def _opened(path: Path) -> Iterator[_Grid]:
    """Give the grid of an open file; tell what is wrong with it as a fault of the config."""
    if not path.is_file():
        raise ConfigError([f"{path}: there is no such file; name a grid of the mean sea surface, dem or geoid"])
    try:
        with path.open("rb") as file:
            engine = _NETCDF.get(file.read(4))
        with _netcdf(path, engine) if engine else _raster(path) as grid:
            for axis in (grid.x, grid.y):
                _check_axis(axis)
            yield grid
    except _GridError as fault:
        raise ConfigError([f"{path}: {fault}"]) from None
    except (OSError, RuntimeError, ValueError, LookupError) as error:
        said = " ".join(str(error.__cause__ or error).split())
        raise ConfigError(
            [f"{path}: expected NetCDF or a raster such as GeoTIFF; fetch it again or convert it ({said})"]
        ) from error


def _check_axis(axis: NDArray) -> None:
    steps = np.diff(axis)
    if steps.size == 0 or not ((steps > 0).all() or (steps < 0).all()):
        raise _GridError("expected two or more rows and columns whose axes rise or fall; write the grid on such axes")


@contextmanager
def _netcdf(path: Path, engine: str) -> Iterator[_Grid]:
    """Give the mean sea surface of a NetCDF file."""
    with xr.open_dataset(path, engine=engine, decode_times=False) as dataset:
        fields = {name: field.squeeze() for name, field in dataset.variables.items() if _is_field(field)}
        gridded = {name: axes for name, field in fields.items() if (axes := _axes(dataset, field))}
        if not fields:
            found = ", ".join(map(str, dataset.variables)) or "no variable"
            raise _GridError(f"expected a 2-D grid of heights in metres, found {found}; name another file")
        if not gridded:
            raise _GridError(
                f"expected axes of latitude and longitude, or a grid_mapping, for {', '.join(fields)}; "
                "write them into the file, or write it as a GeoTIFF with its projection"
            )
        name = _chosen({name: _words(name, fields[name].attrs) for name in gridded})
        crs, x, y = gridded[name]
        field, rows_and_columns = fields[name], (*y.dims, *x.dims)

        def read(rows: slice, columns: slice) -> NDArray[np.float64]:
            window = field[dict(zip(rows_and_columns, (rows, columns), strict=True))].load()
            return window.transpose(*rows_and_columns).to_numpy().astype(np.float64)

        yield _Grid(
            crs=crs,
            x=np.unwrap(_places(x), period=360) if crs.is_geographic else _places(x),
            y=_places(y),
            read=read,
            attributes=(field.attrs, dataset.attrs),
        )


def _is_field(variable: xr.Variable) -> bool:
    """Return whether a variable is a 2-D array of metres, but for dimensions of one."""
    is_metres = str(variable.attrs.get("units", "")).lower() in _METRES
    return sum(size > 1 for size in variable.shape) == 2 and variable.dtype.kind in "iuf" and is_metres


def _axes(dataset: xr.Dataset, field: xr.Variable) -> tuple[CRS, xr.Variable, xr.Variable] | None:
    """Return the projection and the x and y axes of a field, None where one is missing."""
    mapping = str(field.attrs.get("grid_mapping", "")).split(":")[0]
    if mapping in dataset.variables:
        crs, patterns = CRS.from_cf(dataset.variables[mapping].attrs), (_X, _Y)
    else:
        crs, patterns = CRS("EPSG:4326"), (_LONGITUDE, _LATITUDE)
    lines = {name: line for name, line in dataset.variables.items() if line.ndim == 1 and line.dims[0] in field.dims}
    own_first = sorted(lines, key=lambda name: name not in field.dims)
    x, y = (
        next((lines[name] for name in own_first if re.search(pattern, _words(name, lines[name].attrs))), None)
        for pattern in patterns
    )
    return None if x is None or y is None or x.dims == y.dims else (crs, x, y)


def _words(name: str, attributes: Mapping[str, object]) -> str:
    """Return what a variable is called, in lower case and plain words."""
    called = (name, *(str(attributes.get(key, "")) for key in ("standard_name", "long_name", "units")))
    return " ".join(called).lower().replace("_", " ")


def _places(axis: xr.Variable) -> NDArray[np.float64]:
    """Return where the nodes of an axis are, in degrees or metres."""
    is_kilometres = str(axis.attrs.get("units", "")).lower() in ("km", "kilometer", "kilometers", "kilometre")
    return axis.to_numpy().astype(np.float64) * (1000 if is_kilometres else 1)


@contextmanager
def _raster(path: Path) -> Iterator[_Grid]:
    """Give the mean sea surface of a raster that GDAL reads."""
    with rasterio.open(path) as dataset:
        transform = dataset.transform
        if dataset.crs is None or transform.is_identity or transform.b or transform.d:
            raise _GridError("expected an upright raster with its projection (CRS) and place; write it with gdalwarp")
        described = zip(dataset.indexes, dataset.descriptions, dataset.units, strict=True)
        band = _chosen(
            {number: _words(text or "", {}) for number, text, unit in described if (unit or "").lower() in _METRES}
        )
        scale, offset = dataset.scales[band - 1], dataset.offsets[band - 1]

        def read(rows: slice, columns: slice) -> NDArray[np.float64]:
            stored = dataset.read(band, window=Window.from_slices(rows, columns), masked=True)
            return stored.astype(np.float64).filled(np.nan) * scale + offset

        yield _Grid(
            crs=CRS(dataset.crs.to_wkt()),
            x=transform.c + transform.a * (np.arange(dataset.width) + 0.5),
            y=transform.f + transform.e * (np.arange(dataset.height) + 0.5),
            read=read,
            attributes=(dataset.tags(band), dataset.tags()),
        )


def _chosen(called: Mapping[str | int, str]) -> str | int:
    """Return which of the grids of a file is the mean sea surface: the only one, or the only one called so."""
    possible = [key for key, words in called.items() if not re.search(_NOT_MSS, words)]
    if len(possible) > 1:
        possible = [key for key in possible if re.search(_MSS, called[key])] or possible
    if not possible:
        found = ", ".join(map(str, called)) or "none"
        raise _GridError(f"expected a grid of the mean sea surface in metres, found {found}; name another file")
    if len(possible) > 1:
        several = ", ".join(map(str, possible))
        raise _GridError(f"expected one mean sea surface, found several: {several}; keep the one to use in the file")
    return possible[0]
