import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.metrics import network_scores, scores
from leadline.names import SurfaceClass

# Two thick segments of four are found, both thin ones, no water; one has no label.
TRUTH = np.array([0, 0, 0, 0, 1, 1, 2, 255], dtype=np.uint8)
PREDICTED = np.array([0, 0, 1, 2, 1, 1, 0, 0], dtype=np.uint8)


def test_the_scores_of_seven_segments():
    found = scores(TRUTH, PREDICTED)
    assert found["n_segments"] == 7
    assert found["n_unknown"] == 1
    assert found["accuracy_percent"] == pytest.approx(100 * 4 / 7)
    assert found["recall_thick_ice_percent"] == pytest.approx(50)
    assert found["recall_thin_ice_percent"] == pytest.approx(100)
    assert found["recall_open_water_percent"] == 0
    assert found["precision_thick_ice_percent"] == pytest.approx(100 * 2 / 3)
    assert found["precision_thin_ice_percent"] == pytest.approx(100 * 2 / 3)
    assert found["balanced_accuracy_percent"] == pytest.approx(50)
    assert found["precision_macro_percent"] == pytest.approx(100 * 4 / 9)
    assert found["precision_weighted_percent"] == pytest.approx(100 * (4 * 2 / 3 + 2 * 2 / 3) / 7)
    assert found["f1_thin_ice_percent"] == pytest.approx(80)
    assert found["n_thick_ice_as_open_water"] == 1
    assert found["n_open_water_as_thick_ice"] == 1
    assert found["n_thin_ice_as_thin_ice"] == 2


def test_a_class_that_the_truth_lacks_has_no_part_in_the_averages():
    found = scores(np.array([0, 0, 1]), np.array([0, 0, 1]))
    assert found["balanced_accuracy_percent"] == found["f1_macro_percent"] == 100
    assert "recall_open_water_percent" not in found


def test_nothing_known_is_counted_and_has_no_scores():
    unknown = np.full(3, SurfaceClass.UNKNOWN)
    assert scores(unknown, np.zeros(3, int)) == {"n_segments": 0, "n_unknown": 3}
    assert network_scores(unknown, np.zeros((3, 3))) == {"n_segments": 0, "n_unknown": 3}
    assert network_scores(unknown[:0], np.zeros((0, 3))) == {"n_segments": 0, "n_unknown": 0}


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1))
def test_the_averages_are_what_their_names_say(pairs):
    truth, predicted = np.array(pairs).T
    found = scores(truth, predicted)
    assert found["recall_weighted_percent"] == pytest.approx(found["accuracy_percent"])
    assert found["recall_macro_percent"] == pytest.approx(found["balanced_accuracy_percent"])
    assert sum(n for name, n in found.items() if "_as_" in name) == found["n_segments"] == len(pairs)


def test_a_segment_without_a_class_above_one_half_lowers_recall_but_not_precision():
    probability = np.array([[0.9, 0.1, 0.0], [0.4, 0.3, 0.3], [0.2, 0.7, 0.1], [0.1, 0.1, 0.8], [1, 0, 0]])
    found = network_scores(np.array([0, 0, 1, 1, 255]), probability)
    assert found["accuracy_percent"] == pytest.approx(75)
    assert found["precision_micro_percent"] == pytest.approx(100 * 2 / 3)
    assert found["recall_micro_percent"] == pytest.approx(50)
    assert found["f1_micro_percent"] == pytest.approx(100 * 4 / 7)
