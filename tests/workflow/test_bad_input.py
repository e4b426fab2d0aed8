"""A campaign of a person's own files, most of them broken: each ends in a named state, the good ones in products."""

import shutil
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr
import yaml

from granules import flat_photons, write_granule

GOOD = {
    "20191104200000_90010510": ("S2_T02CNB_20191104T202200", 22, -120, 90),
    "20191113193000_90020510": ("S2_T02CMA_20191113T190000", -30, 280, -310),
}
BROKEN = {
    "20191201000000_90110510": "unreadable",
    "20191201000000_90120510": "unreadable",
    "20191201000000_90130510": "missing_beam",
    "20191201000000_90140510": "missing_dataset",
    "20191201000000_90150510": "empty_beam",
    "20191201000000_90160510": "no_sea_ice",
    "20191201000000_90170510": "orientation_transition",
}
TRUNCATED, NOT_HDF5, NO_BEAM, NO_DATASET, EMPTY, LAND, TURNING = BROKEN
MISSING = "20191201000000_90180510"
NO_CALIBRATION = "20191201000000_90190510"
NO_WATER = "20191201000000_90200510"
UNUSABLE_SCENES = {
    "S2_T60CWA_20191104T200000": "all_nodata",
    "S2_T60CWB_20191104T200000": "all_cloud",
    "S2_T60CWC_20191104T200000": "missing_band",
    "S2_T60CWD_20191104T200000": "unreadable",
    "S2_T60CWG_20191104T200000": "unreadable",
}
ELSEWHERE = "S2_T60CWE_20191104T200000"
OTHER_HEMISPHERE = "S2_T60XWH_20191104T200000"
SCENE_THAT_IS_NOT_THERE = "S2_T60CWF_20191104T200000"
PRODUCTS = {"ATL07": "unreadable", "ATL10": "wrong_pass"}


@pytest.fixture(scope="module")
def campaign(make_checkout, finished):
    """A checkout in which the campaign of broken files has run to its end, and what snakemake said."""
    checkout = make_checkout()
    folder = checkout.folder / "inputs"
    folder.mkdir()
    simulated = finished.folder / "results" / "simulated"
    for granule, (scene, *_) in GOOD.items():
        shutil.copy(simulated / f"{granule}.h5", folder)
        shutil.copy(simulated / f"{scene}.tif", folder)
    break_granules(folder, next(iter(GOOD)))
    break_scenes(folder, simulated / f"{GOOD['20191104200000_90010510'][0]}.tif")
    (folder / "ATL07.h5").write_text("<html>please log in</html>")
    shutil.copy(next(simulated.glob("*_simulated_ATL10.h5")), folder / "ATL10.h5")
    write_tables(folder)
    names = ("granules", "scenes", "coincidences", "corrections", "products")
    settings = {
        "tables": {name: f"inputs/{name}.tsv" for name in names},
        "acquire": {"source": "local", "folder": "inputs"},
        "model": {"preset": "quick", "presets": {"quick": {"learning_rate": 0.003, "batch_size": 512, "epochs": 2}}},
    }
    (checkout.folder / "mine.yaml").write_text(yaml.safe_dump(settings))
    alone = ("--set-resources", "classify_segments:launcher=python", "train_model:launcher=python")
    said = checkout.snakemake("--configfile", "mine.yaml", *alone)
    return checkout, said


def break_granules(folder: Path, good: str) -> None:
    whole = (folder / f"{good}.h5").read_bytes()
    (folder / f"{TRUNCATED}.h5").write_bytes(whole[: len(whole) // 3])
    (folder / f"{NOT_HDF5}.h5").write_text("<html>please log in</html>")
    for granule, beams in (
        (NO_BEAM, {"gt1r": flat_photons()}),
        (NO_DATASET, {"gt2r": {name: data for name, data in flat_photons().items() if name != "heights/h_ph"}}),
        (EMPTY, {"gt2r": {name: data[:0] for name, data in flat_photons().items()}}),
        (LAND, {"gt2r": flat_photons() | {"geophys_corr/tide_ocean": np.full(10, 3.4028235e38, np.float32)}}),
        (NO_WATER, {"gt2r": level_ice()}),
    ):
        write_granule(folder / f"{granule}.h5", beams)
    write_granule(folder / f"{TURNING}.h5", {"gt2r": flat_photons()}, sc_orient=2)
    shutil.copy(folder / f"{good}.h5", folder / f"{NO_CALIBRATION}.h5")
    with h5py.File(folder / f"{NO_CALIBRATION}.h5", "a") as file:
        del file["ancillary_data/calibrations"]


def level_ice() -> dict:
    """Return photons of thick ice at about 0.4 m without any lead."""
    datasets = flat_photons(n_references=150, per_reference=180, height=20.0)
    datasets["heights/h_ph"] += np.random.default_rng(5).normal(0, 0.19, 150 * 180).astype(np.float32)
    datasets["bckgrd_atlas/bckgrd_counts"][:] = 1150
    datasets["bckgrd_atlas/bckgrd_rate"][:] = 4.0e6
    return datasets


def break_scenes(folder: Path, good: Path) -> None:
    nodata, cloud, band, text, nowhere = UNUSABLE_SCENES
    with rasterio.open(good) as source:
        numbers, profile, tags = source.read(), source.profile, source.tags()
        descriptions = source.descriptions
    flat_white = np.full_like(numbers, 10_500)
    without_green = numbers.copy()
    without_green[1] = 0
    moved = rasterio.Affine.translation(300_000, 0) * profile["transform"]
    for name, values, odd in (
        (nodata, np.zeros_like(numbers), {}),
        (cloud, flat_white, {}),
        (band, without_green, {}),
        (nowhere, numbers, {"crs": None}),
        (ELSEWHERE, numbers, {"transform": moved}),
        (OTHER_HEMISPHERE, numbers, {"crs": "EPSG:32602"}),
    ):
        with rasterio.open(folder / f"{name}.tif", "w", **profile | odd) as broken:
            broken.write(values)
            broken.update_tags(**tags)
            broken.descriptions = descriptions
    (folder / f"{text}.tif").write_text("no scene")


def write_tables(folder: Path) -> None:
    granules = [*GOOD, *BROKEN, MISSING, NO_CALIBRATION, NO_WATER]
    scenes = [*(scene for scene, *_ in GOOD.values()), *UNUSABLE_SCENES, ELSEWHERE, OTHER_HEMISPHERE]
    scenes += [SCENE_THAT_IS_NOT_THERE]
    rows = [(granule, *look) for granule, look in GOOD.items()]
    rows += [(NO_WATER, scene, 5, 0, 0) for scene in (*UNUSABLE_SCENES, SCENE_THAT_IS_NOT_THERE)]
    rows += [(NO_CALIBRATION, ELSEWHERE, 5, 0, 0), (NO_CALIBRATION, OTHER_HEMISPHERE, 5, "-", "-")]
    tables = {
        "granules": pd.DataFrame(
            {
                "granule": granules,
                "release": "006",
                "beams": "gt2r",
                "role": ["train", "train", *["test"] * (len(granules) - 2)],
                "batch": "all",
                "file": [f"{granule}.h5" for granule in granules],
            }
        ),
        "scenes": pd.DataFrame({"scene": scenes, "file": [f"{scene}.tif" for scene in scenes]}),
        "coincidences": pd.DataFrame(rows, columns=["granule", "scene", "lag", "shift_x", "shift_y"]),
        "corrections": pd.DataFrame(columns=["granule", "beam", "x_start", "x_end", "class", "who", "why"]),
        "products": pd.DataFrame(
            [(next(iter(GOOD)), product, f"{product}.h5") for product in PRODUCTS],
            columns=["granule", "product", "file"],
        ),
    }
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.tsv", sep="\t", index=False)


@pytest.fixture(scope="module")
def states(campaign) -> pd.DataFrame:
    return pd.read_csv(campaign[0].folder / "results" / "report" / "states.tsv", sep="\t")


@pytest.mark.parametrize(("granule", "state"), BROKEN.items())
def test_a_broken_granule_ends_in_its_state_with_a_line_on_what_to_do(states, granule, state):
    own = states[(states["stage"] == "segments") & states["subject"].str.startswith(granule)]
    assert own["state"].tolist() == [state]
    reason = own["reason"].item()
    assert granule in reason
    assert "expected" in reason or "sc_orient" in reason
    assert ";" in reason, "what is wrong; what to do"


@pytest.mark.parametrize(("scene", "state"), UNUSABLE_SCENES.items())
def test_an_unusable_scene_ends_in_its_state_with_a_line(states, scene, state):
    own = states[states["subject"] == scene]
    assert own["state"].tolist() == [state]
    assert scene in own["reason"].item()


@pytest.mark.parametrize(("product", "state"), PRODUCTS.items())
def test_a_product_that_cannot_be_compared_with_ends_in_its_state_with_a_line(states, product, state):
    own = states[states["subject"] == f"{next(iter(GOOD))} {product}"]
    assert own["state"].tolist() == [state]
    assert f"inputs/{product}.h5: expected" in own["reason"].item()


def test_files_that_are_not_there_are_told_at_once_and_listed(campaign, states):
    said = campaign[1]
    for name in (f"{MISSING}.h5", f"{SCENE_THAT_IS_NOT_THERE}.tif"):
        assert f"inputs/{name}: there is no such file; it is left out" in said
        assert states["reason"].str.contains(name, regex=False).any()


def test_a_track_without_open_water_says_so_and_has_no_freeboard(campaign, states):
    assert states.loc[states["subject"].str.contains(NO_WATER), "state"].isin(["no_open_water"]).any()
    with xr.open_dataset(campaign[0].folder / "results" / "freeboard" / f"{NO_WATER}_gt2r.nc") as product:
        assert product.attrs["leadline_state"] == "no_open_water"
        assert product.sizes["segment"] > 1000
        assert product["freeboard"].isnull().all()


def test_scenes_of_another_place_label_nothing_and_say_so(states):
    own = states[states["subject"].str.contains(NO_CALIBRATION) & (states["stage"] == "labels")].set_index("state")
    assert own.index.tolist() == ["off_scene", "ok"]
    assert f"{OTHER_HEMISPHERE}: its drift is not known" in own.loc["ok", "reason"]


def test_without_calibration_tables_the_dead_time_model_stands_in(campaign):
    tables = campaign[0].folder / "results" / "segments"
    with_tables, without = (
        pd.read_parquet(tables / f"{granule}.parquet") for granule in (next(iter(GOOD)), NO_CALIBRATION)
    )
    assert set(without["first_photon_bias_flag"]) == {2}
    difference = without["first_photon_bias"] - with_tables["first_photon_bias"]
    assert difference.abs().quantile(0.95) < 0.002


def test_every_track_has_a_product_and_the_good_ones_have_freeboard(campaign):
    products = campaign[0].folder / "results" / "freeboard"
    for granule in BROKEN:
        with xr.open_dataset(products / f"{granule}_gt2r.nc") as product:
            assert product.attrs["leadline_state"] == BROKEN[granule]
            assert product.sizes["segment"] == 0
    for granule in GOOD:
        with xr.open_dataset(products / f"{granule}_gt2r.nc") as product:
            assert product.attrs["leadline_state"] == "ok"
            assert product["freeboard"].notnull().all()
    assert not (products / f"{MISSING}_gt2r.nc").exists()


def test_no_one_sees_a_traceback(campaign):
    checkout, said = campaign
    assert "Traceback" not in said
    for log in (checkout.folder / "results" / "logs").rglob("*.log"):
        assert "Traceback" not in log.read_text(), log
