import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from leadline.calibration import Calibration, expected_calibration_error, fit, reliability


def drawn(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities, and classes drawn with just these."""
    rng = np.random.default_rng(seed)
    probability = softmax(rng.normal([1, 0, -1], 2, (n, 3)), axis=1)
    return probability, (rng.random((n, 1)) > probability.cumsum(axis=1)).sum(axis=1).clip(max=2)


def distorted(probability: np.ndarray, temperature: float) -> np.ndarray:
    return softmax(temperature * np.log(probability), axis=1)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_what_a_network_did_to_its_probabilities_is_taken_back(temperature):
    probability, truth = drawn(20_000)
    wrong = distorted(probability, temperature)
    calibration = fit(wrong, truth)
    assert calibration.temperature == pytest.approx(temperature, rel=0.05)
    assert calibration.applied(wrong) == pytest.approx(probability, abs=0.02)


def test_calibration_mends_the_expected_calibration_error_of_other_segments():
    (probability, truth), (others, other_truth) = drawn(20_000), drawn(20_000, seed=1)
    sure, sure_others = distorted(probability, 2.5), distorted(others, 2.5)
    before = expected_calibration_error(reliability(sure_others, other_truth))
    after = expected_calibration_error(reliability(fit(sure, truth).applied(sure_others), other_truth))
    assert before > 0.08
    assert after < 0.015


def test_without_segments_there_is_nothing_to_learn():
    probability, truth = drawn(100)
    assert fit(probability[:0], truth[:0]) == Calibration()
    assert Calibration().applied(probability) == pytest.approx(probability, abs=1e-6)


def test_classes_that_are_told_apart_without_error_have_a_finite_calibration():
    truth = np.arange(300) % 3
    calibration = fit(np.eye(3)[truth], truth)
    assert 0 < calibration.temperature < np.inf
    assert np.isfinite(calibration.applied(np.eye(3)[truth])).all()


@settings(max_examples=50)
@given(st.lists(st.tuples(*[st.floats(0, 1)] * 3).filter(lambda row: sum(row) > 0.01), min_size=1), st.floats(0.1, 10))
def test_calibrated_probabilities_are_probabilities_of_the_same_class(rows, temperature):
    probability = np.array(rows) / np.sum(rows, axis=1, keepdims=True)
    calibrated = Calibration(temperature).applied(probability)
    assert calibrated.dtype == np.float32
    assert (calibrated >= 0).all()
    assert calibrated.sum(axis=1) == pytest.approx(1, abs=1e-5)
    chosen = probability[np.arange(len(rows)), calibrated.argmax(axis=1)]
    assert chosen == pytest.approx(probability.max(axis=1), abs=1e-5)


def test_the_reliability_of_five_segments():
    probability = np.array([[0.95, 0.05, 0], [0.91, 0.09, 0], [0.05, 0.6, 0.35], [0, 1, 0], [0.4, 0.3, 0.3]])
    table = reliability(probability, np.array([0, 1, 1, 1, 2]))
    assert table.lowest.tolist() == pytest.approx([0.4, 0.6, 0.9])
    assert table.n.tolist() == [1, 1, 3]
    assert table.confidence.tolist() == pytest.approx([0.4, 0.6, 0.953333], abs=1e-5)
    assert table.accuracy.tolist() == pytest.approx([0, 1, 2 / 3])
    assert expected_calibration_error(table) == pytest.approx((0.4 + 0.4 + 3 * (0.953333 - 2 / 3)) / 5, abs=1e-5)
