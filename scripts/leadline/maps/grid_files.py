"""Grids of freeboard as files: CF-1.8 NetCDF for those who compute, cloud-optimised GeoTIFF for those who look.

Both hold the same variables on all cells of the grid; what no segment tells is missing (NaN), and a count of nothing is
0. The same statistics and provenance give the same bytes: no wall-clock time is written.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import rasterio
import rioxarray  # noqa: F401  (gives datasets their projection, as .rio)
import xarray as xr
from numpy.typing import NDArray

from leadline.citations import MEASURED_DATA, SIMULATED_DATA
from leadline.files import written_whole
from leadline.maps.grids import CELL, GRIDS, Grid, places_of
from leadline.maps.periods import bounds_of
from leadline.projections import grid_mapping

EPOCH = "2018-01-01 00:00:00"
"""Days are counted from here on, as seconds are in the tracks."""
DECIMALS_OF_PLACES = 4
"""Decimals of a degree that are kept of the cells' places: 11 m."""

_FREEBOARD = {"standard_name": "sea_ice_freeboard", "units": "m", "coverage_content_type": "physicalMeasurement"}
_ERROR = {
    "standard_name": "sea_ice_freeboard standard_error",
    "units": "m",
    "coverage_content_type": "qualityInformation",
}
_FRACTION = {
    "units": "1",
    "coverage_content_type": "thematicClassification",
    "cell_methods": "area: time: mean",
    "ancillary_variables": "n_segments n_unknown",
}
_COUNT = {
    "units": "1",
    "cell_methods": "area: time: sum",
    "coverage_content_type": "qualityInformation",
}
_OF = "total freeboard (of snow and ice)"

VARIABLES: Mapping[str, Mapping[str, Any]] = {
    "freeboard": {
        "long_name": f"mean {_OF} of sea ice, thick and thin",
        "cell_methods": "area: time: mean where sea_ice",
        "ancillary_variables": "freeboard_error n_freeboard n_tracks",
        "comment": "of freeboard_raw: without the negatives that noise makes of thin ice, the mean would be too high",
        **_FREEBOARD,
    },
    "freeboard_median": {
        "long_name": f"median {_OF} of the same segments",
        "cell_methods": "area: time: median where sea_ice",
        "comment": "of freeboards in steps of 1 mm",
        **_FREEBOARD,
    },
    "freeboard_std": {
        "long_name": f"standard deviation of the {_OF} of the same segments",
        "cell_methods": "area: time: standard_deviation where sea_ice",
        "comment": "of segments, their noise included",
        **_FREEBOARD,
    },
    "freeboard_error": {
        "long_name": "standard error of the mean freeboard",
        "comment": "freeboard_random_error and freeboard_sea_surface_error together: how well the segments are"
        " measured, not how well they stand for all of the cell and the period",
        **_ERROR,
    },
    "freeboard_random_error": {
        "long_name": "standard error of the mean freeboard from the segments' heights",
        "comment": "segments within one footprint of the laser counted as one",
        **_ERROR,
    },
    "freeboard_sea_surface_error": {
        "long_name": "standard error of the mean freeboard from the sea surface",
        "comment": "the same all along a track in a cell: it shrinks with the number of tracks and granules, not of"
        " segments",
        **_ERROR,
    },
    "freeboard_with_water": {
        "long_name": f"mean {_OF} of sea ice and open water",
        "cell_methods": "area: time: mean where sea",
        "comment": "negatives and open water as 0, as in ATL10; compare mean_fb of ATL20",
        **_FREEBOARD,
    },
    "lead_fraction": {"long_name": "open water along the tracks, of all that has a class", **_FRACTION},
    "thick_ice_fraction": {"long_name": "thick ice along the tracks, of all that has a class", **_FRACTION},
    "thin_ice_fraction": {"long_name": "thin ice along the tracks, of all that has a class", **_FRACTION},
    "n_segments": {"long_name": "segments", **_COUNT},
    "n_freeboard": {"long_name": "segments of ice with a freeboard, those of its mean", **_COUNT},
    "n_without_freeboard": {
        "long_name": "segments of ice without a sea surface, so without a freeboard",
        **_COUNT,
    },
    "n_unknown": {"long_name": "segments without a class, out of the network's domain", **_COUNT},
    "n_tracks": {"long_name": "tracks (beams of granules) with a freeboard in the mean", **_COUNT},
}
"""The variables of a grid, with their attributes."""


def grid_dataset(
    cells: pd.DataFrame, grid: Grid, period: str, granules: list[str], n_outside: int, provenance: Mapping[str, str]
) -> xr.Dataset:
    """Return the statistics of cells (``gridding.statistics``) of a period as maps of the whole grid.

    ``granules`` are those that were summed, ``n_outside`` the number of their segments that lie on no cell.
    ``provenance`` becomes global attributes and holds at least source (as in ``simulated``).
    """
    maps = {name: (("time", "y", "x"), _map(cells[name], grid), attributes) for name, attributes in VARIABLES.items()}
    dataset = xr.Dataset(maps | _bounds(grid, period), _coordinates(grid, period))
    dataset = dataset.rio.write_crs(grid.projection, grid_mapping_name="crs")
    dataset["crs"].attrs |= grid_mapping(grid.projection)
    dataset.attrs = _global_attributes(grid, period, granules, n_outside, provenance)
    return dataset


def write_netcdf(path: Path, dataset: xr.Dataset) -> None:
    """Write maps as CF NetCDF."""
    encoding = {name: {**variable.encoding, "_FillValue": None} for name, variable in dataset.variables.items()}
    encoding["crs"]["dtype"] = "int32"
    for name in (*VARIABLES, "latitude", "longitude"):
        encoding[name] |= {"zlib": True, "complevel": 5, "shuffle": True, "chunksizes": dataset[name].shape}
    for name in VARIABLES:
        encoding[name]["_FillValue"] = np.nan if dataset[name].dtype.kind == "f" else None
    for name in ("latitude", "longitude"):
        encoding[name]["least_significant_digit"] = DECIMALS_OF_PLACES
    for name in ("time", "time_bnds"):
        encoding[name] |= {"units": f"days since {EPOCH}", "calendar": "standard", "dtype": "float64"}
    with written_whole(path) as aside:
        dataset.to_netcdf(aside, engine="netcdf4", encoding=encoding)


def write_geotiff(path: Path, dataset: xr.Dataset) -> None:
    """Write maps as one cloud-optimised GeoTIFF, a float32 band each variable; NaN is nodata.

    Counts are exact up to 16,777,216.
    """
    grid = GRIDS[dataset.attrs["grid"]]
    rows, columns = grid.shape
    with (
        written_whole(path) as aside,
        rasterio.open(
            aside,
            "w",
            driver="COG",
            width=columns,
            height=rows,
            count=len(VARIABLES),
            dtype="float32",
            nodata=np.nan,
            crs=grid.projection,
            transform=grid.transform,
            compress="deflate",
            predictor="yes",
            overview_resampling="nearest",
        ) as raster,
    ):
        raster.descriptions = tuple(VARIABLES)
        raster.units = tuple(attributes["units"] for attributes in VARIABLES.values())
        raster.update_tags(**dataset.attrs)
        for number, (name, attributes) in enumerate(VARIABLES.items(), start=1):
            raster.write(dataset[name][0].to_numpy().astype(np.float32), number)
            raster.update_tags(number, long_name=attributes["long_name"])


def _map(values: pd.Series, grid: Grid) -> NDArray:
    """Return values of cells as a map of all cells, shape (1, rows, columns)."""
    counts = values.dtype.kind != "f"
    whole = np.zeros(grid.shape, np.int32) if counts else np.full(grid.shape, np.nan, np.float32)
    whole.flat[values.index.to_numpy()] = values
    return whole[None]


def _coordinates(grid: Grid, period: str) -> dict[str, tuple]:
    """Return the middle of the period, and the cells' places in the plane and on Earth."""
    begin, end = bounds_of(period)
    latitude, longitude = (degrees.astype(np.float32) for degrees in places_of(grid))
    time = {"standard_name": "time", "long_name": "middle of the period", "axis": "T", "bounds": "time_bnds"}
    return {
        "time": ("time", [np.datetime64(begin + (end - begin) / 2, "ns")], time),
        "x": ("x", grid.x, _centres("x")),
        "y": ("y", grid.y, _centres("y")),
        "latitude": (("y", "x"), latitude, {"standard_name": "latitude", "units": "degrees_north"}),
        "longitude": (("y", "x"), longitude, {"standard_name": "longitude", "units": "degrees_east"}),
    }


def _centres(axis: str) -> dict[str, str]:
    return {
        "standard_name": f"projection_{axis}_coordinate",
        "long_name": f"{axis} of the cells' centres in the plane of crs",
        "units": "m",
        "axis": axis.upper(),
        "bounds": f"{axis}_bnds",
    }


def _bounds(grid: Grid, period: str) -> dict[str, tuple]:
    """Return from when to when, and from where to where in the plane, cells reach."""
    half = CELL / 2
    return {
        "time_bnds": (("time", "nv"), np.array([bounds_of(period)], "datetime64[ns]")),
        "x_bnds": (("x", "nv"), np.c_[grid.x - half, grid.x + half]),
        "y_bnds": (("y", "nv"), np.c_[grid.y + half, grid.y - half]),
    }


def _global_attributes(
    grid: Grid, period: str, granules: list[str], n_outside: int, provenance: Mapping[str, str]
) -> dict[str, str | int]:
    simulated = provenance["source"] == "simulated"
    begin, end = bounds_of(period)
    return {
        "Conventions": "CF-1.8, ACDD-1.3",
        "title": f"{'Simulated total' if simulated else 'Total'} freeboard of sea ice, {period}, on {grid.title}",
        "summary": (
            "Total freeboard of sea ice (snow and ice) from ICESat-2 ATL03 photons, and what lies along the tracks"
            " (thick ice, thin ice, open water), by cells of 25 km. A granule is of the period that it begins in."
        ),
        "keywords": "sea ice, freeboard, lead fraction, grid, ICESat-2",
        "id": f"{grid.name}_{period}",
        "cdm_data_type": "Grid",
        "standard_name_vocabulary": "CF Standard Name Table v93",
        "history": "made by leadline from the granules, config and code that the attributes name",
        "acknowledgement": SIMULATED_DATA if simulated else MEASURED_DATA,
        "time_coverage_start": f"{begin.isoformat()}Z",
        "time_coverage_end": f"{end.isoformat()}Z",
        "grid": grid.name,
        "period": period,
        "granules": " ".join(granules),
        "n_segments_outside": np.int32(n_outside),
        **provenance,
    }
