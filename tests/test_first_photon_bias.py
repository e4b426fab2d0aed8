from dataclasses import replace

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from leadline.dead_time import dead_time_calibration
from leadline.first_photon_bias import (
    HALF_SPEED_OF_LIGHT,
    PULSE_WIDTH,
    WIDTH_OF_GAUSSIAN,
    WINDOW_PHOTONS,
    Calibration,
    bias_flag,
    look_up,
    moving_return,
)

DEAD_TIME = 3.0


def test_between_the_entries_of_the_table_the_bias_is_bilinear():
    calibration = dead_time_calibration(DEAD_TIME, 16)
    random = np.random.default_rng(4)
    strength, width = random.uniform(0.05, 32, 500), random.uniform(0.3, 60, 500)
    expected = RegularGridInterpolator((calibration.strength[0], calibration.width[0]), calibration.correction[0])
    bias, clamped = look_up(calibration, DEAD_TIME, strength, width)
    assert not clamped.any()
    assert bias == pytest.approx(expected(np.column_stack([strength, width])) * 1e-3 * HALF_SPEED_OF_LIGHT)


def test_the_table_of_the_nearest_dead_time_is_taken():
    one = dead_time_calibration(DEAD_TIME, 16)
    tables = (np.concatenate([values, values]) for values in (one.strength, one.width))
    two = Calibration(np.array([2.9, 3.2]), *tables, np.stack([one.correction[0], one.correction[0] + 7]), True)
    where = np.array([5.0]), np.array([2.0])
    assert look_up(two, 3.04, *where)[0] == pytest.approx(look_up(one, DEAD_TIME, *where)[0])
    assert look_up(two, 3.06, *where)[0] == pytest.approx(
        look_up(one, DEAD_TIME, *where)[0] + 7e-3 * HALF_SPEED_OF_LIGHT
    )


def test_beyond_the_table_the_edge_is_taken_and_said():
    calibration = dead_time_calibration(DEAD_TIME, 16)
    strength, width = np.array([5.0, 1000.0, 0.001, 5.0, 5.0]), np.array([2.0, 2.0, 2.0, 0.1, 900.0])
    bias, clamped = look_up(calibration, DEAD_TIME, strength, width)
    assert clamped.tolist() == [False, True, True, True, True]
    assert np.isfinite(bias).all()


SPACING = 0.7


def flight(n: int, shots_a_photon: float, spread: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return place (m) and deviation (m) of photons of which one comes every so many shots."""
    return np.arange(n) * shots_a_photon * SPACING, np.random.default_rng(seed).normal(0, spread, n)


def test_strength_counts_shots_without_photons_and_width_is_10_to_90_percent():
    x, deviation = flight(4000, 2, 0.1)
    seen = moving_return(x, deviation, np.arange(75, 3900, 25), SPACING)
    assert (seen.n_photons == WINDOW_PHOTONS).all()
    assert seen.strength == pytest.approx(0.5, rel=0.01)
    assert seen.width.mean() * HALF_SPEED_OF_LIGHT == pytest.approx(WIDTH_OF_GAUSSIAN * 0.1, rel=0.03)


def test_a_window_that_moves_tells_what_each_window_would_alone():
    x, deviation = flight(3000, 0.3, 0.1, seed=7)
    centre = np.sort(np.random.default_rng(2).choice(3000, 60, replace=False))
    together = moving_return(x, deviation, centre, SPACING)
    alone = [moving_return(x, deviation, centre[[k]], SPACING) for k in range(60)]
    assert together.width.tolist() == [one.width[0] for one in alone]
    assert together.strength.tolist() == [one.strength[0] for one in alone]


def test_at_its_ends_a_beam_is_seen_from_one_side():
    x, deviation = flight(1000, 0.5, 0.1)
    seen = moving_return(x, deviation, np.array([0, 999]), SPACING)
    assert seen.n_photons.tolist() == [WINDOW_PHOTONS] * 2
    assert seen.strength == pytest.approx(2, rel=0.02)


def test_photons_beyond_reach_are_of_another_surface():
    x, _ = flight(400, 0.5, 0.1)
    x[200:] += 5000
    deviation = np.where(np.arange(400) < 200, 0.01, -0.3) * np.resize([1, -1], 400)
    x[100:200] += 1000
    seen = moving_return(x, deviation, np.array([150, 300]), SPACING)
    assert seen.n_photons.tolist() == [100, 150]
    assert seen.width[0] * HALF_SPEED_OF_LIGHT < 0.05
    assert seen.width[1] * HALF_SPEED_OF_LIGHT > 0.5


def test_fewer_photons_than_a_window_are_taken_as_they_are():
    seen = moving_return(np.arange(7) * SPACING, np.zeros(7), np.array([3]), SPACING)
    assert seen.strength.tolist() == pytest.approx([1.0])
    assert seen.n_photons.tolist() == [7]


def test_where_no_deviation_is_known_the_pulse_tells_the_width():
    seen = moving_return(np.arange(7) * SPACING, np.full(7, np.nan), np.array([3]), SPACING)
    assert seen.width.tolist() == [PULSE_WIDTH]


def test_the_flag_sums_what_is_to_be_said():
    calibration = dead_time_calibration(DEAD_TIME, 16)
    clamped, n_photons = np.array([False, True, False, True]), np.array([150, 150, 10, 10])
    assert bias_flag(calibration, clamped, n_photons).tolist() == [2, 3, 6, 7]
    assert bias_flag(replace(calibration, from_granule=True), clamped, n_photons).tolist() == [0, 1, 4, 5]
