import numpy as np
import pytest

from leadline.names import SurfaceClass
from leadline.paper_filter import filtered_classes

THICK_ICE, THIN_ICE, OPEN_WATER = list(SurfaceClass)[:3]


def picture_of(value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A grey picture, all of it usable."""
    return np.repeat(value.astype(np.uint8)[..., np.newaxis], 3, axis=2), np.ones(value.shape, bool)


def test_leads_in_even_ice_have_their_classes():
    value = np.full((400, 400), 224)
    value[:, 100:110], value[:, 300:306] = 110, 10
    classes = filtered_classes(*picture_of(value))
    assert np.all(classes[:, 100:110] == THIN_ICE)
    assert np.all(classes[:, 300:306] == OPEN_WATER)
    assert np.mean(classes == THICK_ICE) == pytest.approx(1 - 16 / 400)


def test_ice_in_a_soft_shadow_stays_thick():
    value = np.full((400, 400), 230.0)
    value[:, 195:205] = 110
    rows, columns = np.indices(value.shape)
    shadow = np.exp(-(((rows - 200) ** 2 + (columns - 100) ** 2) / 80**2))
    classes = filtered_classes(*picture_of(value * (1 - 0.25 * shadow)))
    assert np.mean(classes[:, :190] == THICK_ICE) > 0.99
    assert np.mean(classes[:, 196:204] == THIN_ICE) > 0.99


def test_dark_ice_wider_than_the_window_is_taken_for_a_shadow():
    value = np.full((600, 600), 224)
    value[:, 400:] = 100
    assert np.all(filtered_classes(*picture_of(value))[:, 500:] == THICK_ICE)
