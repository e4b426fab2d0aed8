"""Sentinel-2 scenes on mirrors that run DHuS, the software of Copernicus's hub that closed in 2023 (sentinelsat)."""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
import requests
import shapely
from sentinelsat import InvalidChecksumError, LTATriggered, SentinelAPI, SentinelAPIError

from leadline.archives.sentinel_products import scene_of, table_of, tile_and_time, version
from leadline.archives.web import PATIENCE, Patience, polite, reason
from leadline.errors import LeadlineError

logger = logging.getLogger("leadline.archives.sentinel_dhus")

USERNAME, PASSWORD = "DHUS_USER", "DHUS_PASSWORD"
NEEDED = re.compile(r"(MTD_MSI\w+|MTD_TL)\.xml$|_B(02|03|04|08)(_10m)?\.jp2$")
"""What of a product is fetched: its metadata and its 10 m bands."""
AROUND = 0.01
"""Degrees about a line that make it a polygon."""


class Mirror:
    """A server of DHuS, and an account there."""

    def __init__(
        self, archive: Mapping[str, Any], environment: Mapping[str, str], patience: Patience = PATIENCE
    ) -> None:
        """Speak with the server ``archive["dhus"]`` as ``DHUS_USER`` with ``DHUS_PASSWORD`` of the environment."""
        absent = [name for name in (USERNAME, PASSWORD) if not environment.get(name)]
        if absent:
            raise LeadlineError(f"{archive['dhus']}: {' and '.join(absent)} not set; export those of your account")
        self.host = urlsplit(archive["dhus"]).hostname
        self.server = SentinelAPI(
            environment[USERNAME], environment[PASSWORD], archive["dhus"], show_progressbars=False
        )
        polite(self.server.session, patience)

    def search(self, level: str, place: shapely.Geometry, start: datetime, end: datetime) -> pd.DataFrame:
        """Return the scenes that meet a place and time, as ``sentinel_search.search_scenes`` does of a STAC API."""
        found: dict[str, dict[str, Any]] = {}
        with self._in_one_line("search"):
            # DHuS takes polygons alone.
            for part in shapely.get_parts(place):
                area = part.buffer(AROUND, quad_segs=1).convex_hull.wkt
                found |= self.server.query(area=area, date=(start, end), **_kind(level))
        return table_of(
            (
                scene_of(one["title"]),
                one["beginposition"],
                one.get("cloudcoverpercentage"),
                shapely.from_wkt(one["footprint"]),
                one["title"],
            )
            for one in found.values()
        )

    def fetch(self, level: str, scene: str, folder: Path) -> None:
        """Fetch a scene's metadata and 10 m bands into a SAFE folder, or leave no folder of that name.

        Of several products the newest is taken. Their checksums are verified; what a stopped run has fetched is not
        fetched again. Raises ``LeadlineError`` where the mirror does not hold the scene, or holds it on tape.
        """
        tile, begin = tile_and_time(scene)
        with self._in_one_line(scene):
            found = self.server.query(filename=f"S2?_MSI{level}_{begin:%Y%m%dT%H%M%S}_*_{tile}_*", **_kind(level))
            if not found:
                raise LeadlineError(f"{scene}: {self.host} holds no such {level}; look for it with `snakemake search`")
            product = max(found, key=lambda name: version(found[name]["title"]))
            aside = folder.with_name(f".{folder.name}.partial")
            aside.mkdir(parents=True, exist_ok=True)
            self.server.download(product, str(aside), nodefilter=lambda node: bool(NEEDED.search(node["node_path"])))
        title = found[product]["title"]
        (aside / f"{title}.SAFE").replace(folder)
        aside.rmdir()
        logger.info("%s: %s from %s", folder.name, title, self.host)

    @contextmanager
    def _in_one_line(self, wanted: str) -> Iterator[None]:
        try:
            yield
        except LTATriggered:
            raise LeadlineError(f"{wanted}: {self.host} fetches it from tape; run it again in some hours") from None
        except (SentinelAPIError, InvalidChecksumError) as error:
            said = " ".join(str(error).split())
            raise LeadlineError(f"{wanted}: {self.host} does not give it ({said}); try again later") from None
        except requests.RequestException as error:
            raise LeadlineError(
                f"{wanted}: {reason(error, self.server.api_url)}; is the network there? Try again later"
            ) from None


def _kind(level: str) -> dict[str, str]:
    return {"platformname": "Sentinel-2", "producttype": f"S2MSI{level[1:]}"}
