import numpy as np
import pytest

from leadline.dead_time import calibration_table, dead_time_calibration
from leadline.first_photon_bias import HALF_SPEED_OF_LIGHT, look_up

DEAD_TIME = 3.0


def recorded(photons_a_shot: float, sigma: float, n_channels: int, shots: int, seed: int) -> tuple[np.ndarray, int]:
    """Return the arrival times (ns) of the photons that a detector with dead time records, event by event."""
    rng = np.random.default_rng(seed)
    shot = np.repeat(np.arange(shots), rng.poisson(photons_a_shot, shots))
    channel = rng.integers(0, n_channels, shot.size)
    time = rng.normal(0, sigma, shot.size)
    order = np.lexsort((time, channel, shot))
    detector, time = (shot * n_channels + channel)[order], time[order]
    kept, last, last_detector = np.zeros(time.size, bool), -np.inf, -1
    for i in range(time.size):
        if detector[i] != last_detector or time[i] - last >= DEAD_TIME:
            kept[i], last, last_detector = True, time[i], detector[i]
    return time[kept], shots


@pytest.mark.parametrize(
    ("photons", "sigma", "n_channels"),
    [(6, 0.7, 16), (10, 1.0, 16), (25, 0.65, 16), (8, 3.0, 16), (1.5, 0.7, 4), (4, 1.2, 4), (0.3, 0.7, 4)],
)
def test_the_correction_puts_the_mean_of_simulated_events_back_on_the_surface(photons, sigma, n_channels):
    time, shots = recorded(photons, sigma, n_channels, shots=40_000, seed=3)
    low, high = np.quantile(time, (0.1, 0.9))
    strength, width = np.array([time.size / shots]), np.array([high - low])
    bias, clamped = look_up(dead_time_calibration(DEAD_TIME, n_channels), DEAD_TIME, strength, width)
    height = -time * HALF_SPEED_OF_LIGHT
    noise = 4 * height.std() / np.sqrt(height.size)
    assert not clamped[0]
    assert abs(height.mean() - bias[0]) < 0.001 + noise
    assert abs(height.mean()) > abs(height.mean() - bias[0])


def test_a_return_shorter_than_the_dead_time_records_the_first_photon_of_each_channel():
    # A channel that n photons reach on average sees one with the chance 1 - exp(-n): a half for n = ln 2.
    time, shots = recorded(16 * np.log(2), 0.3, 16, shots=40_000, seed=5)
    assert time.size / shots == pytest.approx(16 * 0.5, rel=0.01)
    width = np.array([np.subtract(*np.quantile(time, (0.9, 0.1)))])
    bias, _ = look_up(dead_time_calibration(DEAD_TIME, 16), DEAD_TIME, np.array([8.0]), width)
    assert -time.mean() * HALF_SPEED_OF_LIGHT == pytest.approx(bias[0], abs=5e-4)


def test_the_bias_grows_with_strength_and_vanishes_without_it():
    strength, width = np.linspace(0.05, 15, 40)[None], np.array([[1.8, 1.9]])
    bias = calibration_table(np.array([DEAD_TIME]), strength, width, 16)[0, :, 0]
    assert (np.diff(bias) > 0).all()
    assert bias[0] * 1e-3 * HALF_SPEED_OF_LIGHT < 2e-4
