import sys
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import ablate_model
from leadline.benchmarks.ablation import SCORES, beside_table_iii, gains, without_one_choice
from leadline.benchmarks.leak import OWN, SPLITS, TRUTH
from leadline.features import Inputs, windows
from leadline.names import SurfaceClass
from leadline.paper import TABLE_III
from leadline.tables import TRAINING_SET, write_table
from leadline.tables import TRUTH as TRUTH_TABLE
from leadline.training import TrainingSettings
from simulated_table import GRANULES, SEGMENT_LENGTH, simulated_table

PRESET = TrainingSettings(
    batch_size=512,
    epochs=2,
    weights="equal",
    minimum_support=0.5,
    inputs=Inputs(("relative_height", "height_std", "log_return_width"), 3),
)


def test_each_variant_lacks_one_choice_and_choices_that_were_not_made_are_not_taken_back():
    variants = without_one_choice(PRESET)
    assert set(variants) == {
        "without relative_height",
        "without log_return_width",
        "window of the paper",
        "unsupported labels too",
        "cross-entropy",
    }
    inputs = Inputs(("height_mean", "height_std", "log_return_width"), 3)
    assert variants["without relative_height"] == replace(PRESET, inputs=inputs)
    assert variants["without log_return_width"].inputs.features == ("relative_height", "height_std")
    assert variants["unsupported labels too"] == replace(PRESET, minimum_support=0.0)


def scored(values: dict[str, tuple[float, ...]], names: tuple[str, ...]) -> pd.DataFrame:
    """Return rows of variants and seeds with the same value of all scores."""
    return pd.DataFrame(
        {"variant": variant, "seed": seed, **dict.fromkeys(names, value)}
        for variant, of_seeds in values.items()
        for seed, value in enumerate(of_seeds)
    )


def test_the_gain_of_a_choice_is_what_the_preset_has_over_the_variant_without_it():
    table = gains(scored({"preset": (90.0, 94.0), "without": (80.0, 82.0)}, SCORES)).set_index("variant")
    assert list(table.index) == ["preset", "without"]
    assert table.seeds.tolist() == [2, 2]
    assert table.balanced_accuracy_percent.tolist() == [92, 81]
    assert table.balanced_accuracy_percent_std.tolist() == [2, 1]
    assert table.gain_balanced_accuracy_percent.tolist() == [0, 11]


def test_mean_and_spread_of_whole_presets_stand_beside_table_iii():
    rows = scored({"preset": (90.0, 94.0), "paper": (80.0, 82.0), "without": (1.0, 2.0)}, tuple(TABLE_III))
    table = beside_table_iii(rows).set_index(["variant", "metric"])
    assert set(table.index.get_level_values("variant")) == {"preset", "paper"}
    assert table.loc[("preset", "accuracy_percent")].tolist() == [2, 92, 2, 96.56]
    assert table.loc[("paper", "recall_open_water_percent")].tolist() == [2, 81, 1, 60.25]


@pytest.mark.parametrize("name", SPLITS)
def test_a_split_holds_out_a_fifth_of_the_labels_and_random_windows_overlap_what_trained(name):
    table = simulated_table(20_000, granules=GRANULES[:2])
    table.loc[::10, "surface_class"] = np.uint8(SurfaceClass.UNKNOWN)
    index = windows(table, SEGMENT_LENGTH, 2)
    training, held_out = SPLITS[name](table, index, 3)
    labelled = (table["surface_class"] != SurfaceClass.UNKNOWN).sum()
    assert len(held_out) / labelled == pytest.approx(0.2, abs=0.07)
    assert len(training) + len(held_out) == pytest.approx(labelled, abs=20)
    assert not np.intersect1d(training, held_out).size
    seen = np.isin(index[held_out], index[training]).any(axis=1).mean()
    assert seen > 0.99 if name.startswith("random") else seen == 0


def test_one_command_measures_all_variants_and_the_leak(tmp_path, monkeypatch):
    paper_is_long = TrainingSettings(epochs=1, batch_size=512)
    for place in ("leadline.benchmarks.ablation.TrainingSettings", "ablate_model.TrainingSettings"):
        monkeypatch.setattr(place, lambda **given: replace(paper_is_long, **given))
    write_table(tmp_path / "train.parquet", simulated_table(6000, granules=GRANULES[:2]), TRAINING_SET)
    untouched = simulated_table(3000, granules=GRANULES[2:])
    hidden = untouched.assign(surface_class=np.where(untouched.index < 1000, 255, untouched.surface_class))
    write_table(tmp_path / "test.parquet", hidden.astype({"surface_class": np.uint8}), TRAINING_SET)
    truth = untouched.assign(freeboard=np.float32(0), sea_surface=np.float32(0))[TRUTH_TABLE.names]
    write_table(tmp_path / "truth.parquet", truth, TRUTH_TABLE)
    sets = {"training-set": "train.parquet", "test-set": "test.parquet", "truth": "truth.parquet", "output": "report"}
    files = [word for name, file in sets.items() for word in (f"--{name}", tmp_path / file)]
    preset = ("--batch-size", 512, "--epochs", 2, "--minimum-support", 0.5, "--reach", 3)
    features = ("--features", "relative_height", "height_std", "--architecture", "mlp", "--segment-length", 2)
    monkeypatch.setattr(sys, "argv", ["ablate_model", *map(str, (*files, *preset, *features, "--seeds", 1))])
    ablate_model.main()

    table = pd.read_csv(tmp_path / "report" / "ablation.tsv", sep="\t").set_index("variant")
    assert list(table.index[:4]) == ["preset", "lstm", "trees", "paper"]
    assert (table.seeds == 1).all()
    assert table.loc["trees", "accuracy_percent"] > 90
    assert table.loc["preset", "gain_balanced_accuracy_percent"] == pytest.approx(0)
    seeds = pd.read_csv(tmp_path / "report" / "seeds.tsv", sep="\t")
    assert set(seeds["variant"]) == {"preset", "lstm", "paper"}
    leak = pd.read_csv(tmp_path / "report" / "leak.tsv", sep="\t").set_index(["split", "measured_on"])
    assert len(leak) == 2 * 3, "two splits, on their own part, on labels and on the truth"
    for split in SPLITS:
        assert leak.loc[(split, OWN), "accuracy_percent"] > 80
        assert leak.loc[(split, TRUTH), "accuracy_percent"] > 80
    for name in ("ablation", "leak"):
        assert plt.imread(tmp_path / "report" / f"{name}.png").std() > 0.05
