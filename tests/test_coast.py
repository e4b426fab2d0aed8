import json

import pytest
import shapely

from leadline.coast import COAST, is_southern, read_land
from leadline.projections import to_projection

PLACES = {
    "EPSG:3976": {
        (-90.0, 0.0): True,
        (-85.0, 90.0): True,
        (-68.0, 140.0): True,
        (-74.2, -168.0): False,
        (-75.1, -171.5): False,
        (-60.0, 0.0): False,
        (-62.0, -58.4): True,
    },
    "EPSG:3413": {
        (90.0, 0.0): False,
        (75.0, -40.0): True,
        (79.8, 24.0): True,
        (85.0, 170.0): False,
        (67.0, 179.99): True,
        (67.0, -179.99): True,
    },
}
"""Whether there is land: the Antarctic plateau, Adelie Land, King George Island, Greenland, Svalbard, Chukotka."""


@pytest.mark.parametrize("projection", PLACES)
def test_there_is_land_where_there_is_land(projection):
    land = read_land(projection)
    assert land.is_valid
    for (latitude, longitude), there in PLACES[projection].items():
        x, y = to_projection([latitude], [longitude], projection)
        assert land.contains(shapely.Point(x[0], y[0])) == there, (latitude, longitude)


def test_antarctica_is_as_large_as_it_is():
    """12.3 million square kilometres without its ice shelves; EPSG:3976 changes none of it by more than 5 %."""
    assert read_land("EPSG:3976").area == pytest.approx(12.3e12, rel=0.05)


def test_a_projection_tells_which_pole_it_is_of():
    assert is_southern("EPSG:3976") and is_southern("EPSG:6932")
    assert not is_southern("EPSG:3413") and not is_southern("EPSG:6931")


def test_the_file_tells_its_source_and_licence_and_is_small():
    coast = json.loads(COAST.read_text())
    assert "Natural Earth" in coast["source"] and "public domain" in coast["licence"]
    assert COAST.stat().st_size < 300_000
