"""What the DAG asks for: before anything runs, and after a library module or a setting has changed."""

import pytest
import yaml
from workflow_words import NOTHING

DEMO = ("--configfile", "config/demo.yaml")
UNTOUCHED = "20191126183000_90030510"


def test_the_papers_campaign_asks_for_eight_granules_and_their_tracks(checkout):
    jobs = checkout.jobs()
    assert jobs["fetch_granule"] == jobs["segment_scene"] == jobs["estimate_drift"] == jobs["resample_segments"] == 8
    assert jobs["write_product"] == jobs["draw_track"] == 24


def test_one_track_asks_for_nothing_that_it_does_not_need(checkout):
    jobs = checkout.jobs(f"results/freeboard/{UNTOUCHED}_gt2r.nc", *DEMO)
    assert jobs["write_product"] == jobs["train_model"] == jobs["classify_segments"] == jobs["compute_freeboard"] == 1
    assert jobs["segment_scene"] == jobs["estimate_drift"] == jobs["label_tracks"] == 2, (
        "only the granules to train on need labels"
    )
    assert {"draw_track", "evaluate_model", "summarise_campaign"}.isdisjoint(jobs)


def test_segments_of_one_granule_ask_for_that_granule_alone(checkout):
    jobs = checkout.jobs(f"results/segments/{UNTOUCHED}.parquet", *DEMO)
    assert jobs == {"simulate_granule": 1, "resample_segments": 1, "total": 2}


def test_the_ablation_is_for_who_asks_for_it_and_measures_on_worlds_of_their_own_seeds(checkout):
    assert "ablate_model" not in checkout.jobs(*DEMO)
    worlds = (*DEMO, "config/worlds.yaml")
    jobs = checkout.jobs("ablation", *worlds)
    assert jobs["ablate_model"] == 1
    assert jobs["simulate_granule"] == 5
    assert "train_model" not in jobs
    for granule, seed in (("20191127183000_90040510", 7), ("20191128183000_90050510", 41), (UNTOUCHED, 2019)):
        said = checkout.snakemake(f"results/simulated/{granule}.h5", "--dry-run", "--printshellcmds", *worlds)
        assert f"--seed {seed} " in said
    assert "--thin-cloud 0.5" in checkout.snakemake(
        "results/simulated/S2_T02CNB_20191104T202200.tif", "--dry-run", "--printshellcmds", *DEMO, "config/harder.yaml"
    )


def test_a_wrong_config_is_told_all_its_faults_before_anything_runs(checkout):
    faulty = {"segments": {"trim": -1}, "freeboard": {"method": "best"}, "tables": {"scenes": "absent.tsv"}}
    (checkout.folder / "faulty.yaml").write_text(yaml.safe_dump(faulty))
    said = checkout.snakemake("--dry-run", "--configfile", "faulty.yaml", fails=True)
    assert "faulty.yaml: segments.trim: -1: must be 0.15 or more" in said
    assert "faulty.yaml: freeboard.method: 'best': allowed are" in said
    assert "Traceback" not in said


def test_a_scene_whose_tile_is_not_told_says_what_to_do_before_anyone_is_asked(checkout):
    said = checkout.snakemake("results/acquire/S2_20191103T183459", "--retries", "0", fails=True)
    assert "S2_20191103T183459: its tile is not told; `snakemake search` finds the tiles under the track" in said
    assert "Traceback" not in said


AFTER_SEGMENTS = {
    "resample_segments",
    "estimate_drift",
    "label_tracks",
    "build_training_set",
    "train_model",
    "evaluate_model",
    "draw_classifier",
    "classify_segments",
    "compute_freeboard",
    "compare_products",
    "write_product",
    "write_tracks",
    "sum_cells",
    "write_grid",
    "draw_grid",
    "write_stac",
    "write_track_page",
    "write_review",
    "draw_track",
    "draw_map",
    "draw_on_scene",
    "summarise_campaign",
    "tabulate_paper",
}
OF_ALL = {"tabulate_run", "show_table"}
"""What tells of the whole campaign, and so is stale after all else."""
AFTER_DRIFT = AFTER_SEGMENTS - {"resample_segments", "draw_map"}
AFTER_LABELS = AFTER_DRIFT - {"estimate_drift"}
AFTER_MODEL = AFTER_LABELS - {"label_tracks", "build_training_set"}
AFTER_CLASSES = AFTER_MODEL - {"train_model", "evaluate_model", "draw_classifier"}
AFTER_FREEBOARD = AFTER_CLASSES - {"classify_segments"}
AFTER_STYLE = {
    "draw_track",
    "draw_on_scene",
    "draw_map",
    "draw_classifier",
    "compare_products",
    "summarise_campaign",
    "tabulate_paper",
    "write_track_page",
    "write_review",
}


@pytest.mark.parametrize(
    ("module", "stale"),
    [
        ("segments.py", AFTER_SEGMENTS),
        ("photons.py", AFTER_SEGMENTS | {"simulate_product"}),
        ("segmentation.py", AFTER_DRIFT | {"segment_scene", "draw_map"}),
        ("matching.py", AFTER_DRIFT),
        ("spark/labels.py", AFTER_LABELS),
        ("training.py", AFTER_MODEL),
        ("inference.py", AFTER_MODEL),
        ("sea_surface.py", AFTER_FREEBOARD),
        ("spark/freeboard.py", AFTER_FREEBOARD),
        ("netcdf.py", {"write_product", "write_track_page", "write_stac"}),
        ("geoparquet.py", {"write_tracks", "write_stac"}),
        ("maps/gridding.py", {"sum_cells", "write_grid", "draw_grid", "write_stac"}),
        ("maps/stac_items.py", {"write_stac"}),
        ("figures/style.py", AFTER_STYLE),
        ("comparison.py", {"compare_products", "summarise_campaign", "tabulate_paper"}),
        (
            "simulate/truth.py",
            {
                "simulate_truth",
                "evaluate_model",
                "draw_classifier",
                "draw_track",
                "draw_on_scene",
                "write_track_page",
                "summarise_campaign",
                "tabulate_paper",
            },
        ),
        ("simulate/sentinel2.py", AFTER_DRIFT | {"simulate_scene", "segment_scene", "draw_map"}),
    ],
)
def test_a_stages_code_makes_that_stage_and_what_follows_stale_and_nothing_else(finished, small, module, stale):
    path = finished.folder / "scripts" / "leadline" / module
    code = path.read_text()
    try:
        path.write_text(code + "\n# only a comment\n")
        assert NOTHING in finished.snakemake("--dry-run", *small)
        path.write_text(code + "\nADDED = 1\n")
        assert set(finished.jobs(*small)) - {"all", "total"} == stale | OF_ALL
    finally:
        path.write_text(code)


@pytest.mark.parametrize(
    ("setting", "stale"),
    [
        ({"segments": {"trim": 0.6}}, AFTER_SEGMENTS),
        ({"segments": {"window": 10}}, AFTER_SEGMENTS | {"simulate_truth"}),
        ({"labels": {"minimum_confidence": 0.5}}, AFTER_LABELS),
        ({"labels": {"white": 0.9}}, AFTER_DRIFT | {"segment_scene", "draw_map"}),
        ({"labels": {"ice_speed": 0.5}}, AFTER_DRIFT),
        ({"freeboard": {"method": "average"}}, AFTER_FREEBOARD),
    ],
)
def test_a_setting_makes_its_stage_and_what_follows_stale_and_nothing_else(finished, small, setting, stale):
    (finished.folder / "changed.yaml").write_text(yaml.safe_dump(setting))
    assert set(finished.jobs(*small, "changed.yaml")) - {"all", "total"} == stale | OF_ALL
