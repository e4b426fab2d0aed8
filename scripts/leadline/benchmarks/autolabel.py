"""Auto-labelling by Spark measured as in the paper's Table II: load, map and reduce, by executors and cores.

* load: the segments, and the windows of scenes that they cross, are read into the executors' memory;
* map: the labelling is declared; Spark is lazy, so nothing is labelled yet;
* reduce: the action that labels, writes the Parquet parts and counts.

Between map and reduce the same labels are made once and dropped, which tells labelling from writing.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

import numpy as np
import pandas as pd
import psutil
import pyarrow as pa
from pyproj import Transformer
from pyspark import RDD, SparkContext

from leadline.class_raster import read_classes, write_classes
from leadline.errors import LeadlineError
from leadline.hand_labels import NO_CORRECTIONS
from leadline.names import KEY
from leadline.projections import GEOGRAPHIC
from leadline.segmentation import Quality, SceneClasses
from leadline.spark.labels import label_stretches, load_stretches, write_labels
from leadline.spark.session import session
from leadline.tables import SEGMENTS, read_table, write_table

PAPER = pd.DataFrame(
    [(1, 1, 108, 390, 1, 1), (1, 2, None, None, 1.86, 2.24), (4, 4, 12, 24, 9, 16.25)],
    columns=["executors", "cores", "load_s", "reduce_s", "speedup_load", "speedup_reduce"],
)
"""What is known of the paper's Table II (Iqrah et al., IPDPSW 2025; SCIENCE.md)."""
PLACES = pa.schema([SEGMENTS.field(name) for name in (*KEY, "latitude", "longitude")])
"""What labelling reads of the segments."""
COLUMNS = ["source", "executors", "cores", "load_s", "map_s", "reduce_s", "speedup_load", "speedup_reduce"]
RATES = ["labelled_per_second_and_core", "reduced_per_second_and_core"]
TILES = 5
"""How many times a simulated granule is laid end to end at most: 40 km make 200 km."""


class Layout(NamedTuple):
    """How many executors there are, and how many cores each has."""

    executors: int
    cores: int


class Load(NamedTuple):
    """What is labelled."""

    segments: list[Path]
    coincidences: pd.DataFrame
    n_segments: int


class Times(NamedTuple):
    """How long a layout took once, s."""

    round: int
    executors: int
    cores: int
    load_s: float
    map_s: float
    label_s: float
    reduce_s: float
    load_cpu_s: float
    """On all cores, of the driver and the processes below it: on a local-cluster all there are. What other work on the
    machine changes little."""
    map_cpu_s: float
    label_cpu_s: float
    reduce_cpu_s: float


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


def measure(
    load: Load,
    layouts: Sequence[Layout],
    rounds: int,
    projection: str,
    minimum_agreement: float,
    memory: int,
    settings: Mapping[str, str],
) -> Iterator[Times]:
    """Time all layouts in turn, a few rounds, of which each begins with another layout.

    The executors share ``memory`` (MiB). ``settings`` are Spark's, and win over those of the layout; without a master
    in them, Spark starts a cluster of processes on this machine (local-cluster), and all of it, driver included, is
    kept to as many processors as the layout has cores: else the threads of Java would use others, and one core would
    be 1.4. The executors are warm: they have labelled a little of the load before. Raises ``LeadlineError`` where their
    memory does not hold the load.
    """
    processors = sorted(os.sched_getaffinity(0))
    for number in range(rounds):
        first = number % len(layouts)
        for layout in [*layouts[first:], *layouts[:first]]:
            _keep_to(processors if "spark.master" in settings else processors[: layout.executors * layout.cores])
            with (
                session("leadline benchmark", _settings(layout, memory, settings)) as spark,
                TemporaryDirectory(dir=load.segments[0].parent) as folder,
            ):
                context, names = spark.sparkContext, (Path(folder) / str(i) for i in count())
                few = load._replace(segments=load.segments[: layout.executors * layout.cores])
                _time(context, few, projection, minimum_agreement, names)
                times = _time(context, load, projection, minimum_agreement, names)
            yield Times(number, *layout, *times)
    _keep_to(processors)


def table_of(times: Sequence[Times], n_segments: int) -> pd.DataFrame:
    """Return the medians over the rounds in the columns of the paper's Table II, its own rows below them.

    Speed-up is over the first layout. The rates are segments labelled (labels made and dropped) and segments reduced
    (labelled, written and counted) per second and core.
    """
    measured = pd.DataFrame(times).groupby(["executors", "cores"], sort=False).agg(median).reset_index()
    for stage in ("load", "reduce"):
        measured[f"speedup_{stage}"] = measured[f"{stage}_s"].iloc[0] / measured[f"{stage}_s"]
    cores = measured["executors"] * measured["cores"]
    for rate, seconds in zip(RATES, ("label_s", "reduce_s"), strict=True):
        measured[rate] = n_segments / measured[seconds] / cores
    rows = pd.concat([measured.assign(source="this machine"), PAPER.assign(source="paper")])
    return rows[[*COLUMNS, *RATES]].reset_index(drop=True)


def _settings(layout: Layout, memory: int, settings: Mapping[str, str]) -> dict[str, str]:
    of_each = memory // layout.executors
    return {
        "spark.master": f"local-cluster[{layout.executors},{layout.cores},{of_each}]",
        "spark.executor.memory": f"{of_each}m",
        "spark.executor.instances": str(layout.executors),
        "spark.executor.cores": str(layout.cores),
        "spark.cores.max": str(layout.executors * layout.cores),
        # No task may start before all executors are there, or the first would take them all.
        "spark.scheduler.minRegisteredResourcesRatio": "1",
        "spark.scheduler.maxRegisteredResourcesWaitingTime": "120s",
        **settings,
    }


def _time(
    context: SparkContext, load: Load, projection: str, minimum_agreement: float, folders: Iterator[Path]
) -> list[float]:
    """Return the seconds of load, map, labelling alone, and reduce, and then the processor's of each."""
    clock = [_now()]
    stretches = load_stretches(context, load.segments, load.coincidences, projection).persist()
    stretches.count()
    clock.append(_now())
    labels = label_stretches(stretches, NO_CORRECTIONS, projection, minimum_agreement)
    clock.append(_now())
    labels.foreach(len)
    clock.append(_now())
    write_labels(labels, next(folders))
    clock.append(_now())
    _require_in_memory(context, stretches)
    stretches.unpersist(blocking=True)
    return np.diff(clock, axis=0).T.ravel().tolist()


def _now() -> tuple[float, float]:
    """Return a clock's seconds, and those of the processor that this process and those below it have used."""
    this = psutil.Process()
    used = 0.0
    for process in (this, *this.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            used += sum(process.cpu_times()[:2])
    return perf_counter(), used


def _keep_to(processors: Sequence[int]) -> None:
    """Let this process and those below it run on these processors alone, and with them what they will start."""
    this = psutil.Process()
    for process in (this, *this.children(recursive=True)):
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            for thread in process.threads():
                os.sched_setaffinity(thread.id, processors)


def _require_in_memory(context: SparkContext, stretches: RDD) -> None:
    (stored,) = (info for info in context._jsc.sc().getRDDStorageInfo() if info.id() == stretches.id())
    if stored.numCachedPartitions() < stretches.getNumPartitions():
        raise LeadlineError(
            f"the executors hold {stored.numCachedPartitions()} of {stretches.getNumPartitions()} parts of the load;"
            " give them more --memory"
        )


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
