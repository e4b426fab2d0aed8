"""From a region and dates to NetCDF: the archives are those of the real addresses, here on this machine, and fail.

Granules and scenes are simulated; what serves them speaks the services' own protocols (tests/services).
"""

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest
import xarray as xr
from workflow_words import NOTHING

from places import ROOT
from services import sentinel
from services.earthdata import CMR, PASSWORD, STORE
from services.internet import Internet
from services.simulated import PAIRS, SECRETS, write_archives

CAMPAIGN = ("--configfile", "tests/services/campaign.yaml")


@pytest.fixture(scope="module")
def internet(tmp_path_factory):
    with (
        Internet(write_archives(tmp_path_factory.mktemp("archives"))) as internet,
        pytest.MonkeyPatch.context() as patch,
    ):
        authority = internet.environment["CURL_CA_BUNDLE"]
        for name, value in (internet.environment | SECRETS | {"GDAL_CURL_CA_BUNDLE": authority}).items():
            patch.setenv(name, value)
        yield internet


@pytest.fixture(scope="module")
def make_campaign(make_checkout):
    """Give a function that copies the tree with the campaign's config."""

    def make():
        checkout = make_checkout()
        (checkout.folder / "tests" / "services").mkdir(parents=True)
        shutil.copy(ROOT / "tests" / "services" / "campaign.yaml", checkout.folder / "tests" / "services")
        return checkout

    return make


@pytest.fixture(scope="module")
def checkout(make_campaign):
    return make_campaign()


@pytest.fixture(scope="module")
def searched(checkout, internet) -> Path:
    """The folder of the tables that a search has written, through a catalogue that was busy at first."""
    internet.fault(f"{CMR}/search/granules", 503)
    internet.fault(f"{sentinel.COPERNICUS}/v1/search", 429, Retry_After="1")
    checkout.snakemake("search", *CAMPAIGN)
    return checkout.folder / "config" / "searched"


@pytest.fixture(scope="module")
def finished(checkout, internet, searched) -> Path:
    """The results of the campaign, run to its end while the archives broke off, lied and were busy."""
    granules = pd.read_csv(searched / "granules.tsv", sep="\t", comment="#", dtype=str)
    granules.assign(batch="all").to_csv(searched / "granules.tsv", sep="\t", index=False)
    first, second = PAIRS
    internet.fault(f"{STORE}.*{first}", "reset", after=400_000)
    internet.fault(f"{STORE}.*{first}", 503)
    internet.fault(f"{STORE}.*{second}", "corrupt", after=300_000)
    internet.fault(f"{sentinel.COPERNICUS_LOGIN}", 503)
    internet.fault(f"{sentinel.COPERNICUS_FILES}.*B03", "short", times=2, after=100_000)
    internet.fault(f"{sentinel.COPERNICUS_FILES}.*B04", 401)
    internet.fault(f"{sentinel.COPERNICUS_FILES}.*B08", "html")
    checkout.snakemake(*CAMPAIGN)
    return checkout.folder / "results"


def test_before_a_search_the_campaign_says_that_there_is_none(make_campaign):
    said = make_campaign().snakemake("--dry-run", *CAMPAIGN, fails=True)
    assert "there are no such tables yet; `snakemake search` finds granules and scenes" in said
    assert "Traceback" not in said


def test_a_search_writes_the_tables_of_the_pairs(searched):
    found = pd.read_csv(searched / "coincidences.tsv", sep="\t", comment="#")
    assert dict(zip(found["granule"], found["scene"], strict=True)) == PAIRS


def test_every_track_ends_in_a_product_with_freeboard(finished):
    assert {path.stem for path in finished.glob("freeboard/*.nc")} == {f"{granule}_gt2r" for granule in PAIRS}
    for path in finished.glob("freeboard/*.nc"):
        with xr.open_dataset(path) as product:
            assert product.attrs["leadline_state"] == "ok"
            assert product.sizes["segment"] > 5000
            assert product["freeboard"].notnull().all()


def test_all_faults_happened_and_nothing_half_remains(finished, internet):
    assert [fault for fault in internet.faults if fault.times] == []
    names = {path.name for path in (finished / "acquire").iterdir()}
    fetched = {f"{granule}{product}.h5" for granule in PAIRS for product in ("", "_ATL10")}
    assert names == fetched | set(PAIRS.values())


def test_every_track_is_compared_with_the_product_of_its_pass(finished):
    assert {path.name for path in finished.glob("comparison/*.tsv")} == {f"{granule}_ATL10.tsv" for granule in PAIRS}


def test_what_was_fetched_is_what_the_archives_hold_and_is_protected(finished, internet):
    for path in internet.hosts[sentinel.COPERNICUS_FILES].files.values():
        (fetched,) = finished.glob(f"acquire/*/{path.name}")
        assert fetched.read_bytes() == path.read_bytes()
        assert not fetched.stat().st_mode & 0o222
    for path in finished.glob("acquire/*.h5"):
        assert not path.stat().st_mode & 0o222


def test_a_second_run_has_nothing_to_do_and_asks_for_nothing(finished, checkout, internet):
    asked = len(internet.seen)
    assert NOTHING in checkout.snakemake(*CAMPAIGN)
    assert len(internet.seen) == asked


def test_no_token_and_no_password_is_written_anywhere(finished, checkout):
    """Neither into logs, benchmarks, provenance, products and tables, nor into what Snakemake keeps."""
    secrets = [secret.encode() for secret in (*SECRETS.values(), PASSWORD) if secret != SECRETS["COPERNICUS_USERNAME"]]
    secrets += [b"access-0-of-", b"Bearer "]
    read = 0
    for folder, _, names in os.walk(checkout.folder):
        for path in (Path(folder, name) for name in names if "/scripts" not in folder and "/tests" not in folder):
            content = path.read_bytes()
            assert not any(secret in content for secret in secrets), path
            read += 1
    assert read > 100


def test_a_second_search_writes_beside_the_tables(searched, finished, checkout):
    checkout.snakemake("search", *CAMPAIGN)
    assert (searched / "granules.found.tsv").exists()
    assert "\tall\t" in (searched / "granules.tsv").read_text()
