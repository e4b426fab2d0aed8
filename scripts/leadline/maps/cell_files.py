"""What the tracks of a batch tell of the cells of a grid, in two Parquet files: sums, and distributions of freeboard.

Memory holds a row group of the batch's freeboard when they are made, and a batch's distribution when they are read: as
much as the freeboards of a cell have steps of 1 mm, whatever the number of segments.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from leadline.maps.gridding import KEY, added, distribution_by_cell, placed, sums_by_cell
from leadline.maps.grids import OUTSIDE, Grid
from leadline.maps.periods import is_of
from leadline.names import SurfaceClass, class_name
from leadline.tables import FREEBOARD, as_arrow, column, read_table, write_table, write_tables

_MEASURED = (
    *KEY[:2],
    "latitude",
    "longitude",
    "height_error",
    "surface_class",
    "sea_surface_error",
    "correlated_error",
    "freeboard_raw",
    "freeboard",
)
"""What is read of the segments."""


_CELL = column("cell", pa.int32(), "1", "row * number of columns + column of the grid, from 0; -1 outside of it")
_ICE = "over ice with a freeboard"

SUMS = pa.schema(
    [
        FREEBOARD.field("granule"),
        FREEBOARD.field("beam"),
        _CELL,
        column("n_thick_ice", pa.int64(), "1", "segments of thick ice"),
        column("n_thin_ice", pa.int64(), "1", "segments of thin ice"),
        column("n_open_water", pa.int64(), "1", "segments of open water"),
        column("n_unknown", pa.int64(), "1", "segments out of domain"),
        column("n_freeboard", pa.int64(), "1", "segments of ice with a freeboard"),
        column("freeboard", pa.float64(), "m", f"sum of freeboard_raw {_ICE}"),
        column("freeboard_squared", pa.float64(), "m2", f"sum of the squares of freeboard_raw {_ICE}"),
        column("height_variance", pa.float64(), "m2", f"sum of the squares of height_error {_ICE}"),
        column("sea_surface_error", pa.float64(), "m", f"sum of sea_surface_error {_ICE}"),
        column("correlated_error", pa.float64(), "m", f"sum of correlated_error {_ICE}"),
        column("n_with_water", pa.int64(), "1", "segments of ice and open water with a freeboard"),
        column("freeboard_with_water", pa.float64(), "m", "sum of freeboard over those, negatives and water as 0"),
    ]
)
"""A row each track and cell."""

_OF_CLASSES = tuple(f"n_{class_name(each)}" for each in SurfaceClass)
"""The counts that every segment is in one of."""

DISTRIBUTION = pa.schema(
    [
        FREEBOARD.field("granule"),
        _CELL,
        column("step", pa.int32(), "mm", "freeboard_raw, rounded"),
        column("n", pa.int64(), "1", "segments of ice that have it"),
    ]
)
"""A row each granule, cell and freeboard, some more than once."""


class PeriodCells(NamedTuple):
    """What the granules of a period tell of the cells of a grid."""

    sums: pd.DataFrame
    """A row each track and cell, with the columns of ``SUMS``."""
    distribution: pd.DataFrame
    """How many segments (n) of each cell have which freeboard (step)."""
    granules: list[str]
    n_outside: int
    """Segments that lie on no cell; they are in neither table."""


def write_cells(freeboard: Path, grid: Grid, sums: Path, distribution: Path) -> pd.DataFrame:
    """Write the sums and distributions of a batch's freeboard (a Parquet folder) on a grid; return the sums."""
    found = [SUMS.empty_table().to_pandas()]

    def distributions() -> Iterator[pa.Table]:
        for segments in _segments(freeboard):
            segments = placed(segments, grid)
            found.append(sums_by_cell(segments))
            yield as_arrow(distribution_by_cell(segments), DISTRIBUTION)

    write_tables(distribution, DISTRIBUTION, distributions())
    summed = added(pd.concat([part.astype({"granule": str, "beam": str}) for part in found]))
    write_table(sums, summed, SUMS)
    return summed


def read_cells(sums: Sequence[Path], distributions: Sequence[Path], period: str) -> PeriodCells:
    """Return what the files of batches hold of the granules of a period."""
    summed = pd.concat([read_table(path, SUMS) for path in sums], ignore_index=True)
    granules = [granule for granule in summed["granule"].unique() if is_of(granule, period)]
    summed = summed[summed["granule"].isin(granules)]
    inside = summed["cell"] != OUTSIDE
    wanted = pc.field("granule").isin(pa.array(granules, pa.string())) & (pc.field("cell") != OUTSIDE)
    total = DISTRIBUTION.empty_table().drop_columns("granule")
    for path in distributions:
        part = pq.read_table(path, columns=total.column_names, filters=wanted)
        steps = pa.concat_tables([total, part]).group_by(["cell", "step"], use_threads=False)
        total = steps.aggregate([("n", "sum")]).rename_columns(total.column_names)
    n_outside = int(summed.loc[~inside, list(_OF_CLASSES)].to_numpy().sum())
    return PeriodCells(summed[inside], total.to_pandas(), sorted(granules), n_outside)


def _segments(folder: Path) -> Iterator[pd.DataFrame]:
    """Give the segments of a folder, a row group at a time, those that name the track as categories."""
    for part in sorted(Path(folder).glob("*.parquet")):
        with pq.ParquetFile(part, read_dictionary=KEY[:2]) as file:
            for number in range(file.num_row_groups):
                yield file.read_row_group(number, list(_MEASURED)).to_pandas()
