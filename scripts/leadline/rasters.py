"""Rasters opened: what is wrong with one is told as a fault of the input."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import rasterio
from rasterio.errors import RasterioError
from rasterio.windows import Window

from leadline.accounts import State
from leadline.errors import InputDataError

READING = {"GDAL_NUM_THREADS": "1", "GDAL_CACHEMAX": 128 * 2**20}
"""GDAL's own threads lose the errors of JPEG 2000 tiles; and nothing is read twice that it need keep (bytes)."""


def open_raster(path: Path) -> rasterio.DatasetReader:
    """Open a raster; raise ``InputDataError`` where it is missing, unreadable or without projection."""
    if not path.exists():
        raise InputDataError(State.MISSING_FILE, f"{path}: there is no such file; name the scene's file or folder")
    with readable(str(path)):
        dataset = rasterio.open(path)
    if dataset.crs is None:
        dataset.close()
        raise InputDataError(State.UNREADABLE, f"{path}: expected a projection (CRS); write one into the file")
    return dataset


@contextmanager
def readable(place: str) -> Iterator[None]:
    """Read with the settings ``READING``; turn a fault into ``InputDataError``, one line that begins with the place."""
    try:
        with rasterio.Env(**READING):
            yield
    except RasterioError as error:
        said = " ".join(str(error.__cause__ or error).split())
        raise InputDataError(State.UNREADABLE, f"{place}: expected a whole raster; fetch it again ({said})") from error


def in_words(window: Window) -> str:
    """Return a window as people read it."""
    (first_row, last_row), (first_column, last_column) = window.toranges()
    return f"rows {first_row} to {last_row - 1}, columns {first_column} to {last_column - 1}"
