import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from leadline.pages.levels import (
    MOST_BINS,
    bins_of,
    coarser,
    coarser_counts,
    counts_of,
    on_slots,
    pyramid,
    shares,
    slots_of,
)

VALUES = arrays(float, st.integers(1, 300), elements=st.floats(-50, 50) | st.just(np.nan))
CODES = arrays(np.uint8, st.integers(1, 300), elements=st.sampled_from([0, 1, 2, 3, 255]))
FACTORS = st.integers(2, 8)


@given(VALUES, FACTORS)
def test_a_coarser_level_keeps_count_mean_and_extremes(values, factor):
    known = values[np.isfinite(values)]
    for level in pyramid(bins_of(values), lambda bins: coarser(bins, factor), most=3):
        assert level.count.sum() == known.size
        if known.size:
            weighted = np.nansum(level.mean * level.count) / known.size
            assert weighted == pytest.approx(known.mean(), abs=1e-9)
            assert (np.nanmin(level.low), np.nanmax(level.high)) == (known.min(), known.max())


@given(VALUES, FACTORS)
def test_a_bin_tells_of_its_own_slots_alone(values, factor):
    level = coarser(bins_of(values), factor)
    assert len(level) == np.ceil(values.size / factor)
    for k in range(len(level)):
        own = values[k * factor : (k + 1) * factor]
        own = own[np.isfinite(own)]
        assert level.count[k] == own.size
        expected = (own.min(), own.mean(), own.max()) if own.size else (np.nan,) * 3
        assert (level.low[k], level.mean[k], level.high[k]) == pytest.approx(expected, abs=1e-9, nan_ok=True)


@given(VALUES, FACTORS)
def test_the_mean_lies_between_the_extremes(values, factor):
    level = coarser(coarser(bins_of(values), factor), factor)
    known = level.count > 0
    assert (level.low[known] <= level.mean[known] + 1e-9).all()
    assert (level.mean[known] <= level.high[known] + 1e-9).all()
    assert np.isnan(level.mean[~known]).all()


@given(CODES, FACTORS)
def test_the_segments_of_every_class_are_kept_through_all_levels(codes, factor):
    for level in pyramid(counts_of(codes, 4), lambda counts: coarser_counts(counts, factor), most=3):
        assert level.sum(axis=0).tolist() == [np.count_nonzero(codes == code) for code in range(4)]


def test_a_lead_of_one_segment_among_a_million_is_seen_in_the_coarsest_level():
    codes = np.zeros(1_000_000, np.uint8)
    codes[654_321] = 2
    coarsest = pyramid(counts_of(codes, 4), coarser_counts)[-1]
    assert len(coarsest) <= MOST_BINS
    seen = np.flatnonzero(shares(coarsest)[:, 2])
    assert seen.tolist() == [654_321 // (4**5)]
    heights = np.full(codes.size, 0.4)
    heights[654_321] = -0.1
    assert pyramid(bins_of(heights), coarser)[-1].low[seen] == -0.1


@given(CODES)
def test_shares_are_the_parts_of_a_bins_segments_rounded_up(codes):
    counts = coarser_counts(counts_of(codes, 4), 16)
    total = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    part = shares(counts).astype(float)
    assert ((part > 0) == (counts > 0)).all()
    assert (np.abs(part - 255 * counts / total) < 1).all()


def test_slots_are_counted_by_the_segment_length_and_gaps_stay_empty():
    x = 10_000_001.0 + 2 * np.array([0, 1, 4])
    slots = slots_of(x, 2.0)
    assert slots.tolist() == [0, 1, 4]
    assert on_slots([5.0, 6.0, 7.0], slots) == pytest.approx([5, 6, np.nan, np.nan, 7], nan_ok=True)
    laid = on_slots(np.array([0, 1, 2], np.uint8), slots, 255)
    assert laid.dtype == np.uint8
    assert laid.tolist() == [0, 1, 255, 255, 2]
