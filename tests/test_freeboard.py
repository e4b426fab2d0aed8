"""Freeboard above the sea surface: closed forms, all of a real ATL10 granule, and a known freeboard."""

from dataclasses import replace

import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.accounts import Account, State
from leadline.errors import InputDataError
from leadline.freeboard import (
    account_of_freeboard,
    freeboard_above,
    freeboard_of_stretch,
    state_of_track,
    track_tables,
)
from leadline.names import SurfaceClass
from leadline.sea_surface import SeaSurfaceSettings
from leadline.tables import FREEBOARD, SEA_SURFACE_METHODS, as_arrow
from tracks import BEAM, GRANULE, ICE, START, WATER, classes, simulated_track, track_of

SETTINGS = SeaSurfaceSettings()


def test_negative_freeboard_is_kept_raw_and_stored_as_zero():
    raw, freeboard, error = freeboard_above(np.array([0.5, -0.1, np.nan]), np.full(3, 0.03), 0.1, 0.04)
    np.testing.assert_allclose(raw, [0.4, -0.2, np.nan])
    np.testing.assert_allclose(freeboard, [0.4, 0, np.nan])
    np.testing.assert_allclose(error, 0.05)


def test_the_error_of_freeboard_joins_those_of_segment_sea_surface_and_what_neighbours_share():
    freeboard = track_tables(simulated_track(5000)[0], SETTINGS).freeboard
    parts = freeboard[["height_error", "sea_surface_error", "correlated_error"]]
    assert (parts > 0).all(axis=None)
    np.testing.assert_allclose(freeboard["freeboard_error"], np.sqrt((parts**2).sum(axis=1)))


def test_freeboard_and_its_error_are_those_of_atl10(real_data):
    compared = 0
    with h5py.File(next(real_data.glob("atl10/*20220107195849*.h5"))) as file:
        for beam in ("gt2l", "gt2r", "gt3l"):
            segments, references = file[beam]["freeboard_segment"], file[beam]["reference_surface_section"]
            valid = segments["beam_fb_height"][:] < 1e30
            x = segments["seg_dist_x"][:][valid]
            section = np.abs(x[:, None] - references["beam_refsurf_dist_x"][:]).argmin(axis=1)
            _, freeboard, error = freeboard_above(
                segments["heights/height_segment_height"][:][valid].astype(float),
                segments["heights/height_segment_sigma"][:][valid].astype(float),
                references["beam_refsurf_height"][:][section],
                references["beam_refsurf_sigma"][:][section],
            )
            np.testing.assert_allclose(freeboard, segments["beam_fb_height"][:][valid], rtol=0, atol=1e-6)
            np.testing.assert_allclose(error, segments["beam_fb_unc"][:][valid], rtol=0, atol=1e-7)
            compared += valid.sum()
    assert compared == 864


def test_every_segment_has_a_freeboard_whatever_its_class():
    runs = [(20, WATER), (5, SurfaceClass.THIN_ICE), (5, SurfaceClass.UNKNOWN), (5, ICE)]
    track = track_of(classes(*runs), [0.1] * 20 + [0.15] * 5 + [0.2] * 5 + [0.5] * 5)
    freeboard = track_tables(track, SETTINGS).freeboard
    as_arrow(freeboard, FREEBOARD)
    assert freeboard["freeboard_raw"].tolist() == pytest.approx([0] * 20 + [0.05] * 5 + [0.1] * 5 + [0.4] * 5)


def test_open_water_has_no_freeboard_but_keeps_its_residual():
    track = simulated_track(5000)[0]
    freeboard = track_tables(track, SETTINGS).freeboard
    water = freeboard["surface_class"] == WATER
    assert (freeboard.loc[water, "freeboard"] == 0).all()
    residual = freeboard.loc[water, "freeboard_raw"]
    assert residual.std() > 0.02
    assert abs(residual.mean()) < 0.02


def test_the_chosen_method_is_the_one_that_freeboard_is_measured_from():
    track = simulated_track(5000)[0]
    for method in SEA_SURFACE_METHODS:
        freeboard = track_tables(track, SeaSurfaceSettings(method=method)).freeboard
        raw = freeboard["height_mean"] - freeboard[f"sea_surface_{method}"]
        np.testing.assert_allclose(freeboard["freeboard_raw"], raw)


def test_rows_come_out_by_x_atc():
    track = simulated_track(3000)[0]
    shuffled = track_tables(track.sample(frac=1, random_state=1), SETTINGS).freeboard
    assert shuffled["x_atc"].is_monotonic_increasing
    assert shuffled.equals(track_tables(track, SETTINGS).freeboard)


def test_a_segment_without_height_has_no_freeboard_but_a_sea_surface():
    track = track_of(classes((20, WATER), (5, ICE)))
    track.loc[22, "height_mean"] = np.nan
    freeboard = track_tables(track, SETTINGS).freeboard
    assert np.isnan(freeboard.loc[22, ["freeboard_raw", "freeboard"]].astype(float)).all()
    assert freeboard["sea_surface"].notna().all()


def test_without_open_water_there_is_no_freeboard_and_the_flag_says_so():
    freeboard = track_tables(track_of(classes((50, ICE))), SETTINGS).freeboard
    assert freeboard[["sea_surface", "freeboard_raw", "freeboard", "freeboard_error"]].isna().all(axis=None)
    assert (freeboard["sea_surface_flag"] == 255).all()


def test_a_track_of_water_alone_has_residuals_about_zero():
    height = np.random.default_rng(3).normal(0, 0.03, 5000)
    raw = track_tables(track_of(classes((5000, WATER)), height), SETTINGS).freeboard["freeboard_raw"]
    assert abs(raw.mean()) < 0.01


def test_leads_at_both_ends_make_a_linear_sea_surface_between_them():
    n = 20_000
    runs = classes((50, WATER), (n - 100, ICE), (50, WATER))
    track = track_of(runs, np.linspace(0, 0.04, n) + 0.3 * (runs == ICE))
    freeboard = track_tables(track, replace(SETTINGS, refsurf_3pt_smoother=False)).freeboard
    between = freeboard[(freeboard["x_atc"] > 10_005_000) & (freeboard["x_atc"] < 10_035_000)]
    slope = np.diff(between["sea_surface"]) / np.diff(between["x_atc"])
    np.testing.assert_allclose(slope, slope[0])
    assert set(freeboard["sea_surface_flag"]) == {0, 1}


def test_thick_ice_freeboard_is_good_to_a_centimetre_where_the_minimum_is_not():
    track, _, truth = simulated_track()
    freeboard = track_tables(track, SETTINGS).freeboard
    ice = freeboard["surface_class"] == ICE
    assert abs((freeboard["freeboard_raw"] - truth)[ice].median()) < 0.01
    by_minimum = (freeboard["height_mean"] - freeboard["sea_surface_minimum"] - truth)[ice].median()
    assert by_minimum > 0.05


@settings(max_examples=20, deadline=None)
@given(st.floats(-50, 50))
def test_freeboard_does_not_depend_on_the_zero_of_the_heights(shift):
    anywhere = SeaSurfaceSettings(lb_refsurf=-np.inf, ub_refsurf=np.inf)
    track = simulated_track(2000)[0]
    before = track_tables(track, anywhere).freeboard
    after = track_tables(track.assign(height_mean=track["height_mean"] + shift), anywhere).freeboard
    for column in ("freeboard_raw", "freeboard", "freeboard_error"):
        np.testing.assert_allclose(after[column], before[column], atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 10_000), max_size=5))
def test_one_stretch_or_many_have_the_same_freeboard_to_the_last_bit(cuts):
    track = simulated_track(10_000)[0]
    _, sections, whole = track_tables(track, SETTINGS)
    parts = np.split(np.arange(10_000), sorted(cuts))
    freeboard = [freeboard_of_stretch(track.iloc[part], sections, SETTINGS) for part in parts]
    pd.testing.assert_frame_equal(pd.concat([part for part in freeboard if len(part)]), whole, check_exact=True)


def test_a_track_ends_as_its_beam_did_upstream():
    upstream = Account("segments", "gt1r", State.EMPTY_BEAM, "gt1r: expected photons, there are none")
    empty = track_tables(track_of(classes((50, ICE))), SETTINGS).freeboard[:0]
    assert state_of_track(upstream, empty) == (State.EMPTY_BEAM, upstream.reason)


@pytest.mark.parametrize(("surface_class", "state"), [(ICE, State.NO_OPEN_WATER), (WATER, State.OK)])
def test_a_track_without_leads_ends_without_open_water(surface_class, state):
    freeboard = track_tables(track_of(classes((50, surface_class))), SETTINGS).freeboard
    assert state_of_track(Account("segments", "gt1r"), freeboard)[0] == state


def test_the_account_counts_segments_by_how_their_sea_surface_was_found():
    flags = {0: 10, 1: 20, 2: 3, 3: 4, 4: 5, 255: 6}
    counts = pd.DataFrame({"granule": GRANULE, "beam": BEAM, "sea_surface_flag": flags.keys(), "count": flags.values()})
    none = counts[-1:].assign(beam="gt3r")
    account = account_of_freeboard("b", pd.concat([counts, none]))
    assert [part.state for part in account.parts] == [State.OK, State.NO_OPEN_WATER]
    assert account.parts[0].counts == {
        "segments_sea_surface_leads": 10,
        "segments_sea_surface_interpolated": 20,
        "segments_sea_surface_one_point_fill": 3,
        "segments_sea_surface_end_point_fill": 4,
        "segments_sea_surface_other_beams": 5,
        "segments_sea_surface_none": 6,
    }


# Bad input


def test_a_track_of_no_segments_has_no_rows():
    leads, sections, freeboard = track_tables(track_of(classes((5, ICE)))[:0], SETTINGS)
    assert leads.empty
    assert sections.empty
    as_arrow(freeboard, FREEBOARD)
    assert freeboard.empty


def test_one_segment_of_ice_has_the_flag_of_none():
    freeboard = track_tables(track_of([ICE]), SETTINGS).freeboard
    assert freeboard["sea_surface_flag"].tolist() == [255]


def test_a_beam_that_ends_inside_a_window_keeps_the_sea_surface_of_its_leads():
    track = simulated_track(3000)[0]
    assert track["x_atc"].iloc[-1] < START + 6_000
    assert track_tables(track, SETTINGS).freeboard["sea_surface"].notna().all()


def test_two_segments_at_one_place_are_named():
    track = simulated_track(1000)[0]
    sections = track_tables(track, SETTINGS).sections
    twice = pd.concat([track, track[100:101]])
    with pytest.raises(InputDataError, match=f"{GRANULE} {BEAM}: expected one segment at each x_atc"):
        freeboard_of_stretch(twice, sections, SETTINGS)


def test_beyond_the_limits_freeboard_is_absent_and_the_flag_says_so():
    runs = classes((50, WATER), (60_000, ICE))
    track = track_of(runs, 0.3 * (runs == ICE))
    freeboard = track_tables(track, SETTINGS).freeboard
    absent = freeboard["sea_surface_flag"] == 255
    assert 0 < absent.sum() < len(track)
    numbers = freeboard[["sea_surface", "freeboard_raw", "freeboard", "freeboard_error", "correlated_error"]]
    assert (numbers.isna().all(axis=1) == absent).all()
    assert (numbers.isna().any(axis=1) == absent).all()


RUN = st.tuples(st.integers(1, 3000), st.sampled_from([*SurfaceClass]))
HEIGHT = st.one_of(st.floats(-3, 3), st.sampled_from([np.nan, np.inf]))


@settings(max_examples=40, deadline=None)
@given(st.lists(RUN, min_size=1, max_size=6), HEIGHT, st.sampled_from([0, np.nan, np.inf, 0.03]), st.booleans())
def test_whatever_the_segments_freeboard_has_a_number_or_a_reason(runs, height, error, share):
    track = track_of(classes(*runs), 0.1)
    track.loc[::7, ["height_mean", "height_error"]] = height, error
    freeboard = track_tables(track, SeaSurfaceSettings(share_beams=share)).freeboard
    explained = (freeboard["sea_surface_flag"] == 255) | ~np.isfinite(freeboard["height_mean"])
    assert (np.isfinite(freeboard["freeboard"]) == ~explained).all()
    assert (np.isfinite(freeboard["sea_surface"]) == (freeboard["sea_surface_flag"] != 255)).all()
