"""The freeboard of a campaign as one GeoParquet file: its metadata and points read back as others would."""

import json
import struct
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from pyproj import CRS

from leadline import geoparquet
from leadline.freeboard import track_tables
from leadline.geoparquet import write_tracks
from leadline.sea_surface import SeaSurfaceSettings
from leadline.tables import FREEBOARD, read_table, write_table
from places import ROOT
from tracks import simulated_track


@pytest.fixture(scope="module")
def freeboard() -> pd.DataFrame:
    return track_tables(simulated_track(3000)[0], SeaSurfaceSettings()).freeboard


@pytest.fixture
def batches(tmp_path, freeboard) -> list:
    """Two batches, the first of two parts, of which the second has the longitudes of another hemisphere."""
    folders = [tmp_path / name for name in ("one.parquet", "two.parquet")]
    write_table(folders[0] / "part-00000.parquet", freeboard.iloc[:1000], FREEBOARD)
    write_table(folders[0] / "part-00001.parquet", freeboard.iloc[1000:2000].assign(longitude=12.5), FREEBOARD)
    write_table(folders[1] / "part-00000.parquet", freeboard.iloc[2000:], FREEBOARD)
    return folders


def geo_of(path) -> dict:
    return json.loads(pq.read_metadata(path).metadata[b"geo"])


def test_all_rows_and_columns_are_there_in_order(batches, tmp_path):
    output = tmp_path / "tracks.parquet"
    assert write_tracks(batches, output) == 3000
    found = pq.read_table(output)
    expected = pd.concat([read_table(folder, FREEBOARD) for folder in batches], ignore_index=True)
    pd.testing.assert_frame_equal(found.drop_columns("geometry").to_pandas(), expected)
    assert found.schema.field("freeboard").metadata[b"unit"] == b"m"


def test_each_segment_is_a_point_of_longitude_and_latitude(batches, tmp_path):
    output = tmp_path / "tracks.parquet"
    write_tracks(batches, output)
    found = pq.read_table(output, columns=["longitude", "latitude", "geometry"]).to_pylist()
    for row in found[::97]:
        assert struct.unpack("<BIdd", row["geometry"]) == (1, 1, row["longitude"], row["latitude"])


def test_shapely_reads_the_points(batches, tmp_path):
    shapely = pytest.importorskip("shapely")
    output = tmp_path / "tracks.parquet"
    write_tracks(batches, output)
    found = pq.read_table(output).to_pandas()
    points = shapely.from_wkb(found["geometry"].to_numpy())
    np.testing.assert_array_equal(shapely.get_x(points), found["longitude"])
    np.testing.assert_array_equal(shapely.get_y(points), found["latitude"])


def test_the_metadata_name_the_geometry_its_plane_and_its_bounds(batches, freeboard, tmp_path):
    output = tmp_path / "tracks.parquet"
    write_tracks(batches, output)
    geo = geo_of(output)
    column = geo["columns"][geo["primary_column"]]
    assert (geo["version"], geo["primary_column"]) == ("1.1.0", "geometry")
    assert (column["encoding"], column["geometry_types"]) == ("WKB", ["Point"])
    assert CRS.from_json_dict(column["crs"]) == CRS("OGC:CRS84")
    assert column["bbox"] == [-170.0, freeboard["latitude"].min(), 12.5, freeboard["latitude"].max()]


def test_memory_is_bounded_by_a_row_group(batches, tmp_path, monkeypatch):
    monkeypatch.setattr(geoparquet, "ROWS", 300)
    output = tmp_path / "tracks.parquet"
    write_tracks(batches, output)
    groups = pq.read_metadata(output)
    assert [groups.row_group(i).num_rows for i in range(groups.num_row_groups)] == 3 * [300, 300, 300, 100]


def test_a_campaign_without_segments_is_a_table_without_rows(tmp_path):
    write_table(tmp_path / "none.parquet" / "part-00000.parquet", FREEBOARD.empty_table().to_pandas(), FREEBOARD)
    assert write_tracks([tmp_path / "none.parquet"], tmp_path / "tracks.parquet") == 0
    assert "bbox" not in geo_of(tmp_path / "tracks.parquet")["columns"]["geometry"]


def test_the_command_line_writes_the_file(batches, tmp_path):
    output = tmp_path / "tracks.parquet"
    command = [sys.executable, ROOT / "scripts" / "write_tracks.py", "--freeboard", *batches, "--output", output]
    subprocess.run(command, check=True, capture_output=True)
    assert pq.read_metadata(output).num_rows == 3000
