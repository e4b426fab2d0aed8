"""Auto-labelling by Spark measured as in the paper's Table II, see ``executors``.

Between map and reduce the same labels are made once and dropped, which tells labelling from writing.
"""

from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from pyproj import Transformer
from pyspark import SparkContext

from leadline.benchmarks.executors import Clock, Job, require_in_memory
from leadline.class_raster import read_classes, write_classes
from leadline.hand_labels import NO_CORRECTIONS
from leadline.names import KEY
from leadline.paper import TABLE_II
from leadline.projections import GEOGRAPHIC
from leadline.segmentation import Quality, SceneClasses
from leadline.spark.labels import label_stretches, load_stretches, write_labels
from leadline.tables import SEGMENTS, read_table, write_table

PAPER = TABLE_II
RATES = {"labelled_per_second_and_core": "label", "reduced_per_second_and_core": "reduce"}
"""Segments labelled (labels made and dropped), and segments reduced (labelled, written and counted)."""
PLACES = pa.schema([SEGMENTS.field(name) for name in (*KEY, "latitude", "longitude")])
"""What labelling reads of the segments."""
TILES = 5
"""How many times a simulated granule is laid end to end at most: 40 km make 200 km."""


class Load(NamedTuple):
    """What is labelled."""

    segments: list[Path]
    coincidences: pd.DataFrame
    n_segments: int


def write_load(
    segments: Path, classes: Path, shift: tuple[float, float], uncertainty: float, n_segments: int, folder: Path
) -> Load:
    """Write at least so many segments into a folder, and the classes of the scene beneath them.

    The segments of a granule and the classes of its scene are laid end to end along the track; as many granules as it
    takes bear the same segments under a track number of their own, and coincide with the same scene.
    """
    once = read_table(segments, PLACES)
    tiles = min(-(-n_segments // len(once)), TILES)
    track, scene = _end_to_end(once, read_classes(classes), tiles)
    raster = folder / classes.name
    write_classes(raster, scene, {"source": "simulated"})
    name = track["granule"].iloc[0]
    granules = [f"{name[:15]}{number:04}{name[19:]}" for number in range(1, -(-n_segments // len(track)) + 1)]
    paths = [folder / f"{granule}.parquet" for granule in granules]
    for granule, path in zip(granules, paths, strict=True):
        write_table(path, track.assign(granule=granule), PLACES)
    laid = {"lag": 0.0, "shift_x": shift[0], "shift_y": shift[1], "uncertainty": uncertainty}
    coincidences = pd.DataFrame({"granule": granules, "scene": classes.stem, **laid, "path": str(raster)})
    return Load(paths, coincidences, len(track) * len(granules))


def job_of(load: Load, projection: str, minimum_agreement: float) -> Job:
    """Return the job that labels a load; ``projection`` is the plane of the shift."""
    label = partial(_label, projection=projection, minimum_agreement=minimum_agreement)
    return Job(
        few=lambda number: partial(label, load._replace(segments=load.segments[:number])),
        run=partial(label, load),
        folder=load.segments[0].parent,
    )


def _label(
    load: Load, clock: Clock, context: SparkContext, folder: Path, projection: str, minimum_agreement: float
) -> None:
    with clock.stage("load"):
        stretches = load_stretches(context, load.segments, load.coincidences, projection).persist()
        stretches.count()
    with clock.stage("map"):
        labels = label_stretches(stretches, NO_CORRECTIONS, projection, minimum_agreement)
    with clock.stage("label"):
        labels.foreach(len)
    with clock.stage("reduce"):
        write_labels(labels, folder)
    require_in_memory(context, stretches)
    stretches.unpersist(blocking=True)


def _end_to_end(segments: pd.DataFrame, scene: SceneClasses, tiles: int) -> tuple[pd.DataFrame, SceneClasses]:
    """Return segments and classes laid end to end along the track, a whole number of pixels from copy to copy."""
    to_scene = Transformer.from_crs(GEOGRAPHIC, scene.crs, always_xy=True)
    x, y = to_scene.transform(segments["longitude"].to_numpy(), segments["latitude"].to_numpy())
    along = segments["x_atc"].to_numpy()
    ends = segments.groupby("beam", sort=False)["x_atc"].agg(["idxmin", "idxmax"]).to_numpy()
    first, last = ends[0]
    length = np.ptp(along) + 2
    pixel = np.array([scene.transform.a, scene.transform.e])
    direction = np.array([x[last] - x[first], y[last] - y[first]]) / (along[last] - along[first])
    step = np.rint(direction * length / pixel).astype(int)
    parts = []
    for tile in range(tiles):
        right, down = tile * step * pixel
        longitude, latitude = to_scene.transform(x + right, y + down, direction="INVERSE")
        parts.append(segments.assign(x_atc=along + tile * length, latitude=latitude, longitude=longitude))
    track = pd.concat(parts).sort_values(list(KEY), ignore_index=True)
    return track, _tiled(scene, step, tiles)


def _tiled(scene: SceneClasses, step: np.ndarray, tiles: int) -> SceneClasses:
    """Return the classes repeated every ``step`` (columns, rows), without the nodata around them."""
    height, width = scene.classes.shape
    reach = (tiles - 1) * step
    start = np.maximum(-reach, 0)
    shape = (height + abs(reach[1]), width + abs(reach[0]))
    planes = (scene.classes, scene.quality, scene.value)
    whole = [np.full(shape, fill, np.uint8) for fill in (255, Quality.NODATA, 0)]
    holds = scene.quality & Quality.NODATA == 0
    for tile in range(tiles):
        left, top = start + tile * step
        for canvas, plane in zip(whole, planes, strict=True):
            np.copyto(canvas[top : top + height, left : left + width], plane, where=holds)
    transform = scene.transform @ scene.transform.translation(*(int(-offset) for offset in start))
    return SceneClasses(*whole, scene.crs, transform)
