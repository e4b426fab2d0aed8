"""A campaign searched for: the paper's pairs in its region and month, and tables that nobody's own are lost to."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leadline.archives.campaign_search import clear_enough, scenes_along, search_line, tables_of, write_tables
from leadline.archives.ground_track import GroundTrack, ground_track
from leadline.catalog import read_campaign
from places import ROOT
from services import sentinel
from services.earthdata import earthdata_hosts
from services.internet import Internet
from services.passes import record

PAPER = pd.read_csv(ROOT / "config" / "coincidences.tsv", sep="\t", comment="#", dtype=str)
SCENES = json.loads((Path(__file__).parents[1] / "services" / "ross_sea" / "scenes.json").read_text())["features"]
REGION = {"west": -180, "east": -140, "south": -78, "north": -70}
NOT_OF_THE_PAPER = ["20191104181853_05930510", "20191104212728_05950510", "20191130193000_08380510"]
"""Passes before and after one of the paper's, and one over the same place on another day, when no scene was taken."""
ATL10 = [
    ("20191104195311_05940510", "01", "20191104190000", "05940501"),
    ("20191104195311_05940510", "02", "20191104190000", "05940501"),
    ("20191103184432_05780510", "01", "20191103180000", "05780501"),
    ("20191126182014_09290510", "02", "20191126170000", "09290601"),
]
"""Passes with, of the south, another start; with the north alone; and of another cycle."""
ARCHIVE = {"stac": f"https://{sentinel.COPERNICUS}/v1", "collections": {"L1C": "sentinel-2-l1c"}}


@pytest.fixture(scope="module")
def internet():
    records = [record(key) for key in (*PAPER["granule"], *NOT_OF_THE_PAPER)]
    records += [record(key, f"ATL10-{part}_{start}_{track}_006_01.h5") for key, part, start, track in ATL10]
    hosts = earthdata_hosts(records, {}) | {sentinel.COPERNICUS: sentinel.Catalogue(sentinel.COPERNICUS, SCENES, 2)}
    with Internet(hosts) as internet:
        yield internet


def search(internet, folder, **changed):
    """Run the command line as the rule does, and return what it said and the paths of the tables."""
    tables = {
        name: str(folder / f"{name}.tsv") for name in ("granules", "scenes", "coincidences", "corrections", "products")
    }
    asked = {
        "region": json.dumps(REGION),
        "start": "2019-11-01",
        "end": "2019-11-30",
        "release": "006",
        "beams": ["gt1r", "gt2r", "gt3r"],
        "archive": json.dumps(ARCHIVE),
        "level": "L1C",
        "cloud": "80",
        "tiles": [],
        "least-overlap": "10",
        "maximum-lag": "80",
        "projection": "EPSG:3976",
        "tables": json.dumps(tables),
    } | changed
    words = [
        word for key, value in asked.items() for word in (f"--{key}", *([value] if isinstance(value, str) else value))
    ]
    command = [sys.executable, ROOT / "scripts" / "search.py", *words]
    done = subprocess.run(command, env=os.environ | internet.environment, capture_output=True, text=True)
    return done.returncode, done.stderr, tables


@pytest.fixture(scope="module")
def campaign(internet, tmp_path_factory):
    status, said, tables = search(internet, tmp_path_factory.mktemp("tables"))
    assert status == 0, said
    return said, tables


def test_the_paper_s_eight_pairs_are_what_its_region_and_month_hold(campaign):
    """Its table names two of the tiles; the catalogue of the test has, of the others, the tile under the track."""
    found = read_campaign(campaign[1], None, 80).coincidences
    times = found["scene"].str.split("_").str[2]
    assert list(zip(found["granule"], times, strict=True)) == list(
        zip(PAPER["granule"], PAPER["scene"].str.split("_").str[-1], strict=True)
    )
    tiles = PAPER["scene"].str.extract("(T.....)_")[0].dropna()
    assert tiles.isin(found["scene"].str.split("_").str[1]).all() and len(tiles) == 2


def test_the_lag_is_from_when_the_track_is_there_six_minutes_after_the_granule_began(campaign):
    found = read_campaign(campaign[1], None, 80).coincidences
    later = PAPER["lag"].astype(float).to_numpy() - found["lag"].to_numpy()
    assert ((later > 5.8) & (later < 6.9)).all()


def test_what_is_too_late_too_cloudy_or_elsewhere_is_counted_and_left_out(campaign):
    said, tables = campaign
    assert "1 under more than 80 % cloud" in said
    text = Path(tables["scenes"]).read_text()
    for other in ("S2_T02CNB_20191104T194529", "S2_T02CNA_20191104T213519", "S2_T12CVA_20191104T194529"):
        assert other not in text


def test_the_tables_say_what_a_person_decides_by(campaign):
    rows = Path(campaign[1]["coincidences"]).read_text().splitlines()
    assert rows[0] == "# Found by `snakemake search`: 2019-11-01 to 2019-11-30, release 006, L1C."
    assert rows[2].startswith("# 111 km of track, ") and rows[2].endswith(" % cloud")


def test_products_are_those_of_the_same_track_cycle_and_hemisphere(campaign):
    said, tables = campaign
    products = read_campaign(tables, None, 80).products
    assert products.values.tolist() == [["20191104195311_05940510", "ATL10", "-"]]
    assert "20191104195311_05940510: not compared with ATL07: ATL07: release 006 is not served" in said


def test_every_fourth_granule_and_the_last_are_for_testing(campaign):
    granules = read_campaign(campaign[1], None, 80).granules
    assert granules["role"].tolist() == ["train", "train", "train", "test"] * 2
    assert set(granules["release"]) == {"006"}


def test_a_second_search_leaves_a_person_s_tables_alone(internet, campaign, tmp_path):
    for path in campaign[1].values():
        shutil.copy(path, tmp_path)
    (tmp_path / "scenes.tsv").write_text("mine\n")
    _, said, _ = search(internet, tmp_path)
    assert (tmp_path / "scenes.tsv").read_text() == "mine\n"
    assert f"read, edit and commit {tmp_path / 'granules.found.tsv'}" in said
    assert (tmp_path / "coincidences.found.tsv").read_text() == (tmp_path / "coincidences.tsv").read_text()
    assert not (tmp_path / "corrections.found.tsv").exists()


def test_a_release_that_is_not_served_is_told_with_those_that_are(internet, tmp_path):
    status, said, tables = search(internet, tmp_path, release="005")
    assert status == 1
    assert "release 005 is not served; served are 006" in said
    assert "Traceback" not in said
    assert not Path(tables["granules"]).exists()


def test_only_the_tiles_that_are_asked_for_are_taken(internet, tmp_path):
    search(internet, tmp_path, tiles=["T02CNA", "T03CWT"])
    scenes = pd.read_csv(tmp_path / "scenes.tsv", sep="\t", comment="#")["scene"]
    assert set(scenes) == {"S2_T02CNA_20191104T194529", "S2_T03CWT_20191126T184459"}


def test_a_search_that_finds_nothing_writes_empty_tables(internet, tmp_path):
    status, said, tables = search(internet, tmp_path, region=json.dumps({**REGION, "south": -60, "north": -58}))
    assert status == 0
    assert "0 coincidences" in said
    assert read_campaign(tables, None, 80).coincidences.empty


def test_search_lines_end_at_the_antimeridian_and_at_gaps():
    places = np.arange(400)
    longitude = np.where(places < 200, 179 + places / 200, -180 + (places - 200) / 200)
    time = np.datetime64("2019-11-04T20:00:00", "ms") + places * 50 + np.where(places > 300, 60_000, 0)
    line = search_line(GroundTrack(time, np.full(400, -75.0), longitude))
    assert [part.bounds[0::2] for part in line.geoms] == [(179, 179.995), (-180, -179.5), (-179.495, -179.005)]
    assert search_line(ground_track("20191104195311_05940510").within(**REGION)).is_valid


def test_scenes_that_two_granules_share_are_found_once():
    asked = []

    def archive(place, start, end):
        asked.append((place, end - start))
        return pd.DataFrame(
            {"scene": ["S2_T02CNA_20191104T194529"], "time": [start], "cloud": 3.0, "footprint": [place]}
        )

    found = scenes_along(["20191104195311_05940510", "20191104195311_05940511"], REGION, 80, archive)
    assert len(found) == 1
    assert len(asked) == 1, "region 11 is south of the box"
    assert asked[0][1].total_seconds() == pytest.approx(160 * 60 + 130, abs=10)


def test_a_scene_whose_cloud_is_not_told_is_kept_and_said():
    scenes = pd.DataFrame({"scene": [f"S2_T02CN{row}_20191104T194529" for row in "ABC"], "cloud": [np.nan, 81.0, 80.0]})
    assert clear_enough(scenes, 80, [])["cloud"].isna().tolist() == [True, False]
    assert clear_enough(scenes, 80, ["T02CNB"]).empty
    pair = {
        "granule": "20191104195311_05940510",
        "scene": scenes["scene"][:1],
        "lag": 3.0,
        "overlap": 55.4,
        "cloud": np.nan,
    }
    text = tables_of(pd.DataFrame(pair), {"20191104195311_05940510": "006"}, ["gt2r"])["coincidences"]
    assert "# 55 km of track, cloud not told\n" in text


def test_tables_are_written_where_there_are_none(tmp_path):
    nothing = tables_of(pd.DataFrame(columns=["granule", "scene", "lag", "overlap", "cloud"]), {}, ["gt2r"])
    paths = {name: tmp_path / f"{name}.tsv" for name in nothing}
    (tmp_path / "corrections.tsv").write_text("# mine\n" + nothing["corrections"])
    written = write_tables(nothing, paths, "heading")
    assert {path.stem for path in written} == {"granules", "scenes", "coincidences", "products"}
    assert (tmp_path / "corrections.tsv").read_text().startswith("# mine")
