import numpy as np
import pytest
import shapely

from leadline.figures.grid import draw_grid
from leadline.maps.grid_files import grid_dataset
from leadline.maps.gridding import distribution_by_cell, placed, statistics, sums_by_cell
from leadline.maps.grids import CELL, GRIDS, places_of
from mapped import segments_at

GRID = GRIDS["EASE2_S25km"]
LAND = shapely.box(-1e6, -1e6, 1e6, 1e6)


def month(cells: list[int], freeboard: list[float]):
    latitude, longitude = (degrees.ravel()[cells] for degrees in places_of(GRID))
    segments = placed(segments_at(latitude, longitude, freeboard_raw=freeboard), GRID)
    of_cells = statistics(sums_by_cell(segments), distribution_by_cell(segments), 2.0)
    return grid_dataset(of_cells, GRID, "2019-11", [], 0, {"source": "simulated"})


def test_freeboard_and_number_of_segments_are_drawn_with_units_and_written_into_their_cells(tmp_path):
    here = 290 * GRID.n_columns + 350
    figure = draw_grid(month([here, here, here + 1], [0.2, 0.4, 0.5]), LAND)
    freeboard, number, *bars = figure.axes
    labels = [axis.get_ylabel() for axis in bars]
    assert labels == ["mean total freeboard of ice (m)", "thousand segments in the mean"]
    assert freeboard.get_xlabel() == "x in EPSG:6932 (km)"
    written = [
        {text.get_position(): text.get_text() for text in axis.texts if "°" not in text.get_text()}
        for axis in (freeboard, number)
    ]
    y = GRID.y[290]
    assert written[0] == {(GRID.x[350], y): "0.30", (GRID.x[351], y): "0.50"}
    assert written[1] == {(GRID.x[350], y): "0.002", (GRID.x[351], y): "0.001"}
    assert any("°" in text.get_text() for text in freeboard.texts), "parallels and meridians have their degrees"
    assert "Simulated" in figure.get_suptitle()
    figure.savefig(tmp_path / "grid.png")


def test_a_map_of_many_cells_shows_them_all_and_writes_nothing_into_them(tmp_path):
    corners = [200 * GRID.n_columns + 200, 500 * GRID.n_columns + 520]
    figure = draw_grid(month(corners, [0.2, 0.5]), LAND)
    axis = figure.axes[0]
    (left, right), (bottom, top) = axis.get_xlim(), axis.get_ylim()
    assert left <= GRID.x[200] - CELL / 2 and right >= GRID.x[520] + CELL / 2
    assert bottom <= GRID.y[500] - CELL / 2 and top >= GRID.y[200] + CELL / 2
    assert right - left == pytest.approx(top - bottom)
    assert all("°" in text.get_text() for text in axis.texts)
    figure.savefig(tmp_path / "grid.png")


def test_a_grid_without_a_freeboard_says_so():
    figure = draw_grid(month([290 * GRID.n_columns + 350], [np.nan]), LAND)
    assert "No cell has a freeboard" in figure.texts[-1].get_text()
