"""Sums over runs against plain loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.runs import first_lowest, medians, sizes, spread, weighted

RUNS = st.lists(st.lists(st.integers(-5, 5), min_size=1, max_size=6), min_size=1, max_size=8)


def laid_out(runs: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Return the values of runs one after the other, and where each begins."""
    return np.concatenate(runs).astype(float), np.cumsum([0, *map(len, runs[:-1])])


@given(RUNS)
def test_each_run_has_its_size_lowest_and_median(runs):
    value, first = laid_out(runs)
    assert sizes(first, len(value)).tolist() == [len(run) for run in runs]
    assert first_lowest(value, first).tolist() == [b + int(np.argmin(run)) for b, run in zip(first, runs, strict=True)]
    assert medians(value, first).tolist() == [np.median(run) for run in runs]
    assert spread(np.arange(len(runs)), first, len(value)).tolist() == [i for i, run in enumerate(runs) for _ in run]


def test_the_weighted_mean_and_its_error():
    height, error = weighted(
        np.array([0.0, 1.0, 5.0]), np.array([0.1, 0.2, 0.3]), np.array([3, 1, 7]), np.array([0, 2])
    )
    assert height == pytest.approx([0.25, 5])
    assert error == pytest.approx([np.hypot(0.75 * 0.1, 0.25 * 0.2), 0.3])


@given(RUNS, RUNS)
def test_a_run_has_the_same_mean_to_the_last_bit_whatever_stands_before_it(before, runs):
    value, first = laid_out(runs)
    longer, _ = laid_out(before + runs)
    ahead = len(longer) - len(value)
    alone = weighted(value / 3, np.ones(len(value)) / 7, np.abs(value) + 0.1, first)
    both = np.r_[0, first + ahead]
    behind = weighted(longer / 3, np.ones(len(longer)) / 7, np.abs(longer) + 0.1, both)
    np.testing.assert_array_equal(np.array(behind)[:, 1:], alone)
