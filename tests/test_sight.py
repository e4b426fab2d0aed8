import numpy as np
import pandas as pd
import pytest
from affine import Affine

from drifts import drift
from leadline.names import SurfaceClass
from leadline.overlay import overlay
from leadline.projections import GEOGRAPHIC, transformed
from leadline.segmentation import Quality, SceneClasses
from leadline.sight import bounds_around, classes_along, course_of, most_seen, picture_along, sight_of

PROJECTION, CRS = "EPSG:3976", "EPSG:32702"
ICE, WATER = SurfaceClass.THICK_ICE, SurfaceClass.OPEN_WATER
X, Y = -400_000.0, -1_600_000.0
PIXEL = 10.0


def track(length: float = 6000.0, lead: tuple[float, float] = (4000.0, 4100.0)) -> pd.DataFrame:
    """A track that runs along x of the projection, of ice with one lead (m from its start)."""
    along = np.arange(0.0, length, 2.0)
    longitude, latitude = transformed(X + along, np.full(along.size, Y), PROJECTION, GEOGRAPHIC)
    classes = np.where((along >= lead[0]) & (along < lead[1]), WATER, ICE)
    return pd.DataFrame({"x_atc": 1e7 + along, "latitude": latitude, "longitude": longitude, "surface_class": classes})


def scene(lead: tuple[float, float] = (4000.0, 4100.0), width: int = 800) -> SceneClasses:
    """A scene in the track's own projection, 1 km to either side of it, with a lead across it (m of the track)."""
    along = np.arange(width) * PIXEL - 1000 + PIXEL / 2
    is_lead = (along >= lead[0]) & (along < lead[1])
    classes = np.where(is_lead, WATER, ICE).astype(np.uint8)[None].repeat(200, axis=0)
    value = np.where(classes == WATER, 20, 230).astype(np.uint8)
    value[:100] += 10
    return SceneClasses(
        classes, np.zeros_like(classes), value, PROJECTION, Affine(PIXEL, 0, X - 1000, 0, -PIXEL, Y + 1000)
    )


def laid(shift: tuple[float, float]):
    return overlay("granule", "scene", 10.0, shift, drift(), hand_error=25.0, ice_speed=0.3)


def test_what_a_track_looks_at_is_where_the_shift_lays_the_scene():
    drifted = scene((4300.0, 4400.0))
    course = course_of(track(), PROJECTION)
    along = 1e7 + np.array([3900.0, 4050.0, 4200.0, 4350.0])
    assert classes_along(course, drifted, along).tolist() == [ICE, ICE, ICE, WATER]
    assert classes_along(course.shifted((-300.0, 0.0)), drifted, along).tolist() == [ICE, WATER, ICE, ICE]


def test_left_of_the_flight_is_on_top_of_the_picture():
    picture = picture_along(
        course_of(track(), PROJECTION), scene(), 1e7 + np.array([1000.0]), np.array([500.0, -500.0])
    )
    assert picture[:, 0].tolist() == [240, 230], "the track flies along x, so left of it is where y is higher"


def test_outside_of_the_scene_nothing_is_known():
    course = course_of(track(12_000.0), PROJECTION)
    assert classes_along(course, scene(), 1e7 + np.array([7500.0])).tolist() == [SurfaceClass.UNKNOWN]
    assert picture_along(course, scene(), 1e7 + np.array([7500.0]), np.array([0.0])).tolist() == [[0]]


def test_a_sight_is_the_stretch_that_the_scene_shows_and_the_place_where_the_shift_matters():
    seen = sight_of(track(12_000.0), laid((-300.0, 0.0)), scene((4300.0, 4400.0)), PROJECTION, 1000.0)
    begin, end = np.array(seen.stretch) - 1e7
    assert begin < 100 and end == pytest.approx(6700, abs=60), "the scene ends at 7000 m, shifted back by 300 m"
    assert seen.middle - 1e7 == pytest.approx(4050, abs=500)


def test_without_a_shift_the_place_is_that_of_the_most_open_water():
    seen = sight_of(track(lead=(2000.0, 2500.0)), laid((0.0, 0.0)), scene((0.0, 0.0)), PROJECTION, 600.0)
    assert seen.middle - 1e7 == pytest.approx(2250, abs=60)


@pytest.mark.parametrize("segments", [track()[:0], track()[:1], track(40.0)])
def test_a_track_too_short_to_have_a_direction_sees_nothing(segments):
    assert sight_of(segments, laid((0.0, 0.0)), scene(), PROJECTION, 1000.0) is None


def test_a_scene_elsewhere_or_without_data_shows_nothing():
    elsewhere = scene()
    empty = SceneClasses(
        *(np.full((1, 1), value, np.uint8) for value in (255, Quality.NODATA, 0)), GEOGRAPHIC, Affine.scale(1)
    )
    far = SceneClasses(
        elsewhere.classes,
        elsewhere.quality,
        elsewhere.value,
        PROJECTION,
        Affine.translation(1e6, 0) @ elsewhere.transform,
    )
    for each in (far, empty):
        assert sight_of(track(), laid((0.0, 0.0)), each, PROJECTION, 1000.0) is None


def test_bounds_are_a_square_around_a_place_of_the_shifted_scene():
    course = course_of(track(), PROJECTION).shifted((100.0, -50.0))
    assert bounds_around(course, PROJECTION, 1e7 + 2000, 500.0) == pytest.approx(
        (X + 1400, Y - 450, X + 2400, Y + 550), abs=0.01
    )


def test_the_scene_that_labels_most_of_a_track_is_shown_or_else_the_one_that_is_told_most_often():
    labels = pd.DataFrame({"scene": ["a", "b", "b", "a", "a"], "surface_class": [0, 0, 2, 255, 255]})
    assert most_seen(labels, ["a", "b"]) == "b"
    assert most_seen(labels[labels["surface_class"] == 255], ["a", "b"]) == "a"
    assert most_seen(labels, ["a"]) == "a"
    assert most_seen(labels, []) is None
