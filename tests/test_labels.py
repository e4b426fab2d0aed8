import cv2
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from rasterio.transform import from_bounds, from_origin
from scipy.stats import norm

from leadline.accounts import State
from leadline.class_raster import WHOLE_WORLD, read_classes, write_empty_classes
from leadline.labels import (
    CODED_LABELS,
    SIGMAS,
    WHYS,
    Look,
    account_of_labels,
    extent_of,
    label_segments,
    look_up,
    places_in_scene,
)
from leadline.names import SurfaceClass
from leadline.projections import to_projection
from leadline.segmentation import Quality, SceneClasses
from leadline.tables import LABELS

SOUTH, UTM = "EPSG:3976", "EPSG:32702"
TRANSFORM = from_origin(500_000, 1_760_000, 10, 10)
THICK_ICE, THIN_ICE, OPEN_WATER, UNKNOWN = SurfaceClass
GRANULE = "20191104195311_05940510"


def scene_of(classes, quality=None, crs=UTM, transform=TRANSFORM) -> SceneClasses:
    classes = np.asarray(classes, np.uint8)
    quality = np.zeros_like(classes) if quality is None else np.asarray(quality, np.uint8)
    return SceneClasses(classes, quality, np.zeros_like(classes), crs, transform)


def places(rows, columns, offset=5.0) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y in the south polar projection of pixels' centres, or of places ``offset`` metres into them."""
    x = 500_000 + 10 * np.atleast_1d(columns) + offset
    y = 1_760_000 - 10 * np.atleast_1d(rows) - offset
    return Transformer.from_crs(UTM, SOUTH, always_xy=True).transform(x.astype(float), y.astype(float))


def segments_at(rows, columns) -> pd.DataFrame:
    x, y = places(rows, columns)
    longitude, latitude = Transformer.from_crs(SOUTH, "EPSG:4326", always_xy=True).transform(x, y)
    key = {"granule": GRANULE, "beam": "gt1r", "x_atc": 1.0 + 2 * np.arange(len(x))}
    return pd.DataFrame({**key, "latitude": latitude, "longitude": longitude})


def look_of(scene_classes: SceneClasses, name="a", lag=10.0, shift=(0.0, 0.0), uncertainty=0.0) -> Look:
    return Look(name, lag, *shift, uncertainty, scene_classes)


def found_at(x, y, look: Look, **choices) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Look up places of the south polar projection, with the words of why."""
    longitude, latitude = Transformer.from_crs(SOUTH, "EPSG:4326", always_xy=True).transform(x, y)
    classes, why, confidence = look_up(latitude, longitude, look, SOUTH, **choices)
    return classes, np.array(WHYS)[why], confidence


def labels_of(segments: pd.DataFrame, looks: list[Look]) -> pd.DataFrame:
    return label_segments(segments, looks, SOUTH).cast(LABELS).to_pandas()


def test_each_pixel_is_found_from_anywhere_inside_it():
    classes = np.random.default_rng(0).integers(0, 3, (30, 40)).astype(np.uint8)
    rows, columns = (axis.ravel() for axis in np.indices(classes.shape))
    for offset in (0.01, 5, 9.99):
        found, why, _ = found_at(*places(rows, columns, offset), look_of(scene_of(classes)), radius_pixels=0)
        np.testing.assert_array_equal(found, classes[rows, columns])
        assert set(why) == {"scene"}


@settings(deadline=None)  # the kernel is compiled when it is first called
@given(st.floats(-800, 800), st.floats(-800, 800))
def test_a_shifted_image_is_looked_up_where_the_track_was(shift_x, shift_y):
    classes = np.random.default_rng(1).integers(0, 3, (200, 200)).astype(np.uint8)
    x, y = places(np.full(3, 100), np.array([90, 100, 110]))
    look = look_of(scene_of(classes), shift=(shift_x, shift_y))
    shifted, _, _ = found_at(x + shift_x, y + shift_y, look, radius_pixels=0)
    np.testing.assert_array_equal(shifted, classes[100, [90, 100, 110]])


@pytest.mark.parametrize("width", [3, 4, 7])
def test_a_lead_of_three_pixels_or_more_keeps_its_middle_and_loses_its_edges(width):
    classes = np.zeros((20, 30), np.uint8)
    classes[:, 10 : 10 + width] = OPEN_WATER
    found, why, confidence = found_at(*places(np.full(20, 10), np.arange(20)), look_of(scene_of(classes)))
    water = np.flatnonzero(found == OPEN_WATER)
    assert water.tolist() == list(range(11, 9 + width))
    assert why[[9, 10, 9 + width, 10 + width]].tolist() == ["mixed"] * 4
    assert confidence[10] == pytest.approx(6 / 9)
    assert confidence[11] == 1


def test_a_slanted_lead_of_three_pixels_keeps_its_middle():
    rows, columns = np.indices((40, 40))
    classes = np.where(np.abs(rows - columns) <= 2, THIN_ICE, THICK_ICE)
    middle = np.arange(5, 35)
    found, _, confidence = found_at(*places(middle, middle), look_of(scene_of(classes)))
    assert np.all(found == THIN_ICE) and np.all(confidence == 1)


@pytest.mark.parametrize(
    ("quality", "why"),
    [
        (Quality.NODATA, "nodata"),
        (Quality.THICK_CLOUD, "cloud"),
        (Quality.THIN_CLOUD, "cloud"),
        (Quality.SHADOW, "shadow"),
    ],
)
def test_an_unknown_pixel_gives_the_reason_of_its_quality(quality, why):
    scene = scene_of(np.full((9, 9), UNKNOWN), np.full((9, 9), quality))
    found, reasons, confidence = found_at(*places(4, 4), look_of(scene))
    assert (found[0], reasons[0], confidence[0]) == (UNKNOWN, why, 0)


def test_classes_seen_through_thin_cloud_or_shadow_are_labels():
    scene = scene_of(np.ones((9, 9)), np.full((9, 9), Quality.SHADOW))
    found, why, _ = found_at(*places(4, 4), look_of(scene))
    assert (found[0], why[0]) == (THIN_ICE, "scene")


@pytest.mark.parametrize(("crs", "latitude"), [("EPSG:32720", -75.0), ("EPSG:32620", 80.0), (UTM, -60.0)])
def test_a_scene_of_another_place_is_off_scene_everywhere(crs, latitude):
    look = look_of(scene_of(np.zeros((50, 50)), crs=crs), uncertainty=10.0)
    found, why, confidence = look_up(np.full(5, latitude), np.linspace(-175, -165, 5), look, SOUTH)
    assert np.all(found == UNKNOWN) and set(why) == {WHYS.index("off_scene")} and not confidence.any()


def test_an_empty_window_and_places_that_are_nowhere_are_off_scene():
    nowhere = np.array([np.nan, np.inf, 0.0])
    for classes in (np.empty((0, 0)), np.zeros((5, 5))):
        for shift in ((0.0, 0.0), (100.0, 0.0)):
            found, why, _ = look_up(nowhere, nowhere, look_of(scene_of(classes), shift=shift), SOUTH)
            assert np.all(found == UNKNOWN) and set(why) == {WHYS.index("off_scene")}


def test_the_labels_have_the_columns_and_types_of_their_table():
    segments = segments_at(np.full(6, 10), np.arange(6))
    for looks in ([], [look_of(scene_of(np.zeros((20, 20))))]):
        labels = label_segments(segments, looks, SOUTH)
        assert labels.schema == CODED_LABELS and labels.cast(LABELS).schema == LABELS
        key = ["granule", "beam", "x_atc"]
        pd.testing.assert_frame_equal(labels.cast(LABELS).select(key).to_pandas(), segments[key])
        assert label_segments(segments[:0], looks, SOUTH).schema == CODED_LABELS


def test_without_a_scene_the_reason_is_no_scene():
    labels = labels_of(segments_at([3, 4], [3, 4]), [])
    assert labels["why"].tolist() == ["no_scene"] * 2
    assert labels["scene"].tolist() == ["", ""]
    assert labels["surface_class"].tolist() == [UNKNOWN] * 2
    assert not labels[["confidence", "lag", "shift_x", "shift_y"]].to_numpy().any()


def test_of_several_scenes_the_closest_in_time_that_gives_a_class_wins():
    cloud = np.zeros((20, 60), np.uint8)
    cloud[:, :20] = Quality.THICK_CLOUD
    near = look_of(scene_of(np.where(cloud, UNKNOWN, THICK_ICE), cloud), "near", lag=-8.0)
    far = look_of(scene_of(np.full((20, 10), OPEN_WATER)), "far", lag=30.0, shift=(0.0, 0.0))
    labels = labels_of(segments_at(np.full(3, 10), [5, 15, 40]), [far, near])
    assert labels["surface_class"].tolist() == [OPEN_WATER, UNKNOWN, THICK_ICE]
    assert labels["why"].tolist() == ["scene", "cloud", "scene"]
    assert labels["scene"].tolist() == ["far", "near", "near"]
    assert labels["lag"].tolist() == [30.0, -8.0, -8.0]


def test_every_reason_of_a_scene_reaches_the_table_whole():
    classes, quality = np.full((9, 60), UNKNOWN), np.zeros((9, 60))
    quality[:, :10], quality[:, 10:20], quality[:, 20:30] = Quality.NODATA, Quality.THICK_CLOUD, Quality.SHADOW
    classes[:, 30:40], classes[:, 40:] = THICK_ICE, THIN_ICE
    segments = segments_at(np.full(6, 4), [5, 15, 25, 39, 50, 70])
    labels = labels_of(segments, [look_of(scene_of(classes, quality))])
    assert labels["why"].tolist() == ["nodata", "cloud", "shadow", "mixed", "scene", "off_scene"]


def test_the_shift_of_the_winning_scene_is_recorded():
    shift = (120.0, -90.0)
    classes = np.zeros((200, 200), np.uint8)
    labels = labels_of(segments_at([100], [100]), [look_of(scene_of(classes), shift=shift)])
    assert tuple(labels.loc[0, ["shift_x", "shift_y"]]) == shift


@settings(deadline=None)
@given(
    st.integers(0, 150), st.integers(0, 150), st.floats(-500, 500), st.floats(-500, 500), st.sampled_from([0, 8, 60])
)
def test_the_window_of_a_stretch_gives_the_labels_of_the_whole_scene(row, column, shift_x, shift_y, uncertainty):
    coarse = np.random.default_rng(2).integers(0, 2, (20, 20)).astype(np.uint8)
    classes = coarse.repeat(8, axis=0).repeat(8, axis=1)
    segments = segments_at(row + np.arange(10), np.full(10, column))
    left, bottom, right, top = extent_of(segments, (shift_x, shift_y), uncertainty, SOUTH, UTM, margin=30)
    first_column, first_row = np.clip(((left - 500_000) // 10, (1_760_000 - top) // 10), 0, 160).astype(int)
    end_column, end_row = np.clip((-(500_000 - right) // 10 + 1, (1_760_000 - bottom) // 10 + 1), 0, 160).astype(int)
    window = classes[first_row:end_row, first_column:end_column]
    transform = TRANSFORM @ TRANSFORM.translation(first_column, first_row)
    laid = {"shift": (shift_x, shift_y), "uncertainty": uncertainty}
    whole, part = look_of(scene_of(classes), **laid), look_of(scene_of(window, transform=transform), **laid)
    pd.testing.assert_frame_equal(*(labels_of(segments, [look]) for look in (whole, part)))


def track(latitude: float, n: int = 100_000, heading: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """Return latitude and longitude of n segments 2 m apart along a line that crosses the meridians."""
    way = 2 * np.arange(n) / 111_000
    return latitude + way, -170.0 + heading * way / np.cos(np.radians(latitude))


@pytest.mark.parametrize(("latitude", "crs", "projection"), [(-78, UTM, SOUTH), (82, "EPSG:32603", "EPSG:3413")])
@pytest.mark.parametrize("shift", [(600.0, 0.0), (-350.0, -480.0), (0.0, 0.0)])
def test_a_place_laid_on_a_plane_is_where_it_is_by_itself(latitude, crs, projection, shift):
    places_of_track = np.array(track(latitude))
    places_of_track = np.delete(places_of_track, np.s_[20_300:70_100], axis=1)
    x, y = places_in_scene(*places_of_track, shift, projection, crs)
    there = to_projection(*places_of_track, projection)
    shifted = (axis - moved for axis, moved in zip(there, shift, strict=True))
    exact = Transformer.from_crs(projection, crs, always_xy=True).transform(*shifted)
    assert np.hypot(x - exact[0], y - exact[1]).max() < 0.05


def test_a_pixel_in_transition_labels_nothing():
    quality = np.zeros((9, 30))
    quality[:, 10:20] = Quality.TRANSITION
    scene = scene_of(np.full((9, 30), THIN_ICE), quality)
    found, why, confidence = found_at(*places(np.full(3, 4), [5, 15, 25]), look_of(scene))
    assert found.tolist() == [THIN_ICE, UNKNOWN, THIN_ICE]
    assert why.tolist() == ["scene", "transition", "scene"]
    assert confidence.tolist() == [1, 1, 1]


def test_a_drift_that_may_reach_the_boundary_labels_nothing():
    """Water begins at column 50: the boundary lies 5 m beyond the centre of pixel 49, 95 m beyond that of 40."""
    classes = np.zeros((200, 200), np.uint8)
    classes[:, 50:] = OPEN_WATER
    columns = np.array([48, 40, 30, 10])
    found, why, confidence = found_at(*places(np.full(4, 100), columns), look_of(scene_of(classes), uncertainty=100.0))
    assert why.tolist() == ["drift", "drift", "scene", "scene"]
    assert found.tolist() == [UNKNOWN, UNKNOWN, THICK_ICE, THICK_ICE]
    distance = np.minimum(10 * (50 - columns) - 5, 300)
    np.testing.assert_allclose(confidence, norm.cdf(distance / 100), atol=1e-6)


@pytest.mark.parametrize("uncertainty", [6.0, 25.0, 150.0])
def test_the_distance_to_the_boundary_is_that_of_opencv(uncertainty):
    """Leads of any direction and a patch of cloud, which is no boundary; a walk that turns, jumps and stands still."""
    rng = np.random.default_rng(3)
    classes = np.zeros((240, 260), np.uint8)
    for kind in (THIN_ICE, OPEN_WATER, THIN_ICE):
        ends = rng.integers(0, 240, (2, 2))
        cv2.line(classes, *(tuple(map(int, end)) for end in ends), int(kind), 7)
    classes[100:140, 150:200] = UNKNOWN
    rows, columns = np.clip(np.cumsum(rng.integers(-1, 2, (2, 5000)), axis=1) + 120, 0, 239)
    rows[3000:] = rng.integers(0, 240, 2000)
    classes_found, why, confidence = found_at(
        *places(rows, columns), look_of(scene_of(classes), uncertainty=uncertainty), minimum_agreement=0
    )
    seen = classes[rows, columns]
    away = np.zeros(len(rows))
    for kind in (THICK_ICE, THIN_ICE, OPEN_WATER):
        other = (classes != kind) & (classes != UNKNOWN)
        transform = cv2.distanceTransform((~other).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        away[seen == kind] = transform[rows, columns][seen == kind]
    distance = np.minimum(10 * (away - 0.5), SIGMAS * uncertainty)
    known = seen != UNKNOWN
    np.testing.assert_array_equal(why[known] == "drift", distance[known] < uncertainty)
    np.testing.assert_array_equal(classes_found[known], np.where(distance < uncertainty, UNKNOWN, seen)[known])
    alone = found_at(*places(rows, columns), look_of(scene_of(classes)), minimum_agreement=0)[2]
    np.testing.assert_allclose(confidence[known], (alone * norm.cdf(distance / uncertainty))[known], atol=1e-6)


def test_the_scene_that_is_laid_less_surely_labels_only_far_from_boundaries():
    classes = np.zeros((200, 200), np.uint8)
    classes[:, 100:] = OPEN_WATER
    near = look_of(scene_of(classes), "near", lag=5.0, uncertainty=400.0)
    far = look_of(scene_of(classes), "far", lag=60.0, uncertainty=5.0)
    labels = labels_of(segments_at(np.full(2, 100), [10, 90]), [near, far])
    assert labels["scene"].tolist() == ["near", "far"]
    assert labels["surface_class"].tolist() == [THICK_ICE, THICK_ICE]
    assert labels["confidence"].tolist() == pytest.approx([norm.cdf(895 / 400), norm.cdf(3)], abs=1e-6)


def test_the_extent_of_nothing_is_inside_out():
    segments = pd.DataFrame({"latitude": [np.nan], "longitude": [np.nan]})
    left, bottom, right, top = extent_of(segments, (0, 0), 0, SOUTH, UTM, 100)
    assert left > right and bottom > top


def test_a_scene_that_could_not_be_used_gives_its_reason_all_along_the_track(tmp_path):
    path = tmp_path / "empty.tif"
    write_empty_classes(path, Quality.THICK_CLOUD, {})
    latitude = np.linspace(-78, -70, 9)
    longitude = np.array([-180, 180, 179.999, 0, 90, -90, -140, -160, -179.999])
    segments = pd.DataFrame({"granule": GRANULE, "beam": "gt1r", "x_atc": np.arange(9.0)})
    segments = segments.assign(latitude=latitude, longitude=longitude)
    bounds = extent_of(segments, (300.0, 0.0), 0.0, SOUTH, "EPSG:4326", 100)
    labels = labels_of(segments, [look_of(read_classes(path, bounds), shift=(300.0, 0.0))])
    assert set(labels["why"]) == {"cloud"}
    assert read_classes(path).transform == from_bounds(*WHOLE_WORLD, 1, 1)


def counts_of(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["beam", "surface_class", "why", "count"]).assign(granule=GRANULE)


def test_the_account_counts_labels_by_class_and_losses_by_reason():
    counts = counts_of(("gt1r", 0, "scene", 70), ("gt1r", 255, "cloud", 20), ("gt1r", 255, "mixed", 5))
    account = account_of_labels(GRANULE, counts)
    assert account.parts[0].counts == {
        "segments_thick_ice": 70,
        "segments_unlabelled_cloud": 20,
        "segments_unlabelled_mixed": 5,
    }
    assert account.parts[0].state == State.OK


@pytest.mark.parametrize(
    ("why", "state"),
    [("off_scene", State.OFF_SCENE), ("no_scene", State.NO_SCENE), ("cloud", State.ALL_CLOUD)],
)
def test_a_track_without_labels_ends_in_a_named_state(why, state):
    track, other = account_of_labels(GRANULE, counts_of(("gt1r", 255, why, 9), ("gt2r", 1, "scene", 9))).parts
    assert (track.state, other.state) == (state, State.OK)
    assert GRANULE in track.reason and "gt1r" in track.reason


def test_the_account_counts_what_was_corrected_by_hand_and_keeps_the_sum():
    counts = counts_of(("gt1r", 0, "scene", 70), ("gt1r", 0, "manual", 6), ("gt1r", 255, "manual", 4))
    numbers = account_of_labels(GRANULE, counts).parts[0].counts
    assert numbers == {"segments_thick_ice": 76, "segments_unlabelled_manual": 4, "corrected_by_hand": 10}
