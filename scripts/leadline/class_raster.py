"""The surface classes of a scene as a cloud-optimised GeoTIFF: classes, quality and brightness, a band each."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from rasterio.transform import from_bounds
from rasterio.windows import Window

from leadline.files import written_whole
from leadline.names import SURFACE_CLASSES, SurfaceClass, class_name
from leadline.rasters import in_words, open_raster, readable
from leadline.segmentation import Quality, SceneClasses

BANDS = ("surface_class", "quality", "value")

WHOLE_WORLD = (-181.0, -91.0, 181.0, 91.0)
"""Bounds in degrees that leave no place on Earth outside."""

_TAGS = (
    {
        "flag_values": " ".join(str(int(kind)) for kind in (*SURFACE_CLASSES, SurfaceClass.UNKNOWN)),
        "flag_meanings": " ".join(class_name(kind) for kind in (*SURFACE_CLASSES, SurfaceClass.UNKNOWN)),
    },
    {
        "flag_masks": " ".join(str(flag.value) for flag in Quality),
        "flag_meanings": " ".join(flag.name.lower() for flag in Quality),
    },
    {"long_name": "greatest of the 8-bit red, green and blue; 0 at nodata"},
)


def write_classes(path: Path, scene_classes: SceneClasses, tags: Mapping[str, object]) -> None:
    """Write the classes of a scene as a COG of three uint8 bands (``BANDS``); ``tags`` say how they were made.

    The file has no nodata value, for none fits all bands: where there is no data, a class is unknown and its quality
    says so.
    """
    height, width = scene_classes.classes.shape
    with (
        written_whole(path) as aside,
        rasterio.open(
            aside,
            "w",
            driver="COG",
            width=width,
            height=height,
            count=len(BANDS),
            dtype="uint8",
            crs=scene_classes.crs,
            transform=scene_classes.transform,
            compress="deflate",
            level=1,
            predictor="yes",
            num_threads="all_cpus",
            overview_resampling="nearest",
        ) as dataset,
    ):
        dataset.update_tags(**tags)
        dataset.descriptions = BANDS
        planes = (scene_classes.classes, scene_classes.quality, scene_classes.value)
        for number, (plane, meanings) in enumerate(zip(planes, _TAGS, strict=True), start=1):
            dataset.write(plane, number)
            dataset.update_tags(number, **meanings)


def write_empty_classes(path: Path, quality: Quality, tags: Mapping[str, object]) -> None:
    """Write the classes of a scene that cannot be used: one pixel as wide as the world, unknown for this reason.

    A track finds there why it gets no label, as it does in any other scene.
    """
    unknown, reason, value = (np.full((1, 1), code, np.uint8) for code in (SurfaceClass.UNKNOWN, quality, 0))
    transform = from_bounds(*WHOLE_WORLD, 1, 1)
    write_classes(path, SceneClasses(unknown, reason, value, "EPSG:4326", transform), tags)


def read_classes(
    path: Path,
    bounds: tuple[float, float, float, float] | None = None,
    *,
    value: bool = True,
    side: int | None = None,
) -> SceneClasses:
    """Read the classes inside bounds (left, bottom, right, top in the raster's projection), or all of them.

    Only the blocks that the bounds touch are read; bounds wholly outside give arrays of shape (0, 0), as does the
    brightness where ``value`` is not asked for. Where more than ``side`` pixels would make a side, every so many are
    left out. Raises ``InputDataError`` where the file is missing or unreadable.
    """
    with open_raster(Path(path)) as dataset:
        window = Window(0, 0, dataset.width, dataset.height) if bounds is None else _window(dataset, bounds)
        planes, transform = [np.empty((0, 0), np.uint8)] * len(BANDS), dataset.window_transform(window)
        if window.width and window.height:
            read = BANDS if value else BANDS[:-1]
            step = max(window.width / side, window.height / side, 1) if side else 1
            shape = (len(read), *(max(round(pixels / step), 1) for pixels in (window.height, window.width)))
            transform = transform @ Affine.scale(window.width / shape[2], window.height / shape[1])
            with readable(f"{path}: {in_words(window)}"):
                numbers = [BANDS.index(band) + 1 for band in read]
                planes[: len(read)] = dataset.read(numbers, window=window, out_shape=shape)
        return SceneClasses(*planes, dataset.crs.to_string(), transform)


def crs_of(path: Path) -> str:
    """Return the projection of a raster of classes, to give ``read_classes`` its bounds in."""
    with open_raster(Path(path)) as dataset:
        return dataset.crs.to_string()


def _window(dataset: rasterio.DatasetReader, bounds: tuple[float, float, float, float]) -> Window:
    """Return the window of whole pixels that the bounds touch, empty where they lie outside."""
    if not np.isfinite(bounds).all():
        return Window(0, 0, 0, 0)
    left, bottom, right, top = bounds
    first_column, first_row = ~dataset.transform @ (left, top)
    last_column, last_row = ~dataset.transform @ (right, bottom)
    columns = np.clip((np.floor(first_column), np.ceil(last_column)), 0, dataset.width).astype(int)
    rows = np.clip((np.floor(first_row), np.ceil(last_row)), 0, dataset.height).astype(int)
    return Window(columns[0], rows[0], max(np.ptp(columns), 0), max(np.ptp(rows), 0))
