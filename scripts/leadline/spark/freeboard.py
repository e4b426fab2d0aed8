"""Leads, sea surface and freeboard of many granules by Spark: a task takes one track."""

from pathlib import Path

import pandas as pd

from leadline.freeboard import freeboard_of_track
from leadline.names import KEY
from leadline.sea_surface import SeaSurfaceSettings, estimate_sections, find_leads
from leadline.spark.session import TRACK, session, spark_schema, write_parquet
from leadline.tables import CLASSES, FREEBOARD, LEADS, SECTIONS


def compute_freeboard(
    segments: list[Path], classes: list[Path], settings: SeaSurfaceSettings, leads: Path, sections: Path, output: Path
) -> pd.DataFrame:
    """Compute leads, sea-surface sections and freeboard of many granules, into one Parquet folder each.

    Returns the counts of segments by granule, beam and sea_surface_flag.
    """

    def leads_of(track: pd.DataFrame) -> pd.DataFrame:
        return find_leads(track, settings)

    def sections_of(track: pd.DataFrame, leads_of_track: pd.DataFrame) -> pd.DataFrame:
        return estimate_sections(track, leads_of_track, settings)

    def freeboard_of(track: pd.DataFrame, sections_of_track: pd.DataFrame) -> pd.DataFrame:
        return freeboard_of_track(track, sections_of_track, settings)

    with session("leadline freeboard") as spark:
        known = spark.read.parquet(*map(str, classes)).select(*CLASSES.names)
        tracks = spark.read.parquet(*map(str, segments)).join(known, list(KEY)).repartition(*TRACK).cache()
        write_parquet(tracks.groupBy(*TRACK).applyInPandas(leads_of, spark_schema(LEADS)), leads)
        for beside, make, schema, path in (
            (leads, sections_of, SECTIONS, sections),
            (sections, freeboard_of, FREEBOARD, output),
        ):
            pairs = tracks.groupBy(*TRACK).cogroup(spark.read.parquet(str(beside)).groupBy(*TRACK))
            write_parquet(pairs.applyInPandas(make, spark_schema(schema)), path)
        return spark.read.parquet(str(output)).groupBy(*TRACK, "sea_surface_flag").count().toPandas()
