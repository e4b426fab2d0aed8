"""What the other beams of a granule say where a beam has no leads."""

import numpy as np
import pandas as pd
import pytest

from leadline.shared_beams import LEAST_COMMON, LEAST_SCATTER, shared
from leadline.tables import SEA_SURFACE_METHODS

LEVEL = 0.02 * np.sin(np.arange(12.0))


def beam_of(height: np.ndarray) -> pd.DataFrame:
    """Return the sections of a beam, the same by all methods."""
    known = np.where(np.isfinite(height), 1.0, np.nan)
    x = 5_000.0 * np.arange(len(height))
    columns = {f"sea_surface_{method}": height for method in SEA_SURFACE_METHODS}
    columns |= {f"variance_{method}": 1e-4 * known for method in SEA_SURFACE_METHODS}
    return pd.DataFrame({"x_atc": x, "place": (x + 100) * known, **columns})


def without(height: np.ndarray, *sections: int) -> np.ndarray:
    return np.where(np.isin(np.arange(len(height)), sections), np.nan, height)


def test_another_beam_stands_in_less_its_difference_and_no_surer_than_the_difference():
    filled = shared(beam_of(without(LEVEL, 4, 5)), [beam_of(LEVEL - 0.03)])
    for method in SEA_SURFACE_METHODS:
        np.testing.assert_allclose(filled[f"sea_surface_{method}"], LEVEL)
        assert filled[f"variance_{method}"][4] == pytest.approx(LEAST_SCATTER**2 * (1 + np.pi / 2 / 10))
        assert filled[f"variance_{method}"][0] == 1e-4
    assert filled["place"].notna().all()


def test_a_beam_that_scatters_says_less_than_one_that_does_not():
    steady, unsteady = LEVEL + 0.1, LEVEL + np.random.default_rng(1).normal(0, 0.05, 12)
    unsteady[4] = LEVEL[4] + 0.2
    filled = shared(beam_of(without(LEVEL, 4)), [beam_of(steady), beam_of(unsteady)])
    assert abs(filled["sea_surface_nasa"][4] - LEVEL[4]) < 0.25 * 0.2 / 2


def test_where_no_beam_has_leads_nothing_is_said():
    filled = shared(beam_of(without(LEVEL, 4)), [beam_of(without(LEVEL, 4))])
    assert filled.loc[4].drop("x_atc").isna().all()


def test_beams_of_too_few_common_sections_say_nothing():
    few = range(LEAST_COMMON - 1, 12)
    own = beam_of(without(LEVEL, *few))
    filled = shared(own, [beam_of(LEVEL)])
    surfaces = [f"sea_surface_{method}" for method in SEA_SURFACE_METHODS]
    pd.testing.assert_frame_equal(filled[surfaces], own[surfaces])


def test_sections_beyond_the_end_of_the_other_beam_stay_empty():
    filled = shared(beam_of(without(LEVEL, 10, 11)), [beam_of(LEVEL)[:11]])
    assert filled["sea_surface_robust"].isna().tolist() == [False] * 11 + [True]
