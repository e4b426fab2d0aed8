"""The tables between the stages: their columns, units and meaning, and their Parquet files.

One schema a table. A unit and a meaning stand in each column's metadata, so that a file explains itself.
"""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from leadline.files import written_whole


def column(name: str, kind: pa.DataType, unit: str, meaning: str) -> pa.Field:
    """Return a column of a schema whose unit and meaning stand in its metadata."""
    return pa.field(name, kind, metadata={"unit": unit, "meaning": meaning})


_KEY = [
    column("granule", pa.string(), "1", "start time and ttttccss of the ATL03 file name"),
    column("beam", pa.string(), "1", "ground track, gt1l to gt3r"),
    column("x_atc", pa.float64(), "m", "along-track distance of the segment's centre from the equator crossing"),
]

SEGMENTS = pa.schema(
    [
        *_KEY,
        column("time", pa.float64(), "s", "mean delta_time of the photons, since 2018-01-01T00:00:00Z"),
        column("latitude", pa.float64(), "degrees_north", "mean lat_ph"),
        column("longitude", pa.float64(), "degrees_east", "mean lon_ph, right across the antimeridian"),
        column("n_photons", pa.int32(), "1", "photons kept: signal, and within trim of the mode"),
        column("n_shots", pa.float32(), "1", "laser shots that the segment spans: window / distance between shots"),
        column(
            "height_mean",
            pa.float32(),
            "m",
            "mean height: h_ph - mss - tide_ocean - tide_equilibrium - dac - first_photon_bias",
        ),
        column("height_median", pa.float32(), "m", "median of the same heights"),
        column("height_std", pa.float32(), "m", "standard deviation of the same heights"),
        column("height_min", pa.float32(), "m", "lowest of the same heights"),
        column("height_max", pa.float32(), "m", "highest of the same heights"),
        column("height_error", pa.float32(), "m", "standard error of height_mean"),
        column("trim_effect", pa.float32(), "m", "height_mean less what it would be without trim"),
        column(
            "photon_rate",
            pa.float32(),
            "1",
            "photons a shot within surface_window of height_median, of any confidence, less the background there:"
            " n / n_shots - background_rate * 2 * surface_window / (c / 2)",
        ),
        column("high_confidence_rate", pa.float32(), "1", "photons kept a shot: n_photons / n_shots"),
        column("background_rate", pa.float32(), "Hz", "bckgrd_rate of the photons' 50 shots, mean"),
        column("background_counts", pa.float32(), "1", "bckgrd_counts (a sum of 50 shots) of the same, mean"),
        column("solar_elevation", pa.float32(), "degrees", "solar_elevation, mean over the photons"),
        column("first_photon_bias", pa.float32(), "m", "CAL-19 at return_strength and return_width, subtracted"),
        column(
            "first_photon_bias_flag",
            pa.uint8(),
            "1",
            "sum of 1 edge of the table, 2 dead-time model in place of CAL-19, 4 fewer than 150 photons; 0 none",
        ),
        column("return_strength", pa.float32(), "1", "photons a shot of the 150 photons around the segment"),
        column("return_width", pa.float32(), "ns", "10 to 90 % of the same photons about their segments' means"),
        column("mss", pa.float32(), "m", "mean sea surface, tide-free: dem_h - geoid_free2mean, or geoid; subtracted"),
        column("mss_flag", pa.uint8(), "1", "0 dem_h, 1 geoid, 2 grid of the user's"),
        column("geoid_free2mean", pa.float32(), "m", "geoid_free2mean, subtracted from the mean-tide MSS"),
        column("tide_ocean", pa.float32(), "m", "tide_ocean, subtracted"),
        column("tide_equilibrium", pa.float32(), "m", "tide_equilibrium (long period), subtracted"),
        column("dac", pa.float32(), "m", "dac (dynamic atmosphere correction), subtracted"),
        column("fallback", pa.uint16(), "1", "sum of beam.Fallback: what stands in for absent datasets; 0 none"),
    ]
)

LABELS = pa.schema(
    [
        *_KEY,
        column("surface_class", pa.uint8(), "1", "0 thick_ice, 1 thin_ice, 2 open_water, 255 unknown"),
        column(
            "why",
            pa.string(),
            "1",
            "scene or manual, or why there is no label: mixed, transition, drift, off_scene, nodata, cloud, shadow,"
            " no_scene",
        ),
        column(
            "confidence",
            pa.float32(),
            "1",
            "share of pixels around that agree * probability that drift errs by less than to the boundary",
        ),
        column("scene", pa.string(), "1", "scene that labelled it or whose reason stands, empty where none coincides"),
        column("lag", pa.float32(), "min", "scene minus track"),
        column("shift_x", pa.float32(), "m", "shift of the scene along x of the campaign's projection"),
        column("shift_y", pa.float32(), "m", "shift of the scene along y of the campaign's projection"),
    ]
)

FEATURES = (
    "height_mean",
    "height_std",
    "high_confidence_rate",
    "photon_rate",
    "background_counts",
    "background_rate",
)
"""The paper's six features of a segment, in the order of the network's input."""

MEASURED = (*FEATURES, "height_median", "return_strength", "return_width")
"""What a training set holds of a segment: features of it, and what others follow from."""

TRAINING_SET = pa.schema(
    [
        *_KEY,
        *(SEGMENTS.field(name) for name in MEASURED),
        *(LABELS.field(name) for name in ("surface_class", "why", "confidence")),
        column("support", pa.float32(), "1", "probability of the label by trees of other blocks; 1 where not checked"),
        column("role", pa.string(), "1", "train or test: the granule's role in the campaign"),
    ]
)

CLASSES = pa.schema(
    [
        *_KEY,
        column("surface_class", pa.uint8(), "1", "0 thick_ice, 1 thin_ice, 2 open_water, 255 out of domain"),
        column("probability_thick_ice", pa.float32(), "1", "calibrated probability of thick ice"),
        column("probability_thin_ice", pa.float32(), "1", "calibrated probability of thin ice"),
        column("probability_open_water", pa.float32(), "1", "calibrated probability of open water"),
        column("out_of_domain", pa.bool_(), "1", "segment or its surroundings are unlike all that trained"),
    ]
)

SEA_SURFACE_METHODS = ("minimum", "average", "nearest_minimum", "nasa", "robust")
"""The paper's four estimates of the local sea surface, and one made for segments of 2 m."""

LEADS = pa.schema(
    [
        *_KEY[:2],
        column("x_start", pa.float64(), "m", "along-track distance where the lead begins"),
        column("x_end", pa.float64(), "m", "along-track distance where the lead ends"),
        column("n_segments", pa.int32(), "1", "open-water segments of the lead"),
        column("height_min", pa.float32(), "m", "lowest segment height"),
        column("x_min", pa.float64(), "m", "along-track distance of the lowest segment"),
        column("height_mean", pa.float32(), "m", "mean of the segment heights"),
        column("height_nasa", pa.float32(), "m", "lead height by the ATL10 weights"),
        column("height_nasa_error", pa.float32(), "m", "error of height_nasa"),
        column("height_robust", pa.float32(), "m", "median of the lead's footprints"),
        column("height_robust_error", pa.float32(), "m", "error of height_robust"),
        column("height_ice", pa.float32(), "m", "low height of the ice around, NaN where there is too little ice"),
        column("lead_flag", pa.uint8(), "1", "0 used, 1 above the low ice around, 2 outside lb_refsurf..ub_refsurf"),
    ]
)

SECTIONS = pa.schema(
    [
        *_KEY[:2],
        column("x_atc", pa.float64(), "m", "along-track distance of the section's centre"),
        column("n_leads", pa.int32(), "1", "used leads whose centre lies in the section"),
        *(
            column(f"sea_surface_{method}", pa.float32(), "m", f"sea surface by the method {method}, filled")
            for method in SEA_SURFACE_METHODS
        ),
        column("sea_surface_error", pa.float32(), "m", "error of the chosen method's sea surface, from the leads"),
        column("correlated_error", pa.float32(), "m", "what the sea surface may change by from where it was seen"),
        column(
            "sea_surface_flag",
            pa.uint8(),
            "1",
            "0 leads, 1 interpolated, 2 one-point fill, 3 end-point fill, 4 leads of other beams, 255 none",
        ),
    ]
)

FREEBOARD = pa.schema(
    [
        *_KEY,
        *(SEGMENTS.field(name) for name in ("time", "latitude", "longitude", "height_mean", "height_error")),
        *list(CLASSES)[3:],
        *(SECTIONS.field(f"sea_surface_{method}") for method in SEA_SURFACE_METHODS),
        column("sea_surface", pa.float32(), "m", "sea surface by the chosen method"),
        *(SECTIONS.field(name) for name in ("sea_surface_error", "correlated_error", "sea_surface_flag")),
        column("freeboard_raw", pa.float32(), "m", "total freeboard, negatives and all"),
        column("freeboard", pa.float32(), "m", "total freeboard, negatives and open water set to 0"),
        column(
            "freeboard_error",
            pa.float32(),
            "m",
            "standard error of freeboard_raw: height_error, sea_surface_error and correlated_error together",
        ),
    ]
)

TRUTH = pa.schema(
    [
        *_KEY,
        LABELS.field("surface_class"),
        column("freeboard", pa.float32(), "m", "simulated total freeboard"),
        column("sea_surface", pa.float32(), "m", "simulated sea surface above MSS, tides and DAC removed"),
    ]
)

ROWS_OF_GROUP = 65_536
"""Rows of a row group, the least that is read of a Parquet file at once."""


def write_table(path: Path, table: pd.DataFrame, schema: pa.Schema) -> None:
    """Write a table as one Parquet file; see ``as_arrow``."""
    write_tables(path, schema, [as_arrow(table, schema)])


def as_arrow(table: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    """Return a table in the types of its schema; every column of the schema must be there, and no other."""
    if list(table.columns) != schema.names:
        raise ValueError(f"columns {list(table.columns)} are not those of the table {schema.names}")
    return pa.Table.from_pandas(table, schema=schema, preserve_index=False)


def write_tables(path: Path, schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
    """Write tables one after the other as one Parquet file, so that not all need be in memory."""
    # Dictionaries of numbers that hardly repeat cost more than they save.
    words = [field.name for field in schema if pa.types.is_string(field.type)]
    with (
        written_whole(path) as aside,
        pq.ParquetWriter(aside, schema, compression="zstd", use_dictionary=words) as writer,
    ):
        for table in tables:
            writer.write_table(table, ROWS_OF_GROUP)


def read_table(path: Path, schema: pa.Schema, columns: list[str] | None = None) -> pd.DataFrame:
    """Read some or all columns of a Parquet file, or of a folder of them that Spark wrote, in the schema's types."""
    return _read(path, schema, columns, None)


def read_track(path: Path, schema: pa.Schema, granule: str, beam: str) -> pd.DataFrame:
    """Read the rows of one track, in the schema's types and in the order of its first distance along the track."""
    table = _read(path, schema, None, [("granule", "==", granule), ("beam", "==", beam)])
    along = next(name for name in schema.names if name.startswith("x_"))
    return table.sort_values(along, ignore_index=True)


def _read(path: Path, schema: pa.Schema, columns: list[str] | None, filters: list | None) -> pd.DataFrame:
    names = columns or schema.names
    wanted = pa.schema([schema.field(name) for name in names])
    return pq.read_table(path, columns=names, filters=filters).cast(wanted).to_pandas()


def empty_table(schema: pa.Schema) -> pd.DataFrame:
    """Return a table of no rows with the schema's columns and types."""
    return schema.empty_table().to_pandas()
