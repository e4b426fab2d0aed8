"""Simulated Sentinel-2 products as SAFE folders: the bands as JPEG 2000, and the metadata that reading them needs."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import rasterio
from affine import Affine
from numpy.typing import NDArray

from leadline.products.product import QUANTIFICATION, offset_of
from leadline.products.safe import BAND_IDS
from leadline.simulate.atl03_file import SIMULATED

TILE = 1024
"""Pixels along a side of the tiles of the 10 m bands."""


def write_safe(
    parent: Path,
    numbers: Callable[[str], NDArray],
    *,
    level: str,
    baseline: str,
    tile: str,
    time: datetime,
    crs: str,
    transform: Affine,
    bands: tuple[str, ...] = tuple(BAND_IDS),
) -> Path:
    """Write a product of simulated 10 m bands and return its folder; ``numbers`` gives a band's uint16 (y, x).

    ``level`` is L1C or L2A, ``baseline`` as in 05.09: from 04.00 on the metadata state the offset of -1000.
    """
    taken = time.strftime("%Y%m%dT%H%M%S")
    folder = parent / f"S2A_MSI{level}_{taken}_N{baseline.replace('.', '')}_R001_{tile}_{taken}.SAFE"
    granule = f"GRANULE/{level}_{tile}_A000001_{taken}"
    place, ending = ("IMG_DATA/R10m", "_10m") if level == "L2A" else ("IMG_DATA", "")
    images = {band: f"{granule}/{place}/{tile}_{taken}_{band}{ending}" for band in BAND_IDS}
    (folder / granule / place).mkdir(parents=True)
    shape = (0, 0)
    for band in bands:
        digital_number = numbers(band)
        shape = digital_number.shape
        write_band(folder / f"{images[band]}.jp2", digital_number, crs, transform)
    (folder / f"MTD_MSI{level}.xml").write_text(_product_metadata(level, baseline, images))
    (folder / granule / "MTD_TL.xml").write_text(_tile_metadata(level, tile, baseline, time, crs, shape))
    write_manifest(folder)
    return folder


def write_band(path: Path, digital_number: NDArray, crs: str, transform: Affine) -> None:
    """Write a band (y, x) as the products store it: lossless JPEG 2000 in tiles."""
    height, width = digital_number.shape
    with rasterio.open(
        path,
        "w",
        driver="JP2OpenJPEG",
        height=height,
        width=width,
        count=1,
        dtype="uint16",
        crs=crs,
        transform=transform,
        quality=100,
        reversible="yes",
        blockxsize=TILE,
        blockysize=TILE,
        resolutions=6,
    ) as dataset:
        dataset.write(digital_number, 1)


def write_manifest(folder: Path) -> None:
    """Write manifest.safe with the MD5 checksum of each band's file that is there."""
    objects = []
    for path in sorted(folder.glob("GRANULE/*/IMG_DATA/**/*.jp2")):
        digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        objects.append(
            f'<dataObject><byteStream mimeType="application/octet-stream" size="{path.stat().st_size}">'
            f'<fileLocation locatorType="URL" href="./{path.relative_to(folder)}"/>'
            f'<checksum checksumName="MD5">{digest}</checksum></byteStream></dataObject>'
        )
    (folder / "manifest.safe").write_text(
        f'<?xml version="1.0"?><xfdu:XFDU xmlns:xfdu="urn:ccsds:schema:xfdu:1"><!-- {SIMULATED} -->'
        f"<dataObjectSection>{''.join(objects)}</dataObjectSection></xfdu:XFDU>"
    )


def _product_metadata(level: str, baseline: str, images: dict[str, str]) -> str:
    boa = level == "L2A"
    quantity = "BOA_QUANTIFICATION_VALUE" if boa else "QUANTIFICATION_VALUE"
    offset_name = "BOA_ADD_OFFSET" if boa else "RADIO_ADD_OFFSET"
    offset = offset_of(baseline)
    stated = "".join(f'<{offset_name} band_id="{n}">{offset:g}</{offset_name}>' for n in range(13)) if offset else ""
    files = "".join(f"<IMAGE_FILE>{image}</IMAGE_FILE>" for image in images.values())
    return (
        f'<?xml version="1.0"?><n1:Level-{level[1:]}_User_Product xmlns:n1="simulated"><!-- {SIMULATED} -->'
        f"<n1:General_Info><Product_Info><PROCESSING_LEVEL>Level-{level[1:]}</PROCESSING_LEVEL>"
        f"<PROCESSING_BASELINE>{baseline}</PROCESSING_BASELINE><Granule>{files}</Granule></Product_Info>"
        f"<Product_Image_Characteristics><{quantity}>{QUANTIFICATION:g}</{quantity}>{stated}"
        f"</Product_Image_Characteristics></n1:General_Info></n1:Level-{level[1:]}_User_Product>"
    )


def _tile_metadata(level: str, tile: str, baseline: str, time: datetime, crs: str, shape: tuple[int, int]) -> str:
    return (
        f'<?xml version="1.0"?><n1:Level-{level[1:]}_Tile_ID xmlns:n1="simulated"><!-- {SIMULATED} -->'
        f"<n1:General_Info><TILE_ID>S2A_OPER_MSI_{level}_TL_SIMU_A000001_{tile}_N{baseline}</TILE_ID>"
        f"<SENSING_TIME>{time:%Y-%m-%dT%H:%M:%S}Z</SENSING_TIME></n1:General_Info>"
        f"<n1:Geometric_Info><Tile_Geocoding><HORIZONTAL_CS_CODE>{crs}</HORIZONTAL_CS_CODE>"
        f'<Size resolution="10"><NROWS>{shape[0]}</NROWS><NCOLS>{shape[1]}</NCOLS></Size>'
        f"</Tile_Geocoding></n1:Geometric_Info></n1:Level-{level[1:]}_Tile_ID>"
    )
