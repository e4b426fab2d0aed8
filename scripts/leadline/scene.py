"""Sentinel-2 scenes at the border: GeoTIFFs of digital numbers in, cloud-optimised GeoTIFFs of classes out."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from rasterio.errors import RasterioError
from rasterio.transform import from_bounds
from rasterio.windows import Window

from leadline.accounts import State
from leadline.errors import InputDataError
from leadline.files import written_whole
from leadline.names import SURFACE_CLASSES, SurfaceClass, class_name
from leadline.segmentation import Quality, SceneClasses

BANDS = ("B02", "B03", "B04", "B08")
"""Blue, green, red and near infrared of Sentinel-2, 10 m."""
OPTIONAL_BANDS = ("B08",)

WHOLE_WORLD = (-181.0, -91.0, 181.0, 91.0)
"""Bounds in degrees that leave no place on Earth outside."""

_CLASS_TAGS = {
    "flag_values": " ".join(str(int(kind)) for kind in (*SURFACE_CLASSES, SurfaceClass.UNKNOWN)),
    "flag_meanings": " ".join(class_name(kind) for kind in (*SURFACE_CLASSES, SurfaceClass.UNKNOWN)),
}
_QUALITY_TAGS = {
    "flag_masks": " ".join(str(flag.value) for flag in Quality),
    "flag_meanings": " ".join(flag.name.lower() for flag in Quality),
}


@dataclass(frozen=True)
class Scene:
    """One Sentinel-2 acquisition of one tile, as reflectance."""

    name: str
    reflectance: np.ndarray
    """float32 (4, y, x) in the order of ``BANDS``, NaN where there is no data."""
    crs: str
    """The map's projection, as in EPSG:32702."""
    transform: Affine
    """Columns and rows to x and y of ``crs``."""
    sensing_time: datetime
    offset: float
    """What the file says is to be added to a digital number: -1000 from processing baseline 04.00 on, else 0."""
    absent_bands: tuple[str, ...]
    """Bands that the file lacks or that hold nothing but zeros; their planes are NaN."""

    @property
    def valid(self) -> np.ndarray:
        """Where the visible bands hold data, bool (y, x)."""
        return np.isfinite(self.reflectance[:3]).all(axis=0)

    @property
    def provenance(self) -> dict[str, str]:
        """What a product of the scene must tell of it, as tags of a file."""
        return {
            "sensing_time": self.sensing_time.isoformat(),
            "add_offset": f"{self.offset:g}",
            "absent_bands": " ".join(self.absent_bands),
        }


def read_scene(path: Path) -> Scene:
    """Read a GeoTIFF of digital numbers, four bands described as B02, B03, B04, B08 or in this order.

    Reflectance is (DN + ADD_OFFSET) / QUANTIFICATION_VALUE by the file's own tags, never by its date;
    DN 0 is no data. Raises ``InputDataError`` where the file is missing or unreadable, has no projection or tags, lacks
    a visible band, or holds no data at all.
    """
    path = Path(path)
    with _opened(path) as dataset:
        if dataset.crs is None:
            raise InputDataError(State.UNREADABLE, f"{path}: expected a projection (CRS); write one into the file")
        numbers = [_tag(dataset, path, name, float) for name in ("ADD_OFFSET", "QUANTIFICATION_VALUE")]
        places = _band_places(dataset, path)
        reflectance = np.full((len(BANDS), *dataset.shape), np.nan, np.float32)
        for plane, band in zip(reflectance, BANDS, strict=True):
            if band in places:
                _read_band(dataset, places[band], *numbers, plane)
        scene = Scene(
            name=path.stem,
            reflectance=reflectance,
            crs=dataset.crs.to_string(),
            transform=dataset.transform,
            sensing_time=_tag(dataset, path, "SENSING_TIME", datetime.fromisoformat),
            offset=numbers[0],
            absent_bands=tuple(band for band, plane in zip(BANDS, reflectance, strict=True) if np.isnan(plane).all()),
        )
    _check_bands(path, scene)
    return scene


def write_classes(
    path: Path, scene: Scene, classes: np.ndarray, quality: np.ndarray, tags: Mapping[str, object]
) -> None:
    """Write the uint8 classes and ``Quality`` bits (y, x) of a scene as a COG; ``tags`` say how they were made."""
    _write(path, SceneClasses(classes, quality, scene.crs, scene.transform), tags)


def write_empty_classes(path: Path, quality: Quality, tags: Mapping[str, object]) -> None:
    """Write the classes of a scene that cannot be used: one pixel as wide as the world, unknown for this reason.

    A track finds there why it gets no label, as it does in any other scene.
    """
    unknown = np.full((1, 1), SurfaceClass.UNKNOWN, np.uint8)
    reason = np.full((1, 1), quality, np.uint8)
    _write(path, SceneClasses(unknown, reason, "EPSG:4326", from_bounds(*WHOLE_WORLD, 1, 1)), tags)


def read_classes(path: Path, bounds: tuple[float, float, float, float] | None = None) -> SceneClasses:
    """Read the classes inside bounds (left, bottom, right, top in the raster's projection), or all of them.

    Only the blocks that the bounds touch are read; bounds wholly outside give arrays of shape (0, 0).
    Raises ``InputDataError`` where the file is missing or unreadable.
    """
    with _opened(Path(path)) as dataset:
        window = Window(0, 0, dataset.width, dataset.height) if bounds is None else _window(dataset, bounds)
        if window.width == 0 or window.height == 0:
            classes = quality = np.empty((0, 0), np.uint8)
        else:
            classes, quality = dataset.read(window=window)
        return SceneClasses(classes, quality, dataset.crs.to_string(), dataset.window_transform(window))


def crs_of(path: Path) -> str:
    """Return the projection of a raster of classes, to give ``read_classes`` its bounds in."""
    with _opened(Path(path)) as dataset:
        return dataset.crs.to_string()


@contextmanager
def _opened(path: Path) -> Iterator[rasterio.DatasetReader]:
    """Give an open raster; tell what is wrong with it as a fault of the input."""
    if not path.exists():
        raise InputDataError(State.MISSING_FILE, f"{path}: there is no such file; name the scene's GeoTIFF")
    try:
        with rasterio.open(path) as dataset:
            yield dataset
    except RasterioError as error:
        said = " ".join(str(error.__cause__ or error).split())
        raise InputDataError(State.UNREADABLE, f"{path}: expected a whole GeoTIFF; fetch it again ({said})") from error


def _tag(dataset: rasterio.DatasetReader, path: Path, name: str, kind: Callable[[str], Any]) -> Any:
    """Return a tag of the file that reading it depends on."""
    text = dataset.tags().get(name)
    try:
        return kind(text)
    except (TypeError, ValueError):
        found = "none" if text is None else repr(text)
        raise InputDataError(
            State.UNREADABLE, f"{path}: expected the tag {name}, found {found}; write it from the product's metadata"
        ) from None


def _band_places(dataset: rasterio.DatasetReader, path: Path) -> dict[str, int]:
    """Return at which number (from 1) each band stands, by its description or else by the order of four."""
    if any(dataset.descriptions):
        named = enumerate(dataset.descriptions, start=1)
        return {band: number for number, band in named if band in BANDS}
    if dataset.count != len(BANDS):
        raise InputDataError(
            State.MISSING_BAND,
            f"{path}: expected the four bands {', '.join(BANDS)}, found {dataset.count} without description",
        )
    return {band: number for number, band in enumerate(BANDS, start=1)}


def _read_band(
    dataset: rasterio.DatasetReader, number: int, offset: float, quantification: float, plane: np.ndarray
) -> None:
    """Read a band into its plane of reflectance."""
    digital_number = dataset.read(number)
    plane[:] = digital_number
    plane += np.float32(offset)
    plane /= np.float32(quantification)
    plane[digital_number == 0] = np.nan


def _check_bands(path: Path, scene: Scene) -> None:
    if len(scene.absent_bands) == len(BANDS):
        raise InputDataError(State.ALL_NODATA, f"{path}: every pixel is nodata; take a scene that covers the track")
    missing = [band for band in scene.absent_bands if band not in OPTIONAL_BANDS]
    if missing:
        raise InputDataError(
            State.MISSING_BAND, f"{path}: {', '.join(missing)} missing or all zero; expected {', '.join(BANDS)}"
        )
    if not scene.valid.any():
        raise InputDataError(State.ALL_NODATA, f"{path}: no pixel has data in all visible bands; fetch it again")


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


def _write(path: Path, scene_classes: SceneClasses, tags: Mapping[str, object]) -> None:
    height, width = scene_classes.classes.shape
    with (
        written_whole(path) as aside,
        rasterio.open(
            aside,
            "w",
            driver="COG",
            width=width,
            height=height,
            count=2,
            dtype="uint8",
            nodata=int(SurfaceClass.UNKNOWN),
            crs=scene_classes.crs,
            transform=scene_classes.transform,
            compress="deflate",
            overview_resampling="nearest",
        ) as dataset,
    ):
        dataset.write(scene_classes.classes, 1)
        dataset.write(scene_classes.quality, 2)
        dataset.descriptions = ("surface_class", "quality")
        dataset.update_tags(**tags)
        dataset.update_tags(1, **_CLASS_TAGS)
        dataset.update_tags(2, **_QUALITY_TAGS)
