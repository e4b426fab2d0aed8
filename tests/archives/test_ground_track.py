"""Ground tracks told by names alone, against real granules."""

import re

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from leadline.archives.ground_track import FIRST_DESCENDING, PAIRS, GroundTrack, equator_crossing, ground_track
from leadline.names import BEAMS

EARTH = Geod(ellps="WGS84")
EPOCH = np.datetime64("2018-01-01", "ms")


def names(region):
    return st.builds("20191104195311_{:04d}05{:02d}".format, st.integers(1, 1387), region)


def photons_of(path):
    """Give pair, latitude, longitude and time of the middle photon of each beam in a file."""
    with h5py.File(path) as file:
        for beam in BEAMS:
            heights = file.get(f"{beam}/heights")
            if heights is not None and len(heights["lat_ph"]):
                middle = len(heights["lat_ph"]) // 2
                latitude, longitude, since = (heights[name][middle] for name in ("lat_ph", "lon_ph", "delta_time"))
                yield int(beam[2]) - 1, latitude, longitude, EPOCH + np.timedelta64(round(since * 1e3), "ms")


def test_real_polar_granules_lie_within_1_km_and_1_s_of_the_tracks_that_their_names_tell(real_data):
    """Whichever way the spacecraft flies, gt1 is its leftmost pair."""
    checked = 0
    for path in sorted([*real_data.glob("pairs/*/ATL03*.h5"), *real_data.glob("atl03/*sea_ice.h5")]):
        track = ground_track(re.search(r"\d{14}_\d{8}", path.name)[0])
        for pair, latitude, longitude, time in photons_of(path):
            own = track.beside(PAIRS[pair])
            here = np.full_like(own.latitude, longitude), np.full_like(own.latitude, latitude)
            distance = EARTH.inv(own.longitude, own.latitude, *here)[2]
            nearest = distance.argmin()
            assert distance[nearest] < 1000, path.name
            assert abs(own.time[nearest] - time) < np.timedelta64(1000, "ms"), path.name
            checked += 1
    assert checked > 30


@pytest.mark.parametrize("product", ["atl07", "atl10"])
def test_the_crossings_of_real_tracks_are_those_of_their_numbers(real_data, product):
    for path in (real_data / product).glob("*.h5"):
        with h5py.File(path) as file:
            rgt, longitude = file["orbit_info/rgt"][0], file["orbit_info/lan"][0]
        assert abs((equator_crossing(rgt) - longitude + 180) % 360 - 180) < 0.002


@settings(max_examples=30, deadline=None)
@given(names(region=st.integers(1, 14)))
def test_a_granule_goes_on_where_the_region_before_ended(name):
    region = int(name[-2:])
    track = ground_track(name)
    after = ground_track(f"{name[:-2]}{region + 1:02d}") if region < 14 else None
    if after:
        gap = EARTH.inv(track.longitude[-1], track.latitude[-1], after.longitude[0], after.latitude[0])[2]
        assert gap < 400
    assert (np.diff(track.latitude) > 0).all() or region in (4, 11) or FIRST_DESCENDING < region < 12


@settings(max_examples=30, deadline=None)
@given(names(region=st.just(10)))
def test_the_paper_s_region_descends_from_50_to_79_south_in_eight_minutes(name):
    track = ground_track(name)
    assert track.latitude[0] == pytest.approx(-50, abs=0.01)
    assert track.latitude[-1] == pytest.approx(-79, abs=0.01)
    assert (np.diff(track.latitude) < 0).all()
    assert 455 < (track.time[-1] - track.time[0]) / np.timedelta64(1, "s") < 465
    assert track.distance[-1] == pytest.approx(3257, abs=5)


def test_a_box_across_the_antimeridian_holds_both_sides_of_it():
    longitude = np.array([170.0, 179.0, -179.0, -170.0, 0.0])
    track = GroundTrack(EPOCH + np.arange(5), np.full(5, -75.0), longitude)
    assert track.within(west=175, east=-175, south=-80, north=-70).longitude.tolist() == [179.0, -179.0]
    assert track.within(west=-180, east=180, south=-80, north=-70).longitude.tolist() == longitude.tolist()
    assert len(track.within(west=-180, east=180, south=-70, north=-60).time) == 0


def test_pairs_run_beside_the_track_on_the_right_hand_of_flight():
    track = ground_track("20191104195311_05940510")
    for right in PAIRS:
        beside = track.beside(right)
        heading = EARTH.inv(track.longitude[:-1], track.latitude[:-1], track.longitude[1:], track.latitude[1:])[0]
        azimuth, _, distance = EARTH.inv(track.longitude, track.latitude, beside.longitude, beside.latitude)
        assert np.allclose(distance, abs(right))
        if right:
            turned = (azimuth[:-1] - heading) % 360
            assert np.allclose(turned, 90 if right > 0 else 270, atol=1e-6)
