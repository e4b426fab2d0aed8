"""The grids: NSIDC's own numbers, and places that pyproj computes on its own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from leadline.maps.grids import CELL, GRIDS, OUTSIDE, cells_at, corners_of, grids_of, places_of

LEAST = {"N": 58.0, "S": 56.0}
"""Latitude that both grids of a hemisphere reach down to all around, degrees."""


def degrees(grid, x, y):
    return Transformer.from_crs(grid.projection, "EPSG:4326", always_xy=True).transform(x, y)


@pytest.mark.parametrize("name", GRIDS)
def test_the_centre_of_each_cell_lies_in_it(name):
    grid = GRIDS[name]
    latitude, longitude = places_of(grid)
    assert latitude.shape == grid.shape
    found = cells_at(grid, latitude.ravel(), longitude.ravel())
    np.testing.assert_array_equal(found, np.arange(grid.n_rows * grid.n_columns))


@pytest.mark.parametrize(("name", "sign"), [("EASE2_N25km", 1), ("EASE2_S25km", -1)])
def test_the_sides_of_ease_grid_lie_where_nsidc_says(name, sign):
    grid = GRIDS[name]
    x = np.array([grid.left, grid.left + CELL * grid.n_columns, 0, 0])
    y = np.array([0, 0, grid.top, grid.top - CELL * grid.n_rows])
    np.testing.assert_allclose(degrees(grid, x, y)[1], sign * 0.127234, rtol=0, atol=5e-7)


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("PS_N25km", [(168.35, 30.98), (102.34, 31.37), (350.03, 34.35), (279.26, 33.92)]),
        ("PS_S25km", [(317.76, -39.23), (42.24, -39.23), (135.00, -41.45), (225.00, -41.45)]),
    ],
)
def test_the_corners_of_the_polar_stereographic_grids_are_nsidcs_but_for_the_ellipsoid(name, places):
    """NSIDC's table is of the ellipsoid of Hughes: upper left, upper right, lower right, lower left."""
    grid = GRIDS[name]
    columns, rows = np.array([0, 1, 1, 0]) * grid.n_columns, np.array([0, 0, 1, 1]) * grid.n_rows
    longitude, latitude = degrees(grid, *(grid.transform @ (columns, rows)))
    expected_longitude, expected_latitude = np.array(places).T
    np.testing.assert_allclose(np.mod(longitude, 360), expected_longitude, rtol=0, atol=0.006)
    np.testing.assert_allclose(latitude, expected_latitude, rtol=0, atol=0.006)


@pytest.mark.parametrize("name", ["EASE2_N25km", "EASE2_S25km"])
def test_cells_of_ease_grid_are_of_one_size(name):
    grid = GRIDS[name]
    geod = Geod(ellps="WGS84")
    for row, column in ((360, 360), (300, 420), (250, 330)):
        edge = np.linspace(0, 1, 50)
        right = np.r_[edge, np.ones(50), edge[::-1], np.zeros(50)]
        down = np.r_[np.zeros(50), edge, np.ones(50), edge[::-1]]
        area, _ = geod.polygon_area_perimeter(*degrees(grid, *(grid.transform @ (column + right, row + down))))
        assert abs(area) == pytest.approx(CELL**2, rel=1e-6)


@given(st.sampled_from(list(GRIDS)), st.floats(0, 1), st.floats(-180, 180))
def test_a_place_lies_between_the_corners_of_its_cell(name, toward_pole, longitude):
    grid = GRIDS[name]
    letter = name.split("_")[1][0]
    latitude = LEAST[letter] + toward_pole * (90 - LEAST[letter])
    latitude = latitude if letter == "N" else -latitude
    cell, _ = cells_at(grid, np.full(2, latitude), np.full(2, longitude))
    assert cell != OUTSIDE
    to_plane = Transformer.from_crs("EPSG:4326", grid.projection, always_xy=True)
    x, y = to_plane.transform(longitude, latitude)
    corner_latitude, corner_longitude = corners_of(grid, [cell])
    corners_x, corners_y = to_plane.transform(corner_longitude.ravel(), corner_latitude.ravel())
    near = 1e-3
    assert min(corners_x) - near <= x <= max(corners_x) + near
    assert min(corners_y) - near <= y <= max(corners_y) + near
    assert np.ptp(corners_x) == pytest.approx(CELL, abs=near)


def test_what_lies_on_no_cell_has_none():
    grid = GRIDS["PS_S25km"]
    latitude, longitude = np.array([10.0, -30.0, np.nan, -75.0]), np.array([0.0, 45.0, 0.0, -170.0])
    found = cells_at(grid, latitude, longitude)
    assert list(found[:3]) == [OUTSIDE] * 3
    assert found[3] > 0


def test_a_campaigns_plane_tells_the_hemisphere_of_its_grids():
    assert grids_of(["EASE2", "PS"], "EPSG:3976") == ["EASE2_S25km", "PS_S25km"]
    assert grids_of(["PS"], "EPSG:3413") == ["PS_N25km"]
