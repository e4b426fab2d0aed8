"""Sentinel-2 scenes at the border: products of digital numbers in, reflectance out, window by window."""

import math
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from rasterio.windows import Window, intersect

from leadline.accounts import State
from leadline.errors import InputDataError
from leadline.products.geotiff import read_geotiff
from leadline.products.product import BANDS, OPTIONAL_BANDS, Band, Product, unreadable
from leadline.products.safe import metadata_file, read_safe
from leadline.products.stac import item_file, read_stac
from leadline.rasters import in_words, open_raster, readable

STRIP = 1024
"""Least rows that are read at a time: those of the tiles that JPEG 2000 products are made of."""
THREADS = 2
"""Bands that are decoded at a time."""


@dataclass(frozen=True)
class Scene:
    """One Sentinel-2 acquisition of one tile, open to be read as reflectance."""

    name: str
    shape: tuple[int, int]
    """Rows and columns."""
    crs: str
    """The map's projection, as in EPSG:32702."""
    transform: Affine
    """Columns and rows to x and y of ``crs``."""
    sensing_time: datetime
    tile: str
    """As in T02CNA; empty where the product does not tell, as are level and baseline."""
    level: str
    processing_baseline: str
    offsets: Mapping[str, float]
    """What is added to the digital numbers of each band: -1000 from processing baseline 04.00 on, else 0."""
    absent_bands: tuple[str, ...]
    """Bands that the product lacks or that hold nothing but zeros; their planes are NaN."""
    remarks: tuple[str, ...]
    """One line for a person on each statement of the product that was not followed."""
    _files: tuple["_File", ...] = field(repr=False)

    def reflectance(self, window: Window | None = None, step: int = 1) -> np.ndarray:
        """Return the reflectance of a window, or of the whole scene, float32 (4, y, x) in the order of ``BANDS``.

        NaN is no data. With a ``step`` every so many pixels become one: of JPEG 2000 a coarser resolution is decoded,
        so that at the edges of the data the values are not those of single pixels. Raises ``InputDataError`` with
        band and window where these cannot be read.
        """
        window = window or Window(0, 0, self.shape[1], self.shape[0])
        shape = (math.ceil(window.height / step), math.ceil(window.width / step))
        planes = np.full((len(BANDS), *shape), np.nan, np.float32)
        with ThreadPoolExecutor(THREADS) as pool:
            for done in [pool.submit(file.read, window, planes) for file in self._files]:
                done.result()
        return planes

    def strips(self) -> Iterator[Window]:
        """Give windows that cover the scene from top to bottom, each of whole rows of tiles."""
        block = max(file.dataset.block_shapes[0][0] for file in self._files)
        rows = block * math.ceil(STRIP / block)
        for first in range(0, self.shape[0], rows):
            yield Window(0, first, self.shape[1], min(rows, self.shape[0] - first))

    @property
    def provenance(self) -> dict[str, str]:
        """What a product of the scene must tell of it, as tags of a file."""
        return {
            "product": self.name,
            "tile": self.tile,
            "level": self.level,
            "processing_baseline": self.processing_baseline,
            "sensing_time": self.sensing_time.isoformat(),
            "add_offset": _joined(self.offsets),
            "absent_bands": " ".join(self.absent_bands),
            "remarks": "; ".join(self.remarks),
        }


@dataclass(frozen=True)
class _File:
    """An open file and the bands that are read of it."""

    dataset: rasterio.DatasetReader
    bands: Mapping[str, Band]

    def read(self, window: Window, planes: np.ndarray) -> None:
        """Read the window of each band into its plane of reflectance."""
        numbers = [band.number for band in self.bands.values()]
        try:
            with readable(self._place(window, *self.bands)):
                read = self.dataset.read(numbers, window=window, out_shape=(len(numbers), *planes.shape[1:]))
        except InputDataError:
            self._find_fault(window)
            raise
        for (name, band), digital_number in zip(self.bands.items(), read, strict=True):
            plane = planes[BANDS.index(name)]
            plane[:] = digital_number
            plane += np.float32(band.offset)
            plane /= np.float32(band.quantification)
            plane[digital_number == 0] = np.nan

    def holds(self, name: str) -> bool:
        """Return whether a band holds anything but zeros."""
        number = self.bands[name].number
        for _, block in self.dataset.block_windows(number):
            with readable(self._place(block, name)):
                if self.dataset.read(number, window=block).any():
                    return True
        return False

    def _find_fault(self, window: Window) -> None:
        """Raise ``InputDataError`` with the first tile that cannot be read."""
        for name, band in self.bands.items():
            for _, block in self.dataset.block_windows(band.number):
                if intersect(block, window):
                    with readable(self._place(block, name)):
                        self.dataset.read(band.number, window=block)

    def _place(self, window: Window, *names: str) -> str:
        return f"{self.dataset.name}: {', '.join(names)} in {in_words(window)}"


@contextmanager
def open_scene(path: Path) -> Iterator[Scene]:
    """Open a scene: a SAFE folder (L1C or L2A), a STAC item or the folder it is in, or a GeoTIFF of four bands.

    Reflectance is (DN + offset) / quantification by the product's own metadata, never by its date; DN 0 is no data.
    Raises ``InputDataError`` where the product is missing or unreadable, has no projection, lacks a visible band, is
    not of the size that it states, or holds no data at all.
    """
    path = Path(path)
    product = _product(path)
    missing = [band for band in BANDS if band not in product.bands and band not in OPTIONAL_BANDS]
    if missing:
        raise _missing_band(path, missing)
    with ExitStack() as stack:
        files = _opened(product, stack)
        grid = _grid(product, files)
        full = {name for file in files for name in file.bands if file.holds(name)}
        _check_full(path, full)
        yield Scene(
            name=product.name,
            shape=grid.shape,
            crs=grid.crs.to_string(),
            transform=grid.transform,
            sensing_time=product.sensing_time,
            tile=product.tile,
            level=product.level,
            processing_baseline=product.processing_baseline,
            offsets={name: product.bands[name].offset for name in BANDS if name in full},
            absent_bands=tuple(band for band in BANDS if band not in full),
            remarks=product.remarks,
            _files=files,
        )


def _product(path: Path) -> Product:
    """Read the metadata of whatever kind of product the path is."""
    if not path.is_dir():
        return read_stac(path) if path.suffix == ".json" and path.exists() else read_geotiff(path)
    if metadata_file(path):
        return read_safe(path)
    item = item_file(path)
    if item is None:
        raise unreadable(path, "MTD_MSIL1C.xml or MTD_MSIL2A.xml, or the STAC item of the bands (JSON); put it there")
    return read_stac(item)


def _opened(product: Product, stack: ExitStack) -> tuple[_File, ...]:
    """Open each file of a product once, to be closed with the stack."""
    by_path: dict[Path, dict[str, Band]] = {}
    for name, band in product.bands.items():
        by_path.setdefault(band.path, {})[name] = band
    return tuple(_File(stack.enter_context(open_raster(path)), bands) for path, bands in by_path.items())


def _grid(product: Product, files: tuple[_File, ...]) -> rasterio.DatasetReader:
    """Return a file for the size and place of all; raise where they differ among each other or from what is stated."""
    first = files[0].dataset
    for file in files:
        dataset, names = file.dataset, ", ".join(file.bands)
        stated = product.shape or first.shape
        if dataset.shape != stated:
            raise unreadable(
                dataset.name,
                f"{names} of {stated[0]} x {stated[1]} pixels, as stated, "
                f"found {dataset.shape[0]} x {dataset.shape[1]}; fetch the product again",
            )
        if (dataset.crs, dataset.transform) != (first.crs, first.transform):
            raise unreadable(dataset.name, f"{names} in the projection and place of {', '.join(files[0].bands)}")
    if product.crs and first.crs != rasterio.crs.CRS.from_user_input(product.crs):
        raise unreadable(first.name, f"the projection {product.crs}, as stated, found {first.crs.to_string()}")
    return first


def _check_full(path: Path, full: set[str]) -> None:
    """Raise where too few of the bands hold data."""
    if not full:
        raise InputDataError(State.ALL_NODATA, f"{path}: every pixel is nodata; take a scene that covers the track")
    empty = [band for band in BANDS if band not in full and band not in OPTIONAL_BANDS]
    if empty:
        raise _missing_band(path, empty)


def _missing_band(path: Path, bands: list[str]) -> InputDataError:
    return InputDataError(
        State.MISSING_BAND, f"{path}: {', '.join(bands)} missing or all zero; expected {', '.join(BANDS)}"
    )


def _joined(offsets: Mapping[str, float]) -> str:
    """Return the offsets in words: one number where they are all the same."""
    if len(set(offsets.values())) == 1:
        return f"{next(iter(offsets.values())):g}"
    return " ".join(f"{name} {offset:g}" for name, offset in offsets.items())
