import json
import subprocess
import sys
from datetime import UTC, datetime

import numpy as np
import pytest
import rasterio

from leadline.accounts import State, read_account
from leadline.errors import InputDataError
from leadline.names import SURFACE_CLASSES, SurfaceClass
from leadline.scene import crs_of, read_classes, read_scene, write_classes, write_empty_classes
from leadline.segmentation import Quality, segment_scene
from places import ROOT
from scenes import CRS, SETTINGS, TAGS, TRANSFORM, bands_of, lead_scene, write_scene

NAME = "S2_T02CNA_20191104T194529"


def written(tmp_path, bands=None, **options):
    bands = bands_of(lead_scene(size=64)[1]) if bands is None else bands
    return write_scene(tmp_path / f"{NAME}.tif", bands, **options)


def classes_file(tmp_path, classes, quality=None):
    scene = read_scene(written(tmp_path, np.full((4, *classes.shape), 0.9, np.float32)))
    path = tmp_path / "classes.tif"
    write_classes(path, scene, classes, np.zeros_like(classes) if quality is None else quality, {"white": 1.0})
    return path


def test_reflectance_follows_from_the_tags_of_the_file(tmp_path):
    bands = bands_of(lead_scene(size=64)[1])
    scene = read_scene(written(tmp_path, bands))
    np.testing.assert_allclose(scene.reflectance, bands, atol=6e-5)
    assert (scene.name, scene.crs, scene.transform, scene.offset) == (NAME, CRS, TRANSFORM, -1000)
    assert scene.sensing_time == datetime(2019, 11, 4, 19, 45, 29, tzinfo=UTC)
    assert scene.absent_bands == ()


def test_a_scene_of_an_old_baseline_has_no_offset(tmp_path):
    scene = read_scene(written(tmp_path, np.full((4, 3, 3), 0.5), tags={**TAGS, "ADD_OFFSET": "0"}))
    assert scene.reflectance == pytest.approx(0.5)


def test_a_water_pixel_below_the_offset_is_not_nodata(tmp_path):
    bands = np.full((4, 3, 3), -0.01)
    bands[:, 0, 0] = np.nan
    scene = read_scene(written(tmp_path, bands))
    assert scene.reflectance[:, 1, 1] == pytest.approx(-0.01)
    assert np.count_nonzero(~scene.valid) == 1


def test_bands_are_found_by_their_description_in_any_order_and_among_others(tmp_path):
    bands = np.stack([np.full((3, 3), value) for value in (0.8, 0.4, 0.3, 0.1, 0.2)])
    scene = read_scene(written(tmp_path, bands, descriptions=("B08", "B04", "B03", "B01", "B02")))
    assert scene.reflectance[:, 0, 0].tolist() == pytest.approx([0.2, 0.3, 0.4, 0.8])


def test_four_bands_without_description_are_taken_in_order(tmp_path):
    bands = np.stack([np.full((3, 3), value) for value in (0.1, 0.2, 0.3, 0.4)])
    scene = read_scene(written(tmp_path, bands, descriptions=(None,) * 4))
    assert scene.reflectance[:, 0, 0].tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4])


@pytest.mark.parametrize("zero", [True, False])
def test_an_absent_or_empty_b08_is_named(tmp_path, zero):
    bands = np.full((4 if zero else 3, 3, 3), 0.5)
    bands[3:] = np.nan
    scene = read_scene(written(tmp_path, bands, descriptions=("B02", "B03", "B04", "B08")[: len(bands)]))
    assert scene.absent_bands == ("B08",)
    assert np.isnan(scene.reflectance[3]).all()
    assert scene.valid.all()


@pytest.mark.parametrize(("band", "name"), [(0, "B02"), (1, "B03"), (2, "B04")])
def test_an_empty_visible_band_is_a_missing_band(tmp_path, band, name):
    bands = np.full((4, 3, 3), 0.5)
    bands[band] = np.nan
    with pytest.raises(InputDataError, match=f"{NAME}.tif: {name} missing or all zero") as error:
        read_scene(written(tmp_path, bands))
    assert error.value.state == State.MISSING_BAND


def test_a_described_file_without_a_visible_band_misses_it(tmp_path):
    with pytest.raises(InputDataError, match="B03 missing") as error:
        read_scene(written(tmp_path, np.full((3, 3, 3), 0.5), descriptions=("B02", "B04", "B08")))
    assert error.value.state == State.MISSING_BAND


def test_three_bands_without_description_are_not_guessed(tmp_path):
    with pytest.raises(InputDataError, match="expected the four bands B02, B03, B04, B08, found 3") as error:
        read_scene(written(tmp_path, np.full((3, 3, 3), 0.5), descriptions=(None,) * 3))
    assert error.value.state == State.MISSING_BAND


def test_a_scene_of_nodata_ends_in_a_named_state(tmp_path):
    with pytest.raises(InputDataError, match="every pixel is nodata") as error:
        read_scene(written(tmp_path, np.full((4, 3, 3), np.nan)))
    assert error.value.state == State.ALL_NODATA


def test_a_file_that_is_no_tiff_is_unreadable(tmp_path):
    path = tmp_path / "scene.tif"
    path.write_text("no scene")
    with pytest.raises(InputDataError, match="expected a whole GeoTIFF") as error:
        read_scene(path)
    assert error.value.state == State.UNREADABLE


def test_a_truncated_tiff_is_unreadable(tmp_path):
    noise = np.random.default_rng(0).uniform(0, 1, (4, 200, 200))
    path = written(tmp_path, noise)
    path.write_bytes(path.read_bytes()[:100_000])
    with pytest.raises(InputDataError) as error:
        read_scene(path)
    assert error.value.state == State.UNREADABLE
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_missing(tmp_path):
    with pytest.raises(InputDataError, match="there is no such file") as error:
        read_scene(tmp_path / "scene.tif")
    assert error.value.state == State.MISSING_FILE


def test_a_scene_without_projection_is_unreadable(tmp_path):
    with pytest.raises(InputDataError, match="expected a projection") as error:
        read_scene(written(tmp_path, crs=None))
    assert error.value.state == State.UNREADABLE


@pytest.mark.parametrize("tag", TAGS)
def test_a_scene_without_a_tag_says_which(tmp_path, tag):
    tags = {name: text for name, text in TAGS.items() if name != tag}
    with pytest.raises(InputDataError, match=f"expected the tag {tag}, found none"):
        read_scene(written(tmp_path, tags=tags))


def test_the_real_scenes_are_read_with_plausible_reflectance(real_data):
    scenes = [read_scene(path) for path in sorted((real_data / "pairs").glob("*/S2_*.tif"))]
    for scene in scenes:
        brightest = scene.reflectance[:3, scene.valid].max(axis=0)
        assert brightest.min() > 0
        assert 0.7 < np.quantile(brightest, 0.99) < 1.1
    without_b08 = [scene.name for scene in scenes if scene.absent_bands == ("B08",)]
    assert without_b08 == ["S2_T20XNS_20210628T193909", "S2_T10XER_20210704T232129"]


def test_real_clips_of_summer_ice_become_classes(real_data):
    (path,) = real_data.glob("pairs/*/S2_T20XNS_20190622T194909.tif")
    scene = read_scene(path)
    classes, quality, counts = segment_scene(scene.reflectance, scene.valid, **SETTINGS)
    np.testing.assert_array_equal(quality == Quality.NODATA, ~scene.valid)
    assert all(np.any(classes == kind) for kind in SURFACE_CLASSES)
    assert counts["pixels_thick_cloud"] == 0


def test_classes_are_read_back_with_flags_and_provenance(tmp_path):
    classes = np.array([[0, 1, 2], [255, 255, 255]], np.uint8)
    quality = np.array([[0, 4, 8], [1, 2, 8]], np.uint8)
    path = classes_file(tmp_path, classes, quality)
    back = read_classes(path)
    np.testing.assert_array_equal(back.classes, classes)
    np.testing.assert_array_equal(back.quality, quality)
    assert (back.crs, back.transform) == (CRS, TRANSFORM)
    assert crs_of(path) == CRS
    with rasterio.open(path) as dataset:
        assert dataset.descriptions == ("surface_class", "quality")
        assert dataset.nodata == 255
        assert dataset.tags()["white"] == "1.0"
        assert dataset.tags(1)["flag_values"] == "0 1 2 255"
        assert dataset.tags(1)["flag_meanings"] == "thick_ice thin_ice open_water unknown"
        assert dataset.tags(2)["flag_masks"] == "1 2 4 8"
        assert dataset.tags(2)["flag_meanings"] == "nodata thick_cloud thin_cloud shadow"
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"


def test_a_window_holds_the_pixels_that_its_bounds_touch(tmp_path):
    classes = np.arange(400, dtype=np.uint8).reshape(20, 20) % 3
    path = classes_file(tmp_path, classes)
    window = read_classes(path, (500_025, 2_000_000 - 99, 500_061, 2_000_000 - 40))
    np.testing.assert_array_equal(window.classes, classes[4:10, 2:7])
    assert window.transform @ (0, 0) == (500_020, 2_000_000 - 40)


@pytest.mark.parametrize(
    "bounds", [(0, 0, 100, 100), (500_300, 1_999_900, 500_400, 2_000_000), (np.inf, np.inf, -np.inf, -np.inf)]
)
def test_a_window_outside_is_empty(tmp_path, bounds):
    window = read_classes(classes_file(tmp_path, np.zeros((20, 20), np.uint8)), bounds)
    assert window.classes.shape == window.quality.shape == (0, 0)


def test_a_window_that_reaches_out_is_cut_at_the_edge(tmp_path):
    path = classes_file(tmp_path, np.ones((20, 20), np.uint8))
    assert read_classes(path, (499_000, 1_999_950, 500_050, 2_001_000)).classes.shape == (5, 5)


def test_empty_classes_say_why_wherever_one_looks(tmp_path):
    path = tmp_path / "empty.tif"
    write_empty_classes(path, Quality.THICK_CLOUD, {"scene": NAME})
    for bounds in ((170.0, -78.0, 180.0, -70.0), (-180.0, 60.0, -179.9, 90.0)):
        window = read_classes(path, bounds)
        assert window.classes.tolist() == [[SurfaceClass.UNKNOWN]]
        assert window.quality.tolist() == [[Quality.THICK_CLOUD]]


def run_script(scene, folder) -> subprocess.CompletedProcess:
    settings = [text for name, value in SETTINGS.items() for text in (f"--{name.replace('_', '-')}", str(value))]
    script = ROOT / "scripts" / "segment_scene.py"
    places = ["--output", folder / "classes.tif", "--account", folder / "account.json"]
    command = [sys.executable, script, "--scene", scene, "--name", NAME, *settings, *places]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_line_writes_classes_and_their_account(tmp_path):
    truth, surface = lead_scene(size=200)
    done = run_script(written(tmp_path, bands_of(surface)), tmp_path)
    assert done.returncode == 0, done.stderr
    assert np.mean(read_classes(tmp_path / "classes.tif").classes == truth) > 0.99
    account = read_account(tmp_path / "account.json")
    assert (account.subject, account.state) == (NAME, State.OK)
    assert account.counts["pixels"] == 40_000
    with rasterio.open(tmp_path / "classes.tif") as dataset:
        tags = dataset.tags()
    assert (tags["scene"], tags["white"], tags["add_offset"]) == (NAME, "1.0", "-1000")


@pytest.mark.parametrize(
    ("bands", "state", "quality"),
    [
        (np.full((4, 50, 50), 0.95), State.ALL_CLOUD, Quality.THICK_CLOUD),
        (np.full((4, 50, 50), np.nan), State.ALL_NODATA, Quality.NODATA),
    ],
)
def test_a_scene_that_cannot_be_used_is_one_line_and_the_campaign_goes_on(tmp_path, bands, state, quality):
    done = run_script(written(tmp_path, bands), tmp_path)
    assert done.returncode == 0
    assert len(done.stderr.splitlines()) == 1 and NAME in done.stderr and "WARNING" in done.stderr
    fields = json.loads((tmp_path / "account.json").read_text())
    assert fields["state"] == state and NAME in fields["reason"]
    assert read_classes(tmp_path / "classes.tif").quality.tolist() == [[quality]]
