"""A mirror that runs DHuS, as a function: OpenSearch in JSON, and OData with the files of products as nodes."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import shapely

from services.internet import Reply, Request

GML = (
    '<gml:Polygon xmlns:gml="http://www.opengis.net/gml"><gml:outerBoundaryIs><gml:LinearRing><gml:coordinates>'
    "{}</gml:coordinates></gml:LinearRing></gml:outerBoundaryIs></gml:Polygon>"
)
AGES_AGO = "/Date(1572896729000)/"


class Dhus:
    """SAFE folders by their identifiers, with the footprint and the cloud of each."""

    def __init__(self, products: Mapping[str, Path], footprint: shapely.Geometry, account: Sequence[str]) -> None:
        self.products, self.footprint = dict(products), footprint
        self.known = "Basic " + b64encode(":".join(account).encode()).decode()
        self.on_tape = False

    def __call__(self, request: Request) -> Reply:
        if request.headers.get("Authorization") != self.known:
            return Reply(401, {"Content-Type": "text/html"}, b"<html>HTTP Status 401</html>")
        if request.path == "/dhus/search":
            return Reply.json(self.search(request.query["q"][0]))
        named = re.fullmatch(r"/dhus/odata/v1/Products\('(.+?)'\)(.*)", request.path)
        if not named or named[1] not in self.products:
            return Reply.json({"error": {"message": {"value": "Invalid key to access Products"}}}, 404)
        return self.product(named[1], named[2])

    def search(self, query: str) -> dict[str, Any]:
        pattern = re.search(r"filename:(\S+)", query)
        area = re.search(r'footprint:"Intersects\((.+)\)"', query)
        meets = not area or shapely.from_wkt(area[1]).intersects(self.footprint)
        found = [
            (name, folder)
            for name, folder in self.products.items()
            if meets and (not pattern or fnmatchcase(folder.name, pattern[1]))
        ]
        entries = [self.entry(name, folder) for name, folder in found]
        # A single entry stands there without a list.
        return {
            "feed": {"opensearch:totalResults": str(len(found)), "entry": entries[0] if len(entries) == 1 else entries}
        }

    def entry(self, name: str, folder: Path) -> dict[str, Any]:
        title, day = folder.name.removesuffix(".SAFE"), folder.name.split("_")[2]
        begin = f"{day[:4]}-{day[4:6]}-{day[6:11]}:{day[11:13]}:{day[13:15]}.024Z"
        return {
            "id": name,
            "title": title,
            "date": [{"name": "beginposition", "content": begin}],
            "double": {"name": "cloudcoverpercentage", "content": "12.5"},
            "str": [{"name": "footprint", "content": self.footprint.wkt}],
        }

    def product(self, name: str, rest: str) -> Reply:
        folder = self.products[name]
        if rest == "":
            return Reply.json({"d": self.about(name, folder)})
        if rest == "/$value":
            return Reply(202) if self.on_tape else Reply(206, body=b"PK")
        nodes = re.findall(r"Nodes\('(.+?)'\)", rest)
        path = folder.joinpath(*nodes[1:])
        if not path.is_file():
            return Reply(404)
        if rest.endswith("/$value"):
            return Reply(200, {"Content-Type": "application/octet-stream"}, path)
        return Reply.json({"d": {"ContentLength": str(path.stat().st_size)}})

    def about(self, name: str, folder: Path) -> dict[str, Any]:
        corners = " ".join(f"{latitude},{longitude}" for longitude, latitude in self.footprint.exterior.coords)
        return {
            "Id": name,
            "Name": folder.name.removesuffix(".SAFE"),
            "ContentLength": "1",
            "Checksum": {"Algorithm": "MD5", "Value": "0"},
            "ContentDate": {"Start": AGES_AGO},
            "ContentGeometry": GML.format(corners),
            "__metadata": {"media_src": ""},
            "CreationDate": AGES_AGO,
            "IngestionDate": AGES_AGO,
            "Online": not self.on_tape,
            "Attributes": {},
        }


def write_manifest(folder: Path) -> None:
    """Write manifest.safe as products have it: each file with its size and checksum."""
    objects = [
        f'<dataObject ID="o{number}"><byteStream size="{path.stat().st_size}">'
        f'<fileLocation href="./{path.relative_to(folder)}"/>'
        f'<checksum checksumName="MD5">{hashlib.md5(path.read_bytes()).hexdigest()}</checksum>'
        "</byteStream></dataObject>"
        for number, path in enumerate(sorted(folder.rglob("*.*")))
        if path.is_file() and path.name != "manifest.safe"
    ]
    text = f"<XFDU><dataObjectSection>{''.join(objects)}</dataObjectSection></XFDU>"
    (folder / "manifest.safe").write_text(text)
