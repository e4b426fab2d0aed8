import numpy as np
import pytest

from leadline.figures.style import CLASS_COLOURS
from leadline.figures.track import MOST, draw_track
from leadline.freeboard import track_tables
from leadline.names import SurfaceClass
from leadline.sea_surface import SeaSurfaceSettings
from leadline.tables import FREEBOARD, LABELS, LEADS, empty_table
from tracks import ICE, WATER, classes, simulated_track, track_of


@pytest.fixture(scope="module")
def track():
    return simulated_track(n_segments=6000)


def test_a_track_shows_its_classes_surfaces_and_freeboard_with_units(track, tmp_path):
    segments, sea_surface, freeboard = track
    tables = track_tables(segments, SeaSurfaceSettings())
    truth = segments[["granule", "beam", "x_atc", "surface_class"]].assign(freeboard=freeboard, sea_surface=sea_surface)
    figure = draw_track("a track", 2.0, tables.freeboard, segments, tables.leads, truth)
    labels = [axis.get_ylabel() for axis in figure.axes] + [axis.get_xlabel() for axis in figure.axes]
    assert {"height above MSS (m)", "total freeboard (m)", "distance along the track (km)"} <= set(labels)
    strips = figure.axes[0]
    assert [text.get_text() for text in strips.get_yticklabels()] == ["network", "label", "simulated truth"]
    drawn = sum(path.get_extents().width for bars in strips.collections for path in bars.get_paths())
    assert drawn == pytest.approx(3 * 12.0, rel=0.01), "three strips of 12 km"
    figure.savefig(tmp_path / "track.png")


@pytest.mark.parametrize(("length", "means"), [(2.0, 200), (10.0, 200), (30.0, 210)])
def test_a_track_of_any_segments_fills_its_strips_and_averages_over_200_m(length, means):
    n = 600
    segments = track_of(classes((n // 2, ICE), (n // 2, WATER)), segment_length=length)
    tables = track_tables(segments, SeaSurfaceSettings(segment_length=length))
    figure = draw_track("a track", length, tables.freeboard, segments, tables.leads, None)
    strips, close, _, _, mean_freeboard, _ = figure.axes
    widths = [path.get_extents().width for bars in strips.collections for path in bars.get_paths()]
    assert widths == pytest.approx([n / 2 * length / 1000] * 4), "two runs each of network and scene"
    assert strips.get_title() == f"whole track; freeboard as means of {means} m"
    assert close.get_title() == f"1 km around the longest lead, every {length:g} m"
    assert len(mean_freeboard.lines[0].get_xdata()) == np.ceil(n * length / means)


def test_a_long_track_shows_no_more_heights_than_a_print_can_and_says_so():
    n = 3 * MOST
    segments = track_of(classes((n, ICE)))
    tables = track_tables(segments, SeaSurfaceSettings())
    figure = draw_track("a track", 2.0, tables.freeboard, segments, tables.leads, None)
    drawn = sum(len(line.get_xdata()) for line in figure.axes[2].lines if line.get_marker() == ".")
    assert drawn == MOST
    assert figure.axes[0].get_title() == "whole track; heights every 6 m, freeboard as means of 200 m"


def test_a_track_without_segments_says_so():
    figure = draw_track("a track", 2.0, *map(empty_table, (FREEBOARD, LABELS, LEADS)), None)
    assert "no segments" in figure.texts[-1].get_text()


def test_a_track_without_leads_is_looked_at_closely_where_it_has_segments(track):
    segments = track[0]
    ice = segments[
        (segments["surface_class"] == SurfaceClass.THICK_ICE) & (segments["x_atc"] > segments["x_atc"].median())
    ]
    tables = track_tables(ice, SeaSurfaceSettings())
    figure = draw_track("a track", 2.0, tables.freeboard, ice, tables.leads, None)
    close = figure.axes[1]
    low, high = (1000 * edge + ice["x_atc"].iloc[0] for edge in close.get_xlim())
    assert "longest lead" not in close.get_title()
    assert ice["x_atc"].between(low, high).sum() > 400


def test_every_class_has_a_colour_of_its_own():
    assert len(set(CLASS_COLOURS.values())) == len(CLASS_COLOURS)
