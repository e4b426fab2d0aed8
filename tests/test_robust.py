"""The robust centre of leads: where outliers leave it, and whether its error is what it says."""

import numpy as np
import pandas as pd
import pytest

from leadline.robust import PRIOR_SPREAD, robust_centres, spread_between

ONE = np.zeros(1, int)


def leads_of(height: np.ndarray, error: np.ndarray | float = 0.01, apart: float = 500.0) -> pd.DataFrame:
    """Return leads 40 m long at equal distances."""
    x = np.arange(len(height)) * apart
    columns = {"beam": "gt1r", "x_start": x, "x_end": x + 40, "height_robust": height}
    return pd.DataFrame(columns | {"height_robust_error": np.broadcast_to(error, len(height))})


def centre_of(height: list[float], error: float = 0.01, between: float = 0.01, **kept) -> tuple[float, float]:
    (centre,), (sigma,) = robust_centres(leads_of(np.array(height), error, **kept), ONE, between, "g gt1r")
    return centre, sigma


def test_one_lead_has_its_own_height_and_an_error_of_its_own_and_between_leads():
    assert centre_of([-0.2], 0.03, 0.04) == pytest.approx((-0.2, 0.05))


def test_leads_of_one_height_have_that_height():
    centre, error = centre_of([0.1] * 8)
    assert centre == pytest.approx(0.1)
    assert 0 < error < np.hypot(0.01, 0.01) / np.sqrt(8)


def test_a_lead_far_off_moves_the_centre_by_no_more_than_one_that_is_hardly_off():
    level = [-0.01, 0.0, 0.01, 0.0, -0.01, 0.01]
    far, farther = (centre_of([*level, off])[0] for off in (0.2, 20.0))
    assert far == pytest.approx(farther, abs=0.002)
    assert abs(far) < 0.006 < np.mean([*level, 0.2])


def test_a_precise_lead_counts_for_more_than_a_vague_one():
    leads = leads_of(np.array([0.0, 0.02]), np.array([0.001, 0.1]))
    (centre,), _ = robust_centres(leads, ONE, 0.005, "g gt1r")
    assert abs(centre) < 0.002


def test_the_same_track_has_the_same_centres_to_the_last_bit_and_another_not():
    height = np.random.default_rng(3).normal(0, 0.02, 9)
    once, again, other = (robust_centres(leads_of(height), ONE, 0.01, name) for name in ("a", "a", "b"))
    assert np.array_equal(once, again)
    assert not np.array_equal(once, other)


def test_a_section_knows_nothing_of_the_leads_of_another():
    height = np.random.default_rng(4).normal(0, 0.02, 12)
    (alone,), _ = robust_centres(leads_of(height[:6]), ONE, 0.01, "a")
    (first, _), _ = robust_centres(leads_of(height), np.array([0, 6]), 0.01, "a")
    assert first == pytest.approx(alone, abs=0.002)


def test_leads_close_together_are_drawn_together_and_so_say_less():
    height = np.repeat(np.random.default_rng(5).normal(0, 0.03, 5), 4)
    scattered = centre_of(height.tolist(), apart=500.0)[1]
    x = (np.arange(20) // 4) * 2000.0 + (np.arange(20) % 4) * 60
    together = leads_of(height).assign(x_start=x, x_end=x + 40)
    _, (blocks,) = robust_centres(together, ONE, 0.01, "g gt1r")
    assert blocks > 1.3 * scattered


@pytest.mark.parametrize("n", [1, 2, 5, 20])
def test_the_stated_error_covers_two_thirds_of_the_true_ones(n):
    random = np.random.default_rng(n)
    sections = 400
    height = random.normal(0, np.hypot(0.01, 0.015), n * sections)
    leads = leads_of(height)
    between = spread_between(leads, 5_000)
    assert between == pytest.approx(0.015, abs=0.003)
    centre, error = robust_centres(leads, np.arange(sections) * n, between, "g gt1r")
    assert 0.60 < (np.abs(centre) < error).mean() < 0.76
    assert abs(centre.mean()) < 3 * centre.std() / np.sqrt(sections)


def test_the_spread_between_leads_is_found_beside_outliers():
    random = np.random.default_rng(8)
    height = random.normal(0, np.hypot(0.01, 0.02), 500)
    height[::20] += 0.5
    assert spread_between(leads_of(height), 5_000) == pytest.approx(0.02, abs=0.005)


def test_without_neighbours_the_spread_is_the_prior():
    assert spread_between(leads_of(np.array([0.0, 0.3]), apart=6_000), 5_000) == pytest.approx(PRIOR_SPREAD)
    assert spread_between(leads_of(np.array([])), 5_000) == pytest.approx(PRIOR_SPREAD)
