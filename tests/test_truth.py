import numpy as np
import pandas as pd
import pytest

from leadline.freeboard import track_tables
from leadline.names import SurfaceClass
from leadline.sea_surface import SeaSurfaceSettings
from leadline.tables import SEA_SURFACE_METHODS
from leadline.truth import freeboard_errors, open_water_residual, sea_surface_errors, with_truth
from tracks import simulated_track_and_truth

SECTION = 10_000.0


@pytest.fixture(scope="module")
def track_and_truth() -> tuple[pd.DataFrame, pd.DataFrame]:
    return simulated_track_and_truth()


def test_segments_are_paired_by_their_key_and_only_those_that_both_know(track_and_truth):
    track, truth = track_and_truth
    both = with_truth(track.iloc[::-2], truth.iloc[:100])
    assert len(both) == 50
    assert {"surface_class", "surface_class_truth", "freeboard_truth"} <= set(both.columns)


def test_a_shift_of_the_freeboard_is_its_median_error(track_and_truth):
    track, truth = track_and_truth
    freeboard = track_tables(track, SeaSurfaceSettings()).freeboard
    exact = freeboard_errors(freeboard, truth, SECTION)
    shifted = freeboard_errors(freeboard.assign(freeboard_raw=freeboard["freeboard_raw"] + 0.1), truth, SECTION)
    for key in ("thick_ice_median_error_m", "section_mean_chosen_bias_m"):
        assert abs(exact[key]) < 0.01
        assert shifted[key] - exact[key] == pytest.approx(0.1, abs=1e-6)
    surfaces = sea_surface_errors(freeboard, truth)
    assert surfaces["minimum_median_error_m"] < surfaces["nasa_median_error_m"] - 0.02


def segments(n: int, section_errors: tuple[float, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return segments whose raw freeboard errs by a number in each section of n, and their truth."""
    x = (np.arange(n * len(section_errors)) + 0.5) * SECTION / n
    key = {"granule": "g", "beam": "gt1r", "x_atc": x}
    truth = pd.DataFrame(key | {"surface_class": SurfaceClass.THICK_ICE, "freeboard": 0.3, "sea_surface": 0.0})
    raw = 0.3 + np.repeat(section_errors, n)
    surfaces = {f"sea_surface_{method}": 0.0 for method in SEA_SURFACE_METHODS}
    return pd.DataFrame(key | {"height_mean": raw, "freeboard_raw": raw, **surfaces}), truth


def test_bias_and_rmse_of_section_means_count_each_section_once():
    errors = freeboard_errors(*segments(100, (0.01, -0.03)), SECTION)
    assert errors["n_sections"] == 2
    for method in ("chosen", *SEA_SURFACE_METHODS):
        assert errors[f"section_mean_{method}_bias_m"] == pytest.approx(-0.01)
        assert errors[f"section_mean_{method}_rmse_m"] == pytest.approx(np.sqrt((0.01**2 + 0.03**2) / 2))


def test_the_stub_of_a_section_at_the_end_of_a_track_does_not_count():
    freeboard, truth = segments(100, (0.0, 0.0, 0.5))
    errors = freeboard_errors(freeboard.iloc[:240], truth, SECTION)
    assert (errors["n_sections"], errors["section_mean_chosen_bias_m"]) == (2, pytest.approx(0))


def test_without_a_sea_surface_there_is_no_error_and_no_nan(track_and_truth):
    track, truth = track_and_truth
    ice = track[track["surface_class"] == SurfaceClass.THICK_ICE]
    freeboard = track_tables(ice, SeaSurfaceSettings()).freeboard
    errors = freeboard_errors(freeboard, truth, SECTION) | sea_surface_errors(freeboard, truth)
    assert errors["n_segments_thick_ice"] == errors["n_sections"] == 0
    assert {value for name, value in errors.items() if name.endswith("_m")} == {None}
    assert open_water_residual(freeboard)["open_water_residual_mean_m"] is None


def test_the_residual_of_open_water_is_that_of_open_water_alone():
    classes = [SurfaceClass.OPEN_WATER, SurfaceClass.OPEN_WATER, SurfaceClass.THICK_ICE]
    residual = open_water_residual(pd.DataFrame({"surface_class": classes, "freeboard_raw": [-0.02, 0.04, 0.3]}))
    assert residual["open_water_n_segments"] == 2
    assert residual["open_water_residual_mean_m"] == pytest.approx(0.01)
    assert residual["open_water_residual_sd_m"] == pytest.approx(0.03)
