import numpy as np
import pandas as pd
import pytest

from drifts import drift
from leadline.label_truth import class_agreement, drift_errors, label_agreement
from leadline.names import SurfaceClass
from leadline.overlay import overlay
from tracks import simulated_track_and_truth


@pytest.fixture(scope="module")
def track_and_truth() -> tuple[pd.DataFrame, pd.DataFrame]:
    return simulated_track_and_truth()


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
