"""Labels of many granules by Spark: equal shares of the segments in, their labels out, and only counts to the driver.

A task reads its rows, and goes through them stretch by stretch (one beam, at most 20 km): it reads the window of each
coincident scene that the stretch crosses, labels the stretch, and writes all of its share as one part of the table.
"""

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
from pyspark import RDD, SparkContext

from leadline.class_raster import crs_of, read_classes
from leadline.files import written_whole
from leadline.hand_labels import correct, match
from leadline.labels import CODED_LABELS, Look, extent_of, label_segments
from leadline.names import KEY
from leadline.spark.session import TRACK, session
from leadline.spark.shares import Rows, as_table, keep_imports, kinds_in, part, read_rows, shares_of
from leadline.tables import LABELS, write_tables

STRETCH = 20_000.0
"""Greatest length of track whose windows of scenes are read at once, m: a window is a box around a slanted track."""
KINDS = (*TRACK, "surface_class", "why")
"""The columns that tell one kind of label from another."""
MARGIN = 100.0
"""What is read of a scene beyond a stretch and the reach of drift, m: the outermost neighbourhoods, and bends."""


class Stretch(NamedTuple):
    """Consecutive segments of one track, and the windows of the scenes that they cross."""

    segments: pd.DataFrame
    """granule, beam, x_atc, latitude, longitude."""
    looks: list[Look]


def label_tracks(
    segments: Sequence[Path],
    coincidences: pd.DataFrame,
    corrections: pd.DataFrame,
    projection: str,
    minimum_agreement: float,
    output: Path,
) -> pd.DataFrame:
    """Label the segments of many granules from their coincident scenes, into one Parquet folder.

    ``coincidences`` holds granule, scene, lag (min), shift_x, shift_y, uncertainty (m) and path, that of the scene's
    classes; ``corrections`` is a table of ``hand_labels.read_corrections``. Returns the counts of segments by granule,
    beam, surface_class and why. Raises ``ConfigError`` where a correction of one of the granules matches no segment.
    """
    corrections = match(corrections, segments)
    with session("leadline labels") as spark, written_whole(Path(output).absolute()) as folder:
        stretches = load_stretches(spark.sparkContext, segments, coincidences, projection)
        return write_labels(label_stretches(stretches, corrections, projection, minimum_agreement), folder)


def load_stretches(
    context: SparkContext, segments: Sequence[Path], coincidences: pd.DataFrame, projection: str
) -> RDD[Stretch]:
    """Return the stretches of all the tables, a share of them in each partition."""
    paths = coincidences["path"].map(lambda path: str(Path(path).absolute()))
    coincidences = coincidences.assign(path=paths, crs=paths.map(crs_of))
    shares = shares_of([Path(path).absolute() for path in segments])
    read = partial(_read_stretches, coincidences=coincidences, projection=projection)
    return context.parallelize(shares, len(shares)).flatMap(read)


def label_stretches(
    stretches: RDD[Stretch], corrections: pd.DataFrame, projection: str, minimum_agreement: float
) -> RDD[pa.Table]:
    """Return the labels of stretches (``CODED_LABELS``), the corrections applied."""
    label = partial(_label, corrections=corrections, projection=projection, minimum_agreement=minimum_agreement)
    return stretches.map(label)


def write_labels(labels: RDD[pa.Table], folder: Path) -> pd.DataFrame:
    """Write labels as a folder of Parquet files, one a partition, and return how many there are of each kind.

    The columns of the counts are granule, beam, surface_class, why and count.
    """
    folder.mkdir()
    counts = labels.mapPartitionsWithIndex(partial(_write_part, folder=folder)).reduce(add)
    return as_table(counts, KINDS)


def _read_stretches(share: list[Rows], coincidences: pd.DataFrame, projection: str) -> Iterator[Stretch]:
    """Yield the stretches of a share with what they see of the scenes that coincide with their granule."""
    keep_imports()
    if not share:
        return
    read = [read_rows(rows, [*KEY, "latitude", "longitude"]) for rows in share]
    segments = pa.concat_tables(read).unify_dictionaries().to_pandas()
    for stretch in _stretches_in(segments):
        own = coincidences[coincidences["granule"] == stretch["granule"].iloc[0]]
        yield Stretch(stretch, [_look(stretch, coincidence, projection) for coincidence in own.itertuples()])


def _stretches_in(segments: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield consecutive segments of one track and the same 20 km of it."""
    beginnings = [np.diff(segments[name].cat.codes) != 0 for name in TRACK]
    beginnings.append(np.diff(segments["x_atc"] // STRETCH) != 0)
    cuts = np.flatnonzero(np.any(beginnings, axis=0)) + 1
    for first, last in pairwise([0, *cuts, len(segments)]):
        yield segments.iloc[first:last]


def _look(stretch: pd.DataFrame, coincidence: tuple, projection: str) -> Look:
    """Read the window of a coincident scene that a stretch of track crosses."""
    laid = coincidence.shift_x, coincidence.shift_y, coincidence.uncertainty
    bounds = extent_of(stretch, laid[:2], laid[2], projection, coincidence.crs, MARGIN)
    return Look(coincidence.scene, coincidence.lag, *laid, read_classes(coincidence.path, bounds, value=False))


def _label(stretch: Stretch, corrections: pd.DataFrame, projection: str, minimum_agreement: float) -> pa.Table:
    labels = label_segments(stretch.segments, stretch.looks, projection, minimum_agreement)
    granule, beam = (stretch.segments[name].iloc[0] for name in TRACK)
    return correct(labels, corrections[(corrections["granule"] == granule) & (corrections["beam"] == beam)])


def _write_part(number: int, labels: Iterable[pa.Table], folder: Path) -> Iterator[Counter]:
    """Write the labels of a share, and give how many there are of each kind."""
    table = pa.concat_tables([CODED_LABELS.empty_table(), *labels]).unify_dictionaries()
    write_tables(part(folder, number), LABELS, [table.cast(LABELS)])
    yield kinds_in(table, KINDS)
