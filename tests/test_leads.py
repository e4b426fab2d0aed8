"""Leads: where they begin and end, how high they lie, and what does not count."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.accounts import State
from leadline.errors import InputDataError
from leadline.leads import ABOVE_ICE, OUT_OF_RANGE, USED, LeadSettings, find_leads, join_segments, steps_of
from leadline.names import SurfaceClass
from leadline.references import lead_height
from leadline.tables import LEADS, as_arrow
from tracks import ICE, PHOTON_SPREAD, START, WATER, classes, simulated_track, track_of

SETTINGS = LeadSettings()
STEP = SETTINGS.section_step
ONE_LEAD = np.zeros(1, int)


# Groups of segments


def by_photons(n_photons: np.ndarray, height: np.ndarray, error: float, length: float = 2.0, group: float = 150.0):
    """Return the heights and errors of a lead's groups of so many photons."""
    n_photons = np.asarray(n_photons, float)
    errors = np.full(len(n_photons), error)
    mean, sigma, first = join_segments(n_photons, height, errors, ONE_LEAD, n_photons, group, max(1, 11 / length))
    assert first.tolist() == [0]
    return mean, sigma


def test_groups_hold_about_as_many_photons_and_keep_the_mean():
    n_photons = np.random.default_rng(1).poisson(10, 200) + 1
    height = np.random.default_rng(2).normal(size=200)
    mean, _ = by_photons(n_photons, height, 0.03)
    assert len(mean) == round(n_photons.sum() / 150)
    assert mean.mean() == pytest.approx(np.average(height, weights=n_photons), abs=0.02)


def test_segments_of_fewer_photons_than_a_group_are_one_group():
    mean, error = by_photons([10, 30], np.array([0.0, 0.4]), 0.03)
    assert mean == pytest.approx([0.3])
    assert error == pytest.approx([np.hypot(10, 30) / 40 * 0.03 * np.sqrt(2)])


@pytest.mark.parametrize(("length", "segments_of_footprint"), [(0.7, 11 / 0.7), (2, 5.5), (10, 1.1), (11, 1), (30, 1)])
def test_the_error_of_a_group_takes_the_segments_of_one_footprint_for_one(length, segments_of_footprint):
    n = 18
    _, error = by_photons(np.full(n, 10), np.zeros(n), 0.03, length, 10 * n)
    assert error == pytest.approx([0.03 / np.sqrt(n / segments_of_footprint)])


def test_no_group_reaches_from_one_lead_into_the_next():
    n_photons, ones = np.full(30, 10.0), np.ones(30)
    height = np.repeat([0.0, 1.0], [12, 18])
    mean, _, first = join_segments(n_photons, height, 0.03 * ones, np.array([0, 12]), ones, 5.5, 5.5)
    assert mean.tolist() == [0, 0, 1, 1, 1]
    assert first.tolist() == [0, 2]


# Leads


def test_a_lead_tells_where_it_lies_and_how_high():
    height = [0.3] * 10 + [0.05] * 6 + [-0.02] + [0.05] * 13 + [0.3] * 10
    leads = find_leads(track_of(classes((10, ICE), (20, WATER), (10, ICE)), height), SETTINGS)
    assert list(leads.columns) == LEADS.names
    (lead,) = leads.to_dict("records")
    assert (lead["x_start"], lead["x_end"]) == (START + 20, START + 60)
    assert (lead["n_segments"], lead["x_min"]) == (20, START + 33)
    assert (lead["height_min"], lead["height_mean"]) == pytest.approx((-0.02, 0.0465))
    assert lead["height_nasa"] == pytest.approx((0.05 * 13 - 0.02) / 14)
    assert lead["height_robust"] == pytest.approx((0.05 * 7 - 0.02) / 8)


def test_every_lead_is_found():
    leads = find_leads(track_of(classes((20, WATER), (1, ICE), (9, WATER), (3, ICE), (12, WATER))), SETTINGS)
    assert leads["n_segments"].tolist() == [20, 9, 12]


def test_a_run_shorter_than_lead_length_is_no_lead():
    track = track_of(classes((5, ICE), (8, WATER), (5, ICE)))
    assert find_leads(track, SETTINGS).empty
    assert len(find_leads(track, replace(SETTINGS, lead_length=16))) == 1


def test_a_missing_stretch_up_to_lead_gap_does_not_end_a_lead():
    track = track_of(classes((30, WATER)))
    assert find_leads(track.drop([14, 15]), SETTINGS)["n_segments"].tolist() == [28]
    assert find_leads(track.drop([14, 15, 16]), SETTINGS)["n_segments"].tolist() == [14, 13]


@pytest.mark.parametrize(
    ("column", "value"), [("height_mean", np.nan), ("height_error", 0), ("height_error", np.inf), ("n_photons", 0)]
)
def test_open_water_without_a_height_and_error_counts_as_missing(column, value):
    track = track_of(classes((30, WATER)))
    track.loc[14, column] = value
    leads = find_leads(track, SETTINGS)
    assert leads["n_segments"].tolist() == [29]
    assert np.isfinite(leads[["height_nasa", "height_robust", "height_robust_error"]]).all(axis=None)


@pytest.mark.parametrize("other", [SurfaceClass.THICK_ICE, SurfaceClass.THIN_ICE, SurfaceClass.UNKNOWN])
def test_any_other_class_ends_a_lead_even_without_a_height(other):
    track = track_of(classes((10, WATER), (1, other), (10, WATER)))
    track.loc[10, "height_mean"] = np.nan
    assert find_leads(track, SETTINGS)["n_segments"].tolist() == [10, 10]


@pytest.mark.parametrize("surface_class", [ICE, SurfaceClass.UNKNOWN])
def test_a_track_without_open_water_has_no_lead(surface_class):
    leads = find_leads(track_of(classes((50, surface_class))), SETTINGS)
    assert leads.empty
    assert list(leads.columns) == LEADS.names


def test_the_ends_of_a_lead_whose_footprint_reaches_the_ice_do_not_count():
    height = [0.2, 0.1, 0.05] + [0.0] * 6 + [0.05, 0.1, 0.2]
    leads = find_leads(track_of(classes((12, WATER)), height), SETTINGS)
    assert leads["height_nasa"].tolist() == pytest.approx([0])


@pytest.mark.parametrize(("length", "edge"), [(0.7, 8), (1.0, 6), (2.0, 3), (5.0, 2), (5.5, 1), (10.0, 1), (30.0, 1)])
def test_half_a_footprint_at_each_end_does_not_count_however_long_the_segments(length, edge):
    """Only the heights of the ends differ from 0: one segment more or less at either end would show."""
    n = 2 * edge + 20
    height = np.zeros(n)
    height[:edge], height[n - edge :] = 0.2, 0.1
    own = replace(SETTINGS, segment_length=length)
    (lead,) = find_leads(track_of(classes((n, WATER)), height, segment_length=length), own).to_dict("records")
    assert lead["height_nasa"] == pytest.approx(0, abs=1e-9)
    assert (lead["x_start"], lead["x_end"]) == pytest.approx((START, START + n * length))
    for inner in (edge, n - edge - 1):
        deeper = np.where(np.arange(n) == inner, -0.5, height)
        (lead,) = find_leads(track_of(classes((n, WATER)), deeper, segment_length=length), own).to_dict("records")
        assert lead["height_nasa"] < -0.005


@pytest.mark.parametrize(("n", "counts"), [(2, [0, 1]), (3, [1]), (4, [1, 2]), (7, [1, 2, 3, 4, 5])])
def test_a_short_lead_of_10_m_segments_keeps_its_middle(n, counts):
    own = replace(SETTINGS, segment_length=10.0)
    height = np.where(np.isin(np.arange(n), counts), 0.0, 0.3)
    leads = find_leads(
        track_of(classes((3, ICE), (n, WATER), (3, ICE)), [0.5] * 3 + [*height] + [0.5] * 3, 50, 10.0), own
    )
    assert leads["n_segments"].tolist() == [n]
    assert leads["height_nasa"].tolist() == pytest.approx([0])


@pytest.mark.parametrize(("length", "shortest"), [(0.6, 30), (0.9, 20), (2.0, 9), (6.0, 3), (10.0, 2)])
def test_the_shortest_lead_is_as_long_in_metres_however_long_the_segments(length, shortest):
    own = replace(SETTINGS, segment_length=length)
    track = track_of(classes((5, ICE), (shortest, WATER), (5, ICE), (shortest - 1, WATER), (5, ICE)), 0, 10, length)
    assert find_leads(track, own)["n_segments"].tolist() == [shortest]


@pytest.mark.parametrize(("length", "missing"), [(0.8, 5), (1.0, 4), (2.0, 2), (10.0, 0)])
def test_the_longest_gap_inside_a_lead_is_as_long_in_metres_however_long_the_segments(length, missing):
    own = replace(SETTINGS, segment_length=length)
    track = track_of(classes((100, WATER)), 0, 10, length)
    assert find_leads(track.drop(range(50, 50 + missing)), own)["n_segments"].tolist() == [100 - missing]
    assert len(find_leads(track.drop(range(50, 51 + missing)), own)) == 2


# What hangs on the place: cuts, order, twice the same


def test_a_lead_is_cut_where_it_crosses_a_multiple_of_the_step():
    n = round(2.5 * STEP / 2)
    leads = find_leads(track_of(classes((n, WATER))), SETTINGS)
    assert leads["x_start"].tolist() == [START, START + STEP, START + 2 * STEP]
    assert leads["x_end"].tolist() == [START + STEP, START + 2 * STEP, START + 2.5 * STEP]


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(1, 7)), st.sampled_from([0.7, 2.0, 10.0]))
def test_one_stretch_or_many_give_the_same_leads_to_the_last_bit(cuts, length):
    of_length = replace(SETTINGS, segment_length=length)
    track = simulated_track(20_000)[0]
    track = track.assign(x_atc=START + (track["x_atc"] - START) * length / 2)
    step = steps_of(track["x_atc"], of_length)
    stretches = np.searchsorted(sorted(cuts), step - step[0], side="right")
    parts = [find_leads(part, of_length) for _, part in track.groupby(stretches)]
    whole = find_leads(track, of_length)
    assert len(whole) > 10
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), whole, check_exact=True)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_leads_do_not_depend_on_the_order_of_the_rows(seed):
    track = simulated_track(1000)[0]
    shuffled = track.sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(find_leads(shuffled, SETTINGS), find_leads(track, SETTINGS))


def test_two_segments_at_one_place_are_named():
    track = track_of(classes((30, WATER)))
    track.loc[7, "x_atc"] = track.loc[6, "x_atc"]
    with pytest.raises(InputDataError, match=r"20191104195311_05940510 gt1r: .* 10000013.0 m") as raised:
        find_leads(track, SETTINGS)
    assert raised.value.state is State.UNREADABLE


@pytest.mark.parametrize("n", [1, 30])
def test_a_segment_without_a_place_is_named(n):
    track = track_of(classes((n, WATER)))
    track.loc[n // 4, "x_atc"] = np.nan
    with pytest.raises(InputDataError, match="nan m"):
        find_leads(track, SETTINGS)


# What fits its surroundings


def on_ice(freeboard: np.ndarray, *leads: tuple[int, int, float]) -> pd.DataFrame:
    """Return thick ice of given freeboards with leads of (first segment, segments, height)."""
    surface_class, height = np.full(len(freeboard), ICE), freeboard.copy()
    for first, n, level in leads:
        surface_class[first : first + n], height[first : first + n] = WATER, level
    return track_of(surface_class, height)


FREEBOARD = np.random.default_rng(4).gamma(2, 0.1, 2000) + 0.1


def test_a_lead_as_high_as_the_ice_around_is_not_used():
    leads = find_leads(on_ice(FREEBOARD, (200, 20, 0.0), (900, 30, 0.3)), SETTINGS)
    assert leads["lead_flag"].tolist() == [USED, ABOVE_ICE]
    low = np.quantile(np.delete(FREEBOARD, [*range(200, 220), *range(900, 930)]), 0.1)
    assert leads["height_ice"].tolist() == pytest.approx([low, low], abs=0.002)


def test_the_ice_of_other_steps_says_nothing_about_a_lead():
    ice = np.r_[np.full(2500, 0.5), np.full(2500, 0.1)]
    leads = find_leads(on_ice(ice, (200, 30, 0.3), (4000, 30, 0.3)), SETTINGS)
    assert leads["lead_flag"].tolist() == [USED, ABOVE_ICE]


def test_a_lead_among_too_little_ice_is_used():
    track = track_of(classes((60, ICE), (30, WATER), (39, ICE), (30, SurfaceClass.THIN_ICE)), [0.0] * 159)
    (lead,) = find_leads(track, SETTINGS).to_dict("records")
    assert np.isnan(lead["height_ice"])
    assert lead["lead_flag"] == USED


@pytest.mark.parametrize(("height", "flag"), [(-0.51, OUT_OF_RANGE), (-0.49, USED), (0.49, USED), (0.51, OUT_OF_RANGE)])
def test_a_lead_out_of_the_accepted_range_is_not_used(height, flag):
    (lead,) = find_leads(track_of(classes((30, WATER)), height), SETTINGS).to_dict("records")
    assert lead["lead_flag"] == flag


def test_strays_make_no_leads():
    track = on_ice(FREEBOARD)
    stray = np.random.default_rng(5).random(2000) < 0.02
    track.loc[stray, "surface_class"] = WATER
    assert find_leads(track, SETTINGS).empty


# How high


@pytest.mark.parametrize("n_photons", [3, 10])
@pytest.mark.parametrize("n_segments", [30, 300])
def test_groups_of_photons_and_footprints_keep_a_lead_from_being_pulled_down(n_segments, n_photons):
    error = PHOTON_SPREAD / np.sqrt(n_photons)
    track = track_of(classes(*[(n_segments, WATER), (1, ICE)] * 100), 0.0, n_photons)
    track["height_mean"] = np.random.default_rng(2019).normal(0, error, len(track))
    leads = find_leads(track, SETTINGS).query("n_segments == @n_segments")
    water = track["height_mean"].to_numpy().reshape(100, -1)[:, :-1]
    by_segments = [lead_height(height, np.full(n_segments, error))[0][0] for height in water]
    assert np.mean(by_segments) < -0.04
    assert -0.006 < leads["height_nasa"].mean() < 0.003
    assert abs(leads["height_robust"].mean()) < 4 * leads["height_robust"].std() / np.sqrt(len(leads))
    assert len(leads) > 80


RUN = st.tuples(st.integers(1, 40), st.sampled_from([*SurfaceClass]))
HEIGHT = st.one_of(st.floats(-3, 3), st.sampled_from([np.nan, np.inf, -np.inf]))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(RUN, max_size=12), st.randoms(use_true_random=False), HEIGHT, st.sampled_from([0, np.nan, np.inf, 0.03])
)
def test_whatever_the_segments_leads_have_numbers_and_a_flag(runs, random, height, error):
    track = track_of(classes(*runs) if runs else np.empty(0, np.uint8), 0.1)
    for row in range(len(track)):
        if random.random() < 0.1:
            track.loc[row, ["height_mean", "height_error"]] = height, error
    leads = find_leads(track, SETTINGS)
    as_arrow(leads, LEADS)
    assert np.isfinite(leads.drop(columns=["granule", "beam", "height_ice"])).all(axis=None)
    assert leads["lead_flag"].isin([USED, ABOVE_ICE, OUT_OF_RANGE]).all()
    assert (leads["n_segments"] * 2.0 >= SETTINGS.lead_length).all()
