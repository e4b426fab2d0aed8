import numpy as np
import pytest
import rasterio

from leadline.accounts import State
from leadline.class_raster import crs_of, read_classes, write_classes, write_empty_classes
from leadline.errors import InputDataError
from leadline.names import SurfaceClass
from leadline.segmentation import Quality, SceneClasses
from scenes import CRS, TRANSFORM


def classes_file(folder, classes, quality=None, value=None):
    quality, value = (np.zeros_like(classes) if plane is None else plane for plane in (quality, value))
    path = folder / "classes.tif"
    write_classes(path, SceneClasses(classes, quality, value, CRS, TRANSFORM), {"scale": "fixed", "white": 1.0})
    return path


def test_classes_are_read_back_with_flags_and_provenance(tmp_path):
    classes = np.array([[0, 1, 2], [255, 255, 255]], np.uint8)
    quality = np.array([[0, 4, 24], [1, 2, 8]], np.uint8)
    value = np.array([[255, 100, 30], [0, 240, 60]], np.uint8)
    path = classes_file(tmp_path, classes, quality, value)
    back = read_classes(path)
    np.testing.assert_array_equal(back.classes, classes)
    np.testing.assert_array_equal(back.quality, quality)
    np.testing.assert_array_equal(back.value, value)
    assert (back.crs, back.transform) == (CRS, TRANSFORM)
    assert crs_of(path) == CRS
    with rasterio.open(path) as dataset:
        assert dataset.descriptions == ("surface_class", "quality", "value")
        assert dataset.nodata is None
        assert (dataset.tags()["scale"], dataset.tags()["white"]) == ("fixed", "1.0")
        assert dataset.tags(1)["flag_values"] == "0 1 2 255"
        assert dataset.tags(1)["flag_meanings"] == "thick_ice thin_ice open_water unknown"
        assert dataset.tags(2)["flag_masks"] == "1 2 4 8 16"
        assert dataset.tags(2)["flag_meanings"] == "nodata thick_cloud thin_cloud shadow transition"
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"


def test_overviews_hold_classes_and_not_their_means(tmp_path):
    classes = np.random.default_rng(0).choice(np.array([0, 2], np.uint8), (1200, 1200))
    with rasterio.open(classes_file(tmp_path, classes)) as dataset:
        assert dataset.overviews(1)
        assert set(np.unique(dataset.read(1, out_shape=(300, 300)))) == {0, 2}


def test_a_window_holds_the_pixels_that_its_bounds_touch(tmp_path):
    classes = np.arange(400, dtype=np.uint8).reshape(20, 20) % 3
    path = classes_file(tmp_path, classes, value=classes + 100)
    window = read_classes(path, (500_025, 2_000_000 - 99, 500_061, 2_000_000 - 40))
    np.testing.assert_array_equal(window.classes, classes[4:10, 2:7])
    np.testing.assert_array_equal(window.value, classes[4:10, 2:7] + 100)
    assert window.transform @ (0, 0) == (500_020, 2_000_000 - 40)


@pytest.mark.parametrize(("side", "shape"), [(500, (500, 375)), (10_000, (1200, 900)), (6, (6, 4))])
def test_a_coarse_look_has_no_more_pixels_a_side_and_stays_in_its_place(tmp_path, side, shape):
    classes = np.zeros((1200, 900), np.uint8)
    classes[:, 450:] = 2
    coarse = read_classes(classes_file(tmp_path, classes), side=side)
    assert coarse.classes.shape == coarse.quality.shape == coarse.value.shape == shape
    assert coarse.transform @ (0, 0) == (500_000, 2_000_000)
    assert coarse.transform @ shape[::-1] == pytest.approx((509_000, 1_988_000))
    assert coarse.classes[0].tolist() == [0] * (shape[1] // 2) + [2] * (shape[1] - shape[1] // 2)


def test_brightness_stays_unread_where_it_is_not_asked_for(tmp_path):
    classes = np.arange(4, dtype=np.uint8).reshape(2, 2) % 3
    window = read_classes(classes_file(tmp_path, classes, quality=classes + 4, value=classes + 9), value=False)
    np.testing.assert_array_equal(window.classes, classes)
    np.testing.assert_array_equal(window.quality, classes + 4)
    assert window.value.size == 0


@pytest.mark.parametrize(
    "bounds", [(0, 0, 100, 100), (500_300, 1_999_900, 500_400, 2_000_000), (np.inf, np.inf, -np.inf, -np.inf)]
)
def test_a_window_outside_is_empty(tmp_path, bounds):
    window = read_classes(classes_file(tmp_path, np.zeros((20, 20), np.uint8)), bounds)
    assert window.classes.shape == window.quality.shape == window.value.shape == (0, 0)


def test_a_window_that_reaches_out_is_cut_at_the_edge(tmp_path):
    path = classes_file(tmp_path, np.ones((20, 20), np.uint8))
    assert read_classes(path, (499_000, 1_999_950, 500_050, 2_001_000)).classes.shape == (5, 5)


def test_empty_classes_say_why_wherever_one_looks(tmp_path):
    path = tmp_path / "empty.tif"
    write_empty_classes(path, Quality.THICK_CLOUD, {"scene": "S2_T02CNA_20191104T194529"})
    for bounds in ((170.0, -78.0, 180.0, -70.0), (-180.0, 60.0, -179.9, 90.0)):
        window = read_classes(path, bounds)
        assert window.classes.tolist() == [[SurfaceClass.UNKNOWN]]
        assert window.quality.tolist() == [[Quality.THICK_CLOUD]]


def test_classes_that_are_not_there_are_missing(tmp_path):
    with pytest.raises(InputDataError, match="there is no such file") as error:
        read_classes(tmp_path / "classes.tif")
    assert error.value.state == State.MISSING_FILE


def test_classes_that_are_cut_off_are_unreadable(tmp_path):
    path = classes_file(tmp_path, np.random.default_rng(0).integers(0, 3, (1200, 1200), np.uint8))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputDataError, match="rows 0 to 1199, columns 0 to 1199: expected a whole raster") as error:
        read_classes(path)
    assert error.value.state == State.UNREADABLE
