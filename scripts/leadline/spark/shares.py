"""Equal shares of the rows of Parquet files: what a task of Spark reads, and the part of a table that it writes.

The rows of all files, laid in one line, are cut into shares of the same size, a task each, so that one long granule
spreads as evenly as many short ones. The part that a task writes bears the number of its share, so that the folder
holds the same table, row for row, whatever cluster made it. A part is written aside and renamed, and so is the folder:
a task that Spark starts again does no harm. All files are where all executors see them.

Rows do not pass through Spark itself. As data frames grouped by track and stretch (applyInPandas), each was shuffled
and carried from the Java to the Python process and back, its words spelt out: dearer by far than the work on it.
"""

import gc
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from leadline.spark.session import TRACK

SHARE = 800_000
"""Rows that one task takes at most: PySpark spends 0.1 s on a task, as long as it takes to label 200,000."""


class Rows(NamedTuple):
    """Consecutive rows of a Parquet file."""

    path: str
    first: int
    number: int


def shares_of(paths: Sequence[Path], size: int | None = None) -> list[list[Rows]]:
    """Return all rows of Parquet files, in order, in shares of at most ``size`` that differ by one row at most.

    ``size`` is ``SHARE`` where none is given.
    """
    ends = np.cumsum([0, *(pq.read_metadata(path).num_rows for path in paths)])
    cuts = np.linspace(0, ends[-1], max(-(-ends[-1] // (size or SHARE)), 1) + 1).astype(int)
    shares = []
    for first, last in pairwise(cuts):
        touched = range(np.searchsorted(ends, first, "right") - 1, np.searchsorted(ends, last))
        spans = [(i, max(first, ends[i]), min(last, ends[i + 1])) for i in touched if ends[i] < ends[i + 1]]
        shares.append([Rows(str(paths[i]), int(begin - ends[i]), int(end - begin)) for i, begin, end in spans])
    return shares


def read_rows(rows: Rows, columns: list[str]) -> pa.Table:
    """Read columns of rows, those that name the track as dictionaries; rows beyond the end of the file are left out."""
    with pq.ParquetFile(rows.path, read_dictionary=[name for name in TRACK if name in columns]) as file:
        ends = np.cumsum([0, *(file.metadata.row_group(i).num_rows for i in range(file.num_row_groups))])
        first = np.searchsorted(ends, rows.first, "right") - 1
        last = np.searchsorted(ends, min(rows.first + rows.number, ends[-1]))
        table = file.read_row_groups(range(first, last), columns, use_threads=False)
    return table.slice(rows.first - ends[first], rows.number)


@lru_cache
def keep_imports() -> None:
    """Take what is imported out of the garbage collection that PySpark does after each task: half of its 0.1 s."""
    gc.freeze()


def part(folder: Path, number: int) -> Path:
    """Return the path of a part of a table."""
    return folder / f"part-{number:05}.parquet"


def kinds_in(table: pa.Table, columns: Sequence[str]) -> Counter:
    """Return how many rows of a table have the same values in these columns."""
    counts = table.group_by(list(columns)).aggregate([([], "count_all")]).select([*columns, "count_all"])
    *kind, count = (column.to_pylist() for column in counts.columns)
    return Counter(dict(zip(zip(*kind, strict=True), count, strict=True)))


def as_table(counts: Counter, columns: Sequence[str]) -> pd.DataFrame:
    """Return what ``kinds_in`` counted, a row a kind, with a column ``count``."""
    return pd.DataFrame([(*kind, count) for kind, count in sorted(counts.items())], columns=[*columns, "count"])
