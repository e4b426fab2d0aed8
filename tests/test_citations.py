from leadline import __version__
from leadline.benchmarks.measures import machine
from leadline.citations import PACKAGES, citations, versions

SCENES = ["S2_T02CNA_20191104T194529", "S2_20200126T184459"]


def test_a_real_campaign_cites_its_data_by_release_and_year():
    table = citations("earthdata", ["006", "006", "007"], [("ATL10", "006"), ("ATL10", "006")], SCENES)
    assert set(table["use"][:4]) == {"data"}
    assert table["where"].tolist()[:3] == [
        "https://doi.org/10.5067/ATLAS/ATL03.006",
        "https://doi.org/10.5067/ATLAS/ATL03.007",
        "https://doi.org/10.5067/ATLAS/ATL10.006",
    ]
    (sentinel,) = table.loc[table["what"] == "Sentinel-2", "citation"]
    assert sentinel == "Contains modified Copernicus Sentinel data 2019, 2020"


def test_a_simulated_campaign_says_that_it_holds_no_data():
    table = citations("simulated", ["006"], [], SCENES).set_index("what")
    assert table.loc[["ATL03", "Sentinel-2"], "use"].tolist() == ["format only: the campaign is simulated"] * 2
    assert "modified" not in table.loc["Sentinel-2", "citation"]
    assert "IPDPSW 2025" in table.loc["method", "citation"]


def test_versions_are_those_that_run_and_digests_stand_beside_them():
    table = versions({"config": "abc"}, machine(1)).set_index("name")["version"]
    assert table["leadline"] == __version__
    assert table["config"] == "abc"
    assert set(PACKAGES) <= set(table.index)
    assert "not installed" not in set(table)
