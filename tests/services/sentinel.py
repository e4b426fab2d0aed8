"""Archives of Sentinel-2 scenes: their STAC catalogues, and the hosts that their assets stand on, as functions."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

import shapely

from services.internet import Reply, Request

CORE = "https://api.stacspec.org/v1.0.0/core"
ITEM_SEARCH = "https://api.stacspec.org/v1.0.0/item-search"
COPERNICUS = "stac.dataspace.copernicus.eu"
COPERNICUS_LOGIN = "identity.dataspace.copernicus.eu"
COPERNICUS_FILES = "download.dataspace.copernicus.eu"
EARTH_SEARCH = "earth-search.aws.element84.com"
EARTH_SEARCH_FILES = "e84-earth-search-sentinel-data.s3.us-west-2.amazonaws.com"


class Catalogue:
    """A STAC API under ``/v1``: landing page and item search by POST, so many items a page."""

    def __init__(self, host: str, items: Sequence[Mapping[str, Any]], page: int = 100) -> None:
        self.address, self.items, self.page = f"https://{host}/v1", list(items), page

    def __call__(self, request: Request) -> Reply:
        if request.path.rstrip("/") == "/v1":
            return Reply.json(self.landing_page())
        if request.path == "/v1/search" and request.method == "POST":
            return Reply.json(self.search(json.loads(request.body)))
        return Reply.json({"code": "NotFoundError"}, 404)

    def landing_page(self) -> dict[str, Any]:
        links = [
            {"rel": "self", "type": "application/json", "href": self.address},
            {"rel": "root", "type": "application/json", "href": self.address},
            {"rel": "search", "type": "application/geo+json", "href": f"{self.address}/search", "method": "POST"},
        ]
        catalogue = {"type": "Catalog", "stac_version": "1.0.0", "id": "tests", "description": "scenes of tests"}
        return {**catalogue, "conformsTo": [CORE, ITEM_SEARCH], "links": links}

    def search(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        start, end = (datetime.fromisoformat(moment) for moment in asked["datetime"].split("/"))
        place = shapely.geometry.shape(asked["intersects"])
        found = [
            item
            for item in self.items
            if item["collection"] in asked["collections"]
            and start <= datetime.fromisoformat(item["properties"]["datetime"]) <= end
            and shapely.geometry.shape(item["geometry"]).intersects(place)
        ]
        first = int(asked.get("token", 0))
        after = first + min(self.page, asked["limit"])
        turn = {"rel": "next", "href": f"{self.address}/search", "method": "POST", "body": {**asked, "token": after}}
        page = {"type": "FeatureCollection", "features": found[first:after], "numberMatched": len(found)}
        return {**page, "links": [turn] if after < len(found) else []}


class Identity:
    """The login of the Copernicus Data Space: a new token for each who has the password."""

    def __init__(self, username: str, password: str) -> None:
        self.account, self.tokens = (username, password), []

    def __call__(self, request: Request) -> Reply:
        told = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        known = (told.get("username"), told.get("password")) == self.account and told["client_id"] == "cdse-public"
        if not known or told["grant_type"] != "password":
            return Reply.json({"error": "invalid_grant", "error_description": "Invalid user credentials"}, 401)
        self.tokens.append(f"access-{len(self.tokens)}-of-{self.account[0]}")
        return Reply.json({"access_token": self.tokens[-1], "expires_in": 600, "token_type": "Bearer"})


class Files:
    """Files by the path they are asked for; where ``identity`` is given, to those alone who bear a token of it."""

    def __init__(self, files: Mapping[str, Path], identity: Identity | None = None) -> None:
        self.files, self.identity = dict(files), identity

    def __call__(self, request: Request) -> Reply:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.identity and token not in self.identity.tokens:
            return Reply.json({"detail": "Expired or missing token"}, 401)
        path = self.files.get(request.path)
        return Reply(200, {"Content-Type": "application/octet-stream"}, path) if path else Reply(404)


def copernicus_assets(product: str, bands: Mapping[str, Path], **told: Any) -> dict[str, dict[str, Any]]:
    """Return the assets of a product as the Copernicus Data Space tells them: on S3, or with a token over HTTPS."""
    folder = f"Sentinel-2/MSI/{product}.SAFE/GRANULE/IMG_DATA"
    return {
        band: {
            "href": f"s3://eodata/{folder}/{path.name}",
            "type": "image/jp2",
            "gsd": 10,
            "file:size": path.stat().st_size,
            "file:checksum": "d50110" + hashlib.md5(path.read_bytes()).hexdigest(),
            "alternate": {"https": {"href": f"https://{COPERNICUS_FILES}{copernicus_path(product, path)}"}},
            **told,
        }
        for band, path in bands.items()
    }


def copernicus_path(product: str, path: Path) -> str:
    """Return where a file of a product is to be had over HTTPS."""
    return quote(f"/odata/v1/Products({product})/Nodes({product}.SAFE)/Nodes({path.name})/$value", safe="/()$")


def item(
    product: str, collection: str, time: datetime, footprint: shapely.Geometry, assets: Mapping[str, Any], **told: Any
) -> dict[str, Any]:
    """Return a STAC item of a product, with what else its catalogue tells of it."""
    baseline, tile = product.split("_")[3], product.split("_")[5]
    properties = {
        "datetime": time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "grid:code": f"MGRS-{tile[1:]}",
        "processing:version": f"{baseline[1:3]}.{baseline[3:]}",
        **told,
    }
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": product,
        "collection": collection,
        "geometry": shapely.geometry.mapping(footprint),
        "bbox": list(footprint.bounds),
        "properties": properties,
        "assets": dict(assets),
        "links": [],
    }
