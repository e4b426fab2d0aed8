import numpy as np
import pytest

from leadline.footprint import FOOTPRINT, ROUGHNESS_LENGTH, blur_share, blur_variance, lag_of


@pytest.mark.parametrize("window", [0.7, 1.0, 2.0, 5.0])
def test_the_share_of_the_blur_is_that_of_photons_thrown_at_exponential_roughness(window):
    random = np.random.default_rng(3)
    n = 1_000_000

    def in_segment():
        return random.uniform(-window / 2, window / 2, n)

    def photon():
        return in_segment() + random.normal(0, FOOTPRINT / 4, n)

    def semivariance(distance):
        return (1 - np.exp(-np.abs(distance) / ROUGHNESS_LENGTH)).mean()

    between = semivariance(photon() - photon())
    blur = 2 * semivariance(photon() - in_segment()) - between - semivariance(in_segment() - in_segment())
    apart = semivariance(lag_of(window) * window + photon() - photon()) - between
    # Four standard errors of what was thrown.
    assert blur_share(window) == pytest.approx(blur / apart, abs=0.005)


def test_segments_longer_than_the_footprint_are_not_blurred():
    assert blur_share(50.0) == 0


def test_a_level_surface_is_not_blurred_whatever_its_scatter():
    random = np.random.default_rng(5)
    number = np.arange(5000)
    blur = blur_variance(number, random.normal(0, 0.03, 5000), np.full(5000, 0.03**2), 2.0)
    # Scatter of the estimate alone: a few per cent of what it was told of.
    assert blur.mean() < 0.06 * 0.03**2


def test_a_step_is_blurred_where_it_is_and_nowhere_else():
    number = np.arange(200)
    blur = blur_variance(number, np.where(number < 100, 0.0, 0.5), np.zeros(200), 2.0)
    assert (blur[:85] == 0).all() and (blur[115:] == 0).all()
    assert np.sqrt(blur[99]) == pytest.approx(np.sqrt(blur_share(2.0) * 0.5**2 / 2 * 6 / 13), rel=0.1)


def test_segments_across_a_gap_tell_nothing_of_each_other():
    number = np.array([0, 1, 2, 500, 501])
    assert (blur_variance(number, np.array([0.0, 1.0, 2.0, 3.0, 9.0]), np.zeros(5), 2.0) == 0).all()


def test_what_is_far_away_does_not_count():
    random = np.random.default_rng(6)
    height, variance = random.normal(0, 0.2, 400), np.full(400, 1e-4)
    whole = blur_variance(np.arange(400), height, variance, 2.0)
    part = blur_variance(np.arange(100, 300), height[100:300], variance[100:300], 2.0)
    assert np.array_equal(whole[130:270], part[30:170])
