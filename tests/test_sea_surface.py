"""Leads and sections: closed forms, the numbers of a real ATL10 granule, and a known sea level."""

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.names import SurfaceClass
from leadline.sea_surface import (
    SeaSurfaceSettings,
    combine,
    estimate_sections,
    find_leads,
    group_segments,
    lead_height,
    sea_surface_at,
)
from leadline.tables import LEADS, SEA_SURFACE_METHODS, SECTIONS
from tracks import ICE, PHOTON_SPREAD, START, WATER, classes, simulated_track, track_of

SETTINGS = SeaSurfaceSettings()
SURFACES = [f"sea_surface_{method}" for method in SEA_SURFACE_METHODS]


# The formulas, and what ATL10 made of them


def test_a_lead_of_one_height_has_that_height_and_error():
    assert lead_height(np.array([-0.2]), np.array([0.01])) == pytest.approx((-0.2, 0.01))


def test_lead_height_weights_a_height_one_sigma_above_the_lowest_by_exp_minus_one():
    share = 1 / (1 + np.exp(-1))
    height, error = lead_height(np.array([0.0, 0.02]), np.array([0.02, 0.02]))
    assert height == pytest.approx(0.02 * (1 - share))
    assert error == pytest.approx(0.02 * np.hypot(share, 1 - share))


def test_combine_weights_by_inverse_variance():
    height, error = combine(np.array([0.0, 1.0]), np.array([1.0, 2.0]))
    assert height == pytest.approx(0.2)
    assert error == pytest.approx(np.sqrt(1 / (1 + 1 / 4)))


def atl10_leads(real_data: Path) -> list[tuple[np.ndarray, ...]]:
    """Return each lead of ATL10 r006: its segments' heights and sigmas, the file's height and sigma, beam, place."""
    found = []
    with h5py.File(next(real_data.glob("atl10/*20220107195849*.h5"))) as file:
        for beam in ("gt2l", "gt2r", "gt3l"):
            segments, leads = file[beam]["freeboard_segment"], file[beam]["leads"]
            heights = segments["heights"]
            used = heights["height_segment_ssh_flag"][:] == 2
            rows = np.flatnonzero(used)
            for run in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1):
                x = segments["seg_dist_x"][:][run].mean()
                nearest = np.abs(leads["lead_dist_x"][:] - x).argmin()
                assert leads["ssh_n"][nearest] == len(run)
                height, sigma = (
                    heights[f"height_segment_{name}"][:][run].astype(float) for name in ("height", "sigma")
                )
                found.append((height, sigma, leads["lead_height"][nearest], leads["lead_sigma"][nearest], beam, x))
    return found


def test_lead_heights_are_those_of_atl10(real_data):
    leads = atl10_leads(real_data)
    assert sum(len(height) > 1 for height, *_ in leads) == 17
    for height, sigma, file_height, file_sigma, *_ in leads:
        assert lead_height(height, sigma) == pytest.approx((file_height, file_sigma), abs=1e-7)


def test_references_are_those_of_atl10(real_data):
    leads = pd.DataFrame(atl10_leads(real_data), columns=["", "", "height", "sigma", "beam", "x"])
    made = {}
    with h5py.File(next(real_data.glob("atl10/*20220107195849*.h5"))) as file:
        for (beam, section), group in leads.groupby(["beam", (leads["x"] - 8694.011).round(-4)]):
            references = file[beam]["reference_surface_section"]
            row = np.abs(references["beam_refsurf_dist_x"][:] - group["x"].mean()).argmin()
            assert references["beam_lead_n"][row] == len(group)
            height, sigma = combine(group["height"].to_numpy(float), group["sigma"].to_numpy(float))
            assert sigma == pytest.approx(references["beam_refsurf_sigma"][row], abs=1e-9)
            made[beam, section] = height, references["beam_refsurf_height"][row]
    assert len(made) == 4
    assert sum(height == pytest.approx(in_file, abs=1e-7) for height, in_file in made.values()) == 3
    # The fourth, between an end-filled and an interpolated section, went through ATL10's three-point mean.
    (height, in_file), (far, _) = (made[key] for key in sorted(made) if key[0] == "gt2l")
    interpolated = height + (far - height) / 8
    assert np.mean([height, height, interpolated]) == pytest.approx(in_file, abs=1e-7)


# Groups of segments


def test_groups_hold_about_as_many_photons_and_keep_the_mean():
    n_photons = np.random.default_rng(1).poisson(10, 200) + 1
    height = np.random.default_rng(2).normal(size=200)
    mean, _ = group_segments(n_photons, height, np.full(200, 0.03), SETTINGS)
    assert len(mean) == round(n_photons.sum() / 150)
    assert mean.mean() == pytest.approx(np.average(height, weights=n_photons), abs=0.02)


def test_segments_of_fewer_photons_than_a_group_are_one_group():
    mean, error = group_segments(np.array([10, 30]), np.array([0.0, 0.4]), np.array([0.03, 0.03]), SETTINGS)
    assert mean == pytest.approx([0.3])
    assert error == pytest.approx([np.hypot(10, 30) / 40 * 0.03 * np.sqrt(2)])


@pytest.mark.parametrize(("length", "segments_of_footprint"), [(0.7, 11 / 0.7), (2, 5.5), (10, 1.1), (11, 1), (30, 1)])
def test_the_error_of_a_group_takes_the_segments_of_one_footprint_for_one(length, segments_of_footprint):
    n = 18
    settings = replace(SETTINGS, segment_length=length, photons_per_group=10 * n)
    _, error = group_segments(np.full(n, 10), np.zeros(n), np.full(n, 0.03), settings)
    assert error == pytest.approx([0.03 / np.sqrt(n / segments_of_footprint)])


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


@pytest.mark.parametrize(("column", "value"), [("height_mean", np.nan), ("height_error", 0), ("height_error", np.inf)])
def test_open_water_without_a_height_and_error_counts_as_missing(column, value):
    track = track_of(classes((30, WATER)))
    track.loc[14, column] = value
    leads = find_leads(track, SETTINGS)
    assert leads["n_segments"].tolist() == [29]
    assert np.isfinite(leads["height_nasa"]).all()


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
    settings = replace(SETTINGS, segment_length=length)
    (lead,) = find_leads(track_of(classes((n, WATER)), height, segment_length=length), settings).to_dict("records")
    assert lead["height_nasa"] == pytest.approx(0, abs=1e-9)
    assert (lead["x_start"], lead["x_end"]) == pytest.approx((START, START + n * length))
    for inner in (edge, n - edge - 1):
        deeper = np.where(np.arange(n) == inner, -0.5, height)
        (lead,) = find_leads(track_of(classes((n, WATER)), deeper, segment_length=length), settings).to_dict("records")
        assert lead["height_nasa"] < -0.005


@pytest.mark.parametrize(("n", "counts"), [(2, [0, 1]), (3, [1]), (4, [1, 2]), (7, [1, 2, 3, 4, 5])])
def test_a_short_lead_of_10_m_segments_keeps_its_middle(n, counts):
    settings = replace(SETTINGS, segment_length=10.0)
    height = np.where(np.isin(np.arange(n), counts), 0.0, 0.3)
    leads = find_leads(
        track_of(classes((3, ICE), (n, WATER), (3, ICE)), [0.5] * 3 + [*height] + [0.5] * 3, 50, 10.0), settings
    )
    assert leads["n_segments"].tolist() == [n]
    assert leads["height_nasa"].tolist() == pytest.approx([0])


@pytest.mark.parametrize(("length", "shortest"), [(0.6, 30), (0.9, 20), (2.0, 9), (6.0, 3), (10.0, 2)])
def test_the_shortest_lead_is_as_long_in_metres_however_long_the_segments(length, shortest):
    settings = replace(SETTINGS, segment_length=length)
    track = track_of(classes((5, ICE), (shortest, WATER), (5, ICE), (shortest - 1, WATER), (5, ICE)), 0, 10, length)
    assert find_leads(track, settings)["n_segments"].tolist() == [shortest]


@pytest.mark.parametrize(("length", "missing"), [(0.8, 5), (1.0, 4), (2.0, 2), (10.0, 0)])
def test_the_longest_gap_inside_a_lead_is_as_long_in_metres_however_long_the_segments(length, missing):
    settings = replace(SETTINGS, segment_length=length)
    track = track_of(classes((100, WATER)), 0, 10, length)
    assert find_leads(track.drop(range(50, 50 + missing)), settings)["n_segments"].tolist() == [100 - missing]
    assert len(find_leads(track.drop(range(50, 51 + missing)), settings)) == 2


@given(st.integers(0, 2**32 - 1))
def test_leads_do_not_depend_on_the_order_of_the_rows(seed):
    track = simulated_track(1000)[0]
    shuffled = track.sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(find_leads(shuffled, SETTINGS), find_leads(track, SETTINGS))


@given(st.floats(-50, 50))
def test_leads_and_sections_rise_with_the_heights(shift):
    track = simulated_track(2000)[0]
    leads, sections = leads_and_sections(track)
    higher_leads, higher = leads_and_sections(track.assign(height_mean=track["height_mean"] + shift))
    heights = ["height_min", "height_mean", "height_nasa"]
    np.testing.assert_allclose(higher_leads[heights], leads[heights] + shift, atol=1e-9)
    np.testing.assert_allclose(higher[SURFACES], sections[SURFACES] + shift, atol=1e-9)
    np.testing.assert_allclose(higher["sea_surface_error"], sections["sea_surface_error"], atol=1e-9)


# Sections


def leads_and_sections(track, settings=SETTINGS):
    leads = find_leads(track, settings)
    return leads, estimate_sections(track, leads, settings)


def leads_at(*leads: tuple) -> pd.DataFrame:
    """Return leads 40 m long from (centre after START, segments, lowest, mean, nasa, error)."""
    table = pd.DataFrame(
        leads, columns=["x", "n_segments", "height_min", "height_mean", "height_nasa", "height_nasa_error"]
    )
    x = START + table["x"]
    return table.assign(granule="g", beam="gt1r", x_start=x - 20, x_end=x + 20, x_min=x)[LEADS.names]


def sections_of(leads: pd.DataFrame, length: float = 40_000, **settings) -> pd.DataFrame:
    """Return the sections of a track of a length (m) that begins at START, indexed by kilometre."""
    track = track_of([ICE, ICE]).assign(x_atc=[START, START + length])
    sections = estimate_sections(track, leads, replace(SETTINGS, **settings))
    assert list(sections.columns) == SECTIONS.names
    return sections.set_index((sections["x_atc"] - START) / 1000)


def test_sections_have_the_paper_s_length_and_step():
    sections = sections_of(leads_at((12_000, 20, 0, 0, 0, 0.01)))
    assert sections.index.tolist() == [0, 5, 10, 15, 20, 25, 30, 35, 40]
    assert sections["n_leads"].tolist() == [0, 0, 1, 1, 0, 0, 0, 0, 0]


def test_section_centres_do_not_depend_on_where_the_track_is_cut():
    track = simulated_track(10_000)[0]
    whole = estimate_sections(track, find_leads(track, SETTINGS), SETTINGS)["x_atc"]
    part = estimate_sections(track[3000:8000], find_leads(track, SETTINGS), SETTINGS)["x_atc"]
    assert set(part) <= set(whole)


def test_the_four_methods_in_one_section():
    leads = leads_at((9_000, 10, -0.10, 0.00, -0.05, 0.01), (11_500, 30, -0.30, 0.04, -0.10, 0.02))
    section = sections_of(leads).loc[10]
    assert section[SURFACES].tolist() == pytest.approx([-0.30, 0.03, -0.10, -0.06])


@pytest.mark.parametrize(
    ("method", "error"),
    [("minimum", 0.02), ("average", np.hypot(0.25 * 0.01, 0.75 * 0.02)), ("nearest_minimum", 0.01), ("nasa", 0.008944)],
)
def test_the_error_is_that_of_the_leads_as_the_chosen_method_weights_them(method, error):
    leads = leads_at((9_000, 10, -0.10, 0.00, -0.05, 0.01), (11_500, 30, -0.30, 0.04, -0.10, 0.02))
    assert sections_of(leads, method=method).loc[10, "sea_surface_error"] == pytest.approx(error, abs=1e-6)


def test_between_sections_with_leads_the_sea_surface_is_linear_and_beyond_them_it_is_copied():
    leads = leads_at((8_000, 10, 0.0, 0.0, 0.0, 0.01), (32_000, 10, 0.4, 0.8, 1.2, 0.03))
    sections = sections_of(leads)
    assert sections["sea_surface_flag"].tolist() == [2, 0, 0, 1, 1, 1, 0, 0, 2]
    assert sections["sea_surface_nasa"].tolist() == pytest.approx([0, 0, 0, 0.3, 0.6, 0.9, 1.2, 1.2, 1.2])
    assert sections["sea_surface_minimum"].tolist() == pytest.approx([0, 0, 0, 0.1, 0.2, 0.3, 0.4, 0.4, 0.4])
    assert sections.loc[20, "sea_surface_error"] == pytest.approx(np.sqrt((0.01**2 + 0.03**2) / 2))
    assert sections.loc[40, "sea_surface_error"] == pytest.approx(0.03)


def test_the_variance_is_filled_as_atl10_does():
    leads = leads_at((0, 1, 0, 0, 0, 0.0011959), (80_000, 1, 0, 0, 0, 0.0033390))
    sections = sections_of(leads, 80_000, section_length=10_000, section_step=10_000)
    assert sections.loc[10, "sea_surface_error"] == pytest.approx(0.0016264, abs=1e-7)


def test_a_track_without_leads_has_no_sea_surface():
    sections = sections_of(leads_at())
    assert sections[[*SURFACES, "sea_surface_error"]].isna().all(axis=None)
    assert (sections["sea_surface_flag"] == 255).all()


def test_a_track_of_one_segment_has_sections():
    track = track_of([WATER])
    settings = replace(SETTINGS, lead_length=2)
    sections = leads_and_sections(track, settings)[1]
    assert sections["n_leads"].tolist() == [1, 1]


# The sea surface at a segment


def test_the_sea_surface_is_linear_between_the_centres_of_sections():
    sections = sections_of(leads_at((8_000, 10, 0.0, 0.0, 0.0, 0.01), (32_000, 10, 0.4, 0.8, 1.2, 0.03)))
    at = sea_surface_at(START + np.array([1_000, 17_500, 29_000]), sections, "average")
    assert at["sea_surface_nasa"].tolist() == pytest.approx([0, 0.45, 1.14])
    assert at["sea_surface"].tolist() == pytest.approx([0, 0.3, 0.76])
    assert at["sea_surface_flag"].tolist() == [2, 1, 0]


def test_a_known_sea_level_comes_back():
    track, sea_level, _ = simulated_track()
    leads, sections = leads_and_sections(track)
    at = sea_surface_at(track["x_atc"].to_numpy(), sections, "nasa")
    assert len(leads) > 20
    assert np.abs(at["sea_surface"] - sea_level).median() < 0.01
    assert np.abs(at["sea_surface"] - sea_level).max() < 0.02


@pytest.mark.parametrize("n_photons", [3, 10])
@pytest.mark.parametrize("n_segments", [30, 300])
def test_groups_of_photons_keep_the_weights_from_pulling_a_lead_down(n_segments, n_photons):
    random = np.random.default_rng(2019)
    error = PHOTON_SPREAD / np.sqrt(n_photons)
    by_segments, by_groups = [], []
    for height in random.normal(0, error, (100, n_segments)):
        by_segments.append(lead_height(height, np.full(n_segments, error))[0])
        lead = find_leads(track_of(classes((n_segments, WATER)), height, n_photons), SETTINGS)
        by_groups.append(lead["height_nasa"][0])
    assert np.mean(by_segments) < -0.04
    assert -0.006 < np.mean(by_groups) < 0.003
