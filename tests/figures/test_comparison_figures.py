import numpy as np
import pytest

from leadline.accounts import Account
from leadline.comparison import NOTHING, compare
from leadline.figures.comparison import draw_comparison, draw_distribution
from test_comparison import our_track, their_segments


def labels_of(figure) -> set[str]:
    return {word for axis in figure.axes for word in (axis.get_xlabel(), axis.get_ylabel())}


@pytest.mark.parametrize(
    ("lacking", "surface", "distribution"),
    [
        ([], "sea surface above MSS (m)", "total freeboard (m)"),
        (["freeboard", "sea_surface"], "height above MSS (m)", "height above MSS (m)"),
    ],
)
def test_a_product_is_drawn_beside_ours_with_units(lacking, surface, distribution, tmp_path):
    ours = our_track(20_000)
    theirs = their_segments(ours).assign(**dict.fromkeys(lacking, float("nan")))
    comparison = compare(theirs, [Account("comparison", "gt1r")], ours, 10_000.0)
    figure = draw_comparison("a granule", "simulated ATL10", comparison)
    assert {surface, distribution, "segments a km", "distance along the track (km)"} <= labels_of(figure)
    words = [text.get_text() for text in figure.axes[1].get_legend().get_texts()]
    assert words == ["simulated ATL10", "leadline"]
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == words
    figure.savefig(tmp_path / "comparison.png")


def test_a_product_that_cannot_be_used_is_told_by_the_figure():
    assert "Nothing could be compared" in draw_comparison("a granule", "ATL07", NOTHING).texts[-1].get_text()


def test_a_distribution_has_a_line_for_each_name():
    figure = draw_distribution({"a": np.array([0.1, 0.2, np.nan]), "nothing": np.array([])})
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["a, n = 2", "nothing, n = 0"]
