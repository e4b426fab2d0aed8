"""`snakemake estimate`: what a campaign costs, before any of it is made."""

import json

import pandas as pd
import pytest
import yaml

NO_COMMANDS = {"all", "total"}


def estimated_jobs(table) -> dict[str, int]:
    return table.drop(index="total")["jobs"].astype(int).to_dict()


def rules_of(checkout, *arguments) -> dict[str, int]:
    """The rules that a campaign would run, with how many jobs each."""
    return {rule: n for rule, n in checkout.jobs(*arguments).items() if rule not in NO_COMMANDS}


def test_the_demo_is_estimated_from_a_fresh_copy_of_the_tree_and_nothing_of_it_is_made(make_checkout):
    checkout = make_checkout()
    checkout.snakemake("estimate", "--configfile", "config/demo.yaml")
    report = checkout.folder / "results" / "report"
    table = pd.read_csv(report / "estimate.tsv", sep="\t", index_col="rule")
    estimated = json.loads((report / "estimate.json").read_text())["estimated"]
    assert estimated_jobs(table) == rules_of(checkout, "--configfile", "config/demo.yaml")
    assert table["core_hours"].notna().all(), "every rule of the demo was measured"
    assert 0.05 < table.loc["total", "core_hours"] < 0.5, "the demo takes some minutes of two cores"
    assert estimated["money"] == pytest.approx(table.loc["total", "money"], rel=1e-3)
    assert not (checkout.folder / "results" / "segments").exists()


def test_the_papers_campaign_is_estimated_whole_and_what_is_not_known_is_named(make_checkout):
    checkout = make_checkout()
    products = checkout.folder / "products.tsv"
    products.write_text("granule\tproduct\tfile\n20191103184432_05780510\tATL10\t-\n")
    (checkout.folder / "compared.yaml").write_text(yaml.safe_dump({"tables": {"products": "products.tsv"}}))
    campaign = ("--configfile", "compared.yaml")
    said = checkout.snakemake("estimate", *campaign)
    report = checkout.folder / "results" / "report"
    table = pd.read_csv(report / "estimate.tsv", sep="\t", index_col="rule")
    figures = json.loads((report / "estimate.json").read_text())
    assert estimated_jobs(table) == rules_of(checkout, *campaign)
    assert figures["not_known"] == ["fetch_granule", "fetch_product", "fetch_scene"]
    assert "hours and memory of fetch_granule, fetch_product, fetch_scene" in said
    assert table.loc["total", "download_gib"] > 10
    assert table.loc["total", "core_hours"] > 1
