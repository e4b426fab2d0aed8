import numpy as np
import pytest

from leadline.illumination import CELL, background_illumination, find_shade, over_pixels, strips

BRIGHT, DIM = 205, 160


def ramp(width: int, size: int = 400) -> np.ndarray:
    """Return ice that goes from 225 on the left to 180 on the right over so many pixels."""
    middle = np.clip((np.arange(size) - size / 2) / width + 0.5, 0, 1)
    return np.broadcast_to(225 - 45 * middle, (size, size)).round().astype(np.uint8)


@pytest.mark.parametrize("width", [60, 120, 300])
def test_dim_ice_that_fades_into_bright_ice_is_in_shade(width):
    assert find_shade(ramp(width), BRIGHT, DIM).all()


@pytest.mark.parametrize("width", [1, 2, 3])
def test_dim_ice_with_an_edge_is_not(width):
    assert not find_shade(ramp(width), BRIGHT, DIM).any()


def test_each_shadow_is_judged_by_the_meetings_near_it():
    both = np.hstack([ramp(100, 600), ramp(1, 600)[:, ::-1]])
    shade = over_pixels(find_shade(both, BRIGHT, DIM), slice(0, 600), 1200)
    assert shade[:, 250:550].all()
    assert not shade[:, 650:].any()


def test_nothing_is_in_shade_where_no_bright_ice_is_met():
    assert not find_shade(np.full((100, 130), 180, np.uint8), BRIGHT, DIM).any()
    assert not find_shade(np.full((100, 130), 230, np.uint8), BRIGHT, DIM).any()


def test_the_rim_of_a_lead_is_no_evidence():
    value = np.full((200, 200), 225, np.uint8)
    value[:, 95:105], value[:, 94], value[:, 105] = 15, 190, 190
    assert not find_shade(value, BRIGHT, DIM).any()


def test_the_background_of_even_ice_is_its_own_value_beside_anything_not_lit():
    value = np.full((300, 301), 200, np.uint8)
    for lit in (np.tri(300, 301, dtype=bool), np.random.default_rng(0).random((300, 301)) < 0.1):
        assert np.all(background_illumination(value, lit) == 200)


def test_the_background_follows_the_light_and_not_the_leads():
    value = np.repeat(np.where(np.arange(900) < 450, 240, 190)[:, np.newaxis], 900, axis=1).astype(np.uint8)
    lit = np.ones(value.shape, bool)
    value[:, 300:340], lit[:, 300:340] = 10, False
    background = over_pixels(background_illumination(value, lit), slice(0, 900), 900)
    assert np.all(background[:440] == 240)
    assert np.all(background[460:] == 190)


def test_without_any_lit_pixel_the_background_is_white():
    assert np.all(background_illumination(np.zeros((40, 50), np.uint8), np.zeros((40, 50), bool)) == 255)


@pytest.mark.parametrize("height", [1, 1023, 1024, 1025, 2500])
def test_the_strips_cover_each_row_once_and_start_with_a_cell(height):
    numbers = np.arange(height)
    covered = [numbers[around][inside] for _, around, inside in strips(height)]
    np.testing.assert_array_equal(np.concatenate(covered), numbers)
    assert all(rows.start % CELL == 0 for rows, _, _ in strips(height))
    assert all(np.array_equal(numbers[rows], numbers[around][inside]) for rows, around, inside in strips(height))
