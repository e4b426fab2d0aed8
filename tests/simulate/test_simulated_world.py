from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from pyproj import Geod, Transformer

from leadline.simulate.world import build_world, generator, lay_track, sea_level, sun_position, total_level


def test_the_same_settings_give_the_same_ice(world, granule):
    again = build_world(granule.settings).ice
    for name, raster in vars(world.ice).items():
        assert np.array_equal(raster, getattr(again, name)), name


def test_another_name_or_seed_gives_other_random_numbers(granule):
    settings = granule.settings
    draws = {
        generator(changed, "ice").random()
        for changed in (settings, replace(settings, seed=8), replace(settings, name="20191113200000_90020510"))
    }
    assert len(draws) == 3


def test_distances_along_the_track_are_distances_on_the_ground(granule):
    settings = replace(granule.settings, length=40_000.0)
    track = lay_track(settings)
    to_earth = Transformer.from_crs("EPSG:3976", "EPSG:4326", always_xy=True)
    ends = to_earth.transform(*track.on_map(np.array([0.0, 40_000.0]), 0.0).T)
    _, _, distance = Geod(ellps="WGS84").inv(ends[0][0], ends[1][0], ends[0][1], ends[1][1])
    assert distance == pytest.approx(40_000.0, abs=0.01)


def test_the_right_beams_lie_to_the_right_of_flight(granule):
    track = lay_track(granule.settings)
    to_earth = Transformer.from_crs("EPSG:3976", "EPSG:4326", always_xy=True)
    middle = np.full(2, granule.settings.length / 2)
    centre, right = (to_earth.transform(*track.on_map(middle, across).T) for across in (0.0, 3345.0))
    azimuth, _, distance = Geod(ellps="WGS84").inv(centre[0][0], centre[1][0], right[0][0], right[1][0])
    assert distance == pytest.approx(3345, rel=1e-3)
    assert azimuth % 360 == pytest.approx(granule.settings.heading + 90, abs=0.1)


def test_places_in_the_world_are_its_own_map_turned(world):
    along, across = world.track.in_world(*(world.track.origin + 100 * world.track.along - 50 * world.track.across))
    assert (along, across) == (pytest.approx(100), pytest.approx(-50))


def test_the_sea_level_is_the_sum_of_its_parts_and_the_residual_is_centimetres(granule):
    level = sea_level(granule.settings, np.linspace(0, 40_000, 500))
    parts = level.drop(columns=["geoid", "geoid_free2mean"]).sum(axis=1)
    assert np.allclose(total_level(level), parts)
    assert 0.005 < np.ptp(level["residual"]) < 0.1


@pytest.mark.parametrize(
    ("time", "latitude", "longitude", "elevation", "azimuth"),
    [
        (datetime(2019, 3, 20, 12, 0, tzinfo=UTC), 0.0, 0.0, 90.0, None),
        (datetime(2019, 12, 22, 12, 0, tzinfo=UTC), -74.0, 0.0, 39.4, 0.0),
        (datetime(2019, 12, 22, 0, 0, tzinfo=UTC), -74.0, 0.0, 7.4, 180.0),
        (datetime(2019, 6, 21, 0, 0, tzinfo=UTC), 40.0, 180.0, 73.4, 180.0),
    ],
)
def test_the_sun_stands_where_the_calendar_puts_it(time, latitude, longitude, elevation, azimuth):
    found = sun_position(time, latitude, longitude)
    assert found[0] == pytest.approx(elevation, abs=1.5)
    if azimuth is not None:
        assert abs((found[1] - azimuth + 180) % 360 - 180) < 3
