"""A user's grid of the mean sea surface: right heights from each kind of file, a plain fault from a wrong one."""

import tracemalloc
from pathlib import Path

import h5py
import netCDF4
import numpy as np
import pytest
import rasterio
import xarray as xr
from affine import Affine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer
from scipy.interpolate import RegularGridInterpolator

from leadline import mean_sea_surface
from leadline.errors import ConfigError
from leadline.mean_sea_surface import sample_mss

pytestmark = pytest.mark.filterwarnings("ignore:Cannot close a netcdf_file")  # scipy lets go of cut-off files late

LATITUDE, LONGITUDE = np.linspace(-78, -70, 33), np.linspace(-180, -140, 81)
TRACK = np.linspace(-70.1, -77.9, 500), np.linspace(-150.3, -166.7, 500)
POLAR = Affine(100_000, 0, -2_500_000, 0, -100_000, 2_000_000)
POLAR_X, POLAR_Y = -2_450_000 + 100_000.0 * np.arange(50), 1_950_000 - 100_000.0 * np.arange(40)


def bilinear(latitude, longitude):
    """Return a height that bilinear interpolation gives exactly; longitudes count from 180."""
    east = np.mod(longitude, 360) - 180
    return 1.5 + 0.7 * latitude - 0.2 * east + 0.004 * latitude * east


def plane(x, y):
    """Return a height that falls off evenly over a polar projection."""
    return 3 + 4e-6 * x - 7e-6 * y


POLAR_HEIGHT = plane(POLAR_X, POLAR_Y[:, None])


def write_netcdf(path: Path, height=None, latitude=LATITUDE, longitude=LONGITUDE, **options) -> Path:
    """Write heights (latitude, longitude), by default the bilinear ones, as NetCDF on axes in degrees."""
    if height is None:
        height = bilinear(latitude[:, None], longitude)
    name, attributes = options.get("name", "mss"), {"units": "m"} | options.get("attributes", {})
    axes = {
        "lat": ("lat", latitude, {"units": "degrees_north"}),
        "lon": ("lon", longitude, {"units": "degrees_east"}),
    }
    field = xr.Variable(("lat", "lon"), height, attributes).transpose(*options.get("dims", ("lat", "lon")))
    dataset = xr.Dataset({}, axes, options.get("about", {})).assign({name: field} | options.get("others", {}))
    dataset.to_netcdf(path, format=options.get("format", "NETCDF4"), encoding={name: options.get("packing", {})})
    return path


def write_geotiff(path: Path, bands=None, transform=None, crs: str | None = "EPSG:3976", **options) -> Path:
    """Write bands (band, row, column), by default one with the plane around the pole, as a GeoTIFF."""
    bands = np.atleast_3d((POLAR_HEIGHT if bands is None else bands).T).T
    profile = {"driver": "GTiff", "count": len(bands), "height": bands.shape[1], "width": bands.shape[2]}
    profile |= {"dtype": bands.dtype, "nodata": options.get("nodata"), "crs": crs, "transform": transform or POLAR}
    with rasterio.open(path, "w", **profile) as dataset:
        dataset.write(bands)
        dataset.descriptions = options.get("descriptions", dataset.descriptions)
        dataset.scales = [options.get("scale", 1)] * len(bands)
        dataset.offsets = [options.get("offset", 0)] * len(bands)
        dataset.units = [options.get("unit", "")] * len(bands)
        dataset.update_tags(**options.get("tags", {}))
    return path


def projected(latitude, longitude, crs="EPSG:3976"):
    """Return the positions as x and y of a projection."""
    return Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(longitude, latitude)


def fault_of(path: Path, latitude=TRACK[0], longitude=TRACK[1]) -> str:
    """Return the one line of the fault that sampling a grid ends in."""
    with pytest.raises(ConfigError) as caught:
        sample_mss(path, latitude, longitude)
    assert len(caught.value.faults) == 1
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value)


@pytest.mark.parametrize("turn", [0, 360], ids=["-180 to 180", "0 to 360"])
@pytest.mark.parametrize("upward", [1, -1], ids=["latitudes rise", "latitudes fall"])
@pytest.mark.parametrize("dims", [("lat", "lon"), ("lon", "lat")], ids="-by-".join)
def test_a_bilinear_surface_is_reproduced_from_every_order_of_axes(tmp_path, turn, upward, dims):
    path = write_netcdf(tmp_path / "mss.nc", None, LATITUDE[::upward], LONGITUDE + turn, dims=dims)
    for longitude in (TRACK[1], TRACK[1] + 360):
        assert sample_mss(path, TRACK[0], longitude) == pytest.approx(bilinear(*TRACK), abs=1e-10)


@pytest.mark.parametrize("west", [170, -190], ids=["170 to 190", "-190 to -170"])
def test_a_track_crosses_the_antimeridian(tmp_path, west):
    longitude = np.linspace(175, 185, 101)
    path = write_netcdf(tmp_path / "mss.nc", longitude=np.linspace(west, west + 20, 41))
    latitude = np.full(101, -72.3)
    as_atl03 = np.where(longitude > 180, longitude - 360, longitude)
    assert sample_mss(path, latitude, as_atl03) == pytest.approx(bilinear(latitude, longitude), abs=1e-10)


def test_longitudes_that_turn_from_180_to_minus_180_inside_the_grid_are_one_axis(tmp_path):
    axis = np.linspace(170, 190, 41)
    path = write_netcdf(
        tmp_path / "mss.nc", bilinear(LATITUDE[:, None], axis), longitude=np.where(axis > 180, axis - 360, axis)
    )
    longitude = np.array([171.1, 179.9, -179.9, -171.1])
    assert sample_mss(path, np.full(4, -72.3), longitude) == pytest.approx(bilinear(-72.3, longitude), abs=1e-10)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.integers(4, 40),
    west=st.sampled_from([0, -180, -0.5, 0.25, 20]),
    doubled=st.integers(0, 2),
    falling=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_grid_round_the_earth_has_no_seam(tmp_path, monkeypatch, steps, west, doubled, falling, seed):
    """The truth: the same grid laid three times side by side. Windows of a few nodes, so that many meet."""
    monkeypatch.setattr(mean_sea_surface, "WINDOW", 3)
    random = np.random.default_rng(seed)
    latitude, height = np.linspace(-89, -60, 9), random.uniform(-100, 80, (9, steps))
    axis = west + 360 / steps * np.arange(steps + doubled)
    columns = np.arange(steps + doubled)[:: -1 if falling else 1]
    path = write_netcdf(tmp_path / "mss.nc", height[:, columns % steps], latitude, axis[columns])
    places = random.uniform(-89, -60, 50), random.uniform(-180, 360, 50)
    three = west + 360 / steps * np.arange(-2 * steps, 3 * steps)
    truth = RegularGridInterpolator((latitude, three), np.tile(height, 5))(np.column_stack(places))
    assert sample_mss(path, *places) == pytest.approx(truth, abs=1e-8)


def test_the_outermost_nodes_are_inside_and_what_lies_beyond_has_no_height(tmp_path):
    path = write_netcdf(tmp_path / "mss.nc")
    corners = np.array([-78, -78, -70, -70.0]), np.array([-180, -140, -180, -140.0])
    assert sample_mss(path, *corners) == pytest.approx(bilinear(*corners), abs=1e-10)
    beyond = np.array([-78.001, -69.999, -75, -75, 91, 75]), np.array([-150, -150, -139.999, 179.999, -150, -150])
    assert np.isnan(sample_mss(path, *beyond)).all()


@pytest.mark.filterwarnings("error")
def test_a_position_that_is_not_finite_has_no_height_and_spoils_no_other(tmp_path):
    latitude, longitude = np.array([np.nan, -75, np.inf, -75, -75]), np.array([-150, np.nan, -150, -np.inf, -150])
    for path in (write_netcdf(tmp_path / "mss.nc"), write_geotiff(tmp_path / "mss.tif")):
        assert np.isfinite(sample_mss(path, latitude, longitude)).tolist() == [False] * 4 + [True]


@pytest.mark.filterwarnings("ignore:Conversion of an array")  # pyproj tries an array of one as a number
def test_one_position_gives_one_height(tmp_path):
    """At a corner of a grid in degrees, and inside a projected one."""
    corner = np.array([-78.0]), np.array([-140.0])
    southward = bilinear(LATITUDE[::-1, None], LONGITUDE), Affine(0.5, 0, -180.25, 0, -0.25, -69.875), "EPSG:4326"
    for path in (write_netcdf(tmp_path / "mss.nc"), write_geotiff(tmp_path / "degrees.tif", *southward)):
        assert sample_mss(path, *corner) == pytest.approx([bilinear(-78, -140)], abs=1e-10)
    polar = write_geotiff(tmp_path / "polar.tif")
    assert sample_mss(polar, *corner) == pytest.approx([plane(*projected(-78, -140))], abs=1e-9)


def test_no_positions_give_no_heights(tmp_path):
    assert sample_mss(write_netcdf(tmp_path / "mss.nc"), np.array([]), np.array([])).shape == (0,)


def test_packed_integers_are_unpacked_and_fill_values_are_no_heights(tmp_path):
    height = bilinear(LATITUDE[:, None], LONGITUDE)
    height[LATITUDE < -76] = np.nan
    packing = {"dtype": "int16", "scale_factor": 0.002, "add_offset": -40.0, "_FillValue": -32768}
    path = write_netcdf(tmp_path / "mss.nc", height, packing=packing)
    mss = sample_mss(path, *TRACK)
    assert np.array_equal(np.isnan(mss), TRACK[0] < -76)
    assert mss == pytest.approx(np.where(TRACK[0] < -76, np.nan, bilinear(*TRACK)), abs=0.0011, nan_ok=True)


@pytest.mark.parametrize("name", ["mss", "mean_sea_surface", "sea_surface_height_above_reference_ellipsoid", "z"])
def test_the_only_grid_is_the_mean_sea_surface_whatever_its_name(tmp_path, name):
    path = write_netcdf(tmp_path / "mss.nc", name=name)
    assert sample_mss(path, *TRACK) == pytest.approx(bilinear(*TRACK), abs=1e-10)


def test_the_mean_sea_surface_is_found_among_its_error_the_geoid_and_a_temperature(tmp_path):
    zeros = np.zeros((33, 81))
    others = {
        "mss_err": (("lat", "lon"), zeros, {"units": "m"}),
        "geoid": (("lat", "lon"), zeros, {"units": "m"}),
        "band": (("lat", "lon"), zeros, {"units": "m", "long_name": "depth of the sea"}),
        "sst": (("lat", "lon"), zeros, {"units": "K", "long_name": "mss"}),
        "area": ("lat", 1 - LATITUDE, {"long_name": "area of a cell by latitude"}),
    }
    path = write_netcdf(tmp_path / "mss.nc", name="height", attributes={"long_name": "Mean sea surface"}, others=others)
    assert sample_mss(path, *TRACK) == pytest.approx(bilinear(*TRACK), abs=1e-10)


def test_a_grid_as_cnes_and_cls_write_it_is_read(tmp_path):
    """One time, longitude by latitude, axes called NbLongitudes and NbLatitudes."""
    height = bilinear(LATITUDE, LONGITUDE[:, None])[None]
    time = ("time", [0], {"units": "days since 1950-00-00"})
    axes = {"NbLatitudes": LATITUDE, "NbLongitudes": LONGITUDE + 360, "time": time}
    xr.Dataset({"mss": (("time", "NbLongitudes", "NbLatitudes"), height)}, axes).to_netcdf(tmp_path / "mss.nc")
    assert sample_mss(tmp_path / "mss.nc", *TRACK) == pytest.approx(bilinear(*TRACK), abs=1e-10)


def test_a_grid_on_axes_that_are_not_called_as_their_dimensions_is_read(tmp_path):
    fields = {
        "mss": (("ny", "nx"), bilinear(LATITUDE[:, None], LONGITUDE)),
        "latitude": ("ny", LATITUDE),
        "longitude": ("nx", LONGITUDE),
    }
    xr.Dataset(fields).to_netcdf(tmp_path / "mss.nc")
    assert sample_mss(tmp_path / "mss.nc", *TRACK) == pytest.approx(bilinear(*TRACK), abs=1e-10)


@pytest.mark.parametrize("mapping", ["crs", "crs: xc yc"])
@pytest.mark.parametrize(("unit", "metres"), [("m", 1), ("km", 1000)])
def test_a_netcdf_grid_on_projected_axes_goes_by_its_grid_mapping(tmp_path, unit, metres, mapping):
    axes = {"xc": ("xc", POLAR_X / metres, {"units": unit}), "yc": ("yc", POLAR_Y / metres, {"units": unit})}
    fields = {
        "mss": (("yc", "xc"), POLAR_HEIGHT, {"units": "m", "grid_mapping": mapping}),
        "crs": ((), 0, CRS("EPSG:3976").to_cf()),
    }
    xr.Dataset(fields, axes).to_netcdf(tmp_path / "mss.nc")
    assert sample_mss(tmp_path / "mss.nc", *TRACK) == pytest.approx(plane(*projected(*TRACK)), abs=1e-9)


@pytest.mark.parametrize(
    ("crs", "pole"), [("EPSG:3976", -1), ("EPSG:3413", 1), ("EPSG:6931", 1), ("EPSG:3031+5773", -1)]
)
def test_a_plane_in_a_polar_projection_is_reproduced_over_the_pole_and_the_antimeridian(tmp_path, crs, pole):
    path = write_geotiff(tmp_path / "mss.tif", crs=crs)
    longitude = np.linspace(-180, 180, 361)
    latitude = pole * (90 - 5 * np.abs(np.sin(np.radians(longitude))))
    places = projected(latitude, longitude, crs.split("+")[0])
    assert sample_mss(path, latitude, longitude) == pytest.approx(plane(*places), abs=1e-9)


def test_a_geotiff_in_degrees_has_no_seam(tmp_path):
    """Pixels of half a degree from -180 to 180; the sea rises from the antimeridian's west to its east side."""
    longitude = np.arange(-179.75, 180, 0.5)
    height = np.broadcast_to(0.1 * np.mod(longitude, 360), (20, 720))
    path = write_geotiff(tmp_path / "mss.tif", height, Affine(0.5, 0, -180, 0, -0.5, -70), "EPSG:4326")
    places = np.array([179.6, 179.9, 180.0, -180.0, -179.9, -179.6])
    assert sample_mss(path, np.full(6, -75.0), places) == pytest.approx(0.1 * np.mod(places, 360))


def test_pixels_that_are_points_are_nodes_where_the_file_puts_them(tmp_path):
    path = write_geotiff(tmp_path / "mss.tif", tags={"AREA_OR_POINT": "Point"})
    assert sample_mss(path, *TRACK) == pytest.approx(plane(*projected(*TRACK)), abs=1e-9)


def test_a_packed_geotiff_is_unpacked_and_its_nodata_are_no_heights(tmp_path):
    packed = np.rint((POLAR_HEIGHT - 3) / 0.002).astype(np.int16)
    packed[:20] = -32768
    path = write_geotiff(tmp_path / "mss.tif", packed, nodata=-32768, scale=0.002, offset=3)
    latitude, longitude = np.array([-80.0, -80.0]), np.array([10.0, 170.0])
    x, y = projected(latitude, longitude)
    assert y[0] > 0 > y[1]
    assert sample_mss(path, latitude, longitude) == pytest.approx([np.nan, plane(x[1], y[1])], abs=0.0011, nan_ok=True)


def test_the_band_that_is_called_so_is_the_mean_sea_surface(tmp_path):
    bands = np.stack([POLAR_HEIGHT + 5, POLAR_HEIGHT, 0 * POLAR_HEIGHT])
    path = write_geotiff(tmp_path / "mss.tif", bands, descriptions=("geoid", "Mean Sea Surface", "mss error"))
    assert sample_mss(path, *TRACK) == pytest.approx(plane(*projected(*TRACK)), abs=1e-9)


@pytest.mark.parametrize(
    "said",
    [
        {"attributes": {"reference_ellipsoid": "TOPEX/Poseidon"}},
        {"attributes": {"comment": "Height above the T/P ellipsoid"}},
        {"about": {"ellipsoid_axis": 6378136.3, "ellipsoid_flattening": 0.003352813177897}},
        {"about": {"title": "MSS above the Topex ellipsoid"}},
        {"attributes": {"ellipsoid": "TOPEX"}, "about": {"comment": "WGS-84 and TOPEX ellipsoids were used"}},
    ],
)
def test_heights_above_the_ellipsoid_of_topex_are_brought_to_wgs84(tmp_path, said):
    """The truth: PROJ takes the positions above one ellipsoid to geocentric coordinates and from there to the other."""
    steps = "+proj=pipeline +step +proj=cart +a=6378136.3 +rf=298.257 +step +inv +proj=cart +ellps=WGS84"
    truth = Transformer.from_pipeline(steps).transform(TRACK[1], TRACK[0], bilinear(*TRACK))[2]
    assert sample_mss(write_netcdf(tmp_path / "mss.nc", **said), *TRACK) == pytest.approx(truth, abs=1e-5)


@pytest.mark.parametrize(
    "said",
    [
        {"about": {"ellipsoid": "WGS 84"}},
        {"attributes": {"ellipsoid": "WGS84"}, "about": {"ellipsoid": "TOPEX", "comment": "ellipsoid of TOPEX"}},
        {"about": {"source": "TOPEX/Poseidon, Jason-1, ERS-1, Envisat"}},
    ],
)
def test_heights_above_wgs84_or_of_a_silent_file_stay_as_they_are(tmp_path, said):
    assert sample_mss(write_netcdf(tmp_path / "mss.nc", **said), *TRACK) == pytest.approx(bilinear(*TRACK), abs=1e-10)


def test_the_ellipsoid_of_the_projection_counts_where_no_attribute_names_one(tmp_path):
    crs = "+proj=stere +lat_0=-90 +lat_ts=-70 +a=6378136.3 +rf=298.257 +units=m"
    silent = sample_mss(write_geotiff(tmp_path / "silent.tif", crs=crs), *TRACK)
    named = sample_mss(write_geotiff(tmp_path / "named.tif", crs=crs, tags={"ELLIPSOID": "WGS84"}), *TRACK)
    assert named - silent == pytest.approx(np.full(500, 0.7125), abs=1e-3)


def test_a_global_grid_of_one_arc_minute_is_read_by_windows(tmp_path):
    """10,800 by 21,600 nodes are 0.9 GB; the track needs a few hundred on a side. Nodes never written take no room."""
    path, window = tmp_path / "mss.nc", (slice(0, 1536), slice(10_752, 13_312))
    latitude, longitude = (np.arange(10_800) + 0.5) / 60 - 90, (np.arange(21_600) + 0.5) / 60
    with netCDF4.Dataset(path, "w") as file:
        for name, axis, unit in (("lat", latitude, "degrees_north"), ("lon", longitude, "degrees_east")):
            file.createDimension(name, axis.size)
            file.createVariable(name, "f8", (name,)).units = unit
            file[name][:] = axis
        mss = file.createVariable("mss", "f4", ("lat", "lon"), fill_value=9999, chunksizes=(256, 256))
        mss[window] = bilinear(latitude[window[0], None], longitude[window[1]])
    tracemalloc.start()
    try:
        height = sample_mss(path, *TRACK)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert height == pytest.approx(bilinear(*TRACK), abs=1e-4)
    assert peak < 48 * 2**20


def test_a_missing_or_foreign_file_is_a_fault(tmp_path):
    assert "there is no such file" in fault_of(tmp_path / "none.nc")
    assert "there is no such file" in fault_of(tmp_path)
    text, empty = tmp_path / "mss.txt", tmp_path / "mss.tif"
    text.write_text("-75 180 -55.1\n")
    empty.touch()
    for path in (text, empty):
        assert "expected NetCDF or a raster such as GeoTIFF; fetch it again" in fault_of(path)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize("kind", ["NETCDF4", "NETCDF3_CLASSIC", "NETCDF3_64BIT", "GTiff"])
def test_a_file_that_is_cut_off_is_a_fault(tmp_path, kind):
    """The netCDF library alone would give zeros for the missing end of a classic file."""
    path = tmp_path / "mss"
    whole = (write_geotiff(path) if kind == "GTiff" else write_netcdf(path, format=kind)).read_bytes()
    for size in np.geomspace(4, len(whole) - 8, 50).astype(int):
        (cut := tmp_path / f"mss.{size}").write_bytes(whole[:size])
        assert "expected" in fault_of(cut)


@pytest.mark.parametrize("kind", ["NETCDF3_CLASSIC", "NETCDF3_64BIT", "NETCDF4_CLASSIC"])
def test_a_classic_netcdf_file_gives_the_same_heights(tmp_path, kind):
    packing = {"dtype": "int16", "scale_factor": 0.002, "add_offset": -40.0, "_FillValue": -32768}
    paths = [write_netcdf(tmp_path / f"{one}.nc", packing=packing, format=one) for one in (kind, "NETCDF4")]
    assert np.array_equal(*(sample_mss(path, *TRACK) for path in paths))


def test_a_broken_chunk_is_a_fault(tmp_path):
    path = write_netcdf(tmp_path / "mss.nc", packing={"zlib": True, "fletcher32": True})
    with h5py.File(path) as file:
        place = file["mss"].id.get_chunk_info(0).byte_offset + 50
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ 255]))
    assert "fetch it again" in fault_of(path)


def test_a_file_without_a_grid_of_metres_is_a_fault(tmp_path):
    xr.Dataset({"mss": ("x", np.zeros(9))}).to_netcdf(tmp_path / "line.nc")
    assert "expected a 2-D grid of heights in metres, found mss" in fault_of(tmp_path / "line.nc")
    centimetres = write_netcdf(tmp_path / "centimetres.nc", attributes={"units": "cm"})
    assert "expected a 2-D grid of heights in metres" in fault_of(centimetres)
    raster = write_geotiff(tmp_path / "centimetres.tif", unit="cm")
    assert "expected a grid of the mean sea surface in metres, found none" in fault_of(raster)
    error = write_netcdf(tmp_path / "error.nc", name="mss_err")
    assert "expected a grid of the mean sea surface in metres, found mss_err" in fault_of(error)


def test_several_grids_that_could_be_the_mean_sea_surface_are_a_fault(tmp_path):
    other = {"mss_tpx": (("lat", "lon"), np.zeros((33, 81)))}
    path = write_netcdf(tmp_path / "mss.nc", name="mss_wgs84", others=other)
    assert "found several: mss_wgs84, mss_tpx; keep the one to use" in fault_of(path)
    bands = write_geotiff(tmp_path / "mss.tif", np.stack([POLAR_HEIGHT, POLAR_HEIGHT]))
    assert "found several: 1, 2" in fault_of(bands)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_a_grid_without_coordinates_is_a_fault(tmp_path):
    field = {"mss": (("y", "x"), np.zeros((5, 6))), "lat": (("y", "x"), np.zeros((5, 6)), {"units": "degrees_north"})}
    xr.Dataset(field, {"x": np.arange(6.0), "y": np.arange(5.0)}).to_netcdf(tmp_path / "mss.nc")
    assert "expected axes of latitude and longitude, or a grid_mapping, for mss" in fault_of(tmp_path / "mss.nc")
    along = {"lat": ("lat", LATITUDE), "lon": ("lat", LONGITUDE[:33])}
    xr.Dataset({"mss": (("lat", "beam"), np.zeros((33, 6)))}, along).to_netcdf(tmp_path / "track.nc")
    assert "expected axes of latitude and longitude, or a grid_mapping, for mss" in fault_of(tmp_path / "track.nc")
    for crs, transform in ((None, POLAR), ("EPSG:3976", Affine.identity())):
        nowhere = write_geotiff(tmp_path / "mss.tif", transform=transform, crs=crs)
        assert "expected an upright raster with its projection (CRS) and place" in fault_of(nowhere)


def test_axes_that_neither_rise_nor_fall_one_pixel_and_a_turned_raster_are_faults(tmp_path):
    path = write_netcdf(tmp_path / "mss.nc", latitude=np.roll(LATITUDE, 3))
    assert "axes rise or fall" in fault_of(path)
    assert "two or more rows" in fault_of(write_geotiff(tmp_path / "pixel.tif", POLAR_HEIGHT[:1, :1]))
    turned = write_geotiff(tmp_path / "mss.tif", transform=POLAR @ Affine.rotation(30))
    assert "expected an upright raster" in fault_of(turned)


def test_a_grid_mapping_that_says_nothing_is_a_fault(tmp_path):
    path = write_netcdf(tmp_path / "mss.nc", attributes={"grid_mapping": "crs"}, others={"crs": ((), 0)})
    assert "grid_mapping_name" in fault_of(path)


@pytest.mark.parametrize("fill", [-9999.0, 9.96921e36, 110.5, -np.inf])
def test_a_height_that_no_sea_has_is_a_fault_where_the_track_meets_it(tmp_path, fill):
    height = bilinear(LATITUDE[:, None], LONGITUDE)
    height[3, 40] = fill
    path = write_netcdf(tmp_path / "mss.nc", height)
    across = np.full(50, LATITUDE[3] + 0.1), np.linspace(-165, -155, 50)
    assert f"found one of {fill:g}" in fault_of(path, *across)


def test_attributes_that_name_two_ellipsoids_are_a_fault(tmp_path):
    text = "reference ellipsoid bias correction (WGS-84 for CryoSat-2 and Topex/Poseidon for DTU13)"
    path = write_netcdf(tmp_path / "mss.nc", about={"summary": text})
    assert "write the attribute ellipsoid, WGS84 or TOPEX" in fault_of(path)
    mended = write_netcdf(tmp_path / "mended.nc", about={"summary": text}, attributes={"ellipsoid": "WGS84"})
    assert sample_mss(mended, *TRACK) == pytest.approx(bilinear(*TRACK), abs=1e-10)
