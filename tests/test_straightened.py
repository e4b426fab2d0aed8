import numpy as np
import pytest
from affine import Affine

from leadline.straightened import places_beside, values_at


def test_beside_a_track_to_the_north_left_is_west():
    along, x_atc = np.array([100.0, 150.0]), np.arange(0, 300.0)
    x, y = places_beside(x_atc, np.full(300, 7.0), x_atc, along, np.array([40.0, 0.0, -40.0]))
    np.testing.assert_allclose(x, [[-33, -33], [7, 7], [47, 47]], atol=1e-9)
    np.testing.assert_allclose(y, [along] * 3)


@pytest.mark.parametrize("azimuth", [0.0, 1.0, 2.5, 4.0])
def test_distances_are_kept_whatever_the_direction_and_jitter_of_segments_hardly_turns_it(azimuth):
    x_atc = np.arange(0, 1000, 2.0)
    rng = np.random.default_rng(1)
    x, y = (x_atc * way + rng.normal(0, 0.3, x_atc.size) for way in (np.sin(azimuth), np.cos(azimuth)))
    across = np.array([500.0, -500.0])
    left, right = np.moveaxis(places_beside(x_atc, x, y, np.array([500.0]), across), 0, 1)[..., 0]
    assert np.hypot(*(left - right)) == pytest.approx(1000)
    exact = 500 * np.array([np.sin(azimuth), np.cos(azimuth)]) + 500 * np.array([-np.cos(azimuth), np.sin(azimuth)])
    assert np.hypot(*(left - exact)) < 5


def test_there_is_nothing_beyond_the_ends_of_a_track_nor_beside_one_that_is_nowhere():
    x_atc = np.array([0.0, 2.0, 4.0])
    x, _ = places_beside(x_atc, x_atc, x_atc, np.array([-1.0, 1.0, 5.0]), np.zeros(1))
    assert np.isfinite(x).tolist() == [[False, True, False]]
    nowhere = places_beside(x_atc, np.full(3, np.nan), x_atc, np.array([1.0]), np.zeros(2))
    assert np.isnan(nowhere).all() and nowhere[0].shape == (2, 1)


def test_a_place_has_the_value_of_the_pixel_that_holds_it():
    plane = np.array([[1, 2], [3, 4]], np.uint8)
    transform = Affine(10, 0, 100, 0, -10, 200)
    x, y = np.array([[100.0, 119.9, 99.9, np.nan]]), np.array([[199.9, 180.1, 199.9, 190.0]])
    assert values_at(plane, transform, x, y).tolist() == [[1, 4, 0, 0]]
    assert values_at(plane, transform, x, y, outside=9).tolist() == [[1, 4, 9, 9]]
    assert values_at(plane[:0], transform, x, y).tolist() == [[0, 0, 0, 0]]
