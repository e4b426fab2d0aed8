"""The sums of batches: of all segments, however they are stored, and read again by months and weeks."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from leadline import tables
from leadline.maps.cell_files import SUMS, read_cells, write_cells
from leadline.maps.gridding import placed, statistics, sums_by_cell
from leadline.maps.grids import GRIDS, OUTSIDE, cells_at
from leadline.names import SurfaceClass
from leadline.tables import FREEBOARD, read_table, write_table
from mapped import FIRST, LATER, SECOND, track_south, write_batches

GRID = GRIDS["PS_S25km"]


@pytest.fixture(scope="module")
def batches(tmp_path_factory) -> list:
    return write_batches(tmp_path_factory.mktemp("freeboard"))


@pytest.fixture(scope="module")
def summed(batches, tmp_path_factory) -> tuple[list, list]:
    """The sums and the distributions of the batches."""
    folder = tmp_path_factory.mktemp("cells")
    files = [(folder / f"{i}_sums.parquet", folder / f"{i}_distribution.parquet") for i in (0, 1)]
    for batch, made in zip(batches, files, strict=True):
        write_cells(batch, GRID, *made)
    return [sums for sums, _ in files], [distribution for _, distribution in files]


def test_sums_do_not_depend_on_how_the_rows_are_stored(batches, tmp_path, monkeypatch):
    whole = pd.concat([read_table(folder, FREEBOARD) for folder in batches], ignore_index=True)
    expected = sums_by_cell(placed(whole, GRID))
    monkeypatch.setattr(tables, "ROWS_OF_GROUP", 300)
    again = tmp_path / "again.parquet"
    write_table(again / "part-00000.parquet", whole, FREEBOARD)
    assert pq.read_metadata(again / "part-00000.parquet").num_row_groups > 20
    found = write_cells(again, GRID, tmp_path / "sums.parquet", tmp_path / "distribution.parquet")
    keys = ["granule", "beam", "cell"]
    pd.testing.assert_frame_equal(
        found.sort_values(keys, ignore_index=True), expected.astype(dict.fromkeys(keys[:2], str))
    )
    pd.testing.assert_frame_equal(read_table(tmp_path / "sums.parquet", SUMS), found)


def test_a_month_is_of_the_granules_that_begin_in_it(batches, summed):
    found = read_cells(*summed, "2019-11")
    assert found.granules == [FIRST, SECOND]
    whole = pd.concat([read_table(folder, FREEBOARD) for folder in batches])
    of_month = whole[whole["granule"] != LATER]
    cells = cells_at(GRID, of_month["latitude"].to_numpy(), of_month["longitude"].to_numpy())
    statistic = statistics(found.sums, found.distribution, 2.0)
    assert dict(statistic["n_segments"]) == dict(of_month.groupby(cells).size())
    ice = of_month["surface_class"] <= SurfaceClass.THIN_ICE
    medians = of_month[ice].groupby(cells[ice])["freeboard_raw"].median()
    np.testing.assert_allclose(statistic["freeboard_median"], medians, rtol=0, atol=0.00051)
    assert read_cells(*summed, "2019-W49").granules == [LATER]


def test_what_lies_outside_of_the_grid_is_counted_and_in_no_cell(tmp_path):
    north = track_south(FIRST, "gt1r", 20.0)
    segments = pd.concat([track_south(FIRST, "gt1r", -74.0), north], ignore_index=True)
    write_table(tmp_path / "batch.parquet" / "part-00000.parquet", segments, FREEBOARD)
    files = tmp_path / "sums.parquet", tmp_path / "distribution.parquet"
    sums = write_cells(tmp_path / "batch.parquet", GRID, *files)
    assert (sums["cell"] == OUTSIDE).sum() == 1
    found = read_cells([files[0]], [files[1]], "2019-11")
    assert found.n_outside == len(north)
    assert OUTSIDE not in set(found.sums["cell"]) | set(found.distribution["cell"])
    assert statistics(found.sums, found.distribution, 2.0)["n_segments"].sum() == len(segments) - len(north)


def test_a_batch_without_segments_has_no_cells(tmp_path):
    write_table(tmp_path / "none.parquet" / "part-00000.parquet", FREEBOARD.empty_table().to_pandas(), FREEBOARD)
    files = tmp_path / "sums.parquet", tmp_path / "distribution.parquet"
    assert write_cells(tmp_path / "none.parquet", GRID, *files).empty
    found = read_cells([files[0]], [files[1]], "2019-11")
    assert (found.granules, found.n_outside) == ([], 0)
    assert statistics(found.sums, found.distribution, 2.0).empty
