"""Scenes under tracks: places, times and lengths that are known otherwise, the antimeridian, and the paper's pairs."""

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.archives.coincidences import COLUMNS, find_coincidences
from leadline.archives.ground_track import ground_track

GRANULE = "20191104195311_05940510"
TRACK = ground_track(GRANULE)
SOUTH = "EPSG:3976"


def scene(place=0.5, after=0.0, cloud=10.0, name="S2_T02CNA_20191104T200000", half=1.0, track=TRACK):
    """Return a scene of so many degrees about a part of a track, taken so many minutes after it passed there."""
    middle = round(place * (len(track.time) - 1))
    latitude, longitude = track.latitude[middle], track.longitude[middle]
    time = track.time[middle] + np.timedelta64(round(after * 60_000), "ms")
    wide = half / np.cos(np.radians(latitude))
    box = shapely.box(longitude - wide, latitude - half, longitude + wide, latitude + half)
    return {"scene": name, "time": pd.Timestamp(time), "cloud": cloud, "footprint": box}


def pairs(*scenes, granules=(GRANULE,), maximum_lag=80, least_overlap=0):
    return find_coincidences(granules, pd.DataFrame(scenes), SOUTH, maximum_lag, least_overlap)


@settings(max_examples=25, deadline=None)
@given(place=st.floats(0.2, 0.9), after=st.floats(-79.9, 79.9))
def test_a_scene_about_the_track_coincides_with_the_time_between(place, after):
    found = pairs(scene(place, after))
    assert list(found.columns) == list(COLUMNS)
    assert found["lag"].item() == pytest.approx(after, abs=0.02)
    assert found["cloud"].item() == 10.0


def test_the_overlap_is_the_length_on_the_ground_though_the_projection_shortens_it():
    """Two degrees of latitude along a track that crosses meridians at about 15 degrees."""
    found = pairs(scene(0.8))
    inside = np.abs(TRACK.latitude - TRACK.latitude[round(0.8 * (len(TRACK.time) - 1))]) < 1
    assert found["overlap"].item() == pytest.approx(np.ptp(TRACK.distance[inside]), rel=0.01)


def test_the_track_on_the_edge_of_a_scene_counts_by_the_pair_that_is_inside():
    middle = round(0.8 * (len(TRACK.time) - 1))
    for side in (-1, 1):
        beside = TRACK.beside(side * 3300.0)
        edge = shapely.LineString(np.column_stack([beside.longitude, beside.latitude])[middle - 100 : middle + 100])
        strip = edge.buffer(0.01)
        found = pairs({**scene(0.8), "footprint": strip})
        assert found["overlap"].item() == pytest.approx(199 * 0.354, abs=3)


@pytest.mark.parametrize("after", [-80.2, 80.2, 1440.0])
def test_a_scene_too_early_or_too_late_does_not_coincide(after):
    assert pairs(scene(after=after)).empty


def test_a_scene_beside_the_track_does_not_coincide():
    far = scene()
    far["footprint"] = shapely.affinity.translate(far["footprint"], 10)
    assert pairs(far).empty


def test_what_overlaps_too_little_is_left_out():
    assert len(pairs(scene(), least_overlap=200)) == 1
    assert pairs(scene(), least_overlap=300).empty


def test_the_nearest_scene_in_time_comes_first_granule_by_granule():
    later = "20191116192813_07770510"
    scenes = [
        scene(after=lag, name=f"S2_T02CN{tile}_20191104T200000") for tile, lag in zip("ABC", (40, -5, 20), strict=True)
    ]
    scenes.append(scene(after=3, name="S2_T02CNA_20191116T193000", track=ground_track(later)))
    found = pairs(*scenes, granules=(later, GRANULE))
    assert found["granule"].tolist() == [GRANULE] * 3 + [later]
    assert found["lag"].round().tolist() == [-5, 20, 40, 3]


def test_no_scenes_and_no_granules_make_an_empty_table():
    nothing = pd.DataFrame(columns=["scene", "time", "cloud", "footprint"])
    assert find_coincidences([GRANULE], nothing, SOUTH, 80, 0).empty
    assert pairs(scene(), granules=()).empty


@pytest.mark.parametrize("split", [True, False])
def test_a_footprint_across_the_antimeridian_coincides_as_one_piece(split):
    """As catalogues write it: two polygons that end at 180 degrees, or one whose longitudes jump."""
    crossing = next(
        name
        for name in (f"20191104195311_{rgt:04d}0510" for rgt in range(1, 1388))
        if abs(abs(ground_track(name).longitude[5000]) - 180) < 0.5
    )
    track = ground_track(crossing)
    south, north = track.latitude[5000] - 0.5, track.latitude[5000] + 0.5
    if split:
        halves = [shapely.box(178, south, 180, north), shapely.box(-180, south, -178, north)]
        footprint = shapely.union_all(halves)
    else:
        footprint = shapely.Polygon([(178, south), (-178, south), (-178, north), (178, north)])
    found = pairs(
        {
            "scene": "S2_T01CDA_20191104T200000",
            "time": pd.Timestamp(track.time[5000]),
            "cloud": 0.0,
            "footprint": footprint,
        },
        granules=(crossing,),
    )
    inside = (track.latitude > south) & (track.latitude < north)
    assert found["overlap"].item() == pytest.approx(np.ptp(track.distance[inside]), rel=0.02)
