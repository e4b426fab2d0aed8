import json
import subprocess
import sys

import numpy as np
import pytest
import rasterio

from leadline.accounts import State, read_account
from leadline.class_raster import read_classes
from leadline.errors import InputDataError
from leadline.names import SURFACE_CLASSES, SurfaceClass
from leadline.scene import open_scene
from leadline.scene_classes import classes_of_scene
from leadline.segmentation import Quality, bright_and_flat, fixed_scale, segment_picture, to_8_bit
from places import ROOT
from scenes import SETTINGS, bands_of, lead_scene, write_safe_scene, write_scene

NAME = "S2_T02CNA_20191104T194529"
DRIVER = {**SETTINGS, "scale": "fixed", "transition": 20.0}


def classified(path, **settings):
    with open_scene(path) as scene:
        return classes_of_scene(scene, **{**DRIVER, **settings})


def geotiff(folder, bands, **options):
    return write_scene(folder / f"{NAME}.tif", bands, **options)


def test_strips_give_the_classes_of_the_whole_scene(tmp_path):
    bands = bands_of(lead_scene(size=1100)[1])
    bands[:, 900:1000, 300:700] = np.nan
    bands[:, 1000:1050, 100:160] = 0.95
    path = geotiff(tmp_path, bands)
    with open_scene(path) as scene:
        assert len(list(scene.strips())) == 2
        whole = scene.reflectance()
    by_strips, counts, _ = classified(path)
    rgb, valid = to_8_bit(whole, fixed_scale(1.0)), np.isfinite(whole[:3]).all(axis=0)
    cloud = bright_and_flat(whole, SETTINGS["thick_cloud_brightness"], SETTINGS["thick_cloud_flatness"])
    classes, quality = segment_picture(rgb, valid, cloud, filtered_by="shade", pixel=10.0, transition=20.0)
    np.testing.assert_array_equal(by_strips.classes, classes)
    np.testing.assert_array_equal(by_strips.quality, quality)
    np.testing.assert_array_equal(by_strips.value, rgb.max(axis=2))
    assert counts["pixels_nodata"] == 40_000
    assert counts["pixels_thick_cloud"] > 2000


@pytest.mark.parametrize("scale", ["fixed", "calibrated"])
def test_products_of_both_levels_and_baselines_have_the_same_classes(tmp_path, scale):
    truth, surface = lead_scene(size=400)
    bands = bands_of(surface)
    found = [
        classified(write_safe_scene(tmp_path, bands, level, baseline), scale=scale)[0]
        for level, baseline in (("L1C", "02.08"), ("L1C", "05.00"), ("L2A", "03.01"), ("L2A", "05.11"))
    ]
    for classes in found[1:]:
        np.testing.assert_array_equal(classes.classes, found[0].classes)
        np.testing.assert_array_equal(classes.quality, found[0].quality)
    assert np.mean(found[0].classes == truth) > 0.98


def test_the_raster_says_how_it_was_made(tmp_path):
    _, _, tags = classified(write_safe_scene(tmp_path, bands_of(lead_scene(size=200)[1])))
    assert {name: tags[name] for name in ("scale", "black", "white", "transition")} == {
        "scale": "fixed",
        "black": 0.0,
        "white": 1.0,
        "transition": 20.0,
    }
    assert (tags["water_value"], tags["thick_ice_value"]) == (30, 205)
    assert (tags["processing_baseline"], tags["add_offset"], tags["level"]) == ("05.09", "-1000", "L1C")
    assert (tags["sensing_time"], tags["absent_bands"]) == ("2019-11-04T19:45:29+00:00", "")


def test_a_calibrated_scale_is_taken_from_the_scene(tmp_path):
    """Less light and haze over it, as at a low sun: the fixed scale calls no ice thick any more."""
    truth, surface = lead_scene(size=400)
    path = geotiff(tmp_path, bands_of(0.8 * surface + 0.03))
    classes, _, tags = classified(path, scale="calibrated")
    assert tags["scale"] == "calibrated"
    assert np.mean(classes.classes == truth) > 0.97
    assert np.mean(classified(path)[0].classes == truth) < 0.5


@pytest.mark.parametrize(("error", "told"), [(0.0, False), (-0.1, True)])
def test_water_of_a_reflectance_that_water_does_not_have_is_remarked(tmp_path, error, told):
    """With the offset taken off twice."""
    _, _, tags = classified(geotiff(tmp_path, bands_of(lead_scene(size=400)[1]) + error))
    assert ("open water has the reflectance -0.0" in tags["remarks"]) is told
    assert ("check the offset" in tags["remarks"]) is told


def test_without_b08_thick_cloud_is_not_tested(tmp_path):
    path = write_safe_scene(tmp_path, bands_of(lead_scene(size=200)[1]), names=("B02", "B03", "B04"))
    _, counts, tags = classified(path)
    assert (counts["thick_cloud_tested"], counts["pixels_thick_cloud"]) == (0, 0)
    assert tags["absent_bands"] == "B08"


@pytest.mark.parametrize(
    ("bands", "state"), [((0.95, 0.95, 0.95, 0.95), State.ALL_CLOUD), ((0.5, np.nan, 0.5, 0.5), State.MISSING_BAND)]
)
def test_a_scene_without_a_usable_pixel_ends_in_a_named_state(tmp_path, bands, state):
    path = geotiff(tmp_path, np.stack([np.full((50, 50), band) for band in bands]))
    with pytest.raises(InputDataError) as error:
        classified(path)
    assert error.value.state == state


def test_bands_that_never_meet_are_all_nodata(tmp_path):
    bands = np.full((4, 50, 50), 0.5)
    bands[0, :25], bands[1, 25:] = np.nan, np.nan
    with pytest.raises(InputDataError) as error:
        classified(geotiff(tmp_path, bands))
    assert error.value.state == State.ALL_NODATA


def test_real_clips_of_summer_ice_become_classes(real_data):
    (path,) = real_data.glob("pairs/*/S2_T20XNS_20190622T194909.tif")
    found, counts, _ = classified(path)
    with open_scene(path) as scene:
        valid = np.isfinite(scene.reflectance()[:3]).all(axis=0)
    np.testing.assert_array_equal(found.quality & Quality.NODATA > 0, ~valid)
    np.testing.assert_array_equal(found.value[~valid], 0)
    assert all(np.any(found.classes == kind) for kind in SURFACE_CLASSES)
    assert counts["pixels_thick_cloud"] == 0


def run_script(scene, folder) -> subprocess.CompletedProcess:
    settings = [text for name, value in DRIVER.items() for text in (f"--{name.replace('_', '-')}", str(value))]
    script = ROOT / "scripts" / "segment_scene.py"
    places = ["--output", folder / "classes.tif", "--account", folder / "account.json"]
    command = [sys.executable, script, "--scene", scene, "--name", NAME, *settings, *places]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_line_writes_classes_and_their_account(tmp_path):
    truth, surface = lead_scene(size=200)
    done = run_script(write_safe_scene(tmp_path, bands_of(surface)), tmp_path)
    assert done.returncode == 0, done.stderr
    assert np.mean(read_classes(tmp_path / "classes.tif").classes == truth) > 0.97
    account = read_account(tmp_path / "account.json")
    assert (account.subject, account.state, account.reason) == (NAME, State.OK, "")
    assert account.counts["pixels"] == 40_000
    assert len(done.stderr.splitlines()) == 1
    with rasterio.open(tmp_path / "classes.tif") as dataset:
        tags = dataset.tags()
    assert (tags["scene"], tags["white"], tags["add_offset"]) == (NAME, "1.0", "-1000")


def test_what_was_remarked_of_a_scene_stands_in_its_account(tmp_path):
    done = run_script(geotiff(tmp_path, bands_of(lead_scene(size=400)[1]) - 0.1), tmp_path)
    assert done.returncode == 0, done.stderr
    account = read_account(tmp_path / "account.json")
    assert account.state == State.OK
    assert "check the offset" in account.reason
    assert account.reason in done.stderr


@pytest.mark.parametrize(
    ("bands", "state", "quality"),
    [
        (np.full((4, 50, 50), 0.95), State.ALL_CLOUD, Quality.THICK_CLOUD),
        (np.full((4, 50, 50), np.nan), State.ALL_NODATA, Quality.NODATA),
    ],
)
def test_a_scene_that_cannot_be_used_is_one_line_and_the_campaign_goes_on(tmp_path, bands, state, quality):
    done = run_script(geotiff(tmp_path, bands), tmp_path)
    assert done.returncode == 0
    assert len(done.stderr.splitlines()) == 1 and NAME in done.stderr and "WARNING" in done.stderr
    fields = json.loads((tmp_path / "account.json").read_text())
    assert fields["state"] == state and NAME in fields["reason"]
    empty = read_classes(tmp_path / "classes.tif")
    assert empty.quality.tolist() == [[quality]]
    assert empty.classes.tolist() == [[SurfaceClass.UNKNOWN]]
