import numpy as np
import pytest

from leadline.simulate.atlas import awake, confidence, quality, surface_height, weight


def shots(random: np.random.Generator, mean: float, n_shots: int, n_channels: int) -> tuple[np.ndarray, np.ndarray]:
    shot = np.repeat(np.arange(n_shots), random.poisson(mean, n_shots))
    return shot, random.integers(0, n_channels, shot.size)


@pytest.mark.parametrize("n_channels", [16, 4])
@pytest.mark.parametrize("mean", [1.0, 8.0, 30.0])
def test_a_pulse_shorter_than_the_dead_time_gives_each_channel_one_photon_at_most(mean, n_channels):
    random = np.random.default_rng(1)
    shot, channel = shots(random, mean, 20_000, n_channels)
    time = 0.1 * random.standard_normal(shot.size)
    recorded = awake(shot, channel, time, np.full(n_channels, 3.0)).sum() / 20_000
    assert recorded == pytest.approx(n_channels * (1 - np.exp(-mean / n_channels)), rel=0.02)


def test_steady_light_is_recorded_at_the_rate_of_a_detector_with_non_extending_dead_time():
    random = np.random.default_rng(2)
    rate, dead_time, length, n_shots = 0.2, 3.0, 2000.0, 100
    shot, channel = shots(random, rate * length, n_shots, 1)
    time = random.uniform(0, length, shot.size)
    recorded = awake(shot, channel, time, np.array([dead_time])).sum() / (length * n_shots)
    assert recorded == pytest.approx(rate / (1 + rate * dead_time), rel=0.01)


def test_a_photon_that_is_not_recorded_does_not_lengthen_the_dead_time():
    time = np.array([0.0, 2.0, 4.0, 6.9, 7.0])
    assert awake(np.zeros(5, int), np.zeros(5, int), time, np.array([3.0])).tolist() == [1, 0, 1, 0, 1]


def test_channels_and_shots_do_not_blind_each_other_and_order_does_not_matter():
    shot, channel, time = np.array([0, 0, 1, 0]), np.array([0, 1, 0, 0]), np.array([1.0, 1.0, 1.0, 0.0])
    assert awake(shot, channel, time, np.array([3.0, 3.0])).tolist() == [False, True, True, True]


def test_the_first_photons_of_a_strong_return_are_early():
    random = np.random.default_rng(3)
    shot, channel = shots(random, 30.0, 5000, 16)
    time = random.standard_normal(shot.size)
    recorded = awake(shot, channel, time, np.full(16, 3.0))
    assert time[recorded].mean() < time.mean() - 0.3


def test_confidence_falls_with_the_distance_from_the_surface():
    assert confidence(np.array([0.0, -0.9, 1.5, -3.0, 9.0, -30.0])).tolist() == [4, 4, 3, 2, 1, 0]


def test_the_surface_follows_the_signal_and_not_the_background():
    random = np.random.default_rng(4)
    is_signal = random.random(5000) < 0.7
    height = np.where(is_signal, 0.3 + 0.1 * random.standard_normal(5000), random.uniform(-20, 40, 5000))
    assert np.abs(surface_height(height, is_signal) - 0.3).max() < 0.06


def test_photons_below_a_bright_return_are_told_and_below_a_faint_one_are_not():
    def flags(a_shot: int) -> list[int]:
        shot = np.repeat(np.arange(100), a_shot + 2)
        above = np.tile(np.r_[np.zeros(a_shot), -3.0, -8.0], 100)
        told = quality(np.random.default_rng(5), above, np.zeros(shot.size, bool), shot, 16)
        return told.reshape(100, -1)[50].tolist()

    assert flags(12) == [0] * 12 + [1, 2]
    assert flags(2) == [0, 0, 0, 0]


def test_weight_grows_with_the_photons_around():
    dense, lone = np.zeros(300, int), np.array([1000])
    weights = weight(np.r_[dense, lone], np.zeros(301))
    assert weights[0] > 200 > 50 > weights[-1]
