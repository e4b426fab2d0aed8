"""Catalogues of scenes behind a local server that speaks STAC: searched page by page, and each fault in one line."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import shapely

from leadline.archives.sentinel_products import tile_box
from leadline.archives.sentinel_search import find_scene, scene_key, search_scenes
from leadline.archives.web import Patience
from leadline.errors import LeadlineError
from services import sentinel
from services.internet import Internet

ARCHIVE = {"stac": f"https://{sentinel.COPERNICUS}/v1", "collections": {"L1C": "sentinel-2-l1c"}}
ITEMS = json.loads((Path(__file__).parents[1] / "services" / "ross_sea" / "scenes.json").read_text())["features"]
DAY = datetime(2019, 11, 4, tzinfo=UTC)
EVERYWHERE = shapely.box(-180, -90, 180, 90)
QUICK = Patience(tries=3, back_off=0.01, stall=0.5)


@pytest.fixture
def catalogue():
    return sentinel.Catalogue(sentinel.COPERNICUS, ITEMS, page=2)


@pytest.fixture
def internet(catalogue, monkeypatch):
    with Internet({sentinel.COPERNICUS: catalogue}) as internet:
        for name, value in internet.environment.items():
            monkeypatch.setenv(name, value)
        yield internet


def search(place=EVERYWHERE, start=DAY, days=1.0, archive=ARCHIVE, level="L1C"):
    return search_scenes(archive, level, place, start, start + timedelta(days=days), patience=QUICK)


def test_all_pages_are_read(internet):
    found = search(days=30, start=DAY - timedelta(days=3))
    assert len(internet.requests("/v1/search")) == 6
    assert len(found) == len(ITEMS) - 1, "one scene is there twice"


def test_a_scene_is_told_with_its_time_cloud_and_footprint(internet):
    found = search().set_index("scene")
    own = found.loc["S2_T02CNB_20191104T194529"]
    assert own["time"] == datetime(2019, 11, 4, 19, 45, 43)
    assert own["cloud"] == 93.0
    assert own["footprint"].intersects(shapely.Point(-169, -75.2))


def test_of_a_scene_that_was_processed_again_the_newest_baseline_is_taken(internet):
    found = search().set_index("scene")
    assert "_N0500_" in found.loc["S2_T02CNA_20191104T194529", "product"]
    assert find_scene(ARCHIVE, "L1C", "S2_T02CNA_20191104T194529", QUICK)["properties"]["processing:version"] == "05.00"


def test_only_scenes_of_the_place_and_time_are_asked_for(internet):
    assert search(place=shapely.box(-169, -77, -168, -76), days=0.85)["scene"].tolist() == ["S2_T02CNA_20191104T194529"]
    asked = json.loads(internet.requests("/v1/search")[0].request.body)
    assert asked["collections"] == ["sentinel-2-l1c"]
    assert asked["datetime"] == "2019-11-04T00:00:00Z/2019-11-04T20:24:00Z"


def test_where_there_are_no_scenes_the_table_is_empty(internet):
    assert search(start=datetime(2001, 1, 1, tzinfo=UTC)).empty


def test_a_busy_catalogue_is_asked_again(internet):
    internet.fault("/v1/search", 503)
    internet.fault("/v1/search", 429, Retry_After="0")
    internet.fault("/v1$", "reset")
    assert len(search()) == 4


@pytest.mark.parametrize(
    ("fault", "times", "said"),
    [
        (503, 99, "answers 503"),
        (404, 1, "answers 404"),
        ("stall", 99, "does not answer"),
        ("html", 1, "expected a STAC API"),
    ],
)
def test_a_catalogue_that_cannot_be_searched_is_told_in_one_line(internet, fault, times, said):
    internet.fault("/v1", fault, times=times)
    with pytest.raises(LeadlineError, match=said) as raised:
        search()
    assert sentinel.COPERNICUS in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_catalogue_that_gives_fewer_scenes_than_it_says_is_not_believed(internet, catalogue):
    whole = catalogue.search
    catalogue.search = lambda asked: {**whole(asked), "numberMatched": 999}
    with pytest.raises(LeadlineError, match="gave 5 of 999 scenes"):
        search()


def test_a_level_that_an_archive_does_not_have_is_told_with_those_it_has():
    with pytest.raises(LeadlineError, match=r"acquire.level: L2A: this archive has L1C"):
        search(level="L2A")


def test_a_scene_without_tile_cannot_be_looked_up_and_says_what_to_do():
    with pytest.raises(LeadlineError, match="its tile is not told; `snakemake search` finds the tiles"):
        find_scene(ARCHIVE, "L1C", "S2_20191103T183459")


def test_a_scene_that_is_not_there_is_told(internet):
    with pytest.raises(LeadlineError, match=r"S2_T03CWT_20191104T194529: .* holds no such L1C"):
        find_scene(ARCHIVE, "L1C", "S2_T03CWT_20191104T194529", QUICK)


@pytest.mark.parametrize("place", ITEMS, ids=lambda one: one["id"])
def test_a_scene_lies_in_the_box_of_its_tile(place):
    box = shapely.box(*tile_box(scene_key(place).split("_")[1]))
    assert box.intersects(shapely.geometry.shape(place["geometry"]))


def test_the_key_of_a_scene_is_of_its_product_or_else_of_tile_and_time():
    stated = {"datetime": "2019-11-04T19:45:43.2Z", "grid:code": "MGRS-02CNA"}
    product = "S2A_MSIL2A_20191104T194529_N0500_R042_T02CNA_20230605T101500.SAFE"
    assert scene_key({"id": "S2A_T02CNA_20191104T194529_L2A", "properties": stated}) == "S2_T02CNA_20191104T194543"
    assert (
        scene_key({"id": "S2A_02CNA", "properties": {**stated, "s2:product_uri": product}})
        == "S2_T02CNA_20191104T194529"
    )
