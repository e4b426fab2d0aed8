"""Grids as files: summed from batches, checked for CF-1.8 and as COG, and opened again as others would."""

import json
import subprocess
import sys

import netCDF4
import numpy as np
import pytest
import rasterio
import rioxarray
import xarray as xr

from leadline.maps.cell_files import DISTRIBUTION, SUMS, read_cells, write_cells
from leadline.maps.grid_files import VARIABLES, grid_dataset, write_geotiff, write_netcdf
from leadline.maps.gridding import statistics
from leadline.maps.grids import GRIDS, places_of
from mapped import FIRST, SECOND, write_batches
from places import ROOT

PROVENANCE = {"source": "simulated", "segment_length": "2 m", "config_digest": "0123"}
SOUTH = ("EASE2_S25km", "PS_S25km")


@pytest.fixture(scope="module")
def batches(tmp_path_factory) -> list:
    return write_batches(tmp_path_factory.mktemp("freeboard"))


@pytest.fixture(scope="module")
def summed(batches, tmp_path_factory) -> dict[str, tuple[list, list]]:
    """The sums and the distributions of the batches, on each grid of the south."""
    folder = tmp_path_factory.mktemp("cells")
    found = {}
    for name in SOUTH:
        files = [(folder / f"{name}_{i}_sums.parquet", folder / f"{name}_{i}_distribution.parquet") for i in (0, 1)]
        for batch, (sums, distribution) in zip(batches, files, strict=True):
            write_cells(batch, GRIDS[name], sums, distribution)
        found[name] = [file for file, _ in files], [file for _, file in files]
    return found


def month_of(summed, name: str = SOUTH[0], period: str = "2019-11") -> xr.Dataset:
    found = read_cells(*summed[name], period)
    cells = statistics(found.sums, found.distribution, 2.0)
    return grid_dataset(cells, GRIDS[name], period, found.granules, found.n_outside, PROVENANCE)


@pytest.fixture(scope="module")
def files(summed, tmp_path_factory) -> dict:
    """NetCDF and GeoTIFF of a month on both grids of the south, of a week, and of a year of nothing in the north."""
    folder = tmp_path_factory.mktemp("maps")
    made = {f"{name}_2019-11": month_of(summed, name) for name in SOUTH}
    made["PS_S25km_2019-W45"] = month_of(summed, "PS_S25km", "2019-W45")
    nothing = statistics(*(schema.empty_table().to_pandas() for schema in (SUMS, DISTRIBUTION)), 2.0)
    for name in ("PS_N25km", "EASE2_N25km"):
        made[f"{name}_2020-01"] = grid_dataset(nothing, GRIDS[name], "2020-01", [], 0, PROVENANCE)
    for name, dataset in made.items():
        write_netcdf(folder / f"{name}.nc", dataset)
        write_geotiff(folder / f"{name}.tif", dataset)
    return {name: folder / name for name in made}


def test_grids_follow_cf(files, tmp_path):
    faulty, output = tmp_path / "faulty.nc", tmp_path / "findings.json"
    paths = [path.with_suffix(".nc") for path in files.values()]
    faulty.write_bytes(paths[1].read_bytes())
    with netCDF4.Dataset(faulty, "a") as file:
        file["freeboard"].cell_methods = "area: guess"
    checker = [sys.executable.replace("/python", "/compliance-checker"), "-t", "cf:1.8", "-f", "json_new", "-o", output]
    checked = subprocess.run([*checker, *paths, faulty], capture_output=True, text=True, check=False)
    assert "exceptions occurred" not in checked.stderr
    found = {path: faults["cf:1.8"]["all_priorities"] for path, faults in json.loads(output.read_text()).items()}
    wrong = {path: [fault["msgs"] for fault in faults if fault["msgs"]] for path, faults in found.items()}
    assert wrong.pop(str(faulty)) != []
    assert wrong == {str(path): [] for path in paths}


@pytest.mark.parametrize("name", SOUTH)
def test_xarray_and_rioxarray_find_the_plane_the_cells_and_their_bounds(files, name):
    grid = GRIDS[name]
    with xr.open_dataset(files[f"{name}_2019-11"].with_suffix(".nc"), decode_coords="all") as dataset:
        assert dataset.rio.crs == dataset["freeboard"].rio.crs == rasterio.CRS.from_user_input(grid.projection)
        assert dataset.rio.transform() == grid.transform
        assert dataset["time_bnds"].values.astype("datetime64[D]").astype(str).tolist() == [
            ["2019-11-01", "2019-12-01"]
        ]
        for axis in ("x", "y"):
            np.testing.assert_allclose(dataset[f"{axis}_bnds"].mean("nv"), dataset[axis], rtol=0, atol=1e-6)
        latitude, longitude = places_of(grid)
        np.testing.assert_allclose(dataset["latitude"], latitude, rtol=0, atol=6e-5)
        np.testing.assert_allclose(dataset["longitude"], longitude, rtol=0, atol=6e-5)
        assert dataset["freeboard"].attrs["units"] == "m"
        assert dataset.attrs["granules"] == f"{FIRST} {SECOND}"
        assert dataset.attrs["title"].startswith("Simulated")
        assert PROVENANCE.items() <= dataset.attrs.items()


@pytest.mark.parametrize("name", SOUTH)
def test_both_files_hold_the_statistics_in_their_cells_and_nothing_elsewhere(files, summed, name):
    found = read_cells(*summed[name], "2019-11")
    cells = statistics(found.sums, found.distribution, 2.0)
    unseen = np.setdiff1d(np.arange(np.prod(GRIDS[name].shape)), cells.index)
    path = files[f"{name}_2019-11"]
    with xr.open_dataset(path.with_suffix(".nc")) as dataset, rasterio.open(path.with_suffix(".tif")) as raster:
        for number, variable in enumerate(VARIABLES, start=1):
            of_netcdf, of_geotiff = dataset[variable].to_numpy().ravel(), raster.read(number).ravel()
            np.testing.assert_array_equal(of_netcdf[cells.index], cells[variable].astype(of_netcdf.dtype))
            np.testing.assert_array_equal(of_geotiff, of_netcdf.astype(np.float32))
            nothing = 0 if variable.startswith("n_") else np.nan
            np.testing.assert_array_equal(of_netcdf[unseen], np.full(unseen.size, nothing))


@pytest.mark.parametrize("name", SOUTH)
def test_the_geotiff_is_a_cog_whose_bands_have_names_units_and_nodata(files, name):
    path = files[f"{name}_2019-11"].with_suffix(".tif")
    with rasterio.open(path) as raster:
        assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert raster.crs == rasterio.CRS.from_user_input(GRIDS[name].projection)
        assert raster.transform == GRIDS[name].transform
        assert raster.descriptions == tuple(VARIABLES)
        assert raster.units == tuple(attributes["units"] for attributes in VARIABLES.values())
        assert np.isnan(raster.nodata)
        assert raster.tags()["period"] == "2019-11"
    with rioxarray.open_rasterio(path, masked=True) as opened:
        assert opened.rio.crs == rasterio.CRS.from_user_input(GRIDS[name].projection)
        assert opened.attrs["long_name"] == tuple(VARIABLES)


def test_what_lies_outside_of_the_grid_is_told(summed):
    found = read_cells(*summed["PS_S25km"], "2019-11")
    cells = statistics(found.sums, found.distribution, 2.0)
    dataset = grid_dataset(cells, GRIDS["PS_S25km"], "2019-11", found.granules, 7, PROVENANCE)
    assert dataset.attrs["n_segments_outside"] == 7


def test_a_period_without_segments_is_a_map_of_nothing(files):
    with xr.open_dataset(files["PS_N25km_2020-01"].with_suffix(".nc")) as dataset:
        assert dataset["freeboard"].isnull().all()
        assert (dataset["n_segments"] == 0).all()
        assert dataset.attrs["granules"] == ""


def test_the_same_sums_give_the_same_bytes(files, summed, tmp_path):
    dataset = month_of(summed, "PS_S25km")
    write_netcdf(tmp_path / "again.nc", dataset)
    write_geotiff(tmp_path / "again.tif", dataset)
    for suffix in (".nc", ".tif"):
        first = files["PS_S25km_2019-11"].with_suffix(suffix)
        assert (tmp_path / f"again{suffix}").read_bytes() == first.read_bytes()


def test_the_command_lines_sum_write_and_draw(batches, files, tmp_path):
    def run(script: str, **options) -> None:
        words = [[f"--{name.replace('_', '-')}", *np.atleast_1d(values)] for name, values in options.items()]
        command = [sys.executable, ROOT / "scripts" / script, *(str(word) for option in words for word in option)]
        subprocess.run(command, check=True, capture_output=True)

    sums, distributions = ([tmp_path / f"{i}_{kind}.parquet" for i in (0, 1)] for kind in ("sums", "distribution"))
    for made in zip(batches, sums, distributions, strict=True):
        run("sum_cells.py", grid="PS_S25km", **dict(zip(("freeboard", "sums", "distribution"), made, strict=True)))
    run(
        "write_grid.py",
        grid="PS_S25km",
        period="2019-11",
        sums=sums,
        distributions=distributions,
        segment_length=2.0,
        provenance=[f"{key}={value}" for key, value in PROVENANCE.items()],
        netcdf=tmp_path / "grid.nc",
        geotiff=tmp_path / "grid.tif",
    )
    assert (tmp_path / "grid.nc").read_bytes() == files["PS_S25km_2019-11"].with_suffix(".nc").read_bytes()
    run("draw_grid.py", netcdf=tmp_path / "grid.nc", output=tmp_path / "grid.png")
    assert (tmp_path / "grid.png").read_bytes().startswith(b"\x89PNG")
