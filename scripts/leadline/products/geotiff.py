"""GeoTIFFs of four bands: what their tags tell, those of the clips that people share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import rasterio

from leadline.accounts import State
from leadline.errors import InputDataError
from leadline.products.product import BANDS, Band, Product, offset_of, positive, unreadable, utc_time
from leadline.rasters import open_raster


def read_geotiff(path: Path) -> Product:
    """Read the tags of a GeoTIFF of digital numbers, bands described as B02, B03, B04, B08 or four in this order.

    Offset and quantification are its tags ADD_OFFSET and QUANTIFICATION_VALUE, the time is SENSING_TIME; TILE, LEVEL
    and PROCESSING_BASELINE may be given. Raises ``InputDataError`` where the file is unreadable or tells too little.
    """
    with open_raster(path) as dataset:
        offset = _tag(dataset, path, "ADD_OFFSET", float)
        quantification = _tag(dataset, path, "QUANTIFICATION_VALUE", positive)
        sensing_time = _tag(dataset, path, "SENSING_TIME", utc_time)
        places = _band_places(dataset, path)
        tags = dataset.tags()
    baseline = tags.get("PROCESSING_BASELINE", "")
    return Product(
        name=path.stem,
        bands={band: Band(path, number, offset, quantification) for band, number in places.items()},
        sensing_time=sensing_time,
        tile=tags.get("TILE", ""),
        level=tags.get("LEVEL", ""),
        processing_baseline=baseline,
        remarks=_remarks(path, offset, baseline),
    )


def _tag(dataset: rasterio.DatasetReader, path: Path, name: str, kind: Callable[[str], Any]) -> Any:
    """Return a tag of the file that reading it depends on."""
    text = dataset.tags().get(name)
    try:
        return kind(text)
    except (TypeError, ValueError):
        found = "none" if text is None else repr(text)
        raise unreadable(path, f"the tag {name}, found {found}; write it from the product's metadata") from None


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


def _remarks(path: Path, offset: float, baseline: str) -> tuple[str, ...]:
    """Return a line where the tags contradict each other: who made the file may have added the offset already."""
    try:
        usual = offset_of(baseline) if baseline else offset
    except ValueError:
        return (f"{path}: the tag PROCESSING_BASELINE is {baseline!r}, expected one as 05.09",)
    if usual == offset:
        return ()
    return (f"{path}: ADD_OFFSET is {offset:g} and is used; processing baseline {baseline} would have {usual:g}",)
