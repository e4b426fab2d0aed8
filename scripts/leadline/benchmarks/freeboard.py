"""Sea surface and freeboard by Spark measured as in the paper's Table V, see ``executors``.

Reduce is all three jobs of ``spark.freeboard``: leads, sections and freeboard, each written as it is for a campaign.
"""

from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark import SparkContext

from leadline.benchmarks.executors import Clock, Job, require_in_memory
from leadline.paper import TABLE_V
from leadline.sea_surface import SeaSurfaceSettings
from leadline.spark.freeboard import (
    MEASURED,
    load_stretches,
    measure_stretches,
    search_stretches,
    write_freeboard,
    write_leads,
    write_sections,
)
from leadline.tables import CLASSES, SEGMENTS, read_table, write_table

PAPER = TABLE_V
RATES = {"reduced_per_second_and_core": "reduce"}
READ = pa.schema([SEGMENTS.field(name) for name in MEASURED])
"""What freeboard is computed from beside the classes."""
TILES = 25
"""How many times a simulated granule is laid end to end at most: 40 km make 1,000 km, less than half a granule."""


class Load(NamedTuple):
    """What freeboard is computed of."""

    segments: list[Path]
    classes: list[Path]
    n_segments: int


def write_load(segments: Path, classes: Path, n_segments: int, settings: SeaSurfaceSettings, folder: Path) -> Load:
    """Write at least so many segments and their classes into a folder.

    The segments of a granule are laid end to end along the track; as many granules as it takes bear the same segments
    under a track number of their own.
    """
    tiles = min(-(-n_segments // len(read_table(segments, READ, ["x_atc"]))), TILES)
    tracks = [end_to_end(read_table(*table), tiles, settings) for table in ((segments, READ), (classes, CLASSES))]
    name = tracks[0]["granule"].iloc[0]
    granules = [f"{name[:15]}{number:04}{name[19:]}" for number in range(1, -(-n_segments // len(tracks[0])) + 1)]
    paths = [[folder / f"{granule}_{kind}.parquet" for granule in granules] for kind in ("segments", "classes")]
    for table, schema, of_kind in zip(tracks, (READ, CLASSES), paths, strict=True):
        for granule, path in zip(granules, of_kind, strict=True):
            write_table(path, table.assign(granule=granule), schema)
    return Load(*paths, len(tracks[0]) * len(granules))


def end_to_end(table: pd.DataFrame, tiles: int, settings: SeaSurfaceSettings) -> pd.DataFrame:
    """Return a table of one granule laid end to end along the track, by beam and x_atc.

    A copy begins where a step does; times and places are those of the first.
    """
    length = np.ceil(np.ptp(table["x_atc"]) / settings.section_step + 1) * settings.section_step
    copies = [table.assign(x_atc=table["x_atc"] + tile * length) for tile in range(tiles)]
    return pd.concat(copies).sort_values(["beam", "x_atc"], ignore_index=True)


def job_of(load: Load, settings: SeaSurfaceSettings) -> Job:
    """Return the job that computes the freeboard of a load."""
    measure = partial(_measure, settings=settings)

    def few(number: int) -> partial:
        return partial(measure, load._replace(segments=load.segments[:number], classes=load.classes[:number]))

    return Job(few, partial(measure, load), load.segments[0].parent)


def _measure(load: Load, clock: Clock, context: SparkContext, folder: Path, settings: SeaSurfaceSettings) -> None:
    leads, sections, freeboard = (folder / name for name in ("leads", "sections", "freeboard"))
    with clock.stage("load"):
        stretches = load_stretches(context, load.segments, load.classes, settings).persist()
        stretches.count()
    with clock.stage("map"):
        searched = search_stretches(stretches, settings)
    folder.mkdir()
    with clock.stage("reduce"):
        with clock.stage("leads"):
            extents = write_leads(searched, leads)
        with clock.stage("sections"):
            sections_of = write_sections(context, extents, settings, leads, sections)
        with clock.stage("freeboard"):
            write_freeboard(measure_stretches(stretches, sections_of, settings), freeboard)
    require_in_memory(context, stretches)
    stretches.unpersist(blocking=True)
