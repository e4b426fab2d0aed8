"""Leads, sea surface and freeboard of many granules by Spark: equal shares of the segments in, tables out.

Three jobs, one after the other. Each share finds its leads, and tells from where to where it saw each beam. Then the
sections of each granule are estimated from the leads of all its beams. Then each share measures the freeboard of its
segments above those sections. A share holds whole steps of a track (``section_step``): all those whose first segment
is among its rows. Nothing that is found in one step depends on another, so that the answer is the same, however many
shares there are. Memory holds one share, and the leads of one granule.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from operator import add
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark import RDD, SparkContext

from leadline.accounts import State
from leadline.errors import InputDataError
from leadline.files import written_whole
from leadline.freeboard import freeboard_of_stretch
from leadline.leads import find_leads, steps_of
from leadline.names import KEY
from leadline.sea_surface import SeaSurfaceSettings, estimate_sections
from leadline.spark.session import TRACK, session
from leadline.spark.shares import Rows, as_table, keep_imports, kinds_in, part, read_rows, shares_of
from leadline.tables import (
    CLASSES,
    FREEBOARD,
    LEADS,
    SECTIONS,
    SEGMENTS,
    as_arrow,
    read_table,
    read_track,
    write_tables,
)

MEASURED = [name for name in SEGMENTS.names if name in FREEBOARD.names or name == "n_photons"]
"""What is read of the segments."""
KINDS = (*TRACK, "sea_surface_flag")
"""The columns that tell how the sea surface below a segment was found."""

_MEASURED_FREEBOARD = pa.schema([field for field in FREEBOARD if field.name not in TRACK])


class Searched(NamedTuple):
    """The leads of a stretch of track, and from where to where it was seen, m."""

    granule: str
    beam: str
    x_first: float
    x_last: float
    leads: pa.Table


def compute_freeboard(
    segments: Sequence[Path],
    classes: Sequence[Path],
    settings: SeaSurfaceSettings,
    leads: Path,
    sections: Path,
    output: Path,
) -> pd.DataFrame:
    """Compute leads, sea-surface sections and freeboard of many granules, into one Parquet folder each.

    ``segments`` and ``classes`` hold a file a granule, in the same order, with the same rows by beam and x_atc. Returns
    the counts of segments by granule, beam and sea_surface_flag. Raises ``LeadlineError`` in the words of an
    ``InputDataError`` where the rows of two files are not the same, or not in that order.
    """
    for paths in zip(segments, classes, strict=True):
        n_segments, n_classes = (pq.read_metadata(path).num_rows for path in paths)
        if n_segments != n_classes:
            raise _of_others(*paths, f"found {n_classes:,} rows for {n_segments:,}")
    folders = [Path(path).absolute() for path in (leads, sections, output)]
    with (
        session("leadline freeboard") as spark,
        written_whole(folders[0]) as leads,
        written_whole(folders[1]) as sections,
        written_whole(folders[2]) as output,
    ):
        stretches = load_stretches(spark.sparkContext, segments, classes, settings)
        extents = write_leads(search_stretches(stretches, settings), leads)
        sections_of = write_sections(spark.sparkContext, extents, settings, leads, sections)
        return write_freeboard(measure_stretches(stretches, sections_of, settings), output)


def load_stretches(
    context: SparkContext, segments: Sequence[Path], classes: Sequence[Path], settings: SeaSurfaceSettings
) -> RDD[pd.DataFrame]:
    """Return the segments of all granules with their classes: whole steps of one track, a share in each partition."""
    segments, classes = ([Path(path).absolute() for path in paths] for paths in (segments, classes))
    shares = shares_of(segments)
    classes_of = dict(zip(map(str, segments), map(str, classes), strict=True))
    return context.parallelize(shares, len(shares)).flatMap(
        partial(_read_stretches, classes_of=classes_of, settings=settings)
    )


def read_steps(rows: Rows, classes: str, settings: SeaSurfaceSettings) -> pd.DataFrame:
    """Return the steps whose first segment is among these rows of a granule's segments, with their classes.

    Raises ``InputDataError`` (unreadable) where the rows of the two files are not the same, by beam and x_atc, or more
    segments are in a step than fit in it.
    """
    longest = math.ceil(settings.section_step / settings.segment_length) + 1
    before = min(rows.first, 1)
    wider = Rows(rows.path, rows.first - before, before + rows.number + longest)
    table = _joined(wider, classes)
    step = pd.Series(steps_of(table["x_atc"], settings))
    begins = _beginnings([*(table[name].cat.codes for name in TRACK), step])
    begins = [*begins[begins >= before], len(table)]
    first, last = (begins[np.searchsorted(begins, row)] for row in (before, min(before + rows.number, len(table))))
    if last == wider.number:
        raise InputDataError(
            State.UNREADABLE,
            f"{rows.path}: expected segments {settings.segment_length:g} m apart or more, found more than {longest - 1}"
            f" in {settings.section_step:g} m; mend the segment length",
        )
    return table.iloc[first:last]


def search_stretches(stretches: RDD[pd.DataFrame], settings: SeaSurfaceSettings) -> RDD[Searched]:
    """Return the leads of stretches."""
    return stretches.map(partial(_search, settings=settings))


def write_leads(searched: RDD[Searched], folder: Path) -> pd.DataFrame:
    """Write leads, a part a share, and return what each share saw of each track.

    The columns are granule, beam, part (its number), x_first and x_last (m, of segments).
    """
    folder.mkdir()
    seen = searched.mapPartitionsWithIndex(partial(_write_leads, folder=folder)).collect()
    return pd.DataFrame(seen, columns=[*TRACK, "part", "x_first", "x_last"])


def write_sections(
    context: SparkContext, extents: pd.DataFrame, settings: SeaSurfaceSettings, leads: Path, folder: Path
) -> dict[str, Path]:
    """Write the sections of all granules, a part each, from their leads; return the part of each granule.

    Without granules there is one part, without rows.
    """
    folder.mkdir()
    write_tables(part(folder, 0), SECTIONS, ())
    granules = list(extents.groupby("granule", sort=False))
    write = partial(_write_sections, settings=settings, leads=leads, folder=folder)
    context.parallelize(list(enumerate(granules))).foreach(write)
    return {granule: part(folder, number) for number, (granule, _) in enumerate(granules)}


def measure_stretches(
    stretches: RDD[pd.DataFrame], sections_of: dict[str, Path], settings: SeaSurfaceSettings
) -> RDD[pa.Table]:
    """Return the freeboard of stretches above the sections of their granules, a table each."""
    return stretches.map(partial(_measure, sections_of=sections_of, settings=settings))


def write_freeboard(tables: RDD[pa.Table], folder: Path) -> pd.DataFrame:
    """Write freeboard, a part a share, and return the counts by granule, beam and sea_surface_flag."""
    folder.mkdir()
    counts = tables.mapPartitionsWithIndex(partial(_write_part, folder=folder)).reduce(add)
    return as_table(counts, KINDS)


def _read_stretches(
    share: list[Rows], classes_of: dict[str, str], settings: SeaSurfaceSettings
) -> Iterator[pd.DataFrame]:
    """Yield the whole steps of a share, those of each track in one table."""
    keep_imports()
    for rows in share:
        steps = read_steps(rows, classes_of[rows.path], settings)
        ends = _beginnings(steps[name].cat.codes for name in TRACK)
        for first, last in pairwise([*ends, len(steps)]):
            yield steps.iloc[first:last]


def _joined(rows: Rows, classes: str) -> pd.DataFrame:
    """Return segments with their classes; the rows of both files must be the same, by beam and x_atc."""
    segments = read_rows(rows, MEASURED).to_pandas()
    known = read_rows(rows._replace(path=classes), CLASSES.names).to_pandas()
    same = [np.array_equal(segments["x_atc"], known["x_atc"])]
    for name in TRACK:
        codes = known[name].cat.set_categories(segments[name].cat.categories).cat.codes
        same.append(np.array_equal(segments[name].cat.codes, codes))
    if not all(same):
        raise _of_others(rows.path, classes, "found others")
    _require_order(segments, rows.path)
    return segments.join(known[known.columns.difference(KEY)])


def _require_order(segments: pd.DataFrame, path: str) -> None:
    beginning = np.zeros(len(segments), bool)
    beginning[_beginnings(segments[name].cat.codes for name in TRACK)] = True
    behind = np.flatnonzero(~beginning & ~(segments["x_atc"].diff() > 0))
    if len(behind):
        _, beam, x = segments[list(KEY)].iloc[behind[0]]
        raise InputDataError(
            State.UNREADABLE,
            f"{path}/{beam}: expected segments by beam and x_atc, each once, found {x:.1f} m after"
            " one as far or farther; sort them",
        )


def _of_others(segments: Path | str, classes: Path | str, found: str) -> InputDataError:
    message = f"{classes}: expected a row for each segment of {segments}, in the same order, {found}; classify again"
    return InputDataError(State.UNREADABLE, message)


def _beginnings(columns: Iterable[pd.Series]) -> np.ndarray:
    """Return the rows that differ from the row before in one of the columns, the first row among them."""
    differs = np.logical_or.reduce([column.ne(column.shift()).to_numpy() for column in columns])
    return np.flatnonzero(differs)


def _search(stretch: pd.DataFrame, settings: SeaSurfaceSettings) -> Searched:
    extent = (*stretch[list(TRACK)].iloc[0], *stretch["x_atc"].iloc[[0, -1]])
    return Searched(*extent, as_arrow(find_leads(stretch, settings), LEADS))


def _write_leads(number: int, searched: Iterable[Searched], folder: Path) -> Iterator[tuple]:
    """Write the leads of a share, and give what it saw of each track."""
    searched = list(searched)
    write_tables(part(folder, number), LEADS, [each.leads for each in searched])
    yield from ((each.granule, each.beam, number, each.x_first, each.x_last) for each in searched)


def _write_sections(
    numbered: tuple[int, tuple[str, pd.DataFrame]], settings: SeaSurfaceSettings, leads: Path, folder: Path
) -> None:
    """Write the sections of a granule."""
    number, (granule, seen) = numbered
    parts = [read_table(part(leads, each), LEADS) for each in seen["part"].unique()]
    found = pd.concat(parts, ignore_index=True)
    extents = seen.groupby(list(TRACK), sort=False, as_index=False).agg({"x_first": "min", "x_last": "max"})
    sections = estimate_sections(found[found["granule"] == granule], extents, settings)
    write_tables(part(folder, number), SECTIONS, [as_arrow(sections, SECTIONS)])


def _measure(stretch: pd.DataFrame, sections_of: dict[str, Path], settings: SeaSurfaceSettings) -> pa.Table:
    granule, beam = stretch[list(TRACK)].iloc[0]
    sections = read_track(sections_of[granule], SECTIONS, granule, beam)
    freeboard = freeboard_of_stretch(stretch, sections, settings).drop(columns=list(TRACK))
    measured = pa.Table.from_pandas(freeboard, schema=_MEASURED_FREEBOARD, preserve_index=False)
    # The same words in every row: said once here, they take a tenth of the time that pandas takes to spell them out.
    named = [pa.repeat(word, len(stretch)) for word in (granule, beam)]
    return pa.table([*named, *measured.columns], schema=FREEBOARD)


def _write_part(number: int, tables: Iterable[pa.Table], folder: Path) -> Iterator[Counter]:
    """Write the freeboard of a share, and give how many segments there are of each kind."""
    counts = Counter()

    def counted() -> Iterator[pa.Table]:
        for table in tables:
            counts.update(kinds_in(table, KINDS))
            yield table

    write_tables(part(folder, number), FREEBOARD, counted())
    yield counts
