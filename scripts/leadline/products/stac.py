"""Items of STAC catalogues with their assets beside them: what they tell of the 10 m bands.

The words are those of Element84's earth-search, the Planetary Computer and the Copernicus Data Space (CDSE).
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlparse

from leadline.products.product import BANDS, QUANTIFICATION, Band, Product, offset_of, positive, unreadable, utc_time

COMMON_NAMES = {"blue": "B02", "green": "B03", "red": "B04", "nir": "B08"}
BASELINE = ("s2:processing_baseline", "processing:version")
APPLIED = "earthsearch:boa_offset_applied"


def item_file(folder: Path) -> Path | None:
    """Return the STAC item in a folder, None where there is none."""
    return next((path for path in sorted(folder.glob("*.json")) if _is_item(path)), None)


def read_stac(path: Path) -> Product:
    """Read a STAC item (JSON) whose assets are in the same folder, as downloaded.

    The processing baseline decides the offset; what ``raster:bands`` states is used where no baseline is given. Where
    it differs, or ``earthsearch:boa_offset_applied`` claims that the offset is off already, this is remarked and not
    followed: catalogues are known to be wrong in both (SCIENCE.md 8.4).
    Raises ``InputDataError`` where the item is broken, or gives no time, or neither baseline nor offset.
    """
    item = _parsed(path)
    try:
        return _product(path, item)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        raise unreadable(path, "a STAC item with its datetime, as catalogues write it; fetch it again") from None


def _product(path: Path, item: Mapping[str, Any]) -> Product:
    """Return what an item tells of its bands."""
    properties = item["properties"]
    baseline = str(next((properties[name] for name in BASELINE if properties.get(name)), ""))
    files: dict[str, tuple[Mapping[str, Any], Path]] = {}
    for name, asset, file in _band_files(item, path.parent):
        files.setdefault(name, (asset, file))
    read = {name: _band(path, name, asset, file, baseline) for name, (asset, file) in files.items()}
    remarks = [_claim(path, properties, baseline), *(remark for _, remark in read.values())]
    shapes = [asset.get("proj:shape") or properties.get("proj:shape") for asset, _ in files.values()]
    return Product(
        name=str(item.get("id", path.stem)),
        bands={name: band for name, (band, _) in read.items()},
        sensing_time=utc_time(properties["datetime"]),
        tile=_tile(properties),
        level=_level(item),
        processing_baseline=baseline,
        crs=_crs(properties),
        shape=next((tuple(map(int, shape)) for shape in shapes if shape), None),
        remarks=tuple(remark for remark in dict.fromkeys(remarks) if remark),
    )


def _is_item(path: Path) -> bool:
    try:
        return json.loads(path.read_text()).get("type") == "Feature"
    except (ValueError, AttributeError):
        return False


def _parsed(path: Path) -> dict[str, Any]:
    try:
        item = json.loads(path.read_text())
        if item["type"] == "Feature" and isinstance(item["properties"], dict) and isinstance(item["assets"], dict):
            return item
    except (OSError, ValueError, TypeError, KeyError):
        pass
    raise unreadable(path, "a whole STAC item with properties and assets; fetch the item again")


def band_assets(item: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give each asset of an item that is a 10 m band, with the band's name as in ``BANDS``; one may come twice."""
    for key, asset in item["assets"].items():
        name = _band_name(key, asset)
        if name and asset.get("gsd", 10) == 10:
            yield name, asset


def _band_files(item: Mapping[str, Any], folder: Path) -> Iterator[tuple[str, Mapping[str, Any], Path]]:
    """Give each asset that is a 10 m band and whose file is there."""
    for name, asset in band_assets(item):
        if file := _file(asset, folder):
            yield name, asset, file


def _band_name(key: str, asset: Mapping[str, Any]) -> str | None:
    described = (asset.get("eo:bands") or asset.get("bands") or [{}])[0]
    common = described.get("common_name") or described.get("eo:common_name")
    for word in (described.get("name"), key.split("_")[0], COMMON_NAMES.get(common), COMMON_NAMES.get(key)):
        if word in BANDS:
            return word
    return None


def _file(asset: Mapping[str, Any], folder: Path) -> Path | None:
    place = unquote(urlparse(str(asset.get("href", ""))).path)
    beside = (folder / place.lstrip("/"), folder / PurePosixPath(place).name)
    return next((file for file in beside if file.is_file()), None)


def _band(path: Path, name: str, asset: Mapping[str, Any], file: Path, baseline: str) -> tuple[Band, str]:
    """Return a band, and a remark where the item's offset is not the one of its baseline."""
    raster = {"scale": asset.get("raster:scale"), "offset": asset.get("raster:offset")}
    raster |= (asset.get("raster:bands") or [{}])[0]
    try:
        quantification = round(1 / positive(raster["scale"] or 1 / QUANTIFICATION), 6)
        stated = None if raster["offset"] is None else round(float(raster["offset"]) * quantification, 6)
        offset = offset_of(baseline) if baseline else stated
    except ValueError:
        raise unreadable(path, f"numbers as processing baseline, scale and offset of {name}") from None
    if offset is None:
        raise unreadable(path, f"a processing baseline, or the offset of {name}; take the product's SAFE folder")
    band = Band(file, offset=offset, quantification=quantification)
    if stated in (None, offset):
        return band, ""
    return band, (
        f"{path}: raster:bands states the offset {stated:g}, "
        f"processing baseline {baseline} has {offset:g}, which is used"
    )


def _claim(path: Path, properties: Mapping[str, Any], baseline: str) -> str:
    """Return a line where the catalogue claims to have taken the offset off already: often it did, often not."""
    if not (properties.get(APPLIED) and baseline and offset_of(baseline)):
        return ""
    return (
        f"{path}: {APPLIED} is true; the offset {offset_of(baseline):g} of processing baseline {baseline} is used, "
        "compare open water with the SAFE folder"
    )


def _tile(properties: Mapping[str, Any]) -> str:
    tile = properties.get("s2:mgrs_tile") or str(properties.get("grid:code", "")).removeprefix("MGRS-")
    return f"T{tile}" if tile else ""


def _level(item: Mapping[str, Any]) -> str:
    words = f"{item['properties'].get('processing:level', '')} {item.get('collection', '')}".upper()
    return next((level for level in ("L1C", "L2A") if level in words), "")


def _crs(properties: Mapping[str, Any]) -> str | None:
    code = properties.get("proj:code") or properties.get("proj:epsg")
    return None if code is None else f"EPSG:{str(code).removeprefix('EPSG:')}"
