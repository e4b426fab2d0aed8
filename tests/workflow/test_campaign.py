"""The small campaign, run to its end: what it leaves behind, and that it can be stopped anywhere."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pystac
import pytest
import xarray as xr
from workflow_words import NOTHING

from leadline.accounts import State, read_account
from leadline.class_raster import read_classes
from leadline.label_truth import label_agreement
from leadline.labels import Look, label_segments
from leadline.maps.grids import GRIDS, cells_at
from leadline.names import SurfaceClass
from leadline.overlay import read_overlay
from leadline.tables import FREEBOARD, SEGMENTS, TRUTH, read_table

UNTOUCHED = "20191126183000_90030510"
GRID = "EASE2_S25km"
"""The one grid of the small campaign."""
ENDS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
"""How a run is ended, with all that it started: as by a crash, a scheduler and a person."""
TRACKS = {"20191104200000_90010510_gt2r", "20191113193000_90020510_gt2r", f"{UNTOUCHED}_gt1r", f"{UNTOUCHED}_gt2r"}


def results(checkout) -> Path:
    return checkout.folder / "results"


def test_every_track_ends_in_a_product_with_a_freeboard_for_every_segment(finished):
    products = {path.stem: path for path in results(finished).glob("freeboard/*.nc")}
    assert set(products) == TRACKS
    for track, path in products.items():
        granule, beam = track.rsplit("_", 1)
        segments = read_table(results(finished) / "segments" / f"{granule}.parquet", SEGMENTS)
        with xr.open_dataset(path) as product:
            assert product.attrs["leadline_state"] == "ok"
            assert product.sizes["segment"] == (segments["beam"] == beam).sum() > 5000
            assert product["freeboard"].notnull().all()


def test_a_second_run_has_nothing_to_do(finished, small):
    assert NOTHING in finished.snakemake(*small)


def test_the_network_was_trained_by_two_horovod_ranks(finished):
    for network in ("lstm", "mlp"):
        assert json.loads((results(finished) / "model" / f"{network}.json").read_text())["ranks"] == 2


def test_the_summary_is_flat_and_calls_the_simulated_truth_so(finished):
    summary = json.loads((results(finished) / "report" / "summary.json").read_text())
    assert summary["source"] == "simulated"
    assert all(value is None or isinstance(value, (int, float, str)) for value in summary.values())
    assert summary["simulated_truth_classes_accuracy_percent"] > 80
    assert abs(summary["simulated_truth_freeboard_thick_ice_median_error_m"]) < 0.05


def test_the_untouched_tracks_are_compared_with_a_simulated_atl10_and_the_others_named(finished):
    summary = json.loads((results(finished) / "report" / "summary.json").read_text())
    assert summary["simulated_atl10_n_granules"] == 1
    assert summary["simulated_atl10_density_leadline_per_km"] > 5 * summary["simulated_atl10_density_nasa_per_km"] > 0
    assert abs(summary["simulated_atl10_height_difference_median_m"]) < 0.02
    account = read_account(results(finished) / "comparison" / f"{UNTOUCHED}_ATL10.json")
    assert [(part.subject, part.state) for part in account.parts] == [("gt1r", State.OK), ("gt2r", State.OK)]
    states = pd.read_csv(results(finished) / "report" / "states.tsv", sep="\t")
    without = states.loc[states["state"] == State.NO_NASA_PRODUCT, "subject"]
    assert set(without) == {"20191104200000_90010510", "20191113193000_90020510"}


def test_the_labels_are_right_and_would_not_be_without_the_drift(finished):
    summary = json.loads((results(finished) / "report" / "summary.json").read_text())
    assert summary["simulated_truth_labels_accuracy_percent"] >= 98
    assert summary["simulated_truth_labels_labelled_of_cloud_free_percent"] >= 80
    assert summary["simulated_truth_drift_n_laid"] == 3
    assert summary["simulated_truth_drift_largest_error_m"] < 10
    (path,) = (results(finished) / "drift").glob(f"{UNTOUCHED}_*.json")
    laid = read_overlay(path)
    segments = read_table(results(finished) / "segments" / f"{UNTOUCHED}.parquet", SEGMENTS)
    truth = read_table(results(finished) / "simulated" / f"{UNTOUCHED}_truth.parquet", TRUTH)
    classes = read_classes(results(finished) / "labels" / f"{laid.scene}.tif")
    accuracy = {}
    for shift in ((laid.shift_x, laid.shift_y), (0.0, 0.0)):
        look = Look(laid.scene, laid.lag, *shift, laid.uncertainty, classes)
        labels = label_segments(segments, [look], "EPSG:3976").to_pandas()
        accuracy[shift] = label_agreement(labels, truth)["balanced_accuracy_percent"]
    assert min(accuracy.values()) < 60 < 90 < max(accuracy.values())


def test_every_stage_tells_what_it_kept_and_dropped(finished):
    counts = pd.read_csv(results(finished) / "report" / "counts.tsv", sep="\t")
    assert set(counts["stage"]) == {"segments", "labels", "classes", "freeboard", "comparison"}
    photons = counts[(counts["stage"] == "segments")].groupby("what")["count"].sum()
    lost = photons.filter(regex=r"^photons_of_").sum()
    assert photons["photons"] == photons["photons_kept"] + lost


def test_every_rule_leaves_its_log_and_benchmark(finished):
    for folder in ("logs", "benchmarks"):
        names = {path.name.split(".")[0] for path in (results(finished) / folder).iterdir()}
        assert {"simulate_granule", "label_tracks", "train_model", "write_product", "summarise_campaign"} <= names


def test_the_report_is_one_page_that_needs_no_network(finished, small):
    finished.snakemake(*small, "--report", "results/report.html")
    page = (results(finished) / "report.html").read_text()
    assert "simulated" in page
    assert re.findall(r"""<(?:script|link|img)[^>]+(?:src|href)=["']https?://""", page) == []


@pytest.mark.parametrize(
    ("target", "kills", "latest"), [("labels", 3, 9), pytest.param("all", 10, 20, marks=pytest.mark.places)]
)
def test_a_run_that_is_killed_at_random_moments_ends_in_the_same_files(
    make_checkout, finished, small, target, kills, latest
):
    checkout, random = make_checkout(), np.random.default_rng(8)
    for patience, how in zip(random.uniform(3, latest, kills), random.choice(ENDS, kills), strict=True):
        run = subprocess.Popen(
            checkout.command(target, *small), cwd=checkout.folder, stderr=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(patience)
        assert run.poll() is None, "it ended before it was killed"
        os.killpg(run.pid, how)
        run.wait()
    checkout.snakemake(target, *small)
    again = made(checkout)
    assert set(again) == set(made(finished)) if target == "all" else len(again) >= 15
    for path in again:
        assert content(results(checkout) / path) == content(results(finished) / path), path


def made(checkout) -> list[Path]:
    """Return the files and folders of results that the science is in, without logs, benchmarks and what jobs took."""
    endings = {".parquet", ".nc", ".json", ".tif", ".keras", ".tsv"}
    found = [path.relative_to(results(checkout)) for path in results(checkout).glob("*/*") if path.suffix in endings]
    return [path for path in found if path.parts[0] not in ("logs", "benchmarks") and path.name != "resources.tsv"]


def content(path: Path) -> object:
    """Return what a file holds, apart from how long it took to make."""
    if path.is_dir():
        table = pd.read_parquet(path)
        return table.sort_values(list(table.columns)).to_csv(index=False)
    if path.suffix == ".json":
        return {key: value for key, value in json.loads(path.read_text()).items() if key != "times"}
    return path.read_bytes()


def test_freeboard_tables_hold_what_their_schema_says(finished):
    table = read_table(results(finished) / "freeboard" / "all.parquet", FREEBOARD)
    assert (table["freeboard"] >= 0).all()
    assert (table["freeboard_error"] > 0).all()
    assert not table.duplicated(["granule", "beam", "x_atc"]).any()


def test_grids_hold_every_segment_and_are_as_near_to_the_simulated_truth_as_they_say(finished):
    found = read_table(results(finished) / "freeboard" / "all.parquet", FREEBOARD)
    truth = pd.concat([read_table(path, TRUTH) for path in results(finished).glob("simulated/*_truth.parquet")])
    segments = found.merge(truth, on=["granule", "beam", "x_atc"], suffixes=("", "_true"))
    weeks = [xr.open_dataset(path) for path in results(finished).glob(f"maps/{GRID}_2019-W*.nc")]
    assert sum(int(week["n_segments"].sum()) for week in weeks) == len(found)
    with xr.open_dataset(results(finished) / "maps" / f"{GRID}_2019-11.nc") as month:
        assert int(month["n_segments"].sum()) == len(found)
        mean, error = (month[each].to_numpy().ravel() for each in ("freeboard", "freeboard_error"))
    cells = cells_at(GRIDS[GRID], segments["latitude"].to_numpy(), segments["longitude"].to_numpy())
    ice = (segments["surface_class"] <= SurfaceClass.THIN_ICE).to_numpy()
    true = segments[ice].groupby(cells[ice])["freeboard_true"].mean()
    away = (mean[true.index] - true) / error[true.index]
    assert len(true) == np.isfinite(mean).sum() >= 3
    assert np.abs(away).max() < 4


def test_the_catalogue_lists_every_track_and_grid(finished):
    catalog = pystac.Catalog.from_file(str(results(finished) / "maps" / "stac" / "catalog.json"))
    items = {item.id: item for item in catalog.get_items(recursive=True)}
    periods = ("2019-11", "2019-W45", "2019-W46", "2019-W48")
    assert set(items) == TRACKS | {"tracks"} | {f"{GRID}_{each}" for each in periods}
    assert all(Path(asset.get_absolute_href()).exists() for item in items.values() for asset in item.assets.values())
