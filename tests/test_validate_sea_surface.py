"""The study of the sea surface: right and wrong classes, and what it finds on a short simulated track."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leadline.benchmarks.sea_surface import ERRORS, as_classified, draw_granules, right, summary, with_runs, with_strays
from leadline.names import SurfaceClass
from leadline.tables import SEA_SURFACE_METHODS
from tracks import ICE, WATER, classes, track_of
from validate_sea_surface import measure


@pytest.fixture(scope="module")
def rows(tmp_path_factory) -> pd.DataFrame:
    (granule,) = draw_granules(seed=6001, worlds=1, signals=[1.0], length=15_000.0)
    return measure(Path(tmp_path_factory.mktemp("worlds")), granule)


@pytest.mark.parametrize("errors", ERRORS)
def test_freeboard_of_sections_is_good_to_a_centimetre_and_its_scatter_to_three(rows, errors):
    found = summary(rows[(rows["method"] == "robust") & (rows["class_errors"] == errors)])
    assert found["n_sections"] >= 5
    assert abs(found["freeboard_bias"]) <= 0.01
    assert found["freeboard_rmse"] <= 0.03


def test_every_method_is_measured_beside_the_others(rows):
    assert set(rows["method"]) == set(SEA_SURFACE_METHODS)
    bias = rows[rows["class_errors"] == "classifier"].groupby("method")["error"].mean()
    assert bias["minimum"] < bias["nearest_minimum"] < -0.03
    assert abs(bias["robust"]) < abs(bias["average"])


def test_the_summary_tells_bias_scatter_and_coverage():
    table = pd.DataFrame({"error": [0.01, -0.01, 0.03], "stated": [0.02] * 3, "freeboard_error": [0.0, 0.02, np.nan]})
    found = summary(table)
    assert (found["n_sections"], found["bias"], found["coverage"]) == (3, pytest.approx(0.01), pytest.approx(2 / 3))
    assert found["rmse"] == pytest.approx(np.sqrt(0.0011 / 3))
    assert (found["freeboard_bias"], found["freeboard_rmse"]) == pytest.approx((0.01, np.sqrt(0.0002)))


def test_no_two_granules_are_alike():
    drawn = draw_granules(1, 2, [0.5, 1.0], 9_000.0)
    assert len({each.name for each in drawn}) == len({each.latitude for each in drawn}) == 4
    assert [each.signal for each in drawn] == [0.5, 0.5, 1.0, 1.0]


TRACK = track_of(classes(*[(300, ICE), (30, WATER), (40, SurfaceClass.THIN_ICE)] * 30))


def taken_for_water(make) -> np.ndarray:
    """Return which segments of thick ice a kind of errors takes for water."""
    return (make(TRACK, np.random.default_rng(1)) == WATER) & (TRACK["surface_class"] == ICE).to_numpy()


def test_without_errors_the_classes_are_the_true_ones():
    assert np.array_equal(right(TRACK, np.random.default_rng(1)), TRACK["surface_class"])


def test_a_classifier_errs_at_the_borders_and_on_thin_ice():
    made = as_classified(TRACK, np.random.default_rng(1))
    wrong = made != TRACK["surface_class"]
    assert 0.003 < wrong.mean() < 0.03
    border = np.flatnonzero(np.diff(TRACK["surface_class"]))
    ice = np.flatnonzero(wrong & (TRACK["surface_class"] != SurfaceClass.THIN_ICE))
    assert np.abs(ice[:, None] - border).min(axis=1).max() < 8


def test_strays_are_two_percent_of_thick_ice_and_runs_are_runs():
    strays, runs = (taken_for_water(make) & ~taken_for_water(as_classified) for make in (with_strays, with_runs))
    n_ice = (TRACK["surface_class"] == ICE).sum()
    assert 0.015 < strays.sum() / n_ice < 0.025
    assert 0.01 < runs.sum() / n_ice < 0.03
    begins = np.flatnonzero(np.diff(runs.astype(int)) == 1).size
    assert 8 < runs.sum() / begins < 32
