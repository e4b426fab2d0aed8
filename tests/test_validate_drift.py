"""What the study of the drift comes to, on rows made by hand, and the coincidences that it draws."""

import numpy as np
import pandas as pd
import pytest

from leadline.benchmarks.coincidences import draw_coincidences, even_stretch, mostly_cloud
from leadline.names import SurfaceClass
from leadline.segmentation import Quality, SceneClasses
from validate_drift import summary


def rows(**columns) -> pd.DataFrame:
    n = len(columns["error"])
    usual = {"accepted": [True] * n, "error_along": [0.0] * n, "error_across": columns["error"], "seconds": [1.0] * n}
    usual |= {"uncertainty": [2.0] * n, "uncertainty_along": [1.0] * n, "uncertainty_across": [2.0] * n}
    return pd.DataFrame(usual | {"peak_ratio": [3.0] * n} | columns)


def test_errors_are_told_of_what_is_accepted_and_wrong_ones_of_all():
    of_kind = summary(rows(error=[1.0, 3.0, 900.0, 60.0], accepted=[True, True, False, True]))
    assert (of_kind["coincidences"], of_kind["refused"]) == (4, 1)
    assert (of_kind["wrong_by_50_m"], of_kind["wrong_by_50_m_and_accepted"]) == (2, 1)
    assert (of_kind["error"]["median"], of_kind["error"]["largest"]) == (3.0, 60.0)
    assert of_kind["error_within_2_uncertainties"] == pytest.approx(2 / 3)
    assert of_kind["z_across"]["root_mean_square"] == pytest.approx(np.sqrt((0.5**2 + 1.5**2 + 30**2) / 3))


def test_where_no_shift_is_right_only_refusals_are_counted():
    of_kind = summary(rows(error=[np.nan, np.nan], accepted=[False, True]))
    assert (of_kind["coincidences"], of_kind["refused"]) == (2, 1)
    assert "error" not in of_kind


def test_drawn_coincidences_share_places_but_no_world():
    drawn = draw_coincidences(seed=5, place=0, scenes=3)
    assert len({each.name for each in drawn}) == len(drawn) == 6
    assert len({(each.granule.latitude, each.granule.longitude) for each in drawn}) == 1
    assert len({each.granule.name for each in drawn}) == 2
    assert all(np.hypot(each.drift_x, each.drift_y) <= 600 for each in drawn)
    assert draw_coincidences(seed=5, place=0, scenes=3) == drawn


def test_the_even_stretch_is_the_one_without_a_lead():
    x = np.arange(0.0, 9000.0, 2.0)
    height = np.where((x > 4000) & (x < 5000), 0.4, np.where(x % 500 < 50, 0.0, 0.4))
    stretch = even_stretch(pd.DataFrame({"beam": "gt1r", "x_atc": x, "height_median": np.where(x < 3000, 0.4, height)}))
    assert (stretch["x_atc"].min(), stretch["x_atc"].max()) == (0, 2998)


def test_cloud_hides_most_of_a_scene_but_not_all():
    clear = np.zeros((400, 300), np.uint8)
    cloudy = mostly_cloud(SceneClasses(clear, clear, clear + 200, "EPSG:32702", None), seed=3)
    hidden = cloudy.quality == Quality.THICK_CLOUD
    assert 0.8 < hidden.mean() < 1
    assert np.array_equal(cloudy.classes == SurfaceClass.UNKNOWN, hidden)
    assert set(np.unique(cloudy.value[~hidden])) == {200}
