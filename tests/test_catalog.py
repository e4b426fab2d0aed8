from pathlib import Path

import pytest

from leadline.catalog import read_campaign
from leadline.errors import ConfigError
from places import ROOT

HEADERS = {
    "granules": "granule\trelease\tbeams\trole\tbatch\tfile",
    "scenes": "scene\tfile",
    "coincidences": "granule\tscene\tlag\tshift_x\tshift_y",
    "corrections": "granule\tbeam\tx_start\tx_end\tclass\twho\twhy",
    "products": "granule\tproduct\tfile",
}
ROWS = {
    "granules": [
        "20191104200000_90010510\t006\tgt1r,gt2r\ttrain\t-\ta.h5",
        "20191113193000_90020510\t006\tgt1r\ttest\tnov\tb.h5",
    ],
    "scenes": ["S2_T02CNB_20191104T202200\ta.tif", "S2_20191113T120000\tb.tif"],
    "coincidences": [
        "20191104200000_90010510\tS2_T02CNB_20191104T202200\t22\t-120\t90.5",
        "20191113193000_90020510\tS2_20191113T120000\t-30\t0\t0",
    ],
    "corrections": ["20191113193000_90020510\tgt1r\t1000\t2000\tthin_ice\tme\tcloud edge"],
    "products": ["20191104200000_90010510\tATL10\t-"],
}


def tables(folder, **rows) -> dict[str, str]:
    for name, header in HEADERS.items():
        (folder / f"{name}.tsv").write_text("# a comment\n" + "\n".join([header, *rows.get(name, ROWS[name])]) + "\n")
    return {name: str(folder / f"{name}.tsv") for name in HEADERS}


def faults_of(paths) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read_campaign(paths, None, 80)
    return caught.value.faults


def test_a_campaign_tells_its_tracks_batches_roles_and_scenes(tmp_path):
    campaign = read_campaign(tables(tmp_path), None, 80)
    assert campaign.tracks == [
        ("20191104200000_90010510", "gt1r"),
        ("20191104200000_90010510", "gt2r"),
        ("20191113193000_90020510", "gt1r"),
    ]
    assert campaign.batches == ["20191104200000_90010510", "nov"]
    assert campaign.of_role("test") == campaign.of_batch("nov") == ["20191113193000_90020510"]
    assert campaign.scenes_of(["20191104200000_90010510"]) == ["S2_T02CNB_20191104T202200"]
    assert campaign.coincidences["shift_y"].tolist() == [90.5, 0.0]
    assert campaign.left_out == ()


def test_only_granules_with_a_scene_or_labels_by_hand_can_train_or_test(tmp_path):
    campaign = read_campaign(tables(tmp_path, coincidences=[], corrections=[]), None, 80)
    assert campaign.labelled("train", "local") == ["20191104200000_90010510"], (
        "none is labelled, and the training will say so"
    )
    more = [*ROWS["granules"], "20191114193000_90030510\t006\tgt1r\ttest\tnov\t-"]
    campaign = read_campaign(tables(tmp_path, granules=more, coincidences=ROWS["coincidences"][:1]), None, 80)
    assert campaign.labelled("train", "local") == ["20191104200000_90010510"]
    assert campaign.labelled("test", "local") == ["20191113193000_90020510"], (
        "labelled by hand; the third has no labels"
    )
    assert len(campaign.labelled("test", "simulated")) == 2, "but what is true of it is known where it is simulated"


def test_a_coincidence_tells_its_numbers(tmp_path):
    campaign = read_campaign(tables(tmp_path), None, 80)
    found = campaign.coincidence("20191104200000_90010510", "S2_T02CNB_20191104T202200")
    assert found == {"lag": 22, "shift_x": -120, "shift_y": 90.5}


def test_a_shift_that_is_to_be_estimated_is_open(tmp_path):
    rows = [ROWS["coincidences"][0].replace("-120\t90.5", "-\t-"), ROWS["coincidences"][1]]
    campaign = read_campaign(tables(tmp_path, coincidences=rows), None, 80)
    assert campaign.coincidences["shift_x"].isna().tolist() == [True, False]


def test_half_a_shift_is_told(tmp_path):
    paths = tables(tmp_path, coincidences=[ROWS["coincidences"][0].replace("90.5", "-")])
    assert faults_of(paths) == [
        f"{paths['coincidences']}: row 1: shift_x, shift_y: '-120', '-': must be two numbers, or - twice"
    ]


def test_the_papers_campaign_has_eight_coincidences_with_their_shifts():
    paths = {name: str(ROOT / "config" / f"{name}.tsv") for name in HEADERS}
    campaign = read_campaign(paths, None, 80)
    assert len(campaign.coincidences) == len(campaign.granules) == 8
    first = campaign.coincidences.iloc[0]
    assert (first["shift_x"] ** 2 + first["shift_y"] ** 2) ** 0.5 == pytest.approx(550, abs=1)
    assert campaign.coincidences["lag"].abs().max() < 80


def test_all_faults_of_all_tables_are_told_at_once(tmp_path):
    paths = tables(
        tmp_path,
        granules=["2019\t006\tgt4x\ttrain\t-\ta.h5", ROWS["granules"][1].replace("test", "both")],
        scenes=["T02CNB\ta.tif"],
        coincidences=["20191113193000_90020510\tS2_20191113T120000\tsoon\t0\t0"],
    )
    faults = faults_of(paths)
    assert len(faults) == 5
    assert f"{paths['granules']}: row 1: beams: 'gt4x': must be some of gt1l,gt1r" in "\n".join(faults)
    assert f"{paths['coincidences']}: row 1: lag: 'soon': must be minutes, scene minus track" in faults


def test_a_coincidence_of_an_unknown_granule_or_scene_is_told(tmp_path):
    rows = ["20200101000000_90090510\tS2_20200101T000000\t1\t0\t0"]
    faults = faults_of(tables(tmp_path, coincidences=rows))
    assert [fault.split(": ")[2] for fault in faults] == ["granule", "scene"]


def test_a_correction_of_an_unknown_granule_is_told_beside_the_faults_of_other_tables(tmp_path):
    rows = [ROWS["corrections"][0].replace("20191113193000", "20200101000000")]
    assert "row 1: granule: '20200101000000_90020510': not in" in faults_of(tables(tmp_path, corrections=rows))[0]
    malformed = tables(tmp_path, corrections=[ROWS["corrections"][0].replace("thin_ice", "grey")], scenes=["T02\ta"])
    faults = faults_of(malformed)
    assert len(faults) == 2
    assert "row 1: class: 'grey': must be one of thick_ice" in faults[1]


def test_rows_that_stand_twice_are_told(tmp_path):
    paths = tables(tmp_path, coincidences=[ROWS["coincidences"][0]] * 2)
    assert faults_of(paths) == [
        f"{paths['coincidences']}: row 2: 20191104200000_90010510 S2_T02CNB_20191104T202200: stands there twice"
    ]


def test_a_missing_table_and_wrong_columns_are_told(tmp_path):
    paths = tables(tmp_path)
    (tmp_path / "scenes.tsv").write_text("scene file\n")
    faults = faults_of(paths | {"granules": str(tmp_path / "absent.tsv")})
    assert faults[0] == f"{tmp_path / 'absent.tsv'}: there is no such table"
    assert "expected scene, file" in faults[1]


def test_a_file_that_is_not_there_leaves_out_its_granule_and_says_so(tmp_path):
    for name in ("a.h5", "a.tif", "b.tif"):
        (tmp_path / name).touch()
    campaign = read_campaign(tables(tmp_path), tmp_path, 80)
    assert list(campaign.granules.index) == ["20191104200000_90010510"]
    assert campaign.granules.loc["20191104200000_90010510", "file"] == str(tmp_path / "a.h5")
    assert len(campaign.coincidences) == 1
    assert campaign.left_out == (
        f"{tmp_path / 'granules.tsv'}: row 2: file: {tmp_path / 'b.h5'}: there is no such file; it is left out",
    )


def test_a_coincidence_that_is_too_far_apart_is_left_out_and_said(tmp_path):
    campaign = read_campaign(tables(tmp_path), None, 25)
    assert len(campaign.coincidences) == 1
    assert "more than 25 minutes" in campaign.left_out[0]


def test_a_granule_without_a_product_is_told(tmp_path):
    campaign = read_campaign(tables(tmp_path), None, 80)
    assert campaign.products["product"].tolist() == ["ATL10"]
    assert campaign.without_product == ["20191113193000_90020510"]
    assert campaign.product_file("20191104200000_90010510", "ATL10") == "-"


def test_a_product_whose_file_is_not_there_is_left_out_and_named(tmp_path):
    (tmp_path / "ATL10.h5").touch()
    rows = [f"20191104200000_90010510\tATL10\t{tmp_path / 'ATL10.h5'}", "20191113193000_90020510\tATL07\tabsent.h5"]
    paths = tables(tmp_path, products=rows)
    campaign = read_campaign(paths, None, 80)
    assert campaign.products["file"].tolist() == [str(tmp_path / "ATL10.h5")]
    assert campaign.left_out == (f"{paths['products']}: row 2: file: absent.h5: there is no such file; it is left out",)


def test_faults_of_the_table_of_products_are_told(tmp_path):
    rows = ["20191104200000_90010510\tATL06\t-"]
    assert "row 1: product: 'ATL06': must be one of ATL07, ATL10" in faults_of(tables(tmp_path, products=rows))[0]
    paths = tables(tmp_path, products=[*ROWS["products"] * 2, "20200101000000_90010510\tATL07\t-"])
    assert faults_of(paths) == [
        f"{paths['products']}: row 2: 20191104200000_90010510 ATL10: stands there twice",
        f"{paths['products']}: row 3: granule: '20200101000000_90010510': not in {paths['granules']}",
    ]


def test_before_a_search_a_campaign_is_empty_and_says_so(tmp_path):
    paths = {name: str(tmp_path / f"{name}.tsv") for name in HEADERS}
    campaign = read_campaign(paths, None, 80)
    assert campaign.granules.empty and campaign.scenes.empty and campaign.tracks == campaign.batches == []
    assert campaign.labelled("train", "local") == campaign.labelled("test", "local") == campaign.scenes_of([]) == []
    (line,) = campaign.left_out
    assert "there are no such tables yet; `snakemake search` finds granules and scenes" in line


def test_one_table_without_the_others_is_a_fault(tmp_path):
    paths = tables(tmp_path)
    for name in ("scenes", "coincidences"):
        Path(paths[name]).unlink()
    assert len(faults_of(paths)) == 2
