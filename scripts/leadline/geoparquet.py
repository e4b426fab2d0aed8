"""The freeboard of a whole campaign as one GeoParquet file, for those who want tables and maps.

GeoParquet 1.1: a Parquet file whose metadata ``geo`` tell which column holds the geometry, here a point a segment in
WKB, which all readers know, in longitude and latitude of WGS 84 (OGC:CRS84).
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyproj import CRS

from leadline.files import written_whole
from leadline.tables import FREEBOARD

GEOMETRY = pa.field("geometry", pa.binary(), metadata={"unit": "degrees", "meaning": "longitude and latitude as WKB"})
TRACKS = FREEBOARD.append(GEOMETRY)
"""The columns of the file."""
POINT = np.dtype([("little_endian", "u1"), ("kind", "<u4"), ("x", "<f8"), ("y", "<f8")])
"""A point in WKB."""
ROWS = 131_072
"""Rows of a row group, which is what memory holds."""


def write_tracks(freeboard: Sequence[Path], output: Path) -> int:
    """Write the freeboard of many batches (Parquet folders of ``tables.FREEBOARD``) as one file; return its rows.

    Rows stay in the order of the folders and of their parts; memory holds one row group of a part.
    """
    n_rows, bounds = 0, []
    with (
        written_whole(output) as aside,
        pq.ParquetWriter(aside, TRACKS, compression="zstd", use_dictionary=["granule", "beam"]) as writer,
    ):
        for table in _tables(freeboard):
            place = table["longitude"].to_numpy(), table["latitude"].to_numpy()
            writer.write_table(table.append_column(GEOMETRY, points(*place)))
            n_rows += len(table)
            bounds.append([*np.min(place, axis=1), *np.max(place, axis=1)])
        writer.add_key_value_metadata({"geo": json.dumps(_metadata(np.array(bounds)))})
    return n_rows


def points(longitude: NDArray, latitude: NDArray) -> pa.Array:
    """Return places (degrees) as points in WKB."""
    made = np.empty(len(longitude), POINT)
    made["little_endian"], made["kind"], made["x"], made["y"] = 1, 1, longitude, latitude
    offsets = np.arange(len(made) + 1, dtype=np.int32) * POINT.itemsize
    return pa.Array.from_buffers(pa.binary(), len(made), [None, pa.py_buffer(offsets), pa.py_buffer(made)])


def _tables(folders: Sequence[Path]) -> Iterator[pa.Table]:
    for folder in folders:
        for part in sorted(Path(folder).glob("*.parquet")):
            with pq.ParquetFile(part) as file:
                for batch in file.iter_batches(ROWS, columns=FREEBOARD.names):
                    yield pa.Table.from_batches([batch]).cast(FREEBOARD)


def _metadata(bounds: NDArray) -> dict:
    """Return GeoParquet's metadata; ``bounds`` are west, south, east and north of each row group."""
    column = {
        "encoding": "WKB",
        "geometry_types": ["Point"],
        "crs": CRS.from_user_input("OGC:CRS84").to_json_dict(),
    }
    if len(bounds):
        column["bbox"] = [*bounds[:, :2].min(axis=0), *bounds[:, 2:].max(axis=0)]
    return {"version": "1.1.0", "primary_column": GEOMETRY.name, "columns": {GEOMETRY.name: column}}
