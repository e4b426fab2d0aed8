"""The product: one NetCDF-4 file a track, a CF-1.8 trajectory with its leads and sections as groups.

Units and long names come from the columns' metadata in ``tables``; what CF wants beside them stands in
``cf_attributes``. The groups ``leads`` and ``reference_surface_section`` and their variables bear the names of ATL10
where it has one, and ours where it has none. Numbers are rounded to more decimals than were measured (``DECIMALS``),
and a variable's attribute least_significant_digit tells how many: unrounded, two of three bytes would be noise of the
computer. The same tables and provenance give the same bytes: no wall-clock time is written.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pyarrow as pa
import xarray as xr
from numpy.typing import NDArray

from leadline.accounts import State
from leadline.cf_attributes import OF_LEADS, OF_SECTIONS, OF_SEGMENTS, Attributes
from leadline.citations import MEASURED_DATA, SIMULATED_DATA
from leadline.files import written_whole
from leadline.projections import grid_mapping, to_projection
from leadline.references import NO_REFERENCE
from leadline.tables import FREEBOARD, LEADS, SECTIONS

CHUNK = 65_536
"""Segments in a chunk."""
DECIMALS = {"m": 4, "1": 3, "degrees_north": 7, "degrees_east": 7, "seconds since 2018-01-01T00:00:00Z": 6}
"""Decimals that are kept, by unit: 0.1 mm of height, 1 cm of place, 1 us (7 mm of flight)."""
DECIMALS_IN_PLANE = 2
"""Decimals of m that are kept of places in the plane."""

EPOCH = np.datetime64("2018-01-01T00:00:00", "ms")
PLACE = ("time", "latitude", "longitude")
PER_TRACK = ("granule", "beam")
"""Columns that are the same in every row; they stand in the global attributes."""
ATL10_LEADS = {"n_segments": "ssh_n", "height_nasa": "lead_height", "height_nasa_error": "lead_sigma"}
"""What ATL10 calls columns of ``tables.LEADS``."""
ATL10_SECTIONS = {
    "n_leads": "beam_lead_n",
    "sea_surface_error": "beam_refsurf_sigma",
    "sea_surface_flag": "beam_refsurf_interp_flag",
}
"""What ATL10 calls columns of ``tables.SECTIONS``."""


def write_product(
    path: Path,
    freeboard: pd.DataFrame,
    leads: pd.DataFrame,
    sections: pd.DataFrame,
    projection: str,
    provenance: Mapping[str, str],
    state: State,
    reason: str,
) -> None:
    """Write the product of one track.

    The tables are those of ``tables.FREEBOARD``, ``LEADS`` and ``SECTIONS``, of this track only and in the order of
    ``x_atc``; all may be empty. ``projection`` is the plane of x and y, as in EPSG:3976. ``provenance`` becomes global
    attributes and holds at least granule, beam, source (as in ``simulated``), segment_length (as in ``2 m``) and
    sea_surface_method; ``state`` and ``reason`` say how the track ended.
    """
    product = _segments(freeboard, projection)
    track = f"{provenance['granule']}_{provenance['beam']}"
    product["trajectory"] = ((), track, {"cf_role": "trajectory_id", "long_name": "granule and beam"})
    product.attrs = _global_attributes(track, freeboard, provenance, state, reason)
    groups = {
        "leads": _leads(leads, freeboard),
        "reference_surface_section": _sections(sections, provenance["sea_surface_method"]),
    }
    with written_whole(path) as aside:
        product.to_netcdf(aside, engine="netcdf4", encoding=_encoding(product))
        for name, group in groups.items():
            group.to_netcdf(aside, mode="a", group=name, engine="netcdf4", encoding=_encoding(group))


def _segments(freeboard: pd.DataFrame, projection: str) -> xr.Dataset:
    """Return the segments with their places in the plane, and the plane as the grid mapping ``crs``."""
    segments = _dataset(freeboard, FREEBOARD, "segment", OF_SEGMENTS)
    for variable in segments.values():
        variable.attrs["grid_mapping"] = "crs"
    x, y = to_projection(freeboard["latitude"].to_numpy(), freeboard["longitude"].to_numpy(), projection)
    segments = segments.assign({name: ("segment", way, OF_SEGMENTS[name]) for name, way in (("x", x), ("y", y))})
    segments["crs"] = ((), np.int32(0), grid_mapping(projection))
    return segments.set_coords([*PLACE, "x_atc", "x", "y"])


def _leads(leads: pd.DataFrame, freeboard: pd.DataFrame) -> xr.Dataset:
    """Return the leads as a group, with the time and place of the segment at the middle of each."""
    middle = ((leads["x_start"] + leads["x_end"]) / 2).to_numpy(float)
    at = freeboard.iloc[np.searchsorted(freeboard["x_atc"], middle).clip(max=len(freeboard) - 1)]
    group = _dataset(leads, LEADS, "lead", OF_LEADS, ATL10_LEADS)
    group["lead_dist_x"] = "lead", middle, OF_LEADS["lead_dist_x"]
    length = (leads["x_end"] - leads["x_start"]).to_numpy(np.float32)
    group["lead_length"] = "lead", length, OF_LEADS["lead_length"]
    place = pa.schema([FREEBOARD.field(name) for name in PLACE])
    return group.merge(_dataset(at, place, "lead", OF_LEADS)).set_coords([*PLACE, "lead_dist_x"])


def _sections(sections: pd.DataFrame, method: str) -> xr.Dataset:
    """Return the sections as a group, with the sea surface by the chosen method under ATL10's name."""
    found = sections["sea_surface_flag"].astype(np.int16).replace(NO_REFERENCE, -1)
    sections = sections.assign(sea_surface_flag=found)
    group = _dataset(sections, SECTIONS, "section", OF_SECTIONS, ATL10_SECTIONS)
    chosen = group[f"sea_surface_{method}"].to_numpy()
    group["beam_refsurf_height"] = "section", chosen, OF_SECTIONS["beam_refsurf_height"]
    return group.set_coords("x_atc")


def _dataset(
    table: pd.DataFrame,
    schema: pa.Schema,
    dimension: str,
    attributes: Attributes,
    names: Mapping[str, str] = MappingProxyType({}),
) -> xr.Dataset:
    """Return a table as a dataset with its columns' units, meanings and CF attributes, some under other names."""
    variables = {}
    for field in schema:
        if field.name not in PER_TRACK:
            name = names.get(field.name, field.name)
            unit, meaning = (field.metadata[key].decode() for key in (b"unit", b"meaning"))
            described = {"long_name": meaning, "units": unit, **attributes.get(name, {})}
            variables[name] = dimension, _values(table, field), described
    return xr.Dataset(variables)


def _values(table: pd.DataFrame, field: pa.Field) -> NDArray:
    # CF-1.8 knows neither unsigned nor boolean variables, and 255 is too much for a byte.
    kind = {pa.uint8(): np.int16, pa.bool_(): np.int8}.get(field.type, field.type.to_pandas_dtype())
    return table[field.name].to_numpy(kind)


def _encoding(dataset: xr.Dataset) -> dict[str, dict]:
    """Return how the variables are stored: rounded, compressed, NaN for what is missing but in no coordinate."""
    compression = {"zlib": True, "complevel": 5, "shuffle": True}
    encoding = {}
    for name, variable in dataset.variables.items():
        real = variable.dtype.kind == "f"
        encoding[name] = {"_FillValue": np.nan if real and name not in dataset.coords else None}
        if variable.size and variable.ndim:
            encoding[name] |= {**compression, "chunksizes": (min(CHUNK, variable.size),)}
        if real:
            decimals = DECIMALS_IN_PLANE if name in ("x", "y") else DECIMALS[variable.attrs["units"]]
            encoding[name]["least_significant_digit"] = decimals
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
            " coincident Sentinel-2 scenes. The groups leads and reference_surface_section hold what the sea surface"
            " was estimated from."
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
