"""Real photons and real pixels, all the way: short clips over melting ice go in, products come out, losses counted.

No claim about classes or freeboard is made from them.
"""

import pandas as pd
import pytest
import xarray as xr

from leadline.tables import SEGMENTS, read_table

SEEN = "20210706222524_02031204_gt1r"
"""The one track that is drawn here."""
LOOKED_AT = [f"tracks/{SEEN}.png", f"tracks/{SEEN}_on_scene.png", f"tracks/{SEEN}.html", "map.png", "counts.tsv"]


@pytest.fixture(scope="module")
def campaign(make_checkout, real_data):
    """A checkout in which the products of the real campaign have been made, and of one track what people look at."""
    checkout = make_checkout()
    targets = ("freeboard", "maps", *(f"results/report/{name}" for name in LOOKED_AT))
    folder = f"acquire={{folder: {real_data / 'pairs'}}}"
    checkout.snakemake(*targets, "--configfile", "tests/real/config.yaml", "--config", folder)
    return checkout.folder / "results"


@pytest.fixture(scope="module")
def granules(campaign) -> pd.DataFrame:
    return pd.read_csv(campaign.parent / "tests" / "real" / "granules.tsv", sep="\t", comment="#", dtype=str)


def test_every_track_has_a_product_that_says_how_it_ended(campaign, granules):
    tracks = [(row.granule, beam) for row in granules.itertuples() for beam in row.beams.split(",")]
    assert len(tracks) == 22
    for granule, beam in tracks:
        segments = read_table(campaign / "segments" / f"{granule}.parquet", SEGMENTS)
        with xr.open_dataset(campaign / "freeboard" / f"{granule}_{beam}.nc") as product:
            assert product.attrs["leadline_state"] in ("ok", "no_open_water")
            assert product.sizes["segment"] == (segments["beam"] == beam).sum() > 100
            assert product["freeboard"].isnull().all() == (product.attrs["leadline_state"] == "no_open_water")


def test_a_real_track_can_be_looked_at(campaign):
    for name in LOOKED_AT:
        assert (campaign / "report" / name).stat().st_size > 5_000, name


def test_every_photon_is_kept_or_counted_as_lost(campaign):
    counts = pd.read_csv(campaign / "report" / "counts.tsv", sep="\t")
    photons = counts[counts["stage"] == "segments"].groupby("what")["count"].sum()
    assert photons["photons"] > 400_000
    assert photons["photons"] == photons["photons_kept"] + photons.filter(regex="^photons_of_").sum()


def test_every_segment_gets_a_label_from_its_scene_or_a_reason(campaign):
    """Nearly half of them get one: ponds of a few pixels leave little that is far enough from another class."""
    counts = pd.read_csv(campaign / "report" / "counts.tsv", sep="\t")
    labels = counts[(counts["stage"] == "labels") & counts["what"].str.startswith("segments_")]
    total = labels["count"].sum()
    labelled = labels.loc[~labels["what"].str.contains("unlabelled"), "count"].sum()
    segments = counts.loc[(counts["stage"] == "segments") & (counts["what"] == "segments"), "count"].sum()
    assert total == segments
    assert labelled > 0.4 * total


def test_scenes_without_near_infrared_go_through(campaign):
    tested = pd.read_csv(campaign / "report" / "counts.tsv", sep="\t").query("what == 'thick_cloud_tested'")
    assert sorted(tested.loc[tested["count"] == 0, "subject"]) == [
        "S2_T10XER_20210704T232129",
        "S2_T20XNS_20210628T193909",
    ]
