"""One Sentinel-2 scene out of an archive into a folder: its STAC item, and its 10 m bands whole or near the tracks."""

import json
import logging
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlparse

import requests

from leadline.accounts import State
from leadline.archives.cog_windows import copy_windows
from leadline.archives.download import Checksum, download
from leadline.archives.ground_track import GroundTrack
from leadline.archives.web import PATIENCE, Patience
from leadline.errors import InputDataError, LeadlineError
from leadline.products.product import BANDS
from leadline.products.stac import band_assets
from leadline.scene import open_scene

logger = logging.getLogger("leadline.archives.sentinel_fetch")

MULTIHASHES = {"d50110": "md5", "1114": "sha1", "1220": "sha256", "1340": "sha512"}
"""How multihashes of STAC's file extension begin, and what hashlib calls them."""
ITEM = "item.json"


def fetch_scene(
    item: Mapping[str, Any],
    folder: Path,
    session: requests.Session,
    tracks: Iterable[GroundTrack] = (),
    reach: float = 0.0,
    patience: Patience = PATIENCE,
) -> None:
    """Fetch the bands of a STAC item into a folder that ``open_scene`` opens, or leave no folder of that name.

    Where ``tracks`` are given, only the blocks of COGs within ``reach`` (m) of them are read, and the rest of the
    bands is no data; other formats are fetched whole. Whole bands of a run that was stopped are not fetched again.
    ``session`` carries what the archive asks for. Raises ``LeadlineError`` where a band is missing or not to be had
    over HTTPS, and where what came cannot be read; a scene without data is one, and is named so when it is classed.
    """
    tracks = list(tracks)
    aside = folder.with_name(f".{folder.name}.{'subset' if tracks else 'whole'}")
    aside.mkdir(parents=True, exist_ok=True)
    for name, asset in _bands(item).items():
        path, address = aside / _file_name(asset), _address(name, asset)
        if tracks and path.suffix in (".tif", ".tiff"):
            signed = session.prepare_request(requests.Request("GET", address)).url
            copy_windows(signed, path, tracks, reach)
        elif path.exists():
            logger.info("%s: %s is there already", folder.name, path.name)
        else:
            size, checksum = asset.get("file:size"), _checksum(asset)
            download(address, path, session=session, size=size, checksum=checksum, patience=patience)
    (aside / ITEM).write_text(json.dumps(item, indent=2) + "\n")
    try:
        with open_scene(aside) as scene:
            logger.info("%s: %s, processing baseline %s", folder.name, scene.name, scene.processing_baseline)
    except InputDataError as error:
        if error.state == State.UNREADABLE:
            shutil.rmtree(aside)
            raise
        logger.warning("%s", error)
    aside.replace(folder)


def _bands(item: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the asset of each band; of several the first that is to be had over HTTPS."""
    bands: dict[str, Mapping[str, Any]] = {}
    for name, asset in sorted(band_assets(item), key=lambda band: _https(band[1]) is None):
        bands.setdefault(name, asset)
    missing = [name for name in BANDS if name not in bands]
    if missing:
        raise LeadlineError(f"{item['id']}: {', '.join(missing)} missing in the catalogue; take another archive")
    return {name: bands[name] for name in BANDS}


def _address(name: str, asset: Mapping[str, Any]) -> str:
    """Return where an asset is to be had over HTTPS."""
    address = _https(asset)
    if address is None:
        raise LeadlineError(
            f"{name}: only at {asset['href']}, which the reader pays for or has keys to; take acquire.archive: "
            "copernicus, or earth_search with level: L2A"
        )
    return address


def _https(asset: Mapping[str, Any]) -> str | None:
    others = asset.get("alternate", {}).values()
    places = (asset["href"], *(other["href"] for other in others if "href" in other))
    return next((place for place in places if place.startswith("https://")), None)


def _file_name(asset: Mapping[str, Any]) -> str:
    """Return the name under which ``open_scene`` looks for an asset beside its item."""
    return PurePosixPath(unquote(urlparse(asset["href"]).path)).name


def _checksum(asset: Mapping[str, Any]) -> Checksum | None:
    told = asset.get("file:checksum", "")
    kinds = (Checksum(kind, told[len(code) :]) for code, kind in MULTIHASHES.items() if told.startswith(code))
    return next(kinds, None)
