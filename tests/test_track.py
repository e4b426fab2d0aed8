from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from granules import X_START, flat_photons, whole_beam, write_granule
from leadline.accounts import State
from leadline.beam import Selection
from leadline.errors import InputDataError
from leadline.track import first_photons, pieces_of, shot_spacing, track_of

ARCTIC = "atl03/ATL03_20181014002445_02350104_006_02_gt1l_sea_ice.h5"
LAND = "atl03/ATL03_20220401221822_01501506_006_gt1r_land.h5"


def test_photons_belong_to_the_segment_whose_one_based_range_holds_them():
    segments = pd.DataFrame({"ph_index_beg": [1, 0, 3, 4], "segment_ph_cnt": [2, 0, 1, 2]})
    assert first_photons(segments, 5).tolist() == [0, 2, 2, 3, 5]


@pytest.mark.parametrize(
    ("begin", "count"), [([1, 4], [2, 2]), ([2, 4], [2, 2]), ([1, 3], [2, 3]), ([1, 5], [6, -2]), ([0, 3], [2, 2])]
)
def test_ranges_that_do_not_cover_the_photons_once_are_refused(begin, count):
    with pytest.raises(InputDataError, match="exactly once"):
        first_photons(pd.DataFrame({"ph_index_beg": begin, "segment_ph_cnt": count}), 4)


def test_land_has_no_sea_ice(tmp_path):
    datasets = flat_photons()
    datasets["geophys_corr/tide_ocean"][:] = 3.4028235e38
    with pytest.raises(InputDataError) as caught:
        whole_beam(write_granule(tmp_path / "a.h5", {"gt1r": datasets}), "gt1r")
    assert caught.value.state is State.NO_SEA_ICE


def test_the_true_land_granule_has_no_sea_ice(real_data):
    with pytest.raises(InputDataError) as caught:
        whole_beam(real_data / LAND, "gt1r")
    assert caught.value.state is State.NO_SEA_ICE


def test_without_any_mean_sea_surface_the_setting_that_helps_is_named(tmp_path):
    datasets = flat_photons()
    for name in ("dem_h", "dem_flag", "geoid"):
        del datasets[f"geophys_corr/{name}"]
    with pytest.raises(InputDataError, match=r"segments\.mss") as caught:
        whole_beam(write_granule(tmp_path / "a.h5", {"gt1r": datasets}), "gt1r")
    assert caught.value.state is State.MISSING_DATASET


@pytest.mark.parametrize("start", [[0.0, 20.0, 20.0], [0.0, np.nan, 40.0], [20.0, 0.0, 40.0]])
def test_a_track_that_does_not_go_on_is_refused(tmp_path, start):
    datasets = flat_photons(n_references=3)
    datasets["geolocation/segment_dist_x"] = X_START + np.array(start)
    with pytest.raises(InputDataError, match="segment_dist_x"):
        whole_beam(write_granule(tmp_path / "a.h5", {"gt1r": datasets}), "gt1r")


@given(st.integers(2, 60), st.floats(6900, 7300), st.floats(0, 0.4))
def test_shots_are_as_far_apart_as_the_ground_speed_has_it_though_some_times_are_broken(n, speed, broken):
    start = 9e6 + 20.0 * np.arange(n)
    time = start / speed
    time[: int(broken * n / 2)] = np.nan
    assert shot_spacing(start, time) == pytest.approx(speed * 1e-4, rel=1e-6)


def test_the_shots_of_the_true_granule_are_0_71_m_apart(real_data):
    *_, track, _ = whole_beam(real_data / ARCTIC, "gt1l")
    assert track.shot_spacing == pytest.approx(0.7095, abs=5e-4)


def test_a_spacecraft_that_stands_still_is_refused():
    with pytest.raises(InputDataError, match="m apart"):
        shot_spacing(np.array([0.0, 20.0, 40.0]), np.full(3, 7.0))


@given(
    counts=st.lists(st.integers(0, 30), min_size=1, max_size=40),
    gaps=st.lists(st.sampled_from([20.0, 20.0, 20.0, 500.0, 12_345.6]), min_size=40, max_size=40),
    window=st.sampled_from([0.7, 2.0, 10.0, 100.0]),
    n_photons=st.integers(1, 200),
)
def test_pieces_share_no_segment_leave_none_out_and_hold_all_photons_that_a_segment_needs(
    counts, gaps, window, n_photons
):
    total = sum(counts)
    first = np.concatenate([[0], np.cumsum(counts)])
    start = X_START + np.cumsum(gaps)[: len(counts)]
    reference = pd.DataFrame({"segment_dist_x": start, "ph_index_beg": first[:-1] + 1, "segment_ph_cnt": counts})
    flat = {"tide_ocean": 0.0, "tide_equilibrium": 0.0, "dac": 0.0, "geoid": 0.0, "geoid_free2mean": 0.0}
    reference["ph_index_beg"] *= reference["segment_ph_cnt"] > 0
    track = track_of(_Beam(reference.assign(**flat), total), Selection(mss="geoid"))
    pieces = pieces_of(track, window, n_photons)
    assert pieces[0].bins[0] == -np.inf and pieces[-1].bins[1] == np.inf
    assert all(one.bins[1] == other.bins[0] for one, other in pairwise(pieces))
    assert [row for piece in pieces for row in range(piece.counted.start, piece.counted.stop)] == [*range(len(counts))]
    for piece in pieces:
        low, high = (edge * window for edge in piece.bins)
        needed = np.flatnonzero((start + 40 >= low - 200) & (start - 20 <= high + 200))
        assert set(needed) <= set(range(piece.rows.start, piece.rows.stop))
        assert piece.photons == slice(first[piece.rows.start], first[piece.rows.stop])
        assert piece.rows.start <= piece.counted.start and piece.counted.stop <= piece.rows.stop


class _Beam:
    """A beam that is its reference segments alone."""

    release, fallback = "006", 0

    def __init__(self, reference_segments: pd.DataFrame, n_photons: int) -> None:
        self.reference_segments, self.n_photons = reference_segments, n_photons
