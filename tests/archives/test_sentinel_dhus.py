"""A local server that is a mirror running DHuS, through sentinelsat: searched, and what is needed of a product."""

from datetime import UTC, datetime

import numpy as np
import pytest
import shapely
from affine import Affine

from leadline.archives.sentinel_dhus import Mirror
from leadline.archives.web import Patience
from leadline.errors import LeadlineError
from leadline.scene import open_scene
from leadline.simulate.safe_folder import write_safe
from services.dhus import Dhus, write_manifest
from services.internet import Internet

SCENE = "S2_T02CNA_20191104T194529"
ACCOUNT = {"DHUS_USER": "polar", "DHUS_PASSWORD": "87654321"}
ARCHIVE = {"dhus": "https://dhus.mirror.org/dhus"}
FOOTPRINT = shapely.box(-171, -76.7, -167, -75.6)
TIME = datetime(2019, 11, 4, 19, 45, 29, tzinfo=UTC)
LINE = shapely.MultiLineString([[(-170, -70), (-170, -78)], [(170, -70), (170, -78)]])
QUICK = Patience(tries=3, back_off=0.01, stall=0.5)


@pytest.fixture
def dhus(tmp_path):
    """A mirror with two products of one scene, the newer one of a baseline with an offset."""
    place = Affine(10, 0, 499_980, 0, -10, 1_600_020)
    (tmp_path / "mirror").mkdir()
    products = {}
    for baseline in ("02.08", "05.00"):
        folder = write_safe(
            tmp_path / "mirror",
            lambda band: np.full((128, 128), 6000, np.uint16),
            level="L1C",
            baseline=baseline,
            tile="T02CNA",
            time=TIME,
            crs="EPSG:32702",
            transform=place,
        )
        next(folder.glob("GRANULE/*/IMG_DATA")).joinpath("T02CNA_20191104T194529_B05.jp2").write_bytes(b"20 m")
        write_manifest(folder)
        products[f"id-{baseline}"] = folder
    return Dhus(products, FOOTPRINT, list(ACCOUNT.values()))


@pytest.fixture
def internet(dhus, monkeypatch):
    with Internet({"dhus.mirror.org": dhus}) as internet:
        for name, value in internet.environment.items():
            monkeypatch.setenv(name, value)
        yield internet


def mirror(account=ACCOUNT):
    return Mirror(ARCHIVE, account, QUICK)


def test_scenes_are_found_each_once_by_the_newest_product(internet):
    found = mirror().search("L1C", LINE, TIME, TIME)
    assert found["scene"].tolist() == [SCENE]
    assert "_N0500_" in found["product"].item()
    assert found["cloud"].item() == 12.5
    assert found["time"].item().replace(microsecond=0) == TIME.replace(tzinfo=None)
    assert found["footprint"].item().equals(FOOTPRINT)
    asked = [one.request.query["q"][0] for one in internet.requests("search")]
    assert all('producttype:"S2MSI1C"' in query and "Intersects(POLYGON" in query for query in asked)


def test_where_nothing_lies_nothing_is_found(internet):
    assert mirror().search("L1C", shapely.MultiLineString([[(0, 0), (1, 1)]]), TIME, TIME).empty


def test_the_metadata_and_the_four_bands_are_fetched_and_no_more(internet, tmp_path):
    mirror().fetch("L1C", SCENE, tmp_path / SCENE)
    names = sorted(path.name for path in (tmp_path / SCENE).rglob("*.*"))
    bands = [f"T02CNA_20191104T194529_{band}.jp2" for band in ("B02", "B03", "B04", "B08")]
    assert names == sorted([*bands, "MTD_MSIL1C.xml", "MTD_TL.xml", "manifest.safe"])
    with open_scene(tmp_path / SCENE) as scene:
        assert scene.processing_baseline == "05.00"
        assert np.allclose(scene.reflectance(), 0.5)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_busy_mirror_is_asked_again(internet, tmp_path):
    internet.fault("search", 503)
    internet.fault("B03", 503)
    mirror().fetch("L1C", SCENE, tmp_path / SCENE)


@pytest.mark.parametrize(
    ("fault", "said"),
    [("corrupt", "checksums do not match"), (404, "404"), ("stall", "broke off")],
)
def test_what_goes_wrong_is_told_in_one_line_and_a_second_run_goes_on(internet, tmp_path, fault, said):
    internet.fault("B03", fault)
    with pytest.raises(LeadlineError) as raised:
        mirror().fetch("L1C", SCENE, tmp_path / SCENE)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not (tmp_path / SCENE).exists()
    mirror().fetch("L1C", SCENE, tmp_path / SCENE)
    assert len(internet.requests(r"B02\.jp2")) == 1


def test_a_product_on_tape_says_when_to_come_back(internet, dhus, tmp_path):
    dhus.on_tape = True
    with pytest.raises(LeadlineError, match="fetches it from tape; run it again in some hours"):
        mirror().fetch("L1C", SCENE, tmp_path / SCENE)


def test_a_scene_that_is_not_there_is_told(internet, tmp_path):
    with pytest.raises(LeadlineError, match=r"S2_T03CWT_20191104T194529: dhus.mirror.org holds no such L1C"):
        mirror().fetch("L1C", "S2_T03CWT_20191104T194529", tmp_path / SCENE)


def test_a_wrong_password_is_told_and_never_shown(internet, tmp_path):
    with pytest.raises(LeadlineError, match="Invalid user name or password") as raised:
        mirror({**ACCOUNT, "DHUS_PASSWORD": "12345678"}).fetch("L1C", SCENE, tmp_path / SCENE)
    assert "12345678" not in str(raised.value)


def test_without_an_account_the_variables_are_named():
    with pytest.raises(LeadlineError, match="DHUS_USER and DHUS_PASSWORD not set; export those of your account"):
        mirror({})
