"""Scenes fetched from a local server that is the Copernicus Data Space or a bucket of COGs: whole, or in windows."""

from datetime import UTC, datetime

import numpy as np
import pytest
import rasterio
import shapely
from pyproj import Transformer

from leadline.archives.ground_track import ground_track
from leadline.archives.sentinel_account import open_session
from leadline.archives.sentinel_fetch import fetch_scene
from leadline.archives.web import Patience
from leadline.errors import LeadlineError
from leadline.products.product import BANDS
from leadline.scene import open_scene
from services import sentinel
from services.internet import Internet, Reply

TIME = datetime(2019, 11, 26, 18, 45, 13, tzinfo=UTC)
CORNER = (566_000, 1_750_000)
"""m in EPSG:32703, of the square that the tests have of T03CWT; the track of 26 November runs through."""
TRACK = ground_track("20191126182014_09290510")
ARCHIVE = {
    "stac": f"https://{sentinel.COPERNICUS}/v1",
    "collections": {"L1C": "sentinel-2-l1c"},
    "login": f"https://{sentinel.COPERNICUS_LOGIN}/auth/realms/CDSE/protocol/openid-connect/token",
}
ACCOUNT = {"COPERNICUS_USERNAME": "polar@example.org", "COPERNICUS_PASSWORD": "a-secret-of-mine"}
PRODUCT = "S2A_MSIL1C_20191126T184459_N0500_R000_T03CWT_20230605T101500"
ELSEWHERE, SIGNER = "bucket.cloud.net", "planetarycomputer.microsoft.com"
QUICK = Patience(tries=3, back_off=0.01, stall=0.5)


def write_bands(folder, driver, ending, size, **options):
    """Write four bands, each one of digital numbers of a level of its own, and return their paths."""
    profile = {"width": size, "height": size, "count": 1, "dtype": "uint16", "crs": "EPSG:32703"}
    transform = rasterio.Affine(10, 0, CORNER[0], 0, -10, CORNER[1])
    paths = {}
    for level, band in enumerate(BANDS, start=1):
        paths[band] = folder / f"T03CWT_20191126T184459_{band}{ending}"
        numbers = 2000 * level + np.random.default_rng(level).integers(0, 50, (1, size, size), np.uint16)
        with rasterio.open(paths[band], "w", driver=driver, transform=transform, **profile, **options) as file:
            file.write(numbers)
    return paths


def footprint():
    to_earth = Transformer.from_crs("EPSG:32703", "EPSG:4326", always_xy=True)
    x, y = np.array([0, 1, 1, 0]) * 10_000 + CORNER[0], CORNER[1] - np.array([0, 0, 1, 1]) * 10_000
    return shapely.Polygon(np.column_stack(to_earth.transform(x, y)))


@pytest.fixture
def bands(tmp_path):
    (tmp_path / "archive").mkdir()
    return write_bands(tmp_path / "archive", "JP2OpenJPEG", ".jp2", 256, QUALITY=100, REVERSIBLE="YES")


@pytest.fixture
def item(bands):
    assets = sentinel.copernicus_assets(PRODUCT, bands)
    return sentinel.item(PRODUCT, "sentinel-2-l1c", TIME, footprint(), assets)


@pytest.fixture
def internet(bands, monkeypatch):
    identity = sentinel.Identity(*ACCOUNT.values())
    files = {sentinel.copernicus_path(PRODUCT, path): path for path in bands.values()}
    hosts = {
        sentinel.COPERNICUS_LOGIN: identity,
        sentinel.COPERNICUS_FILES: sentinel.Files(files, identity),
        ELSEWHERE: sentinel.Files({f"/{path.name}": path for path in bands.values()}),
    }
    with Internet(hosts) as internet:
        for name, value in internet.environment.items():
            monkeypatch.setenv(name, value)
        yield internet


def fetch(folder, item, account=ACCOUNT, archive=ARCHIVE, **windows):
    session = open_session(archive, "L1C", account, QUICK)
    fetch_scene(item, folder / "S2_T03CWT_20191126T184459", session, patience=QUICK, **windows)
    return folder / "S2_T03CWT_20191126T184459"


def refused(folder, item, **options):
    """Return the one line that a fetch ends in, after which there is no scene."""
    with pytest.raises(LeadlineError) as raised:
        fetch(folder, item, **options)
    assert not (folder / "S2_T03CWT_20191126T184459").exists()
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_fetched_scene_opens_with_the_reflectance_of_its_baseline(internet, item, tmp_path):
    with open_scene(fetch(tmp_path, item)) as scene:
        assert (scene.name, scene.tile, scene.level) == (PRODUCT, "T03CWT", "L1C")
        assert scene.sensing_time == TIME
        reflectance = scene.reflectance()
    for level, plane in enumerate(reflectance, start=1):
        assert np.allclose(plane, (2000 * level - 1000) / 1e4, atol=0.0051)


def test_only_the_four_bands_are_asked_for_with_one_login(internet, item, tmp_path):
    item["assets"]["B05"] = {**item["assets"]["B04"], "gsd": 20}
    fetch(tmp_path, item)
    assert len(internet.requests(sentinel.COPERNICUS_FILES)) == 4
    assert len(internet.requests(sentinel.COPERNICUS_LOGIN)) == 1


@pytest.mark.parametrize("fault", ["reset", "short", "stall", "corrupt", "shrunk", 503])
def test_a_transfer_that_goes_wrong_is_mended(internet, item, bands, tmp_path, fault):
    internet.fault("B03", fault, after=20_000)
    folder = fetch(tmp_path, item)
    assert (folder / bands["B03"].name).read_bytes() == bands["B03"].read_bytes()


def test_a_stopped_fetch_goes_on_with_the_bands_it_lacks(internet, item, bands, tmp_path):
    internet.fault("B04", 404)
    assert "404" in refused(tmp_path, item)
    before = len(internet.requests(sentinel.COPERNICUS_FILES))
    fetch(tmp_path, item)
    assert len(internet.requests(sentinel.COPERNICUS_FILES)) - before == 2


def test_without_an_account_the_variables_are_named(item, tmp_path):
    said = refused(tmp_path, item, account={"COPERNICUS_USERNAME": "me"})
    assert "COPERNICUS_PASSWORD not set; export those of your account" in said


def test_a_wrong_password_is_told_and_never_shown(internet, item, tmp_path):
    said = refused(tmp_path, item, account={**ACCOUNT, "COPERNICUS_PASSWORD": "12345678"})
    assert f"{sentinel.COPERNICUS_LOGIN} does not know you (401)" in said
    assert "12345678" not in said


def test_the_token_goes_to_no_other_domain(internet, item, bands, tmp_path):
    """Neither where an item leads elsewhere, nor where the archive redirects."""
    files = internet.hosts[sentinel.COPERNICUS_FILES]

    def archive(request):
        if "B03" in request.path:
            return Reply(302, {"Location": f"https://{ELSEWHERE}/{bands['B03'].name}"})
        return files(request)

    internet.hosts[sentinel.COPERNICUS_FILES] = archive
    item["assets"]["B02"]["alternate"] = {"https": {"href": f"https://{ELSEWHERE}/{bands['B02'].name}"}}
    fetch(tmp_path, item)
    elsewhere = internet.requests(ELSEWHERE)
    assert len(elsewhere) == 2
    assert not any("Authorization" in one.request.headers for one in elsewhere)


def test_a_band_that_the_catalogue_lacks_is_named(item, tmp_path):
    del item["assets"]["B03"]
    assert "B03 missing in the catalogue" in refused(tmp_path, item)


def test_a_band_on_paid_storage_alone_says_where_else_to_look(item, tmp_path):
    for asset in item["assets"].values():
        del asset["alternate"]
    said = refused(tmp_path, item)
    assert "only at s3://eodata/" in said
    assert "acquire.archive" in said


@pytest.fixture
def cogs(tmp_path, monkeypatch):
    """A bucket of COGs on the network, and the item of its scene."""
    (tmp_path / "bucket").mkdir()
    paths = write_bands(tmp_path / "bucket", "COG", ".tif", 1024, BLOCKSIZE=128, COMPRESS="DEFLATE")
    # GDAL remembers what each address holds.
    place = f"/{tmp_path.name}"
    address = f"https://{sentinel.EARTH_SEARCH_FILES}{place}"
    assets = {band: {"href": f"{address}/{path.name}", "gsd": 10} for band, path in paths.items()}
    files = sentinel.Files({f"{place}/{path.name}": path for path in paths.values()})
    with Internet({sentinel.EARTH_SEARCH_FILES: files, SIGNER: give_signature}) as internet:
        for name, value in internet.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("GDAL_CURL_CA_BUNDLE", internet.environment["CURL_CA_BUNDLE"])
        yield internet, sentinel.item(PRODUCT, "sentinel-2-l1c", TIME, footprint(), assets)


def give_signature(request):
    return Reply.json({"token": "st=today&sig=abc"})


OPEN = {name: ARCHIVE[name] for name in ("stac", "collections")}


def test_of_cogs_the_blocks_near_the_track_are_read_and_no_more(cogs, tmp_path):
    internet, item = cogs
    folder = fetch(tmp_path, item, archive=OPEN, tracks=[TRACK], reach=500.0)
    to_utm = Transformer.from_crs("EPSG:4326", "EPSG:32703", always_xy=True)
    line = shapely.LineString(np.column_stack(to_utm.transform(TRACK.longitude, TRACK.latitude))).buffer(490)
    with open_scene(folder) as scene:
        seen = np.isfinite(scene.reflectance()).all(axis=0)
        columns, rows = np.meshgrid(np.arange(1024) + 0.5, np.arange(1024) + 0.5)
        near = shapely.contains_xy(line, *(scene.transform * (columns, rows)))
    assert near.any()
    assert seen[near].all()
    assert seen.mean() < 0.35
    sizes = sum(path.stat().st_size for path in (tmp_path / "bucket").iterdir())
    assert sum(one.sent for one in internet.requests(sentinel.EARTH_SEARCH_FILES)) < 0.5 * sizes


def test_windows_and_whole_bands_hold_the_same_numbers(cogs, tmp_path):
    _, item = cogs
    (tmp_path / "windows").mkdir(), (tmp_path / "whole").mkdir()
    with open_scene(fetch(tmp_path / "windows", item, archive=OPEN, tracks=[TRACK], reach=500.0)) as scene:
        windows = scene.reflectance()
    with open_scene(fetch(tmp_path / "whole", item, archive=OPEN)) as scene:
        whole = scene.reflectance()
    seen = np.isfinite(windows)
    assert (windows[seen] == whole[seen]).all()


def test_windows_of_a_stopped_run_are_never_taken_for_whole_bands(cogs, tmp_path):
    internet, item = cogs
    internet.fault("B08", 404)
    refused(tmp_path, item, archive=OPEN, tracks=[TRACK], reach=500.0)
    with open_scene(fetch(tmp_path, item, archive=OPEN)) as scene:
        assert np.isfinite(scene.reflectance()).all()


@pytest.mark.parametrize("status", [503, 429])
def test_a_busy_bucket_is_asked_again(cogs, tmp_path, status):
    internet, item = cogs
    internet.fault("B03", status)
    fetch(tmp_path, item, archive=OPEN, tracks=[TRACK], reach=500.0)


@pytest.mark.parametrize("fault", [403, 404, "html"])
def test_windows_that_cannot_be_read_are_told_in_one_line(cogs, tmp_path, fault):
    internet, item = cogs
    internet.fault("B03", fault, times=99)
    said = refused(tmp_path, item, archive=OPEN, tracks=[TRACK], reach=500.0)
    assert f"B03.tif: {sentinel.EARTH_SEARCH_FILES} gives no COG" in said


def test_addresses_are_signed_where_an_archive_asks_for_it(cogs, tmp_path):
    internet, item = cogs
    internet.hosts[sentinel.EARTH_SEARCH_FILES] = only_signed(internet.hosts[sentinel.EARTH_SEARCH_FILES])
    archive = {**OPEN, "sign": f"https://{SIGNER}/api/sas/v1/token"}
    (tmp_path / "windows").mkdir()
    fetch(tmp_path, item, archive=archive)
    fetch(tmp_path / "windows", item, archive=archive, tracks=[TRACK], reach=500.0)
    assert {one.request.path for one in internet.requests(SIGNER)} == {"/api/sas/v1/token/sentinel-2-l1c"}
    assert len(internet.requests(SIGNER)) == 2


def test_no_signature_is_told_or_logged(cogs, tmp_path, caplog):
    internet, item = cogs
    archive = {**OPEN, "sign": f"https://{SIGNER}/api/sas/v1/token"}
    internet.fault("B03", 403, times=99)
    caplog.set_level("DEBUG", logger="leadline")
    said = refused(tmp_path, item, archive=archive, tracks=[TRACK], reach=500.0)
    assert "sig=abc" not in said + caplog.text


def only_signed(files):
    def signed(request):
        return files(request) if request.query.get("sig") == ["abc"] else Reply(403)

    return signed
