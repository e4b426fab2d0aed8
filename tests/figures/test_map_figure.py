import re

import numpy as np
import pandas as pd
import pytest
import shapely
from matplotlib.colors import to_hex

from leadline.coast import read_land
from leadline.figures.campaign_map import APART, ROLES, draw_map, places_of
from leadline.projections import to_projection

GRANULES = {"20191104200000_90010510": (-74.2, -179.9, "train"), "20191126183000_90030510": (-75.0, 179.5, "test")}


def tracks(sign: float = 1.0) -> pd.DataFrame:
    """Two granules of two beams, 40 km long, on either side of the antimeridian."""
    along = np.arange(0, 40_000, 1000.0)
    return pd.concat(
        pd.DataFrame(
            {
                "granule": granule,
                "role": role,
                "beam": beam,
                "x_atc": along,
                "latitude": sign * (latitude + along / 111_000),
                "longitude": longitude + 0.1 * number,
            }
        )
        for granule, (latitude, longitude, role) in GRANULES.items()
        for number, beam in enumerate(("gt1r", "gt2r"))
    )


def words_of(figure) -> set[str]:
    return {text.get_text() for axis in figure.axes for text in axis.texts}


@pytest.mark.parametrize(("projection", "sign", "pole"), [("EPSG:3976", 1.0, "S"), ("EPSG:3413", -1.0, "N")])
def test_a_map_names_its_tracks_and_has_degrees_and_a_true_scale(projection, sign, pole, tmp_path):
    placed = tracks(sign)
    x, y = to_projection(placed["latitude"].to_numpy(), placed["longitude"].to_numpy(), projection)
    outline = shapely.box(x.min(), y.min(), x.max(), y.max())
    scenes = {"S2_T01CDT_20191104T202200": outline, "S2_20191105T000000": shapely.Polygon()}
    figure = draw_map("a campaign", projection, placed, scenes, read_land(projection))
    words = words_of(figure)
    assert "2019-11-04 20:00\ngt1r gt2r" in words and "T01CDT" in words
    assert any(re.fullmatch(rf"7[3-6](\.\d)?° {pole}", word) for word in words)
    assert any(word.endswith(("° W", "° E", "180°")) for word in words)
    scale = next(word for word in words if word.endswith(" km"))
    bar = next(line for line in figure.axes[0].lines if line.get_linewidth() == 3)
    length = float(scale.removesuffix(" km")) * 1000
    assert np.ptp(bar.get_xdata()) == pytest.approx(length, rel=0.03)
    assert np.ptp(bar.get_xdata()) != pytest.approx(length, rel=1e-4), "a kilometre is no kilometre of the projection"
    figure.savefig(tmp_path / "map.png")


def test_roles_have_their_colours_and_the_whole_campaign_is_in_the_map():
    placed = tracks()
    figure = draw_map("a campaign", "EPSG:3976", placed, {}, read_land("EPSG:3976"))
    axis = figure.axes[0]
    colours = {to_hex(line.get_color()).upper() for line in axis.lines if line.get_linewidth() == 1.3}
    assert colours == {colour for colour, _, _ in ROLES.values()}
    x, y = to_projection(placed["latitude"].to_numpy(), placed["longitude"].to_numpy(), "EPSG:3976")
    (left, right), (bottom, top) = axis.get_xlim(), axis.get_ylim()
    assert left < x.min() and x.max() < right and bottom < y.min() and y.max() < top


def test_tracks_too_near_to_be_named_are_numbered_and_named_beside_the_map():
    placed = tracks()
    twice = pd.concat([placed, placed.replace({"20191104200000_90010510": "20191105200000_90110510"})])
    names = words_of(draw_map("a campaign", "EPSG:3976", twice, {}, read_land("EPSG:3976")))
    assert {"1", "2", "3"} <= names
    listed = next(name for name in names if name.startswith("1  "))
    assert listed.splitlines()[1] == "2  2019-11-05 20:00  gt1r gt2r"


def test_around_the_pole_each_meridian_is_named_once():
    placed = tracks(-1.0)
    around = placed.assign(
        latitude=88.0 - placed["x_atc"] / 20_000, longitude=placed["longitude"] + placed["x_atc"] / 100
    )
    words = [text.get_text() for text in draw_map("a", "EPSG:3413", around, {}, read_land("EPSG:3413")).axes[0].texts]
    meridians = [word for word in words if re.fullmatch(r"\d+°( [EW])?", word)]
    assert len(meridians) == len(set(meridians)) == 8


def test_a_long_track_is_thinned_to_what_a_map_shows():
    segments = pd.DataFrame({"beam": np.repeat(["gt1r", "gt2r"], 5000), "x_atc": np.tile(np.arange(5000) * 2.0, 2)})
    assert len(places_of(segments)) == 2 * 10_000 / APART


def test_a_campaign_without_segments_says_so():
    figure = draw_map("a campaign", "EPSG:3976", tracks()[:0], {}, read_land("EPSG:3976"))
    assert "no segments" in figure.texts[-1].get_text()
