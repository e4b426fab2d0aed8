"""NASA Earthdata on this machine: its catalogue, its login, its archive and the cloud store that the archive sends to.

As they speak: CMR's granule search in UMM JSON with paging; Earthdata Login with Basic credentials for tokens and the
redirect of OAuth; the archive that takes a token or the login's cookie and answers with a signed address of the store;
and the store, which refuses a request that brings a token besides the signature, as S3 does.
"""

import hashlib
from base64 import b64encode
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import urlencode

import shapely

from services.internet import LOGIN_PAGE, Host, Reply, Request

TOKEN = "eyJhbGciOiJIUzI1NiJ9.a-token-of-the-tests.never-to-be-written"
USER, PASSWORD = "someone", "a-password-of-the-tests"
SIGNATURE = "signed-by-the-store"
CMR, URS = "cmr.earthdata.nasa.gov", "urs.earthdata.nasa.gov"
ARCHIVE, STORE = "data.nsidc.earthdatacloud.nasa.gov", "d1nklfio7vscoe.cloudfront.net"
FOLDER = "/nsidc-cumulus-prod-protected/ATLAS"
COOKIE = "asf-urs=known"
PAGE = 2000
"""Most records that CMR gives at once."""


def umm(name: str, start: str, end: str, ring: list[tuple[float, float]], path: Path | None = None) -> dict:
    """Return CMR's record of a granule: its name, times (ISO), outline, and size and checksum where there is a file."""
    product, release = name[:5], name.split("_")[-2]
    day = f"{start[:4]}/{start[5:7]}/{start[8:10]}"
    place = f"{FOLDER}/{product}/{release}/{day}/{name}"
    file = {"Name": name, "Format": "HDF5"}
    if path:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        file |= {"SizeInBytes": path.stat().st_size, "Checksum": {"Algorithm": "SHA-256", "Value": digest}}
    corners = [{"Longitude": longitude, "Latitude": latitude} for longitude, latitude in ring]
    return {
        "GranuleUR": name,
        "CollectionReference": {"ShortName": product, "Version": release},
        "TemporalExtent": {"RangeDateTime": {"BeginningDateTime": start, "EndingDateTime": end}},
        "SpatialExtent": {"HorizontalSpatialDomain": {"Geometry": {"GPolygons": [{"Boundary": {"Points": corners}}]}}},
        "DataGranule": {"ArchiveAndDistributionInformation": [file], "DayNightFlag": "UNSPECIFIED"},
        "RelatedUrls": [
            {"URL": f"https://{ARCHIVE}{place}", "Type": "GET DATA"},
            {"URL": f"s3:/{place}", "Type": "GET DATA VIA DIRECT ACCESS"},
            {"URL": f"https://{ARCHIVE}/s3credentials", "Type": "VIEW RELATED INFORMATION"},
        ],
        "MetadataSpecification": {"URL": "https://cdn.earthdata.nasa.gov/umm/granule/v1.6.6", "Name": "UMM-G"},
    }


def earthdata_hosts(records: list[dict], files: dict[str, Path]) -> dict[str, Host]:
    """Return Earthdata's hosts: a catalogue of ``umm`` records, and an archive of files by name."""
    return {
        CMR: lambda request: _catalogue(request, records),
        URS: _login,
        ARCHIVE: _archive,
        STORE: lambda request: _store(request, files),
    }


def _catalogue(request: Request, records: list[dict]) -> Reply:
    if "collections" in request.path:
        names = {tuple(record["CollectionReference"].values()) for record in records}
        product = request.query["short_name"][0]
        found = [{"ShortName": name, "Version": version} for name, version in sorted(names) if name == product]
    elif request.path != "/search/granules.umm_json":
        return Reply.json({"errors": ["The requested resource is not here."]}, 404)
    else:
        found = [record for record in records if _matches(record, request.query)]
    size, first = int(request.query["page_size"][0]), int(request.headers.get("cmr-search-after", 0))
    shown = found[first : first + min(size, PAGE)]
    more = {"cmr_search_after": str(first + len(shown))} if first + len(shown) < len(found) else {}
    items = [{"meta": {"concept-id": f"G{n}-NSIDC_CPRD"}, "umm": record} for n, record in enumerate(shown)]
    return Reply.json({"hits": len(found), "took": 5, "items": items}, CMR_Hits=str(len(found)), **more)


def _matches(record: dict, query: dict[str, list[str]]) -> bool:
    collection = record["CollectionReference"]
    times = record["TemporalExtent"]["RangeDateTime"]
    if [collection["ShortName"]] != query["short_name"] or [collection["Version"]] != query["version"]:
        return False
    for name in query.get("readable_granule_name", []):
        if not fnmatchcase(record["GranuleUR"], name):
            return False
    for span in query.get("temporal[]", []):
        begin, end = span.split(",")
        if (end and times["BeginningDateTime"] > end) or (begin and times["EndingDateTime"] < begin):
            return False
    return all(_ground(record).intersects(_area(query, name)) for name in ("bounding_box", "polygon") if name in query)


def _ground(record: dict) -> shapely.Geometry:
    (polygon,) = record["SpatialExtent"]["HorizontalSpatialDomain"]["Geometry"]["GPolygons"]
    return shapely.Polygon([(corner["Longitude"], corner["Latitude"]) for corner in polygon["Boundary"]["Points"]])


def _area(query: dict[str, list[str]], name: str) -> shapely.Geometry:
    numbers = [float(number) for number in query[name][0].split(",")]
    if name == "polygon":
        return shapely.Polygon(list(zip(numbers[::2], numbers[1::2], strict=True)))
    west, south, east, north = numbers
    spans = [(west, east)] if west <= east else [(west, 180), (-180, east)]
    return shapely.union_all([shapely.box(begin, south, end, north) for begin, end in spans])


def _login(request: Request) -> Reply:
    right = "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    if request.headers.get("Authorization") != right:
        wrong = {"error": "invalid_credentials", "error_description": "Invalid user credentials"}
        return Reply.json(wrong, 401, WWW_Authenticate='Basic realm="Earthdata Login"')
    if request.path == "/api/users/find_or_create_token":
        return Reply.json({"access_token": TOKEN, "token_type": "Bearer", "expiration_date": "01/01/2099"})
    if request.path == "/oauth/authorize":
        back = urlencode({"code": "granted", "state": request.query["state"][0]})
        return Reply(302, {"Location": f"https://{ARCHIVE}/login?{back}"})
    return LOGIN_PAGE


def _archive(request: Request) -> Reply:
    if request.path == "/login":
        return Reply(302, {"Location": request.query["state"][0], "Set-Cookie": f"{COOKIE}; Path=/"})
    known = request.headers.get("Authorization") == f"Bearer {TOKEN}" or COOKIE in request.headers.get("Cookie", "")
    if known:
        return Reply(303, {"Location": f"https://{STORE}{request.path}?A-userid={USER}&Signature={SIGNATURE}"})
    asked = {"client_id": "tea", "response_type": "code", "redirect_uri": f"https://{ARCHIVE}/login"}
    return Reply(302, {"Location": f"https://{URS}/oauth/authorize?{urlencode(asked | {'state': request.path})}"})


def _store(request: Request, files: dict[str, Path]) -> Reply:
    if request.headers.get("Authorization"):
        return Reply(400, body=b"<Error><Code>InvalidArgument</Code>Only one auth mechanism allowed</Error>")
    if request.query.get("Signature") != [SIGNATURE]:
        return Reply(403, body=b"<Error><Code>AccessDenied</Code></Error>")
    path = files.get(request.path.rpartition("/")[2])
    return Reply(200, {"Content-Type": "application/x-hdf5"}, path) if path else Reply(404)
