import numpy as np
import pandas as pd
import pytest

from drifts import drift
from leadline.comparison import class_agreement, drift_errors, freeboard_errors, label_agreement, with_truth
from leadline.freeboard import track_tables
from leadline.names import SurfaceClass
from leadline.overlay import overlay
from leadline.sea_surface import SeaSurfaceSettings
from tracks import simulated_track


@pytest.fixture(scope="module")
def track_and_truth() -> tuple[pd.DataFrame, pd.DataFrame]:
    track, sea_surface, freeboard = simulated_track()
    truth = track[["granule", "beam", "x_atc", "surface_class"]].assign(freeboard=freeboard, sea_surface=sea_surface)
    return track, truth


def test_segments_are_paired_by_their_key_and_only_those_that_both_know(track_and_truth):
    track, truth = track_and_truth
    both = with_truth(track.iloc[::-2], truth.iloc[:100])
    assert len(both) == 50
    assert {"surface_class", "surface_class_truth", "freeboard_truth"} <= set(both.columns)


def test_wrong_classes_are_counted_where_they_are(track_and_truth):
    track, truth = track_and_truth
    wrong = track.copy()
    water = np.flatnonzero(wrong["surface_class"] == SurfaceClass.OPEN_WATER)
    wrong.loc[water[::4], "surface_class"] = SurfaceClass.THIN_ICE
    agreement = class_agreement(wrong, truth)
    assert agreement["recall_open_water_percent"] == pytest.approx(75, abs=0.1)
    assert agreement["recall_thick_ice_percent"] == 100


def test_the_share_that_is_labelled_is_that_of_the_segments_in_clear_view(track_and_truth):
    _, truth = track_and_truth
    labels = truth[["granule", "beam", "x_atc", "surface_class"]].assign(why="scene")
    n = len(labels)
    labels.loc[: n // 2 - 1, ["surface_class", "why"]] = SurfaceClass.UNKNOWN, "cloud"
    labels.loc[n // 2 : 3 * n // 4 - 1, ["surface_class", "why"]] = SurfaceClass.UNKNOWN, "transition"
    agreement = label_agreement(labels, truth)
    assert agreement["labelled_of_cloud_free_percent"] == pytest.approx(50, abs=0.1)
    assert agreement["accuracy_percent"] == 100


def test_the_error_of_an_overlay_is_its_distance_from_the_opposite_of_the_drift():
    laid = [
        overlay("granule", scene, 10.0, None, drift(*shift, accepted=accepted), hand_error=25.0, ice_speed=0.3)
        for scene, shift, accepted in (("a", (120, -90), True), ("b", (3, 4), True), ("c", (9, 9), False))
    ]
    errors = drift_errors(laid, {"a": (-120, 90), "b": (0, 0), "c": (500, 0)})
    assert errors == {"n_laid": 2, "n_as_they_stand": 1, "median_error_m": 2.5, "largest_error_m": 5.0}
    assert drift_errors(laid[2:], {"c": (0, 0)})["median_error_m"] is None


def test_a_shift_of_the_freeboard_is_its_median_error(track_and_truth):
    track, truth = track_and_truth
    freeboard = track_tables(track, SeaSurfaceSettings()).freeboard
    exact = freeboard_errors(freeboard, truth)
    shifted = freeboard_errors(freeboard.assign(freeboard_raw=freeboard["freeboard_raw"] + 0.1), truth)
    key = "freeboard_thick_ice_median_error_m"
    assert abs(exact[key]) < 0.01
    assert shifted[key] - exact[key] == pytest.approx(0.1)
    assert exact["sea_surface_minimum_median_error_m"] < exact["sea_surface_nasa_median_error_m"] - 0.02


def test_without_a_sea_surface_there_is_no_error_and_no_nan(track_and_truth):
    track, truth = track_and_truth
    ice = track[track["surface_class"] == SurfaceClass.THICK_ICE]
    errors = freeboard_errors(track_tables(ice, SeaSurfaceSettings()).freeboard, truth)
    assert errors["n_segments_thick_ice"] == 0
    assert errors["freeboard_thick_ice_median_error_m"] is None
