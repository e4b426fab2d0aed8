"""ATL10's rules: closed forms, and every lead, reference section and flag of a real ATL10 r006 granule."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.names import BEAMS
from leadline.references import (
    END_POINT,
    FROM_LEADS,
    INTERPOLATED,
    NO_REFERENCE,
    ONE_POINT,
    ReferenceLimits,
    accepted,
    combine,
    filled,
    lead_height,
    smoothed,
)

ATL10 = ReferenceLimits(fill_sections=1)
NAN = np.nan


# What ATL10 made of them


@pytest.fixture(scope="module")
def atl10(real_data) -> h5py.File:
    with h5py.File(next(real_data.glob("atl10/*20220107195849*.h5"))) as file:
        yield file


def leads_with_segments(beam: h5py.Group) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Return heights and sigmas of the segments of each lead of a beam, by the lead's row in the file."""
    segments, leads = beam["freeboard_segment"], beam["leads"]
    measures = [segments[f"heights/height_segment_{name}"][:].astype(float) for name in ("height", "sigma")]
    used = np.flatnonzero(segments["heights/height_segment_ssh_flag"][:] == 2)
    found = {}
    for run in np.split(used, np.flatnonzero(np.diff(used) > 1) + 1) if used.size else []:
        row = int(np.abs(leads["lead_dist_x"][:] - segments["seg_dist_x"][:][run].mean()).argmin())
        assert leads["ssh_n"][row] == len(run)
        found[row] = tuple(measure[run] for measure in measures)
    return found


def test_lead_heights_are_those_of_atl10(atl10):
    compared = []
    for beam in BEAMS:
        leads = leads_with_segments(atl10[beam])
        if leads:
            height, sigma = (np.concatenate(each) for each in zip(*leads.values(), strict=True))
            compared += [len(own) for own, _ in leads.values()]
            made = lead_height(height, sigma, np.cumsum([0, *compared[-len(leads) : -1]]))
            in_file = [atl10[beam][f"leads/lead_{name}"][:][list(leads)] for name in ("height", "sigma")]
            np.testing.assert_allclose(made, in_file, rtol=0, atol=1e-7)
    assert (len(compared), sum(n > 1 for n in compared)) == (22, 17)


@pytest.mark.parametrize("beam", BEAMS)
def test_all_reference_sections_and_their_flags_are_those_of_atl10(atl10, beam):
    """From the file's segments by way of leads.

    The file was cut out of a granule. The section before its first, 30 km back, has no segments in it: the lead that it
    has on gt3l is taken from the file as it stands.
    """
    sections, leads = atl10[beam]["reference_surface_section"], atl10[beam]["leads"]
    x, time = (sections[name][:] for name in ("beam_refsurf_dist_x", "delta_time"))
    x, time = np.r_[x[0] - 30_000, x], np.r_[time[0] - 30_000 / 7_100, time]
    place, lead, sigma = (leads[f"lead_{name}"][:].astype(float) for name in ("dist_x", "height", "sigma"))
    made = leads_with_segments(atl10[beam])
    for row, segments in made.items():
        (lead[row],), (sigma[row],) = lead_height(*segments)
    height, variance = np.full((2, len(x)), NAN)
    n_leads = np.zeros(len(x), int)
    for i, centre in enumerate(x):
        own = np.flatnonzero(np.abs(place - centre) <= 5_000)
        assert i == 0 or set(own) <= set(made)
        n_leads[i] = own.size
        if own.size:
            (height[i],), (error,) = combine(lead[own], sigma[own])
            variance[i] = error**2
    height[~accepted(height, n_leads, ATL10)] = NAN
    height, variance, flag = filled(x, time, height, variance, ATL10)
    valid = flag[1:] != NO_REFERENCE
    assert n_leads[1:].tolist() == sections["beam_lead_n"][:].tolist()
    assert np.where(valid, flag[1:].astype(int), -1).tolist() == sections["beam_refsurf_interp_flag"][:].tolist()
    in_file = sections["beam_refsurf_height"][:][valid], sections["beam_refsurf_sigma"][:][valid]
    np.testing.assert_allclose(smoothed(height)[1:][valid], in_file[0], rtol=0, atol=1e-7)
    np.testing.assert_allclose(np.sqrt(variance)[1:][valid], in_file[1], rtol=0, atol=1e-9)


def test_the_beams_of_atl10_have_eleven_valid_sections_of_all_kinds(atl10):
    flags = np.concatenate([atl10[b]["reference_surface_section/beam_refsurf_interp_flag"][:] for b in BEAMS])
    kinds, counts = np.unique(flags, return_counts=True)
    assert dict(zip(kinds.tolist(), counts.tolist(), strict=True)) == {-1: 31, 0: 4, 1: 1, 3: 6}


def test_control_values_are_those_of_atl10(real_data):
    files = [Path(path) for path in real_data.glob("atl10/*.h5")]
    assert files
    for path in files:
        with h5py.File(path) as file:
            control = file["ancillary_data/freeboard_estimation"]
            for name in ("lb_refsurf", "ub_refsurf", "lb_n_f", "ht_thresh2", "maxgaptime", "maxgapht", "maxpadtime"):
                assert getattr(ATL10, name) == pytest.approx(control[name][0]), name
            assert ATL10.refsurf_3pt_smoother == bool(control["refsurf_3pt_smoother"][0])


# The formulas


def test_a_lead_of_one_height_has_that_height_and_error():
    assert np.ravel(lead_height(np.array([-0.2]), np.array([0.01]))) == pytest.approx((-0.2, 0.01))


def test_lead_height_weights_a_height_one_sigma_above_the_lowest_by_exp_minus_one():
    share = 1 / (1 + np.exp(-1))
    (height,), (error,) = lead_height(np.array([0.0, 0.02]), np.array([0.02, 0.02]))
    assert height == pytest.approx(0.02 * (1 - share))
    assert error == pytest.approx(0.02 * np.hypot(share, 1 - share))


def test_combine_weights_by_inverse_variance():
    (height,), (error,) = combine(np.array([0.0, 1.0]), np.array([1.0, 2.0]))
    assert height == pytest.approx(0.2)
    assert error == pytest.approx(np.sqrt(1 / (1 + 1 / 4)))


def test_references_out_of_range_or_of_too_few_leads_do_not_stand():
    height = np.array([-0.51, -0.5, NAN, 0.0, 0.5, 0.51])
    limits = ReferenceLimits(lb_n_f=2, ht_thresh2=np.inf)
    assert accepted(height, np.full(6, 2), limits).tolist() == [False, True, False, True, True, False]
    assert accepted(height, np.array([2, 2, 0, 1, 2, 2]), limits).tolist() == [False, True, False, False, True, False]


@pytest.mark.parametrize("place", [0, 2, 4])
def test_of_two_references_that_jump_the_one_off_the_others_goes(place):
    height = np.full(5, -0.2)
    height[place] = 0.4
    assert accepted(height, np.ones(5), ReferenceLimits()).tolist() == [i != place for i in range(5)]


SPEED = 7_000.0


def fill(height: list[float], gap: float = 1.0, **limits) -> tuple[list[float], list[float], list[int]]:
    """Fill sections ``gap`` seconds apart whose references have a variance of 1 m2 at first, one more each later."""
    time = np.arange(len(height)) * gap
    known = np.isfinite(height)
    variance = np.where(known, np.cumsum(known), NAN)
    results = filled(time * SPEED, time, np.array(height), variance, ReferenceLimits(**limits))
    return tuple(each.tolist() for each in results)


def test_a_gap_of_one_section_is_one_point_filled_at_any_height():
    assert fill([0.0, NAN, 0.4]) == ([0, 0.2, 0.4], [1, 1.5, 2], [FROM_LEADS, ONE_POINT, FROM_LEADS])


def test_a_longer_gap_of_like_ends_is_interpolated():
    height, variance, flag = fill([0.0, NAN, NAN, 0.03], gap=5.0)
    assert height == pytest.approx([0, 0.01, 0.02, 0.03])
    assert variance == pytest.approx([1, 4 / 3, 5 / 3, 2])
    assert flag == [FROM_LEADS, INTERPOLATED, INTERPOLATED, FROM_LEADS]


def test_a_gap_of_unlike_ends_or_too_long_is_filled_from_the_nearer_end_as_far_as_maxpadtime():
    height, _, flag = fill([0.0, NAN, NAN, NAN, 0.1], gap=6.0)
    assert height == pytest.approx([0, 0, NAN, 0.1, 0.1], nan_ok=True)
    assert flag == [FROM_LEADS, END_POINT, NO_REFERENCE, END_POINT, FROM_LEADS]
    assert fill([0.0, NAN, 0.01], gap=16.0)[2] == [FROM_LEADS, NO_REFERENCE, FROM_LEADS]


def test_beyond_the_outermost_reference_it_is_carried_on_as_far_as_maxpadtime():
    height, variance, flag = fill([NAN, NAN, NAN, 0.2], gap=4.0)
    assert flag == [NO_REFERENCE, END_POINT, END_POINT, FROM_LEADS]
    assert (height[1:], variance[1:]) == ([0.2, 0.2, 0.2], [1, 1, 1])


def test_no_more_sections_in_a_row_are_filled_than_asked_for():
    assert fill([0.0, NAN, NAN, NAN, 0.0], fill_sections=1)[2] == [0, END_POINT, NO_REFERENCE, END_POINT, 0]
    assert fill([0.0, NAN, NAN, NAN, 0.0], fill_sections=3)[2] == [0, 1, 1, 1, 0]


def test_without_references_nothing_is_filled():
    height, _, flag = fill([NAN, NAN])
    assert np.isnan(height).all()
    assert flag == [NO_REFERENCE, NO_REFERENCE]


@given(st.lists(st.one_of(st.just(NAN), st.floats(-0.5, 0.5)), max_size=30), st.floats(0.1, 40), st.integers(0, 3))
def test_what_is_flagged_has_a_height_within_the_references_and_what_is_not_has_none(height, gap, fill_sections):
    known = [each for each in height if np.isfinite(each)]
    results, variance, flag = fill(height, gap, fill_sections=fill_sections)
    for each, spread, how in zip(results, variance, flag, strict=True):
        assert np.isfinite(each) == np.isfinite(spread) == (how != NO_REFERENCE)
        assert how == NO_REFERENCE or min(known) - 1e-12 <= each <= max(known) + 1e-12


def test_the_smoother_takes_means_of_three_and_leaves_the_ends_of_a_run():
    smooth = smoothed(np.array([0.0, 0.3, 0.3, NAN, 0.9, 0.0, NAN, 0.5]))
    np.testing.assert_allclose(smooth, [0.0, 0.2, 0.3, NAN, 0.9, 0.0, NAN, 0.5])
