"""Earthdata's search, login and downloads, against a local server that speaks as NASA's do."""

from datetime import UTC, date, datetime

import pytest

from leadline.archives.download import Checksum, download
from leadline.archives.earthdata import companions, find, login, search
from leadline.errors import LeadlineError
from services.earthdata import ARCHIVE, CMR, PASSWORD, STORE, TOKEN, URS, USER, earthdata_hosts, umm
from services.internet import Internet

ROSS = (-180, -78, -140, -70)
RING = [(-172, -70), (-171.8, -70), (-174.8, -78), (-175, -78), (-172, -70)]
ELSEWHERE = [(10, -70), (11, -70), (11, -65), (10, -65), (10, -70)]
PAST_180 = [(178, -76), (179, -76), (179, -72), (178, -72), (178, -76)]
NAME = "ATL03_20191104195311_05940510_006_01.h5"
KEY = "20191104195311_05940510"
CONTENT = b"\x89HDF\r\n\x1a\n and photons"


def record(name, ring=RING, path=None):
    stamp = name.split("_")[1]
    day = f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}T"
    return umm(name, f"{day}{stamp[8:10]}:{stamp[10:12]}:{stamp[12:]}Z", f"{day}23:59:59Z", ring, path)


@pytest.fixture(scope="module")
def granule(tmp_path_factory):
    path = tmp_path_factory.mktemp("archive") / NAME
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def internet(granule, monkeypatch, tmp_path):
    records = [
        record("ATL03_20191126182014_09290510_006_01.h5"),
        record(NAME, path=granule),
        record("ATL03_20191104195311_05940510_007_02.h5"),
        record("ATL03_20191104195311_05940510_007_01.h5"),
        record("ATL03_20191105000000_06000510_006_01.h5", ELSEWHERE),
        record("ATL03_20191106000000_06100511_006_01.h5", PAST_180),
        record("ATL03_20190805195311_05940410_006_01.h5"),
        record("ATL07-02_20191104185303_05940501_006_01.h5"),
        record("ATL10-02_20191104185303_05940501_006_01.h5"),
        record("ATL07-02_20190805185303_05940401_006_01.h5"),
    ]
    for name in ("EARTHDATA_TOKEN", "EARTHDATA_USERNAME", "EARTHDATA_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with Internet(earthdata_hosts(records, {NAME: granule})) as internet:
        for name, value in internet.environment.items():
            monkeypatch.setenv(name, value)
        yield internet


def names(granules):
    return [granule.name for granule in granules]


def test_a_granule_is_what_the_catalogue_says(internet, granule):
    found = find("ATL03", "006", KEY)
    assert (found.name, found.product, found.key, found.release) == (NAME, "ATL03", KEY, "006")
    assert (found.rgt, found.cycle) == (594, 5)
    assert found.start == datetime(2019, 11, 4, 19, 53, 11, tzinfo=UTC) < found.end
    assert found.url == f"https://{ARCHIVE}/nsidc-cumulus-prod-protected/ATLAS/ATL03/006/2019/11/04/{NAME}"
    assert found.size == len(CONTENT)
    assert isinstance(found.checksum, Checksum) and not found.checksum.differs_from(granule)
    assert found.footprint == [RING]


@pytest.mark.parametrize(
    ("asked", "cut"),
    [
        ({"box": ROSS, "start": date(2019, 11, 1), "end": date(2019, 11, 30)}, "20191104 20191126"),
        ({"box": ROSS}, "20190805 20191104 20191126"),
        ({"box": (170, -78, -170, -70)}, "20190805 20191104 20191106 20191126"),
        ({"polygon": [(5, -72), (15, -72), (15, -60), (5, -60), (5, -72)]}, "20191105"),
        ({"end": date(2019, 11, 4)}, "20190805 20191104"),
        ({"rgt": 594}, "20190805 20191104"),
        ({"cycle": 4}, "20190805"),
        ({"rgt": 594, "cycle": 5}, "20191104"),
        ({"rgt": 1}, ""),
    ],
)
def test_a_search_finds_what_it_is_narrowed_to_in_order_of_time(internet, asked, cut):
    assert [name[6:14] for name in names(search("ATL03", "006", **asked))] == cut.split()


def test_a_search_that_finds_more_than_a_page_finds_all(internet, monkeypatch):
    many = [
        record(f"ATL03_20200101000000_{track:04d}{cycle:02d}10_006_01.h5") for cycle in (6, 7) for track in range(1100)
    ]
    internet.hosts |= earthdata_hosts(many, {})
    assert len(search("ATL03", "006", box=ROSS)) == 2200
    assert [len(one.request.headers.get("cmr-search-after") or "") for one in internet.requests(CMR)] == [0, 0, 4]


def test_nasas_products_are_matched_by_track_and_cycle(internet):
    atl03 = find("ATL03", "006", KEY)
    assert names(companions(atl03, "ATL07")) == ["ATL07-02_20191104185303_05940501_006_01.h5"]
    assert names(companions(atl03, "ATL10")) == ["ATL10-02_20191104185303_05940501_006_01.h5"]


def test_of_a_granule_the_last_version_counts(internet):
    assert names(search("ATL03", "007")) == ["ATL03_20191104195311_05940510_007_02.h5"]


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (
            lambda: search("ATL03", "005", box=ROSS),
            "release 005 is not served; served are 006, 007: set acquire.release",
        ),
        (lambda: search("ATL99", "006"), "Earthdata has no such product"),
        (lambda: find("ATL03", "006", "20191104195311_05950510"), "has no such granule of release 006"),
    ],
)
def test_what_is_not_there_is_one_line_that_says_what_is(internet, ask, words):
    with pytest.raises(LeadlineError, match=words):
        ask()


def test_a_search_is_asked_again_while_the_catalogue_is_busy(internet):
    internet.fault(CMR, 503, Retry_After="0")
    internet.fault(CMR, 429, Retry_After="0")
    internet.fault(CMR, "reset", after=50)
    internet.fault(CMR, "short", after=50)
    assert names(search("ATL03", "006", rgt=594, cycle=5)) == [NAME]


@pytest.mark.parametrize(("kind", "words"), [(400, "out of order"), ("html", "CMR")])
def test_a_catalogue_that_does_not_answer_is_one_line(internet, kind, words):
    internet.fault(CMR, kind, times=99)
    with pytest.raises(LeadlineError, match=words) as caught:
        search("ATL03", "006")
    assert "\n" not in str(caught.value)


def fetched(internet, folder):
    granule = find("ATL03", "006", KEY)
    download(granule.url, folder / NAME, session=login(), size=granule.size, checksum=granule.checksum)
    return (folder / NAME).read_bytes()


def by_token(monkeypatch, folder):
    monkeypatch.setenv("EARTHDATA_TOKEN", TOKEN)


def by_password(monkeypatch, folder):
    monkeypatch.setenv("EARTHDATA_USERNAME", USER)
    monkeypatch.setenv("EARTHDATA_PASSWORD", PASSWORD)


def by_netrc(monkeypatch, folder):
    (folder / "netrc").write_text(f"machine {URS} login {USER} password {PASSWORD}\n")


@pytest.mark.parametrize("way", [by_token, by_password, by_netrc])
def test_a_granule_is_downloaded_by_whoever_is_known(internet, monkeypatch, tmp_path, way):
    way(monkeypatch, tmp_path)
    assert fetched(internet, tmp_path) == CONTENT


@pytest.mark.parametrize("way", [by_token, by_password, by_netrc])
def test_neither_token_nor_password_goes_where_it_does_not_belong(internet, monkeypatch, tmp_path, way, caplog, capfd):
    caplog.set_level("DEBUG")
    way(monkeypatch, tmp_path)
    fetched(internet, tmp_path)
    for one in internet.seen:
        credential = one.request.headers.get("Authorization", "none")
        allowed = {ARCHIVE: ("none", "Bearer"), URS: ("none", "Basic", "Bearer")}.get(one.request.host, ("none",))
        assert credential.split()[0] in allowed, one.request.host
        assert not (credential.startswith("Bearer") and one.request.host != ARCHIVE and TOKEN in credential)
    said = caplog.text + "".join(capfd.readouterr())
    assert TOKEN not in said and PASSWORD not in said


def test_without_any_login_it_is_said_how_to(internet):
    with pytest.raises(LeadlineError, match="expected EARTHDATA_TOKEN, or EARTHDATA_USERNAME and EARTHDATA_PASSWORD"):
        login()


def test_a_wrong_password_is_one_line(internet, monkeypatch):
    monkeypatch.setenv("EARTHDATA_USERNAME", USER)
    monkeypatch.setenv("EARTHDATA_PASSWORD", "mistyped")
    with pytest.raises(LeadlineError, match="Invalid user credentials") as caught:
        login()
    assert "\n" not in str(caught.value) and "mistyped" not in str(caught.value)


def test_an_expired_token_is_one_line_that_says_what_to_do(internet, monkeypatch, tmp_path):
    monkeypatch.setenv("EARTHDATA_TOKEN", "expired")
    with pytest.raises(LeadlineError, match=f"{URS} does not know you .401.: the token or password is missing"):
        fetched(internet, tmp_path)
    assert not (tmp_path / NAME).exists()
    assert not internet.requests(STORE)
