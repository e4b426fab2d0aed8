"""Labels of many granules by Spark: a task takes a stretch of one track and the windows of scenes that it crosses."""

from pathlib import Path

import pandas as pd
from pyspark.sql import functions as f

from leadline.labels import Look, extent_of, label_segments
from leadline.names import KEY
from leadline.scene import crs_of, read_classes
from leadline.spark.session import TRACK, session, spark_schema, write_parquet
from leadline.tables import LABELS

STRETCH = 100_000.0
"""Length of track that one task takes, m."""
MARGIN = 100.0
"""What a task reads of a scene beyond its stretch, m: the neighbourhood of the outermost segments."""


def label_tracks(
    segments: list[Path], coincidences: pd.DataFrame, projection: str, minimum_confidence: float, output: Path
) -> pd.DataFrame:
    """Label the segments of many granules from their coincident scenes, into one Parquet folder.

    ``coincidences`` holds granule, scene, lag (min), shift_x, shift_y (m) and path, that of the scene's classes.
    Returns the counts of segments by granule, beam, surface_class and why.
    """

    def label(stretch: pd.DataFrame) -> pd.DataFrame:
        own = coincidences[coincidences["granule"] == stretch["granule"].iloc[0]]
        looks = [_look(stretch, coincidence, projection) for coincidence in own.itertuples()]
        return label_segments(stretch, looks, projection, minimum_confidence)

    with session("leadline labels") as spark:
        tracks = spark.read.parquet(*map(str, segments)).select(*KEY, "latitude", "longitude")
        stretches = tracks.groupBy(*TRACK, f.floor(tracks["x_atc"] / STRETCH))
        write_parquet(stretches.applyInPandas(label, spark_schema(LABELS)), output)
        labels = spark.read.parquet(str(output))
        return labels.groupBy(*TRACK, "surface_class", "why").count().toPandas()


def _look(stretch: pd.DataFrame, coincidence: tuple, projection: str) -> Look:
    """Read the window of a coincident scene that a stretch of track crosses."""
    shift = coincidence.shift_x, coincidence.shift_y
    bounds = extent_of(stretch, shift, projection, crs_of(coincidence.path), MARGIN)
    return Look(coincidence.scene, coincidence.lag, *shift, read_classes(coincidence.path, bounds))
