import numpy as np
import pytest
from matplotlib.collections import LineCollection

from drifts import drift
from leadline.figures.on_scene import CLOSE, draw_on_scene, draw_unseen
from leadline.figures.style import CLASS_HEIGHTS, class_key
from leadline.names import SurfaceClass
from leadline.overlay import overlay
from leadline.sight import sight_of
from test_sight import PROJECTION, scene, track


def drawn(by_hand=(-300.0, 0.0), estimate=None, truth=True):
    segments = track()
    laid = overlay(
        "granule", "S2_T02CNA_20191104T194529", -10.0, by_hand, estimate or drift(), hand_error=25.0, ice_speed=0.3
    )
    picture = scene((4300.0, 4400.0))
    sight = sight_of(segments, laid, picture, PROJECTION, CLOSE)
    return draw_on_scene("a track", 2.0, segments, segments, segments if truth else None, sight, picture, picture)


def titles(figure) -> list[str]:
    return [axis.get_title() for axis in figure.axes]


def test_a_track_is_shown_before_and_after_the_shift_and_what_each_says_below_it(tmp_path):
    figure = drawn()
    assert {"3 km, the scene as it stands", "3 km, the scene shifted"} <= set(titles(figure))
    strips = next(
        axis for axis in figure.axes if axis.get_yticklabels() and axis.get_yticklabels()[0].get_text() == "scene"
    )
    assert [text.get_text() for text in strips.get_yticklabels()] == ["scene", "label", "network", "simulated truth"]
    assert strips.get_xlabel() == "distance along the track (km)"
    assert "shifted by 300 ± 25 m, by hand" in figure.get_suptitle() and "10 min before" in figure.get_suptitle()
    figure.savefig(tmp_path / "on_scene.png")


def test_after_the_shift_the_lead_of_the_track_lies_on_that_of_the_scene():
    """The lead of the scene is 300 m on: in its own projection, x from 4300 to 4400 m of the track's beginning."""
    figure = drawn()
    places = {}
    for axis in figure.axes[1:3]:
        _, classes = (each for each in axis.collections if isinstance(each, LineCollection))
        colours = [tuple(colour) for colour in classes.get_colors()]
        lead = next(
            path for path, colour in zip(classes.get_paths(), colours, strict=True) if colours.count(colour) == 1
        )
        places[axis.get_title()] = lead.vertices[:, 0].min() - scene().transform.c - 1000
    assert places["3 km, the scene as it stands"] == pytest.approx(4000, abs=3)
    assert places["3 km, the scene shifted"] == pytest.approx(4300, abs=3)


def test_a_scene_that_is_laid_as_it_stands_has_no_after():
    figure = drawn(None, drift(accepted=False), truth=False)
    assert "3 km, the scene shifted" not in titles(figure)
    assert "its drift is not known, and it is laid as it stands" in figure.get_suptitle()


def test_a_track_that_no_scene_shows_says_so():
    assert draw_unseen("a track", "No scene shows it.").texts[-1].get_text() == "No scene shows it."


def test_classes_differ_by_height_as_well_as_by_colour():
    assert len(set(CLASS_HEIGHTS.values())) == len(SurfaceClass) == len(class_key())
    assert np.diff([CLASS_HEIGHTS[each] for each in SurfaceClass]).max() < -0.1
