"""The product: one CF-1.8 and ACDD-1.3 NetCDF-4 file a track, a trajectory with its leads and sections as groups.

Units and long names come from the columns' metadata in ``tables``; what CF wants beside them stands here. The same
tables and provenance give the same bytes: no wall-clock time is written.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import xarray as xr
from numpy.typing import NDArray

from leadline.accounts import State
from leadline.files import written_whole
from leadline.names import SurfaceClass, class_name
from leadline.tables import FREEBOARD, LEADS, SECTIONS

CHUNK = 65_536
"""Segments in a chunk."""

EPOCH = np.datetime64("2018-01-01T00:00:00", "ms")
MEASURED_DATA = "Contains NASA ICESat-2 ATL03 data (NSIDC) and modified Copernicus Sentinel data"
SIMULATED_DATA = "No satellite measured these data: photons and scenes are simulated"
COORDINATES = ("time", "latitude", "longitude", "x_atc")
PER_TRACK = ("granule", "beam")
"""Columns that are the same in every row; they stand in the global attributes."""

_SURFACE_FLAG = {
    "flag_values": np.array([0, 1, 2, 255], np.int16),
    "flag_meanings": "leads interpolated extrapolated none",
    "coverage_content_type": "qualityInformation",
    "comment": "How the sea surface of the nearest section was found; compare beam_refsurf_interp_flag of ATL10",
}
_SEA_SURFACE = {
    "standard_name": "sea_surface_height_above_mean_sea_level",
    "coverage_content_type": "physicalMeasurement",
}
_SEA_SURFACE_ERROR = {
    "standard_name": "sea_surface_height_above_mean_sea_level standard_error",
    "coverage_content_type": "qualityInformation",
    "comment": "compare beam_refsurf_sigma of ATL10",
}
_FREEBOARD = {
    "standard_name": "sea_ice_freeboard",
    "cell_methods": "segment: mean",
    "coverage_content_type": "physicalMeasurement",
    "ancillary_variables": "freeboard_error sea_surface_flag surface_class",
}
_TOTAL = "Total freeboard, of snow and ice together: the laser sees the snow, and CF has no standard name for it"
_PROBABILITY = {"coverage_content_type": "thematicClassification"}

_ATTRIBUTES = {
    "time": {
        "standard_name": "time",
        "units": "seconds since 2018-01-01T00:00:00Z",
        "calendar": "standard",
        "axis": "T",
        "coverage_content_type": "coordinate",
    },
    "latitude": {"standard_name": "latitude", "axis": "Y", "coverage_content_type": "coordinate"},
    "longitude": {"standard_name": "longitude", "axis": "X", "coverage_content_type": "coordinate"},
    "x_atc": {"coverage_content_type": "coordinate"},
    "height_mean": {
        "cell_methods": "segment: mean",
        "coverage_content_type": "physicalMeasurement",
        "ancillary_variables": "height_error",
    },
    "height_error": {"coverage_content_type": "qualityInformation"},
    "surface_class": {
        "standard_name": "sea_ice_classification",
        "flag_values": np.array([*SurfaceClass], np.int16),
        "flag_meanings": " ".join(class_name(each) for each in SurfaceClass),
        "coverage_content_type": "thematicClassification",
        "ancillary_variables": "probability_thick_ice probability_thin_ice probability_open_water out_of_domain",
    },
    "probability_thick_ice": _PROBABILITY,
    "probability_thin_ice": _PROBABILITY,
    "probability_open_water": _PROBABILITY,
    "out_of_domain": {
        "flag_values": np.array([0, 1], np.int8),
        "flag_meanings": "inside_training_domain outside_training_domain",
        "coverage_content_type": "qualityInformation",
    },
    "sea_surface": {
        **_SEA_SURFACE,
        "ancillary_variables": "sea_surface_error sea_surface_flag",
        "comment": "by the method in the global attribute sea_surface_method; compare beam_refsurf_height of ATL10",
    },
    "sea_surface_minimum": _SEA_SURFACE,
    "sea_surface_average": _SEA_SURFACE,
    "sea_surface_nearest_minimum": _SEA_SURFACE,
    "sea_surface_nasa": _SEA_SURFACE,
    "sea_surface_error": _SEA_SURFACE_ERROR,
    "sea_surface_flag": _SURFACE_FLAG,
    "freeboard_raw": {**_FREEBOARD, "comment": f"{_TOTAL}. Open water keeps its residual."},
    "freeboard": {**_FREEBOARD, "comment": f"{_TOTAL}. Compare beam_fb_height of ATL10."},
    "freeboard_error": {
        "standard_name": "sea_ice_freeboard standard_error",
        "coverage_content_type": "qualityInformation",
        "comment": "compare beam_fb_unc of ATL10",
    },
    "n_segments": {"comment": "compare ssh_n of ATL10"},
    "height_nasa": {"comment": "compare lead_height of ATL10", "ancillary_variables": "height_nasa_error"},
    "height_nasa_error": {"comment": "compare lead_sigma of ATL10"},
    "n_leads": {"comment": "compare beam_lead_n of ATL10"},
}


def write_product(
    path: Path,
    freeboard: pd.DataFrame,
    leads: pd.DataFrame,
    sections: pd.DataFrame,
    provenance: Mapping[str, str],
    state: State,
    reason: str,
) -> None:
    """Write the product of one track.

    The tables are those of ``tables.FREEBOARD``, ``LEADS`` and ``SECTIONS``, of this track only and in the order of
    ``x_atc``; all may be empty. ``provenance`` becomes global attributes and holds at least granule, beam, source (as
    in ``simulated``), segment_length (as in ``2 m``) and sea_surface_method; ``state`` and ``reason`` say how the track
    ended.
    """
    product = _dataset(freeboard, FREEBOARD, "segment").set_coords(COORDINATES)
    track = f"{provenance['granule']}_{provenance['beam']}"
    product["trajectory"] = ((), track, {"cf_role": "trajectory_id", "long_name": "granule and beam"})
    product.attrs = _global_attributes(track, freeboard, provenance, state, reason)
    groups = {"leads": _dataset(leads, LEADS, "lead"), "sections": _dataset(sections, SECTIONS, "section")}
    with written_whole(path) as aside:
        product.to_netcdf(aside, engine="netcdf4", encoding=_encoding(product))
        for name, group in groups.items():
            group.to_netcdf(aside, mode="a", group=name, engine="netcdf4", encoding=_encoding(group))


def _dataset(table: pd.DataFrame, schema: pa.Schema, dimension: str) -> xr.Dataset:
    """Return a table as a dataset with its columns' units, meanings and CF attributes."""
    fields = [field for field in schema if field.name not in PER_TRACK]
    return xr.Dataset({field.name: (dimension, _values(table, field), _attributes(field)) for field in fields})


def _values(table: pd.DataFrame, field: pa.Field) -> NDArray:
    # CF-1.8 knows neither unsigned nor boolean variables, and 255 is too much for a byte.
    kind = {pa.uint8(): np.int16, pa.bool_(): np.int8}.get(field.type, field.type.to_pandas_dtype())
    return table[field.name].to_numpy(kind)


def _attributes(field: pa.Field) -> dict:
    unit, meaning = (field.metadata[key].decode() for key in (b"unit", b"meaning"))
    return {"long_name": meaning, "units": unit, **_ATTRIBUTES.get(field.name, {})}


def _encoding(dataset: xr.Dataset) -> dict[str, dict]:
    """Return how the variables are stored: compressed, in chunks, NaN for what is missing but in no coordinate."""
    compression = {"zlib": True, "complevel": 5, "shuffle": True}
    encoding = {}
    for name, variable in dataset.variables.items():
        fill = np.nan if variable.dtype.kind == "f" and name not in dataset.coords else None
        encoding[name] = {"_FillValue": fill}
        if variable.size and variable.ndim:
            encoding[name] |= {**compression, "chunksizes": (min(CHUNK, variable.size),)}
    return encoding


def _global_attributes(
    track: str, freeboard: pd.DataFrame, provenance: Mapping[str, str], state: State, reason: str
) -> dict[str, str | float]:
    simulated = provenance["source"] == "simulated"
    return {
        "Conventions": "CF-1.8, ACDD-1.3",
        "featureType": "trajectory",
        "title": f"{'Simulated sea' if simulated else 'Sea'} ice class and total freeboard of ICESat-2 track {track}",
        "summary": (
            "Surface class (thick ice, thin ice, open water), local sea surface and total freeboard of"
            f" {provenance['segment_length']} segments of ICESat-2 ATL03 photons; classes by a network trained on"
            " coincident Sentinel-2 scenes. The groups leads and sections hold what the sea surface was estimated from."
        ),
        "keywords": "sea ice, freeboard, sea ice classification, sea surface height, lead, ICESat-2, Sentinel-2",
        "id": track,
        "cdm_data_type": "Trajectory",
        "standard_name_vocabulary": "CF Standard Name Table v93",
        "history": "made by leadline from the granule, scenes, model, config and code that the attributes name",
        "references": "Iqrah et al., IPDPSW 2025; ATL07/ATL10 release 006",
        "acknowledgement": SIMULATED_DATA if simulated else MEASURED_DATA,
        **_coverage(freeboard),
        "leadline_state": str(state),
        "leadline_state_reason": reason,
        **provenance,
    }


def _coverage(freeboard: pd.DataFrame) -> dict[str, str | float]:
    """Return the bounds in space and time of a track; of an empty one there are none."""
    if freeboard.empty:
        return {}
    latitude, longitude = freeboard["latitude"], freeboard["longitude"]
    if longitude.max() - longitude.min() > 180:
        # ACDD: west is greater than east where the track crosses the antimeridian.
        longitude = longitude % 360
    west, east = ((value + 180) % 360 - 180 for value in (longitude.min(), longitude.max()))
    start, end = (EPOCH + np.timedelta64(round(1000 * t), "ms") for t in freeboard["time"].agg(["min", "max"]))
    seconds = float(freeboard["time"].max() - freeboard["time"].min())
    return {
        "geospatial_lat_min": latitude.min(),
        "geospatial_lat_max": latitude.max(),
        "geospatial_lat_units": "degrees_north",
        "geospatial_lon_min": west,
        "geospatial_lon_max": east,
        "geospatial_lon_units": "degrees_east",
        "time_coverage_start": f"{start}Z",
        "time_coverage_end": f"{end}Z",
        "time_coverage_duration": f"PT{seconds:.3f}S",
    }
