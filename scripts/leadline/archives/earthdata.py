"""NASA Earthdata: who one is there, and which granules of ATL03, ATL07 and ATL10 it has.

The search asks CMR, NASA's catalogue, and needs no account; downloads need one. No other module knows earthaccess.
"""

import logging
import os
import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import earthaccess
import requests
from earthaccess.exceptions import LoginAttemptFailure, LoginStrategyUnavailable

from leadline.archives.download import Checksum
from leadline.archives.web import in_one_line, polite
from leadline.errors import LeadlineError

logger = logging.getLogger("leadline.archives.earthdata")

PROVIDER = "NSIDC_CPRD"
"""Name in CMR of the cloud in which NSIDC keeps ICESat-2."""

Box = tuple[float, float, float, float]
"""West, south, east, north, degrees; with west > east the box lies across the antimeridian."""

Ring = list[tuple[float, float]]
"""Longitude and latitude of the corners of an outline, degrees; the last is the first."""

_NAME = re.compile(
    r"(?P<product>ATL\d{2})(?:-\d{2})?_(?P<key>\d{14}_(?P<rgt>\d{4})(?P<cycle>\d{2})\d{2})_(?P<release>\d{3})_\d{2}\.h5"
)

_HOW_TO_LOG_IN = (
    "expected EARTHDATA_TOKEN, or EARTHDATA_USERNAME and EARTHDATA_PASSWORD, in the environment, or a line for"
    " urs.earthdata.nasa.gov in ~/.netrc; generate a token at https://urs.earthdata.nasa.gov and export it"
)


@dataclass(frozen=True)
class Granule:
    """What the catalogue says of one file."""

    name: str
    """File name, as in ATL03_20191104195311_05940510_006_01.h5."""
    product: str
    """ATL03, ATL07 or ATL10."""
    key: str
    """Start time and track, cycle, region, as in 20191104195311_05940510; ATL07 and ATL10 have starts of their own."""
    release: str
    rgt: int
    """Reference ground track, 1 to 1387."""
    cycle: int
    start: datetime
    end: datetime
    url: str
    """Where it is downloaded from (https)."""
    size: int | None
    """Bytes, where the catalogue says."""
    checksum: Checksum | None
    footprint: list[Ring]
    """Outlines of the ground that it covers; none where the catalogue has none."""


def login() -> requests.Session:
    """Return a session that Earthdata knows: by EARTHDATA_TOKEN, by user name and password, or by ~/.netrc.

    In this order, and the first that is there counts. Raises ``LeadlineError`` where none is, or it is not accepted.
    """
    told = os.environ.get
    in_environment = told("EARTHDATA_TOKEN") or (told("EARTHDATA_USERNAME") and told("EARTHDATA_PASSWORD"))
    try:
        with in_one_line("Earthdata login"):
            known = earthaccess.Auth().login("environment" if in_environment else "netrc")
    except LoginStrategyUnavailable:
        raise LeadlineError(f"Earthdata login: {_HOW_TO_LOG_IN}") from None
    except LoginAttemptFailure as error:
        message = f"Earthdata login: user name and password are not accepted ({_last_line(error)})"
        raise LeadlineError(f"{message}; try them at https://urs.earthdata.nasa.gov") from None
    return polite(known.get_session())


def search(
    product: str,
    release: str,
    *,
    box: Box | None = None,
    polygon: Sequence[tuple[float, float]] | None = None,
    start: date | None = None,
    end: date | None = None,
    rgt: int | None = None,
    cycle: int | None = None,
) -> list[Granule]:
    """Return the granules of a product and release, in order of time, as far as the rest narrows them.

    ``polygon`` is a ring, counter-clockwise. ``end`` is the last day. Raises ``LeadlineError`` where the release is not
    served, with those that are, and where the catalogue cannot be asked.
    """
    query = _query(product, release)
    if box:
        query.bounding_box(*box)
    if polygon:
        query.polygon(list(polygon))
    if start or end:
        query.temporal(start, end)
    if rgt or cycle:
        query.granule_name(_pattern(product, "?" * 14, rgt, cycle, release))
    return _found(query, product, release)


def find(product: str, release: str, key: str) -> Granule:
    """Return the granule of a key. Raises ``LeadlineError`` where there is none."""
    query = _query(product, release).granule_name(f"{product}*_{key}_{release}_??.h5")
    granules = _found(query, product, release)
    if not granules:
        message = f"{product}_{key}: Earthdata has no such granule of release {release}"
        raise LeadlineError(f"{message}; correct the table, or search again")
    return granules[-1]


def companions(granule: Granule, product: str, release: str | None = None) -> list[Granule]:
    """Return the granules of another product over the same pass: of the same track and cycle, whatever their start."""
    return search(product, release or granule.release, rgt=granule.rgt, cycle=granule.cycle)


def _query(product: str, release: str) -> earthaccess.DataGranules:
    query = earthaccess.DataGranules().short_name(product).version(release).provider(PROVIDER)
    polite(query.session)
    return query


def _pattern(product: str, start: str, rgt: int | None, cycle: int | None, release: str) -> str:
    """Return what the names look like: * stands for anything, ? for one character."""
    track = "????" if rgt is None else f"{rgt:04d}"
    return f"{product}*_{start}_{track}{'??' if cycle is None else f'{cycle:02d}'}??_{release}_??.h5"


def _found(query: earthaccess.DataGranules, product: str, release: str) -> list[Granule]:
    """Return what a query finds, of each granule the last version."""
    records = _asked(query)
    if not records:
        _refuse_unless_served(product, release)
    granules = {granule.key: granule for granule in sorted(_granules(records), key=lambda one: one.name)}
    other = {granule.release for granule in granules.values()} - {release}
    if other:
        raise LeadlineError(f"{product}: asked for release {release}, CMR gives {', '.join(other)}; ask for that one")
    return sorted(granules.values(), key=lambda granule: granule.start)


def _asked(query: earthaccess.DataGranules | earthaccess.DataCollections) -> list[dict[str, Any]]:
    try:
        with in_one_line("CMR"), warnings.catch_warnings():
            # earthaccess warns of what its next version will rename.
            warnings.simplefilter("ignore", FutureWarning)
            return query.get_all()
    except (RuntimeError, KeyError) as error:
        raise LeadlineError(f"CMR, NASA's catalogue, does not answer ({_last_line(error)}); try again later") from None


def _refuse_unless_served(product: str, release: str) -> None:
    query = earthaccess.DataCollections().short_name(product).provider(PROVIDER)
    polite(query.session)
    served = sorted({record["umm"]["Version"] for record in _asked(query)})
    if release not in served:
        instead = f"served are {', '.join(served)}: set acquire.release" if served else "Earthdata has no such product"
        raise LeadlineError(f"{product}: release {release} is not served; {instead}")


def _granules(records: Iterable[dict[str, Any]]) -> Iterable[Granule]:
    for record in records:
        urls = [url for url in record.data_links(access="external") if url.endswith(".h5")]
        name = _NAME.search(urls[0]) if urls else None
        if name:
            yield _granule(record, name, urls[0])
        else:
            logger.warning("CMR: %s: no granule's name or address; it is left out", record["umm"].get("GranuleUR"))


def _granule(record: dict[str, Any], name: re.Match, url: str) -> Granule:
    umm = record["umm"]
    file = next(
        (one for one in umm["DataGranule"].get("ArchiveAndDistributionInformation", []) if one["Name"] == name[0]), {}
    )
    checksum = file.get("Checksum")
    times = umm["TemporalExtent"]["RangeDateTime"]
    return Granule(
        name=name[0],
        product=name["product"],
        key=name["key"],
        release=name["release"],
        rgt=int(name["rgt"]),
        cycle=int(name["cycle"]),
        start=datetime.fromisoformat(times["BeginningDateTime"]),
        end=datetime.fromisoformat(times["EndingDateTime"]),
        url=url,
        size=file.get("SizeInBytes"),
        checksum=Checksum(checksum["Algorithm"], checksum["Value"]) if checksum else None,
        footprint=_footprint(record),
    )


def _footprint(record: dict[str, Any]) -> list[Ring]:
    try:
        outlines = record.__geo_interface__
    except ValueError:
        return []
    if outlines["type"] != "MultiPolygon":
        return []
    return [[tuple(place) for place in rings[0]] for rings in outlines["coordinates"]]


def _last_line(error: Exception) -> str:
    """Return the last line of what a service said, which is what it means."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1]
