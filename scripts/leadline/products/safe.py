"""SAFE folders of Sentinel-2, L1C and L2A: what their metadata tell of the 10 m bands."""

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from leadline.accounts import State
from leadline.errors import InputDataError
from leadline.products.product import BANDS, Band, Product, offset_of, positive, unreadable, utc_time

METADATA = ("MTD_MSIL1C.xml", "MTD_MSIL2A.xml")
BAND_IDS = {"B02": "1", "B03": "2", "B04": "3", "B08": "7"}
"""``band_id`` of the 10 m bands in the metadata (Spectral_Information_List: bandId 1 is physicalBand B2)."""
DIGESTS = {"MD5": "md5", "SHA3-256": "sha3_256"}
"""Checksums of manifest.safe, and what hashlib calls them."""
KINDS = {int: "a whole number", positive: "a positive number", utc_time: "a time"}
"""What a value is made of its text with, and what it is then."""


def metadata_file(folder: Path) -> Path | None:
    """Return the product metadata of a SAFE folder; None where the folder is none."""
    return next((folder / name for name in METADATA if (folder / name).is_file()), None)


def read_safe(folder: Path) -> Product:
    """Read the metadata of a SAFE folder in the compact format, of one tile, as all are since December 2016.

    Offset and quantification are the product's own: ``RADIO_ADD_OFFSET`` and ``QUANTIFICATION_VALUE`` (L1C),
    ``BOA_ADD_OFFSET`` and ``BOA_QUANTIFICATION_VALUE`` (L2A); before baseline 04.00 there is no offset. Bands whose
    files are not there are left out; those that are there have the checksums of manifest.safe, where it gives any.
    Raises ``InputDataError`` where the metadata are broken or incomplete, or a band's file is not as it was written.
    """
    path = metadata_file(folder)
    root = _parsed(path)
    level = f"L{_text(root, 'PROCESSING_LEVEL', path).removeprefix('Level-')[:2]}"
    baseline = _text(root, "PROCESSING_BASELINE", path)
    boa = level == "L2A"
    quantification = _value(root, "BOA_QUANTIFICATION_VALUE" if boa else "QUANTIFICATION_VALUE", path, positive)
    offsets = _offsets(root, "BOA_ADD_OFFSET" if boa else "RADIO_ADD_OFFSET", baseline, path)
    files = {name: folder / f"{image}.jp2" for name, image in _images(root).items()}
    bands = {
        name: Band(file, offset=offsets[name], quantification=quantification)
        for name, file in files.items()
        if file.is_file()
    }
    _check_files(folder, bands)
    tile_path, tile = _tile_metadata(folder)
    place = re.search(r"_(T\d{2}[A-Z]{3})_", _text(tile, "TILE_ID", tile_path))
    return Product(
        name=folder.name.removesuffix(".SAFE"),
        bands=bands,
        sensing_time=_value(tile, "SENSING_TIME", tile_path, utc_time),
        tile=place.group(1) if place else "",
        level=level,
        processing_baseline=baseline,
        crs=_text(tile, "HORIZONTAL_CS_CODE", tile_path),
        shape=tuple(_value(tile, f"Size[@resolution='10']/{name}", tile_path, int) for name in ("NROWS", "NCOLS")),
    )


def _parsed(path: Path) -> Element:
    try:
        return ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, OSError) as error:
        raise unreadable(path, f"whole XML metadata; fetch the product again ({error})") from error


def _text(root: Element, name: str, path: Path) -> str:
    text = (root.findtext(f".//{name}") or "").strip()
    if not text:
        raise unreadable(path, f"the element {name}, found none; fetch the product again")
    return text


def _value(root: Element, name: str, path: Path, kind: Callable[[str], Any]) -> Any:
    """Return what an element holds; ``kind`` makes it of the text, or raises ``ValueError``."""
    text = _text(root, name, path)
    try:
        return kind(text)
    except ValueError:
        raise unreadable(path, f"{KINDS[kind]} as {name}, found {text!r}; fetch the product again") from None


def _offsets(root: Element, name: str, baseline: str, path: Path) -> dict[str, float]:
    """Return the offset of each band: as stated, else 0 where the baseline knows none."""
    stated = {element.get("band_id"): element.text for element in root.iter(name)}
    try:
        if not stated and offset_of(baseline) == 0:
            return dict.fromkeys(BANDS, 0.0)
        return {band: float(stated[BAND_IDS[band]]) for band in BANDS}
    except (KeyError, TypeError, ValueError):
        raise unreadable(
            path, f"a number as {name} of each 10 m band in processing baseline {baseline}; fetch the product again"
        ) from None


def _images(root: Element) -> dict[str, str]:
    """Return the stated path, without its ending, of each 10 m band."""
    images = [(element.text or "").strip() for element in root.iter("IMAGE_FILE")]
    return {band: image for band in BANDS for image in images if re.search(rf"_{band}(_10m)?$", image)}


def _tile_metadata(folder: Path) -> tuple[Path, Element]:
    paths = sorted(folder.glob("GRANULE/*/MTD_TL.xml"))
    if len(paths) != 1:
        raise unreadable(folder, f"one tile with GRANULE/*/MTD_TL.xml, found {len(paths)}; take a product of one tile")
    return paths[0], _parsed(paths[0])


def _check_files(folder: Path, bands: Mapping[str, Band]) -> None:
    """Compare the bands' files with the checksums of the manifest: JPEG 2000 itself bears none."""
    manifest = folder / "manifest.safe"
    if not manifest.is_file():
        return
    sums = {}
    for stream in _parsed(manifest).iter("byteStream"):
        location, checksum = stream.find("fileLocation"), stream.find("checksum")
        if location is not None and checksum is not None:
            sums[(folder / location.get("href", "")).resolve()] = checksum
    for name, band in bands.items():
        checksum = sums.get(band.path.resolve())
        algorithm = None if checksum is None else DIGESTS.get(checksum.get("checksumName", "").upper())
        if algorithm is not None and _digest(band.path, algorithm) != (checksum.text or "").strip().lower():
            raise InputDataError(
                State.UNREADABLE,
                f"{band.path}: {name} is not as manifest.safe describes it "
                f"({checksum.get('checksumName')}); fetch the product again",
            )


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()
