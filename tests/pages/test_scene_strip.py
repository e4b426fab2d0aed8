import numpy as np
import pandas as pd
import pytest
from affine import Affine

from drifts import drift
from leadline.class_raster import write_classes, write_empty_classes
from leadline.overlay import AS_IT_STANDS, Overlay
from leadline.pages import scene_strip as module
from leadline.pages.scene_strip import HALF_WIDTH, PIXEL, scene_strip
from leadline.projections import transformed
from leadline.segmentation import Quality, SceneClasses

PROJECTION = "EPSG:3976"
CORNER = -300_000.0, -1_300_000.0
"""x and y of the upper left corner of the scenes, m."""
BEFORE = 1000.0
"""Where the track begins, m right of the corner and 600 m below it."""
N_COLUMNS = 300


def pattern(offset: int = 0) -> np.ndarray:
    rows, columns = np.mgrid[0:120, 0:N_COLUMNS]
    return (1 + (7 * columns + 13 * rows + offset) % 250).astype(np.uint8)


def scene(path, value, quality=None, corner=CORNER):
    quality = np.zeros_like(value) if quality is None else quality
    transform = Affine(PIXEL, 0, corner[0], 0, -PIXEL, corner[1])
    write_classes(path, SceneClasses(np.zeros_like(value), quality, value, PROJECTION, transform), {})
    return path


def laid(name="S2_20191104T202200", lag=10.0, shift=(0.0, 0.0)):
    return Overlay("20191104200000_90010510", name, lag, *shift, 25.0, AS_IT_STANDS, drift())


def track(length=1000.0):
    """Return segments of 2 m on a way to the right, which is the scene's middle."""
    along = np.arange(1, length, 2)
    x, y = CORNER[0] + BEFORE + along, np.full(along.size, CORNER[1] - 600.0)
    longitude, latitude = transformed(x, y, PROJECTION, "EPSG:4326")
    return pd.DataFrame({"x_atc": 10_000_000.0 + along, "latitude": latitude, "longitude": longitude})


def test_a_track_to_the_right_sees_the_scenes_own_rows_and_columns(tmp_path):
    strip = scene_strip(track(), [(laid(), scene(tmp_path / "a.tif", pattern()))], PROJECTION)
    assert strip.known.all()
    assert strip.start == 10_000_000
    first, above = int(BEFORE / PIXEL), int((600 - HALF_WIDTH) / PIXEL)
    np.testing.assert_array_equal(strip.value, pattern()[above : above + 100, first : first + 100])


@pytest.mark.parametrize("shift", [(40.0, 0.0), (0.0, -30.0), (-120.0, 60.0)])
def test_a_shift_lays_the_scene_as_labels_do(tmp_path, shift):
    path = scene(tmp_path / "a.tif", pattern())
    strip = scene_strip(track(), [(laid(shift=shift), path)], PROJECTION)
    first, above = int((BEFORE - shift[0]) / PIXEL), int((600 - HALF_WIDTH + shift[1]) / PIXEL)
    np.testing.assert_array_equal(strip.value, pattern()[above : above + 100, first : first + 100])


def test_long_tracks_are_read_stretch_by_stretch(tmp_path, monkeypatch):
    arguments = track(), [(laid(), scene(tmp_path / "a.tif", pattern()))], PROJECTION
    whole = scene_strip(*arguments)
    monkeypatch.setattr(module, "STRETCH", 7)
    np.testing.assert_array_equal(scene_strip(*arguments).value, whole.value)


def test_the_scene_closest_in_time_is_seen_and_the_other_where_it_has_no_data(tmp_path):
    clear = pattern()
    quality = np.zeros_like(clear)
    quality[:, 150:] = Quality.NODATA
    near = scene(tmp_path / "near.tif", clear, quality)
    far = scene(tmp_path / "far.tif", pattern(100))
    strip = scene_strip(track(), [(laid("far", 60.0), far), (laid("near", -5.0), near)], PROJECTION)
    assert strip.scenes == ("near", "far")
    np.testing.assert_array_equal(strip.value[:, :50], clear[10:110, 100:150])
    np.testing.assert_array_equal(strip.value[:, 50:], pattern(100)[10:110, 150:200])


def test_beyond_the_scene_nothing_is_known_and_the_picture_is_clear(tmp_path):
    path = scene(tmp_path / "a.tif", pattern(), corner=(CORNER[0] - 1500, CORNER[1]))
    strip = scene_strip(track(), [(laid(), path)], PROJECTION)
    assert strip.known[:, :50].all() and not strip.known[:, 50:].any()
    ((begin, columns, png),) = strip.pictures()
    assert (begin, columns, png[:4]) == (strip.start, 100, b"\x89PNG")


def test_there_is_no_strip_where_no_scene_could_be_used_or_lies_there(tmp_path):
    write_empty_classes(tmp_path / "cloud.tif", Quality.THICK_CLOUD, {})
    away = scene(tmp_path / "away.tif", pattern(), corner=(CORNER[0] + 1e6, CORNER[1]))
    assert scene_strip(track(), [(laid(), tmp_path / "cloud.tif"), (laid(), away)], PROJECTION) is None
    assert scene_strip(track(), [], PROJECTION) is None
    assert scene_strip(track().iloc[:0], [(laid(), away)], PROJECTION) is None
