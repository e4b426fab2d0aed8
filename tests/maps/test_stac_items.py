"""The catalogue of products: valid, movable, and safe across the antimeridian.

The schemas of STAC itself come with pystac, so they are checked without a network. That of the projection extension
does not: its fields are checked by what they mean.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pystac
import pytest
import rasterio
import xarray as xr
from affine import Affine
from pystac.extensions.projection import ProjectionExtension
from pystac.validation import JsonSchemaSTACValidator
from shapely.geometry import Point, box, shape

from leadline.accounts import Account, State, write_account
from leadline.freeboard import track_tables
from leadline.geoparquet import write_tracks
from leadline.maps.cell_files import read_cells, write_cells
from leadline.maps.grid_files import grid_dataset, write_geotiff, write_netcdf
from leadline.maps.gridding import statistics
from leadline.maps.grids import GRIDS, corners_of
from leadline.maps.stac_items import grid_item, track_item, write_catalog
from leadline.netcdf import write_product
from leadline.sea_surface import SeaSurfaceSettings
from leadline.tables import FREEBOARD, write_table
from places import ROOT
from tracks import GRANULE, simulated_track

BEAMS = {"gt1r": -168.0, "gt2r": 179.5}
"""The longitude that each track begins at; the second crosses the antimeridian to the east."""
PROVENANCE = {"source": "simulated", "segment_length": "2 m", "sea_surface_method": "nasa"}
GRID = GRIDS["PS_S25km"]


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """A folder of results: two tracks, their table, and a grid."""
    folder = tmp_path_factory.mktemp("campaign") / "results"
    segments = simulated_track(3000)[0]
    found = []
    for beam, start in BEAMS.items():
        longitude = start + np.linspace(0, 1, len(segments))
        track = segments.assign(beam=beam, longitude=(longitude + 180) % 360 - 180)
        tables = track_tables(track, SeaSurfaceSettings())
        provenance = {**PROVENANCE, "granule": GRANULE, "beam": beam}
        path = folder / "freeboard" / f"{GRANULE}_{beam}.nc"
        write_product(path, tables.freeboard, tables.leads, tables.sections, "EPSG:3976", provenance, State.OK, "")
        found.append(tables.freeboard)
    batch = folder / "freeboard" / "batch.parquet"
    write_table(batch / "part-00000.parquet", pd.concat(found, ignore_index=True), FREEBOARD)
    write_tracks([batch], folder / "freeboard" / "tracks.parquet")
    cells = folder / "maps" / "cells" / "sums.parquet", folder / "maps" / "cells" / "distribution.parquet"
    write_cells(batch, GRID, *cells)
    summed = read_cells([cells[0]], [cells[1]], "2019-11")
    of_cells = statistics(summed.sums, summed.distribution, 2.0)
    dataset = grid_dataset(of_cells, GRID, "2019-11", summed.granules, summed.n_outside, PROVENANCE)
    write_netcdf(folder / "maps" / "PS_S25km_2019-11.nc", dataset)
    write_geotiff(folder / "maps" / "PS_S25km_2019-11.tif", dataset)
    return folder


def catalogued(results: Path) -> Path:
    tracks = [results / "freeboard" / f"{GRANULE}_{beam}.nc" for beam in BEAMS]
    netcdf, geotiff = (results / "maps" / f"PS_S25km_2019-11.{suffix}" for suffix in ("nc", "tif"))
    write_catalog(results / "maps" / "stac", tracks, results / "freeboard" / "tracks.parquet", [netcdf], [geotiff])
    return results / "maps" / "stac" / "catalog.json"


@pytest.fixture(scope="module")
def catalog(results) -> pystac.Catalog:
    return pystac.Catalog.from_file(str(catalogued(results)))


def objects_in(folder: Path) -> list[dict]:
    return [json.loads(path.read_text()) for path in sorted(folder.rglob("*.json"))]


def times_of(item: pystac.Item) -> list[np.datetime64]:
    times = item.common_metadata
    return [np.datetime64(time.replace(tzinfo=None), "ms") for time in (times.start_datetime, times.end_datetime)]


def test_every_product_is_an_item_of_its_collection(catalog):
    names = {each.id: sorted(item.id for item in each.get_items()) for each in catalog.get_collections()}
    tracks = [f"{GRANULE}_{beam}" for beam in BEAMS]
    assert names == {"leadline-tracks": [*tracks, "tracks"], "leadline-grids": ["PS_S25km_2019-11"]}


def test_all_is_valid_stac_by_the_schemas_that_come_with_pystac(results, catalog):
    validator = JsonSchemaSTACValidator()
    kind = pystac.STACObjectType
    kinds = {"Feature": kind.ITEM, "Collection": kind.COLLECTION, "Catalog": kind.CATALOG}
    found = objects_in(results / "maps" / "stac")
    assert [each["type"] for each in found].count("Feature") == 4
    for each in found:
        assert validator.validate_core(each, kinds[each["type"]], each["stac_version"])
    broken = {**found[-1], "links": "none"}
    with pytest.raises(pystac.errors.STACValidationError):
        validator.validate_core(broken, kinds[broken["type"]], broken["stac_version"])


def test_the_folder_can_be_moved_and_all_links_and_files_are_found(results, catalog, tmp_path):
    moved = shutil.copytree(results, tmp_path / "elsewhere" / "results")
    for each in objects_in(moved / "maps" / "stac"):
        assert all(not link["href"].startswith(("/", "http", "file")) for link in each["links"])
        assert str(results) not in json.dumps(each)
    opened = pystac.Catalog.from_file(str(moved / "maps" / "stac" / "catalog.json"))
    assets = [asset.get_absolute_href() for item in opened.get_items(recursive=True) for asset in item.assets.values()]
    assert len(assets) == 5
    for asset in assets:
        assert Path(asset).resolve().is_relative_to(moved.resolve())
        assert Path(asset).is_file()


def test_a_track_across_the_antimeridian_is_cut_there_and_its_box_has_its_west_in_the_east(catalog, results):
    item = next(catalog.get_items(f"{GRANULE}_gt2r", recursive=True))
    west, south, east, north = item.bbox
    assert (west, east) == pytest.approx((179.5, -179.5))
    line = shape(item.geometry)
    assert line.geom_type == "MultiLineString"
    assert line.length == pytest.approx(np.hypot(1, north - south), rel=1e-3)
    lengths = [part.length for part in line.geoms]
    assert lengths == pytest.approx([line.length / 2] * 2, rel=1e-3)
    assert not line.intersects(box(-170, -90, 170, 90))


def test_a_track_elsewhere_is_one_line_through_its_places_at_its_times(catalog, results):
    item = next(catalog.get_items(f"{GRANULE}_gt1r", recursive=True))
    with xr.open_dataset(results / "freeboard" / f"{GRANULE}_gt1r.nc") as product:
        longitude, latitude, time = (product[name].values for name in ("longitude", "latitude", "time"))
    assert item.bbox == pytest.approx([longitude.min(), latitude.min(), longitude.max(), latitude.max()])
    line = shape(item.geometry)
    assert line.geom_type == "LineString"
    assert max(line.distance(Point(place)) for place in zip(longitude, latitude, strict=True)) < 1e-6
    assert times_of(item) == list(time[[0, -1]].astype("datetime64[ms]"))
    assert item.properties["leadline:simulated"] is True
    assert "platform" not in item.properties, "no satellite measured it"


def test_the_table_has_the_extent_of_all_tracks(catalog):
    item = next(catalog.get_items("tracks", recursive=True))
    west, _, east, _ = item.bbox
    assert (west, east) == pytest.approx((179.5, -167.0))
    outline = shape(item.geometry)
    assert outline.area == pytest.approx(13.5 * (item.bbox[3] - item.bbox[1]))
    assert max(abs(np.array(outline.bounds))) <= 180


def test_a_grid_tells_its_plane_its_cells_and_where_they_hold_something(catalog, results):
    item = next(catalog.get_items("PS_S25km_2019-11", recursive=True))
    projection = ProjectionExtension.ext(item)
    with rasterio.open(results / "maps" / "PS_S25km_2019-11.tif") as raster:
        assert projection.code == raster.crs.to_string() == GRID.projection
        assert tuple(projection.shape) == raster.shape
        assert Affine(*projection.transform) == raster.transform
    with xr.open_dataset(results / "maps" / "PS_S25km_2019-11.nc") as dataset:
        seen = np.flatnonzero(dataset["n_segments"])
    latitude, longitude = corners_of(GRID, seen)
    outline = shape(item.geometry).buffer(1e-9)
    assert all(outline.contains(Point(place)) for place in zip(longitude.flat, latitude.flat, strict=True))
    assert times_of(item) == [np.datetime64("2019-11-01"), np.datetime64("2019-12-01")]


def test_a_collection_reaches_as_far_as_its_items(catalog):
    extent = catalog.get_child("leadline-tracks").extent
    assert extent.spatial.bboxes[0][0] == pytest.approx(179.5)
    assert extent.spatial.bboxes[0][2] == pytest.approx(-167.0)


def test_a_grid_of_nothing_and_one_all_around_the_pole_reach_around_it(tmp_path, results):
    with xr.open_dataset(results / "maps" / "PS_S25km_2019-11.nc") as dataset:
        nothing, ring = dataset.copy(deep=True), dataset.copy(deep=True)
    nothing["n_segments"][:] = 0
    ring["n_segments"][:] = ((ring["latitude"] < -85) & (ring["latitude"] > -88)).astype("int32")
    for name, made, northernmost in (("nothing", nothing, -39.2), ("ring", ring, -84.7)):
        made.to_netcdf(tmp_path / f"{name}.nc")
        west, south, east, north = grid_item(tmp_path / f"{name}.nc", tmp_path / "none.tif").bbox
        assert (west, east) == (-180, 180)
        assert north == pytest.approx(northernmost, abs=0.3)
        assert south < -88


def test_a_track_of_one_segment_is_a_point(tmp_path):
    tables = track_tables(simulated_track(1)[0], SeaSurfaceSettings())
    provenance = {**PROVENANCE, "granule": GRANULE, "beam": "gt1r"}
    path = tmp_path / "track.nc"
    write_product(path, tables.freeboard, tables.leads, tables.sections, "EPSG:3976", provenance, State.OK, "")
    assert track_item(path).geometry["type"] == "Point"


def test_the_same_products_give_the_same_catalogue(results, catalog):
    before = objects_in(results / "maps" / "stac")
    catalogued(results)
    assert objects_in(results / "maps" / "stac") == before


def test_the_command_line_catalogues_the_tracks_that_have_segments(results, tmp_path):
    account = tmp_path / "batch.json"
    write_account(account, Account("freeboard", "batch", parts=(Account("freeboard", f"{GRANULE} gt1r"),)))
    options = {
        "--accounts": account,
        "--products": results / "freeboard",
        "--table": results / "freeboard" / "tracks.parquet",
        "--grids": results / "maps" / "PS_S25km_2019-11.nc",
        "--output": tmp_path / "stac",
    }
    words = [str(word) for option in options.items() for word in option]
    subprocess.run([sys.executable, ROOT / "scripts" / "write_stac.py", *words], check=True, capture_output=True)
    opened = pystac.Catalog.from_file(str(tmp_path / "stac" / "catalog.json"))
    found = {item.id for item in opened.get_items(recursive=True)}
    assert found == {f"{GRANULE}_gt1r", "tracks", "PS_S25km_2019-11"}
