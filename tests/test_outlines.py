import numpy as np
import pytest
from affine import Affine
from pyproj import Proj

from leadline.outlines import outline_of
from leadline.projections import GEOGRAPHIC, transformed
from leadline.segmentation import Quality, SceneClasses
from test_sight import CRS, PROJECTION, X, Y, scene


def test_an_outline_is_that_of_the_data_in_another_projection():
    whole = scene()
    whole.quality[:, :400] = Quality.NODATA
    left, bottom, right, top = outline_of(whole, PROJECTION).bounds
    assert (right - left, top - bottom) == pytest.approx((4000, 2000))
    x, y = transformed(np.array([X]), np.array([Y]), PROJECTION, CRS)
    there = SceneClasses(
        whole.classes, np.zeros_like(whole.quality), whole.value, CRS, Affine(10, 0, x[0], 0, -10, y[0])
    )
    longitude, latitude = transformed(np.array([X]), np.array([Y]), PROJECTION, GEOGRAPHIC)
    here, scenes = (Proj(crs).get_factors(longitude[0], latitude[0]).areal_scale for crs in (PROJECTION, CRS))
    assert outline_of(there, PROJECTION).area == pytest.approx(8000 * 2000 * here / scenes, rel=0.002)


def test_a_scene_without_data_has_no_outline():
    nothing = scene()
    nothing.quality[:] = Quality.NODATA
    planes = (np.full((1, 1), value, np.uint8) for value in (255, Quality.NODATA, 0))
    unusable = SceneClasses(*planes, GEOGRAPHIC, Affine.scale(1))
    assert outline_of(nothing, PROJECTION).is_empty and outline_of(unusable, PROJECTION).is_empty
