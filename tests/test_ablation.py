import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml

import ablate_model
from leadline.benchmarks.ablation import SCORES, settings_of, summarised, without_one_choice
from leadline.features import PAPER_INPUTS, Inputs
from leadline.tables import TRAINING_SET, TRUTH, write_table
from leadline.training import TrainingSettings
from simulated_table import GRANULES, simulated_table

PRESET = {
    "batch_size": 512,
    "epochs": 2,
    "weights": "equal",
    "minimum_support": 0.5,
    "features": ["relative_height", "height_std", "log_return_width"],
    "reach": 3,
}


def test_a_preset_without_a_word_is_the_papers():
    assert settings_of({}) == TrainingSettings()
    assert settings_of({}).inputs == PAPER_INPUTS


def test_each_variant_lacks_one_choice_and_choices_that_were_not_made_are_not_taken_back():
    preset = settings_of(PRESET)
    variants = without_one_choice(preset)
    assert set(variants) == {
        "without relative_height",
        "without log_return_width",
        "window of the paper",
        "unsupported labels too",
        "cross-entropy",
    }
    inputs = Inputs(("height_mean", "height_std", "log_return_width"), 3)
    assert variants["without relative_height"] == replace(preset, inputs=inputs)
    assert variants["without log_return_width"].inputs.features == ("relative_height", "height_std")
    assert variants["unsupported labels too"] == replace(preset, minimum_support=0.0)


def test_the_gain_of_a_choice_is_what_the_preset_has_over_the_variant_without_it():
    values = {"preset": (90.0, 94.0), "without": (80.0, 82.0)}
    rows = [
        {"variant": variant, "seed": seed, **dict.fromkeys(SCORES, value)}
        for variant, of_seeds in values.items()
        for seed, value in enumerate(of_seeds)
    ]
    table = summarised(rows).set_index("variant")
    assert list(table.index) == ["preset", "without"]
    assert table.seeds.tolist() == [2, 2]
    assert table.balanced_accuracy_percent.tolist() == [92, 81]
    assert table.balanced_accuracy_percent_std.tolist() == [2, 1]
    assert table.gain_balanced_accuracy_percent.tolist() == [0, 11]


def test_one_command_measures_all_variants_on_worlds_of_the_same_name(tmp_path, monkeypatch):
    paper_is_long = TrainingSettings(epochs=1, batch_size=512)
    monkeypatch.setattr(
        "leadline.benchmarks.ablation.TrainingSettings", lambda **given: replace(paper_is_long, **given)
    )
    write_table(tmp_path / "train.parquet", simulated_table(6000, granules=GRANULES[:2]), TRAINING_SET)
    for seed in (1, 2):
        world = simulated_table(2000, granules=GRANULES[2:], seed=seed)
        write_table(tmp_path / f"{seed}.parquet", world, TRAINING_SET)
        truth = world.assign(freeboard=np.float32(0), sea_surface=np.float32(0))[TRUTH.names]
        write_table(tmp_path / f"{seed}_truth.parquet", truth, TRUTH)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"model": {"presets": {"default": PRESET}}}))
    files = [[tmp_path / f"{seed}{ending}.parquet" for seed in (1, 2)] for ending in ("", "_truth")]
    words = ("--config", tmp_path / "config.yaml", "--architecture", "mlp", "--seeds", 1, "--output")
    sets = ("--training-set", tmp_path / "train.parquet", "--test-set", *files[0], "--truth", *files[1])
    monkeypatch.setattr(sys, "argv", ["ablate_model", *map(str, (*sets, *words, tmp_path / "ablation.tsv"))])
    ablate_model.main()
    table = pd.read_csv(tmp_path / "ablation.tsv", sep="\t").set_index("variant")
    assert list(table.index[:5]) == ["preset", "lstm", "trees", "paper", "paper, its random split"]
    assert (table.seeds == 1).all()
    assert table.loc["trees", "accuracy_percent"] > 90
    assert table.loc["preset", "gain_balanced_accuracy_percent"] == pytest.approx(0)
