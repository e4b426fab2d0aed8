from dataclasses import replace

import numpy as np
import pytest
import rasterio
from pyproj import Transformer

from leadline.errors import ConfigError
from leadline.simulate.sentinel2 import sensing_time, simulate_scene
from leadline.simulate.world import ACROSS

WATER, THICK = 30, 205
"""Highest value of open water and lowest of thick ice in 8 bits."""


def made(folder, settings) -> tuple[np.ndarray, rasterio.DatasetReader]:
    path = folder / f"scene_{settings.offset}.tif"
    simulate_scene(path, settings)
    scene = rasterio.open(path)
    return scene.read(), scene


def reflectance(numbers: np.ndarray, offset: int) -> np.ndarray:
    return np.where(numbers == 0, np.nan, (numbers.astype(float) + offset) / 10_000)


def segmented(numbers: np.ndarray, offset: int) -> np.ndarray:
    """Return the paper's classes where there are data, 255 elsewhere."""
    value = np.round(255 * np.clip(np.nan_to_num(reflectance(numbers[:3], offset)), 0, 1)).max(axis=0)
    return np.where((numbers == 0).any(axis=0), 255, np.select([value <= WATER, value < THICK], [2, 1], 0))


def classes_under(scene: rasterio.DatasetReader, classes: np.ndarray, map_xy: np.ndarray) -> np.ndarray:
    x, y = Transformer.from_crs("EPSG:3976", scene.crs, always_xy=True).transform(*map_xy.T)
    row, column = rasterio.transform.rowcol(scene.transform, x, y)
    return classes[np.asarray(row), np.asarray(column)]


def track_of(world, granule, beam: str) -> tuple[np.ndarray, np.ndarray]:
    """Return places of the middle of a beam on the map, and the true classes there."""
    x = np.arange(200.0, granule.settings.length - 200, 5)
    places = world.track.on_map(x, ACROSS[beam])
    return places, world.ice.surface_class.ravel()[world.cells(*world.track.in_world(*places.T))]


@pytest.fixture(scope="module")
def clear_scene(tmp_path_factory, clear):
    return made(tmp_path_factory.mktemp("clear"), clear)


def test_the_same_settings_give_the_same_scene(tmp_path, clear, clear_scene):
    cloudy = replace(clear, thin_cloud=0.3, thick_cloud=True)
    assert np.array_equal(made(tmp_path, clear)[0], clear_scene[0])
    assert np.array_equal(made(tmp_path, cloudy)[0], made(tmp_path, cloudy)[0])


def test_the_file_has_the_form_and_the_tags_of_the_real_scenes(clear_scene, real_data):
    _, ours = clear_scene
    with rasterio.open(next(real_data.glob("pairs/*/S2_T20XNS_20210624*.tif"))) as theirs:
        form = ("driver", "dtype", "nodata", "count", "blockxsize", "blockysize", "tiled", "compress", "interleave")
        assert {key: ours.profile[key] for key in form} == {key: theirs.profile[key] for key in form}
        assert ours.descriptions == theirs.descriptions
        assert ours.tags().keys() >= theirs.tags().keys() - {"CREDIT"}
        assert ours.res == theirs.res
    assert ours.tags()["SENSING_TIME"] == "2019-11-04T20:15:00Z"
    assert ours.tags()["TILE"] == "T02CNA"
    assert ours.tags()["NOTE"] == "simulated by leadline"
    assert ours.crs.to_epsg() == 32702
    assert ours.transform.c % 10 == 0 and ours.transform.f % 10 == 0


def test_the_papers_thresholds_find_the_true_classes_under_a_clear_sky(clear_scene, world, granule):
    numbers, scene = clear_scene
    found, true = [], []
    for beam in ACROSS:
        places, classes = track_of(world, granule, beam)
        found.append(classes_under(scene, segmented(numbers, -1000), places))
        true.append(classes)
    assert np.mean(np.concatenate(found) == np.concatenate(true)) > 0.95


def test_pixels_of_one_class_alone_are_all_segmented_right(clear_scene, world):
    numbers, scene = clear_scene
    rows, columns = (np.arange(n) for n in numbers.shape[1:])
    x, y = rasterio.transform.xy(scene.transform, *(axis.ravel() for axis in np.meshgrid(rows, columns, indexing="ij")))
    to_map = Transformer.from_crs(scene.crs, "EPSG:3976", always_xy=True)
    along, across = world.track.in_world(*to_map.transform(np.asarray(x), np.asarray(y)))
    around = [
        world.ice.surface_class.ravel()[world.cells(along + a, across + b)]
        for a in (-15.0, 0.0, 15.0)
        for b in (-15.0, 0.0, 15.0)
    ]
    pure = np.ptp(around, axis=0) == 0
    found = segmented(numbers, -1000).ravel()
    pure &= found != 255
    assert pure.mean() > 0.2
    assert np.mean(found[pure] == around[0][pure]) > 0.999


def test_ice_is_seen_where_it_has_drifted_to(tmp_path, clear, world, granule):
    drift = np.array([310.0, -220.0])
    numbers, scene = made(tmp_path, replace(clear, drift_x=drift[0], drift_y=drift[1]))
    classes = segmented(numbers, -1000)
    places, true = track_of(world, granule, "gt2r")

    def agreement(shift: np.ndarray) -> float:
        return np.mean(classes_under(scene, classes, places + shift) == true)

    steps = np.array([(a, b) for a in (-60.0, 0.0, 60.0) for b in (-60.0, 0.0, 60.0) if (a, b) != (0.0, 0.0)])
    assert agreement(drift) > 0.93
    assert agreement(drift) > max(agreement(drift + step) for step in steps)
    assert agreement(drift) > agreement(np.zeros(2)) + 0.1
    assert agreement(drift) > agreement(-drift) + 0.1


def test_the_offset_is_added_to_every_number_but_nodata(tmp_path, clear, clear_scene):
    with_offset, scene = clear_scene
    without, other = made(tmp_path, replace(clear, offset=0))
    seen = with_offset > 0
    assert np.array_equal(seen, without > 0)
    # A reflectance below 0 cannot be told without the offset.
    assert np.array_equal(np.maximum(with_offset[seen], 1001), without[seen] + 1000)
    assert (scene.tags()["ADD_OFFSET"], scene.tags()["PROCESSING_BASELINE"]) == ("-1000", "05.09")
    assert (other.tags()["ADD_OFFSET"], other.tags()["PROCESSING_BASELINE"]) == ("0", "02.08")


def test_thin_cloud_lifts_dark_water_and_its_shadow_dims_the_snow(tmp_path, clear, clear_scene):
    hazy, _ = made(tmp_path, replace(clear, thin_cloud=0.4))
    before, after = reflectance(clear_scene[0], -1000)[0], reflectance(hazy, -1000)[0]
    water, snow = before < 0.1, before > 0.83
    lifted = (after - before)[water]
    assert 0.25 < np.mean(lifted > 0.02) < 0.55
    assert lifted.max() < 0.2
    dimmed = (after / before)[snow]
    assert 0.7 < dimmed.min() < 0.92
    assert dimmed.max() < 1.06


def test_the_thick_cloud_is_bright_and_without_colour_and_hides_a_part_of_an_outer_pair(
    tmp_path, clear, world, granule
):
    numbers, scene = made(tmp_path, replace(clear, thick_cloud=True))
    bands = reflectance(numbers, -1000)
    flat = np.abs(bands[3] / bands[1] - 1) < 0.02
    hidden = {}
    for beam in ("gt1r", "gt2r", "gt3r"):
        places, _ = track_of(world, granule, beam)
        hidden[beam] = np.mean(classes_under(scene, flat, places))
    assert hidden["gt2r"] < 0.2
    assert max(hidden["gt1r"], hidden["gt3r"]) > 0.5
    cloud = bands[:, flat & (bands[0] > 0.9)]
    assert 0.88 < np.nanmin(cloud) and np.nanmax(cloud) < 1.0


def test_the_corner_has_no_data_and_the_rest_keeps_them(tmp_path, clear, clear_scene):
    numbers, _ = made(tmp_path, replace(clear, nodata_corner=True))
    kept = numbers[0] > 0
    full = clear_scene[0][0] > 0
    assert 0.01 < np.mean(~kept[full]) < 0.2
    assert not (kept & ~full).any()


def test_names_and_lag_that_contradict_each_other_are_told(clear):
    with pytest.raises(ConfigError, match="15 min after 20191104200000_90010510, its lag says 40"):
        sensing_time(replace(clear, lag_minutes=40.0))
