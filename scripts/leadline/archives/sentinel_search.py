"""Sentinel-2 scenes in archives with a STAC API: searched along a track, or looked up by their key."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import shapely
from pystac_client import Client
from pystac_client.exceptions import APIError
from pystac_client.stac_api_io import StacApiIO

from leadline.archives.sentinel_products import scene_of, table_of, tile_and_time, tile_box, version
from leadline.archives.web import PATIENCE, Patience, polite
from leadline.errors import LeadlineError
from leadline.products.product import utc_time

TAKE = timedelta(minutes=30)
"""Longest time from the beginning of a take, which names its scenes, to one of them."""
PAGE = 100


def search_scenes(
    archive: Mapping[str, Any],
    level: str,
    place: shapely.Geometry,
    start: datetime,
    end: datetime,
    patience: Patience = PATIENCE,
) -> pd.DataFrame:
    """Return the scenes of a level (L1C or L2A) that meet a place (degrees) from ``start`` to ``end``.

    ``archive`` tells the address of its STAC API (``stac``) and the name of each level's collection. The columns
    are scene, time (UTC), cloud (percent, NaN where not told), footprint (shapely, degrees) and the product's name;
    where a scene was processed again, that of the newest baseline. Raises ``LeadlineError`` where the catalogue has no
    such level, or does not answer.
    """
    return table_of(_row(item) for item in _items(archive, level, place, start, end, patience))


def find_scene(archive: Mapping[str, Any], level: str, scene: str, patience: Patience = PATIENCE) -> dict[str, Any]:
    """Return the STAC item of a scene, by its key S2_Ttile_yyyymmddThhmmss; of several the newest baseline.

    Raises ``LeadlineError`` where the key tells no tile, or the catalogue does not hold the scene.
    """
    tile, begin = tile_and_time(scene)
    place = shapely.box(*tile_box(tile))
    items = _items(archive, level, place, begin - timedelta(minutes=1), begin + TAKE, patience)
    own = [item for item in items if scene_key(item) == scene]
    if not own:
        raise LeadlineError(f"{scene}: {archive['stac']} holds no such {level}; look for it with `snakemake search`")
    return max(own, key=lambda item: version(_product(item)))


def scene_key(item: Mapping[str, Any]) -> str:
    """Return the key of a scene: tile and time as the product's name has them, else as the catalogue has."""
    if scene := scene_of(_product(item)):
        return scene
    properties = item["properties"]
    tile = str(properties.get("s2:mgrs_tile") or properties.get("grid:code", "")).removeprefix("MGRS-")
    return f"S2_T{tile}_{utc_time(properties['datetime']):%Y%m%dT%H%M%S}"


def _items(
    archive: Mapping[str, Any],
    level: str,
    place: shapely.Geometry,
    start: datetime,
    end: datetime,
    patience: Patience,
) -> list[dict[str, Any]]:
    """Return all items of a level, place and time, page after page."""
    address, collections = archive["stac"], archive["collections"]
    if level not in collections:
        raise LeadlineError(f"{address}: acquire.level: {level}: this archive has {', '.join(collections)}")
    speech = StacApiIO(max_retries=None)
    polite(speech.session, patience)
    asked = {"datetime": (start, end), "intersects": shapely.geometry.mapping(place), "limit": PAGE}
    try:
        catalogue = Client.open(address, stac_io=speech)
        search = catalogue.search(collections=[collections[level]], **asked)
        pages = list(search.pages_as_dicts())
    except APIError as error:
        raise LeadlineError(f"{address}: {_said(error)}") from None
    except Exception as error:  # what pystac raises of a page that is no STAC is of many kinds
        raise LeadlineError(
            f"{address}: expected a STAC API; look at acquire.archives ({type(error).__name__}: {_one_line(error)})"
        ) from None
    items = [item for page in pages for item in page["features"]]
    if pages and len(items) < (pages[0].get("numberMatched") or 0):
        raise LeadlineError(f"{address}: gave {len(items)} of {pages[0]['numberMatched']} scenes; try again later")
    return items


def _said(error: APIError) -> str:
    status = getattr(error, "status_code", None)
    if status is None:
        return f"the catalogue does not answer; look at acquire.archives and the network ({_one_line(error)})"
    return f"the catalogue answers {status} again and again; try later ({_one_line(error)})"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _row(item: Mapping[str, Any]) -> tuple:
    properties = item["properties"]
    time = utc_time(properties["datetime"]).replace(tzinfo=None)
    cloud = properties.get("eo:cloud_cover")
    footprint = shapely.geometry.shape(item["geometry"])
    return scene_key(item), time, float("nan" if cloud is None else cloud), footprint, _product(item)


def _product(item: Mapping[str, Any]) -> str:
    """Return the name of an item's product; its id where no name is told."""
    names = (item["id"], item["properties"].get("s2:product_uri", ""))
    return next((str(name).removesuffix(".SAFE") for name in names if scene_of(str(name))), str(item["id"]))
