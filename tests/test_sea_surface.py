"""Sections and the sea surface between them: closed forms, and a known sea level."""

from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.config import read_yaml
from leadline.freeboard import extent_of
from leadline.leads import ABOVE_ICE, USED, find_leads
from leadline.names import SurfaceClass
from leadline.sea_surface import GROUND_SPEED, SeaSurfaceSettings, estimate_sections, sea_surface_at
from leadline.tables import LEADS, SEA_SURFACE_METHODS, SECTIONS, as_arrow
from places import ROOT
from tracks import GRANULE, ICE, START, WATER, classes, simulated_track, track_of

SETTINGS = SeaSurfaceSettings(refsurf_3pt_smoother=False)
BOUNDLESS = replace(SETTINGS, lb_refsurf=-np.inf, ub_refsurf=np.inf, ht_thresh2=np.inf, maxgapht=np.inf)
SURFACES = [f"sea_surface_{method}" for method in SEA_SURFACE_METHODS]


def leads_and_sections(track, own=SETTINGS):
    leads = find_leads(track, own)
    return leads, estimate_sections(leads, extent_of(track), own)


def leads_at(*leads: tuple, beam: str = "gt1r") -> pd.DataFrame:
    """Return leads 40 m long from (centre after START, segments, lowest, mean, nasa, error); robust is as nasa."""
    names = ["x", "n_segments", "height_min", "height_mean", "height_nasa", "height_nasa_error"]
    table = pd.DataFrame(leads, columns=names, dtype=float)
    x = START + table["x"]
    robust = {"height_robust": table["height_nasa"], "height_robust_error": table["height_nasa_error"]}
    places = {"granule": GRANULE, "beam": beam, "x_start": x - 20, "x_end": x + 20, "x_min": x}
    return table.assign(**places, **robust, height_ice=np.nan, lead_flag=USED)[LEADS.names]


def extent(length: float = 40_000, beam: str = "gt1r") -> pd.DataFrame:
    """Return the extent of a beam that begins at START, m."""
    return pd.DataFrame({"granule": [GRANULE], "beam": [beam], "x_first": [START], "x_last": [START + length]})


def sections_of(leads: pd.DataFrame, length: float = 40_000, own=BOUNDLESS, **changed) -> pd.DataFrame:
    """Return the sections of a track of a length (m) that begins at START, indexed by kilometre."""
    sections = estimate_sections(leads, extent(length), replace(own, **changed))
    as_arrow(sections, SECTIONS)
    return sections.set_index((sections["x_atc"] - START) / 1000)


def test_the_config_has_every_setting_at_its_default():
    in_config = read_yaml(ROOT / "config" / "config.yaml")["freeboard"]
    assert {"segment_length": 2.0, **in_config} == asdict(SeaSurfaceSettings())


# Sections from leads


@settings(max_examples=20, deadline=None)
@given(st.floats(-50, 50))
def test_leads_and_sections_rise_with_the_heights(shift):
    track = simulated_track(2000)[0]
    leads, sections = leads_and_sections(track, BOUNDLESS)
    higher_leads, higher = leads_and_sections(track.assign(height_mean=track["height_mean"] + shift), BOUNDLESS)
    heights = ["height_min", "height_mean", "height_nasa", "height_robust"]
    np.testing.assert_allclose(higher_leads[heights], leads[heights] + shift, atol=1e-9)
    np.testing.assert_allclose(higher[SURFACES], sections[SURFACES] + shift, atol=1e-9)
    np.testing.assert_allclose(higher["sea_surface_error"], sections["sea_surface_error"], atol=1e-9)


def test_sections_have_the_paper_s_length_and_step():
    sections = sections_of(leads_at((12_000, 20, 0, 0, 0, 0.01)))
    assert sections.index.tolist() == [0, 5, 10, 15, 20, 25, 30, 35, 40]
    assert sections["n_leads"].tolist() == [0, 0, 1, 1, 0, 0, 0, 0, 0]


def test_section_centres_do_not_depend_on_where_the_track_is_cut():
    track = simulated_track(10_000)[0]
    leads = find_leads(track, SETTINGS)
    whole = estimate_sections(leads, extent_of(track), SETTINGS)["x_atc"]
    part = estimate_sections(leads, extent_of(track[3000:8000]), SETTINGS)["x_atc"]
    assert set(part) < set(whole)


def test_the_methods_in_one_section():
    leads = leads_at((9_000, 10, -0.10, 0.00, -0.05, 0.01), (11_500, 30, -0.30, 0.04, -0.10, 0.02))
    section = sections_of(leads).loc[10]
    assert section[SURFACES[:4]].tolist() == pytest.approx([-0.30, 0.03, -0.10, -0.06])
    assert -0.10 < section["sea_surface_robust"] < -0.05


@pytest.mark.parametrize(
    ("method", "error"),
    [("minimum", 0.02), ("average", np.hypot(0.25 * 0.01, 0.75 * 0.02)), ("nearest_minimum", 0.01), ("nasa", 0.008944)],
)
def test_the_error_is_that_of_the_leads_as_the_chosen_method_weights_them(method, error):
    leads = leads_at((9_000, 10, -0.10, 0.00, -0.05, 0.01), (11_500, 30, -0.30, 0.04, -0.10, 0.02))
    assert sections_of(leads, method=method).loc[10, "sea_surface_error"] == pytest.approx(error, abs=1e-6)


def test_a_lead_that_does_not_fit_its_surroundings_is_left_out():
    leads = leads_at((9_000, 10, 0.0, 0.0, 0.0, 0.01), (11_000, 30, 0.3, 0.3, 0.3, 0.001))
    leads.loc[1, "lead_flag"] = ABOVE_ICE
    section = sections_of(leads).loc[10]
    assert section["n_leads"] == 1
    assert section[SURFACES].tolist() == [0, 0, 0, 0, 0]


# Sections without leads


def test_between_sections_with_leads_the_sea_surface_is_linear_and_beyond_them_it_is_copied():
    leads = leads_at((8_000, 10, 0.0, 0.0, 0.0, 0.01), (32_000, 10, 0.4, 0.8, 1.2, 0.03))
    sections = sections_of(leads)
    assert sections["sea_surface_flag"].tolist() == [3, 0, 0, 1, 1, 1, 0, 0, 3]
    assert sections["sea_surface_nasa"].tolist() == pytest.approx([0, 0, 0, 0.3, 0.6, 0.9, 1.2, 1.2, 1.2])
    assert sections["sea_surface_minimum"].tolist() == pytest.approx([0, 0, 0, 0.1, 0.2, 0.3, 0.4, 0.4, 0.4])
    assert sections.loc[20, "sea_surface_error"] == pytest.approx(np.sqrt((0.01**2 + 0.03**2) / 2))
    assert sections.loc[40, "sea_surface_error"] == pytest.approx(0.03)


def test_a_gap_of_one_section_is_a_one_point_fill_at_any_height():
    leads = leads_at((1_000, 10, 0.0, 0.0, 0.0, 0.01), (11_000, 10, 0.4, 0.4, 0.4, 0.01))
    sections = sections_of(leads, section_length=5_000, maxgapht=0.05)
    assert sections["sea_surface_flag"].tolist()[:3] == [0, 2, 0]
    assert sections["sea_surface_nasa"].tolist()[:3] == pytest.approx([0, 0.2, 0.4])


def test_beyond_atl10_s_limits_there_is_no_sea_surface():
    leads = leads_at((0, 10, 0, 0, 0, 0.01), (300_000, 10, 0, 0, 0, 0.01))
    flag = sections_of(leads, 400_000, SETTINGS)["sea_surface_flag"]
    carried = SETTINGS.maxpadtime * GROUND_SPEED / 1000
    near = np.minimum.reduce([np.abs(flag.index - place) for place in (0, 5, 295, 300, 305)])
    assert flag[near > carried + 5].eq(255).all()
    assert flag[(near > 5) & (near < carried - 5)].eq(3).all()
    sections = sections_of(leads, 400_000, SETTINGS)
    absent = sections["sea_surface_flag"] == 255
    numbers = [*SURFACES, "sea_surface_error", "correlated_error"]
    assert (sections[numbers].isna().all(axis=1) == absent).all()
    assert (sections[numbers].isna().any(axis=1) == absent).all()


def test_the_variance_is_filled_as_atl10_does():
    leads = leads_at((0, 1, 0, 0, 0, 0.0011959), (80_000, 1, 0, 0, 0, 0.0033390))
    sections = sections_of(leads, 80_000, section_step=10_000)
    assert sections.loc[10, "sea_surface_error"] == pytest.approx(0.0016264, abs=1e-7)


def test_the_smoother_acts_on_nasa_alone():
    leads = leads_at(*[(x, 10, h, h, h, 0.01) for x, h in ((2_000, 0.0), (7_000, 0.3), (12_000, 0.0), (17_000, 0.0))])
    rough = sections_of(leads, section_length=5_000)
    smooth = sections_of(leads, section_length=5_000, refsurf_3pt_smoother=True)
    assert rough["sea_surface_nasa"].tolist()[:4] == pytest.approx([0, 0.3, 0, 0])
    assert smooth["sea_surface_nasa"].tolist()[:4] == pytest.approx([0, 0.1, 0.1, 0])
    others = [name for name in SURFACES if name != "sea_surface_nasa"]
    pd.testing.assert_frame_equal(smooth[others], rough[others])


def test_a_track_without_leads_has_no_sea_surface():
    sections = sections_of(leads_at())
    assert sections[[*SURFACES, "sea_surface_error", "correlated_error"]].isna().all(axis=None)
    assert (sections["sea_surface_flag"] == 255).all()


def test_a_track_of_one_segment_has_sections():
    sections = leads_and_sections(track_of([WATER]), replace(SETTINGS, lead_length=2))[1]
    assert sections["n_leads"].tolist() == [1, 1]


def test_a_track_whose_one_segment_lies_at_a_centre_has_a_section_after_it():
    assert sections_of(leads_at(), 0).index.tolist() == [0, 5]


def test_a_granule_without_segments_has_no_sections():
    none = estimate_sections(leads_at(), extent()[:0], SETTINGS)
    assert none.empty
    as_arrow(none, SECTIONS)


# What is not seen


def test_the_correlated_error_grows_with_the_distance_from_the_leads_up_to_the_spread():
    error = sections_of(leads_at((2_000, 10, 0, 0, 0, 0.01)), 1_000_000, maxpadtime=1e3)["correlated_error"]
    away = np.abs(error.index - 2) * 1000
    stated = SETTINGS.correlated_spread * np.sqrt(1 - np.exp(-2 * away / SETTINGS.correlated_length))
    np.testing.assert_allclose(error, stated, atol=1e-9)
    assert error.iloc[-1] == pytest.approx(SETTINGS.correlated_spread, rel=1e-3)


def test_leads_on_both_sides_leave_less_correlated_error_than_one():
    left, right = (8_000, 10, 0, 0, 0, 0.01), (32_000, 10, 0, 0, 0, 0.01)
    both = sections_of(leads_at(left, right))["correlated_error"]
    one = sections_of(leads_at(left))["correlated_error"]
    assert both[20] < one[20]
    assert both[20] == pytest.approx(one[20] / np.sqrt(2))
    assert both[5] == one[5]


# Beams that share leads


def sections_of_beams(share: bool, gap: range, offset: float = 0.04) -> pd.DataFrame:
    """Return the sections of gt1r, without leads in steps of ``gap``, beside gt2r, ``offset`` lower, of 20 steps."""
    random = np.random.default_rng(6)
    level = 0.02 * np.sin(np.arange(20))
    of_beams = []
    for beam, beyond, steps in (("gt1r", 0, set(range(20)) - set(gap)), ("gt2r", -offset, range(20))):
        height = level + beyond + random.normal(0, 0.003, 20)
        own = [(5_000 * step + 2_500, 10, *[height[step]] * 3, 0.003) for step in steps]
        of_beams.append(leads_at(*own, beam=beam))
    extents = pd.concat([extent(100_000, beam) for beam in ("gt1r", "gt2r")])
    sections = estimate_sections(pd.concat(of_beams), extents, replace(SETTINGS, share_beams=share))
    sections["level"] = np.interp(sections["x_atc"] - START, 5_000 * np.arange(20) + 2_500, level)
    return sections[sections["beam"] == "gt1r"]


def test_leads_of_another_beam_stand_in_less_the_difference_between_the_beams():
    alone, shared = sections_of_beams(False, range(8, 13)), sections_of_beams(True, range(8, 13))
    stands_in = shared["sea_surface_flag"] == 4
    assert stands_in.sum() == 4
    assert (alone.loc[stands_in, "sea_surface_flag"] == 1).all()
    seen = shared["sea_surface_flag"] == 0
    pd.testing.assert_frame_equal(shared[seen], alone[seen])
    error = (shared["sea_surface_nasa"] - shared["level"])[stands_in].abs()
    assert error.max() < 0.01
    assert shared.loc[stands_in, "sea_surface_error"].min() > shared.loc[seen, "sea_surface_error"].max()


def test_beams_of_too_few_common_sections_do_not_share():
    shared = sections_of_beams(True, range(1, 19))
    assert 4 not in set(shared["sea_surface_flag"])


# The sea surface at a segment


def test_the_sea_surface_is_linear_between_the_centres_of_sections():
    sections = sections_of(leads_at((8_000, 10, 0.0, 0.0, 0.0, 0.01), (32_000, 10, 0.4, 0.8, 1.2, 0.03)))
    at = sea_surface_at(START + np.array([1_000, 17_500, 29_000, 40_000]), sections, "average")
    assert at["sea_surface_nasa"].tolist() == pytest.approx([0, 0.45, 1.14, 1.2])
    assert at["sea_surface"].tolist() == pytest.approx([0, 0.3, 0.76, 0.8])
    assert at["sea_surface_flag"].tolist() == [3, 1, 0, 3]


def test_beside_a_section_without_sea_surface_its_neighbour_s_stands_up_to_the_middle():
    sections = sections_of(leads_at((1_000, 10, 0.1, 0.1, 0.1, 0.01)), maxpadtime=0)
    at = sea_surface_at(START + np.array([0, 5_000, 7_499, 7_501, 10_000, 11_000]), sections, "nasa")
    assert at["sea_surface"].tolist() == pytest.approx([0.1] * 3 + [np.nan] * 3, nan_ok=True)
    assert at["sea_surface_flag"].tolist() == [0, 0, 0, 255, 255, 255]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.one_of(st.just(np.nan), st.floats(-0.5, 0.5)), min_size=2, max_size=8), st.integers(0, 99))
def test_the_sea_surface_is_what_numpy_interpolates_where_both_sections_have_one(height, seed):
    centre = START + 5_000 * np.arange(len(height))
    numbers = [*SURFACES, "sea_surface_error", "correlated_error"]
    flag = np.where(np.isnan(height), 255, 0)
    sections = pd.DataFrame(dict.fromkeys(numbers, height)).assign(x_atc=centre, sea_surface_flag=flag)
    x = np.sort(np.random.default_rng(seed).uniform(centre[0], centre[-1], 50))
    at = sea_surface_at(x, sections, "robust")
    nearest = np.abs(x[:, None] - centre).argmin(axis=1)
    assert at["sea_surface_flag"].tolist() == flag[nearest].tolist()
    assert np.isnan(at["sea_surface"]).tolist() == np.isnan(np.array(height)[nearest]).tolist()
    linear = np.interp(x, centre, height)
    both = ~np.isnan(linear)
    np.testing.assert_allclose(at["sea_surface"][both], linear[both], atol=1e-9)


@pytest.mark.parametrize("method", ["nasa", "robust"])
def test_a_known_sea_level_comes_back(method):
    track, sea_level, _ = simulated_track()
    leads, sections = leads_and_sections(track)
    at = sea_surface_at(track["x_atc"].to_numpy(), sections, method)
    off = np.abs(at["sea_surface"] - sea_level)
    assert len(leads) > 20
    assert np.median(off) < 0.01
    assert off.max() < 0.02


# What a classifier may get wrong


def moved_by(wrong: np.ndarray, method: str = "robust") -> float:
    """Return by how much at most the sea surface moves (m) where thick ice is taken for water."""
    track = simulated_track()[0]
    mistaken = track.assign(
        surface_class=np.where(wrong & (track["surface_class"] == ICE), WATER, track["surface_class"])
    )
    own = replace(SETTINGS, method=method)
    surfaces = [leads_and_sections(each, own)[1][f"sea_surface_{method}"] for each in (track, mistaken)]
    return np.abs(surfaces[1] - surfaces[0]).max()


@pytest.mark.parametrize("seed", range(5))
def test_two_percent_of_stray_segments_move_the_robust_sea_surface_by_a_centimetre_at_most(seed):
    wrong = np.random.default_rng(seed).random(20_000) < 0.02
    assert wrong.sum() > 350
    assert moved_by(wrong) <= 0.01


@pytest.mark.parametrize("seed", range(5))
def test_runs_of_mistaken_ice_move_the_robust_sea_surface_by_a_centimetre_at_most(seed):
    random = np.random.default_rng(seed)
    wrong = np.zeros(20_000, bool)
    for begin in random.integers(0, 20_000, 20):
        wrong[begin : begin + random.integers(10, 31)] = True
    assert moved_by(wrong) <= 0.01
    assert moved_by(wrong, "average") < 0.1


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 90_000), st.floats(-1, 1), st.floats(1e-4, 1)), max_size=12),
    st.sampled_from(SEA_SURFACE_METHODS),
    st.booleans(),
)
def test_whatever_the_leads_sections_have_numbers_or_the_flag_that_says_so(leads, method, share):
    table = leads_at(*[(x, 10, h, h, h, error) for x, h, error in sorted(leads)])
    extents = pd.concat([extent(90_000, beam) for beam in ("gt1r", "gt3r")])
    sections = estimate_sections(table, extents, replace(SETTINGS, method=method, share_beams=share))
    numbers = sections[[f"sea_surface_{method}", "sea_surface_error", "correlated_error"]]
    absent = sections["sea_surface_flag"] == 255
    assert (np.isfinite(numbers).all(axis=1) == ~absent).all()
    assert (numbers.isna().all(axis=1) == absent).all()


def test_unknown_classes_alone_give_no_sea_surface():
    sections = leads_and_sections(track_of(classes((500, SurfaceClass.UNKNOWN))))[1]
    assert (sections["sea_surface_flag"] == 255).all()
