import json
import sys

import numpy as np
import pandas as pd
import pytest

import build_training_set
import classify_segments
import evaluate_model
import train_model
from leadline.accounts import State, read_account
from leadline.distributed import Ranks
from leadline.errors import ModelError
from leadline.features import feature_array, normalisation, split, windows
from leadline.inference import predict
from leadline.metrics import network_scores
from leadline.tables import CLASSES, LABELS, SEGMENTS, TRAINING_SET, empty_table, read_table, write_table
from leadline.training import TrainingSettings, _learning_rate, train
from simulated_table import GRANULES, SEGMENT_LENGTH, simulated_table

ALONE = Ranks()
QUICK = TrainingSettings(batch_size=256, epochs=2)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return simulated_table(15_000, granules=GRANULES[:2])


@pytest.fixture(scope="module")
def untouched() -> pd.DataFrame:
    return simulated_table(15_000, granules=GRANULES[2:], seed=1)


@pytest.mark.parametrize(("network", "accuracy"), [("lstm", 97), ("mlp", 95)])
def test_a_network_learns_the_simulated_classes_and_none_is_left_out(table, untouched, network, accuracy):
    model, description = train(table, SEGMENT_LENGTH, network, TrainingSettings(batch_size=256, epochs=6), ALONE)
    metrics = network_scores(untouched["surface_class"].to_numpy(), predict(model, untouched, SEGMENT_LENGTH, ALONE))
    for of_part in (metrics, description["validation"]):
        assert of_part["accuracy_percent"] > accuracy
        for name in ("thick_ice", "thin_ice", "open_water"):
            assert of_part[f"recall_{name}_percent"] > 75


def test_the_same_seed_gives_the_same_weights_and_another_gives_others(table):
    one, of_one = train(table, SEGMENT_LENGTH, "lstm", QUICK, ALONE)
    two, of_two = train(table, SEGMENT_LENGTH, "lstm", QUICK, ALONE)
    other, _ = train(table, SEGMENT_LENGTH, "lstm", TrainingSettings(batch_size=256, epochs=2, seed=7), ALONE)
    assert of_one["history"] == of_two["history"]
    assert all((a == b).all() for a, b in zip(one.get_weights(), two.get_weights(), strict=True))
    assert any((a != b).any() for a, b in zip(one.get_weights(), other.get_weights(), strict=True))


def test_only_training_windows_shape_a_network(table):
    """Nothing of the held-out blocks is in the weights, the normalisation or the ranges."""
    settings = TrainingSettings(batch_size=256, epochs=1)
    index = windows(table, SEGMENT_LENGTH)
    training, validation = split(table, index, settings.validation_share, settings.seed)
    changed = table.copy()
    changed.loc[np.unique(index[validation]), "height_mean"] += np.float32(100)
    (one, of_one), (two, of_two) = (
        train(table, SEGMENT_LENGTH, "mlp", settings, ALONE),
        train(changed, SEGMENT_LENGTH, "mlp", settings, ALONE),
    )
    assert all((a == b).all() for a, b in zip(one.get_weights(), two.get_weights(), strict=True))
    assert one.get_config() == two.get_config()
    assert of_one["feature_ranges"] == of_two["feature_ranges"]
    assert of_one["validation"] != of_two["validation"]
    mean, variance = normalisation(feature_array(table)[training])
    assert one.get_layer("normalisation").mean.numpy().ravel() == pytest.approx(mean)
    assert one.get_layer("normalisation").variance.numpy().ravel() == pytest.approx(variance)


def test_the_epoch_with_the_lowest_loss_on_the_held_out_blocks_is_kept(table):
    settings = TrainingSettings(learning_rate=0.1, batch_size=64, epochs=5)
    model, description = train(table, SEGMENT_LENGTH, "mlp", settings, ALONE)
    losses = [record["validation_loss"] for record in description["history"]]
    assert description["kept_epoch"] == 1 + int(np.argmin(losses))
    assert description["kept_epoch"] < 5, "the case must tell the best from the last"
    _, validation = split(table, windows(table, SEGMENT_LENGTH), settings.validation_share, settings.seed)
    truth = table["surface_class"].to_numpy()[validation]
    assert network_scores(truth, predict(model, table, SEGMENT_LENGTH, ALONE)[validation]) == description["validation"]


def test_the_last_epoch_is_kept_where_nothing_is_held_out():
    _, description = train(simulated_table(1000), SEGMENT_LENGTH, "mlp", QUICK, ALONE)
    assert description["kept_epoch"] == 2
    assert description["validation"]["n_segments"] == 0
    assert sum(description["training_windows"].values()) == len(simulated_table(1000))


def test_a_loss_that_is_not_finite_ends_the_training():
    with pytest.raises(ModelError, match="lower the learning rate"):
        train(simulated_table(1000), SEGMENT_LENGTH, "lstm", TrainingSettings(learning_rate=1e30, epochs=2), ALONE)


def test_the_learning_rate_rises_during_the_first_epoch_of_a_large_batch_only():
    assert _learning_rate(TrainingSettings(batch_size=32), 10) == 0.003
    rising = _learning_rate(TrainingSettings(batch_size=1024), 10)
    assert [float(rising(step)) for step in (0, 5, 10, 50)] == pytest.approx([0.0003, 0.00165, 0.003, 0.003])


def command(monkeypatch: pytest.MonkeyPatch, script, *words: object) -> None:
    monkeypatch.setattr(sys, "argv", [script.__name__, *map(str, words)])
    script.main()


def written_campaign(folder, table: pd.DataFrame) -> None:
    """Write the table as the stages before would: segments by granule, the labels of all in one batch."""
    for granule, own in table.groupby("granule"):
        absent = {name: 0 for name in SEGMENTS.names if name not in own}
        write_table(folder / f"{granule}.parquet", own.assign(**absent)[SEGMENTS.names], SEGMENTS)
    write_table(folder / "empty.parquet", empty_table(SEGMENTS), SEGMENTS)
    absent = {"why": "scene", "confidence": 1, "scene": "", "lag": 0, "shift_x": 0, "shift_y": 0}
    write_table(folder / "labels.parquet", table.assign(**absent)[LABELS.names], LABELS)


def test_the_command_lines_go_from_labels_to_classes(tmp_path, monkeypatch, table, untouched):
    written_campaign(tmp_path, pd.concat([table, untouched.assign(role="test")]))
    model = ("--model", tmp_path / "mlp.keras", "--description", tmp_path / "mlp.json")
    for role, granules in (("train", (*GRANULES[:2], "empty")), ("test", GRANULES[2:])):
        files = [tmp_path / f"{granule}.parquet" for granule in granules]
        lists = ("--granules", *granules, "--segments", *files, "--labels", tmp_path / "labels.parquet")
        command(monkeypatch, build_training_set, *lists, "--role", role, "--output", tmp_path / f"{role}_set.parquet")
    assert read_table(tmp_path / "train_set.parquet", TRAINING_SET).equals(table)

    length = ("--segment-length", SEGMENT_LENGTH)
    settings = ("--architecture", "mlp", "--batch-size", 256, "--epochs", 3)
    command(monkeypatch, train_model, "--training-set", tmp_path / "train_set.parquet", *length, *settings, *model)
    metrics = tmp_path / "metrics.json"
    evaluate = ("--test-set", tmp_path / "test_set.parquet", *model, "--output", metrics)
    command(monkeypatch, evaluate_model, *evaluate, *length)
    assert json.loads(metrics.read_text())["test_n_segments"] == len(untouched)
    assert json.loads(metrics.read_text())["validation_accuracy_percent"] > 50

    output, account = tmp_path / "classes.parquet", tmp_path / "classes.json"
    where = (*model, *length, "--granule", GRANULES[2], "--output", output, "--account", account)
    command(monkeypatch, classify_segments, "--segments", tmp_path / f"{GRANULES[2]}.parquet", *where)
    classes = read_table(output, CLASSES)
    counts = read_account(account).counts
    assert len(classes) == counts["segments"] == len(untouched)
    assert counts["segments_open_water"] == (classes["surface_class"] == 2).sum()
    assert counts["segments_out_of_domain"] == classes["out_of_domain"].sum()

    command(monkeypatch, classify_segments, "--segments", tmp_path / "empty.parquet", *where)
    assert read_table(output, CLASSES).empty
    assert read_account(account).state == State.NO_PHOTONS_KEPT

    for script, words in ((evaluate_model, evaluate), (classify_segments, ("--segments", "absent.parquet", *where))):
        with pytest.raises(ModelError, match="learned from segments of 2 m, these are of 10 m"):
            command(monkeypatch, script, *words, "--segment-length", 10)


def test_labels_that_cannot_be_learned_from_leave_no_training_set(tmp_path, monkeypatch):
    written_campaign(tmp_path, simulated_table(100).assign(surface_class=np.uint8(0)))
    lists = ("--granules", GRANULES[0], "--segments", tmp_path / f"{GRANULES[0]}.parquet")
    words = (*lists, "--labels", tmp_path / "labels.parquet", "--output", tmp_path / "set.parquet")
    with pytest.raises(ModelError, match="labels of two surface classes are needed"):
        command(monkeypatch, build_training_set, *words, "--role", "train")
    assert not (tmp_path / "set.parquet").exists()


def test_a_campaign_without_granules_to_test_on_has_an_empty_test_set(tmp_path, monkeypatch):
    output = tmp_path / "test_set.parquet"
    command(
        monkeypatch, build_training_set, "--granules", "--segments", "--labels", "--role", "test", "--output", output
    )
    assert read_table(output, TRAINING_SET).empty
