import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import build_training_set
import classify_segments
import evaluate_model
import train_model
from leadline import training
from leadline.accounts import State, read_account
from leadline.checkpoints import Checkpoint, read_checkpoint, write_checkpoint
from leadline.distributed import Ranks
from leadline.errors import ModelError
from leadline.features import PAPER_INPUTS, feature_array, normalisation, split, windows
from leadline.inference import predict
from leadline.metrics import network_scores
from leadline.shards import Feed
from leadline.steps import learning_rate
from leadline.tables import CLASSES, LABELS, SEGMENTS, TRAINING_SET, empty_table, read_table, write_table
from leadline.training import TrainingSettings, train
from simulated_table import GRANULES, SEGMENT_LENGTH, simulated_table

ALONE = Ranks()
QUICK = TrainingSettings(batch_size=256, epochs=2, scaling="none")


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return simulated_table(15_000, granules=GRANULES[:2])


@pytest.fixture(scope="module")
def untouched() -> pd.DataFrame:
    return simulated_table(15_000, granules=GRANULES[2:], seed=1)


@pytest.mark.parametrize(("network", "accuracy"), [("lstm", 97), ("mlp", 95)])
def test_a_network_learns_the_simulated_classes_and_none_is_left_out(table, untouched, network, accuracy):
    model, description = train(table, SEGMENT_LENGTH, network, replace(QUICK, epochs=6), ALONE)
    metrics = network_scores(
        untouched["surface_class"].to_numpy(), predict(model, description, untouched, SEGMENT_LENGTH, ALONE)
    )
    for of_part in (metrics, description["validation"]):
        assert of_part["accuracy_percent"] > accuracy
        for name in ("thick_ice", "thin_ice", "open_water"):
            assert of_part[f"recall_{name}_percent"] > 75


def test_the_same_seed_gives_the_same_weights_and_another_gives_others(table):
    one, of_one = train(table, SEGMENT_LENGTH, "lstm", QUICK, ALONE)
    two, of_two = train(table, SEGMENT_LENGTH, "lstm", QUICK, ALONE)
    other, _ = train(table, SEGMENT_LENGTH, "lstm", replace(QUICK, seed=7), ALONE)
    assert of_one["history"] == of_two["history"]
    assert all((a == b).all() for a, b in zip(one.get_weights(), two.get_weights(), strict=True))
    assert any((a != b).any() for a, b in zip(one.get_weights(), other.get_weights(), strict=True))


def test_only_training_windows_shape_a_network(table):
    """Nothing of the held-out blocks is in the weights, the normalisation or the ranges."""
    settings = replace(QUICK, epochs=1)
    index = windows(table, SEGMENT_LENGTH, PAPER_INPUTS.reach)
    training, validation = split(table, index, settings.validation_share, settings.seed)
    changed = table.copy()
    changed.loc[np.unique(index[validation]), "height_mean"] += np.float32(100)
    (one, of_one), (two, of_two) = (
        train(table, SEGMENT_LENGTH, "mlp", settings, ALONE),
        train(changed, SEGMENT_LENGTH, "mlp", settings, ALONE),
    )
    assert all((a == b).all() for a, b in zip(one.get_weights(), two.get_weights(), strict=True))
    assert one.get_config() == two.get_config()
    assert of_one["validation"] != of_two["validation"]
    mean, variance = normalisation(feature_array(table, PAPER_INPUTS)[training])
    assert one.get_layer("normalisation").mean.numpy().ravel() == pytest.approx(mean)
    assert one.get_layer("normalisation").variance.numpy().ravel() == pytest.approx(variance)


def test_the_epoch_with_the_lowest_loss_on_the_held_out_blocks_is_kept(table):
    settings = TrainingSettings(learning_rate=0.1, batch_size=64, epochs=5, scaling="none")
    model, description = train(table, SEGMENT_LENGTH, "mlp", settings, ALONE)
    losses = [record["validation_loss"] for record in description["history"]]
    assert description["kept_epoch"] == 1 + int(np.argmin(losses))
    assert description["kept_epoch"] < 5, "the case must tell the best from the last"
    _, validation = split(
        table, windows(table, SEGMENT_LENGTH, PAPER_INPUTS.reach), settings.validation_share, settings.seed
    )
    truth = table["surface_class"].to_numpy()[validation]
    assert (
        network_scores(truth, predict(model, description, table, SEGMENT_LENGTH, ALONE)[validation])
        == description["validation"]
    )


def test_the_last_epoch_is_kept_where_nothing_is_held_out():
    _, description = train(simulated_table(1000), SEGMENT_LENGTH, "mlp", QUICK, ALONE)
    assert description["kept_epoch"] == 2
    assert description["validation"]["n_segments"] == 0
    assert sum(description["training_windows"].values()) == len(simulated_table(1000))


def test_a_loss_that_is_not_finite_ends_the_training():
    with pytest.raises(ModelError, match="lower the learning rate"):
        train(simulated_table(1000), SEGMENT_LENGTH, "lstm", TrainingSettings(learning_rate=1e30, epochs=2), ALONE)


def test_the_papers_learning_rate_is_constant_and_that_of_a_large_batch_grows_and_is_warmed_up():
    assert learning_rate(0.003, 32, "root", 0) == 0.003
    assert learning_rate(0.003, 32, "linear", 0) == 0.003
    assert learning_rate(0.003, 512, "linear", 0) == pytest.approx(0.048)
    rising = learning_rate(0.003, 512, "root", 10)
    assert [float(rising(step)) for step in (0, 5, 10, 50)] == pytest.approx([0.0012, 0.0066, 0.012, 0.012])


def test_a_learning_rate_that_decays_falls_to_nothing_along_half_a_cosine_after_it_was_warmed_up():
    warmed, at_once = learning_rate(0.003, 512, "root", 10, 40), learning_rate(0.003, 32, "root", 0, 40)
    assert [float(warmed(step)) for step in (0, 5, 10, 30, 50)] == pytest.approx([0.0012, 0.0066, 0.012, 0.006, 0])
    assert [float(at_once(step)) for step in (0, 20, 40)] == pytest.approx([0.003, 0.0015, 0])


def interrupted(table: pd.DataFrame, settings: TrainingSettings, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train until the last epoch, and be interrupted in it."""
    feed = Feed.epoch

    def cut(self: Feed, number: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for batches in feed(self, number):
            yield batches
            if number == settings.epochs:
                raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Feed, "epoch", cut)
        train(table, SEGMENT_LENGTH, "lstm", settings, ALONE, path)


def test_a_training_that_was_cut_short_goes_on_to_the_same_bits(tmp_path, monkeypatch, table):
    path, settings = tmp_path / "lstm.npz", replace(QUICK, epochs=3)
    interrupted(table, settings, path, monkeypatch)
    resumed, of_resumed = train(table, SEGMENT_LENGTH, "lstm", settings, ALONE, path)
    through, of_through = train(table, SEGMENT_LENGTH, "lstm", settings, ALONE)
    assert all((a == b).all() for a, b in zip(resumed.get_weights(), through.get_weights(), strict=True))
    assert {**of_resumed, "times": None} == {**of_through, "times": None}


def test_a_checkpoint_of_other_data_or_settings_is_not_gone_on_from(tmp_path, monkeypatch, table):
    path, digests = tmp_path / "lstm.npz", []
    monkeypatch.setattr(training, "read_checkpoint", lambda path, digest: digests.append(digest))
    other = table.copy()
    other.loc[0, "height_mean"] += np.float32(0.01)
    small = replace(QUICK, epochs=1, batch_size=8192)
    for of_table, settings in ((table, small), (table, small), (other, small), (table, replace(small, seed=1))):
        train(of_table, SEGMENT_LENGTH, "mlp", settings, ALONE, path)
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3
    write_checkpoint(path, Checkpoint(epoch=7), digests[0])
    assert read_checkpoint(path, digests[0]).epoch == 7
    assert read_checkpoint(path, digests[2]) is None


def test_xla_trains_to_the_same_weights(table):
    """To float tolerance, and the MLP, which has no dropout: XLA draws other masks."""
    settings = replace(QUICK, epochs=1)
    (plain, _), (compiled, _) = (
        train(table, SEGMENT_LENGTH, "mlp", replace(settings, xla=xla), ALONE) for xla in (False, True)
    )
    for one, other in zip(plain.get_weights(), compiled.get_weights(), strict=True):
        assert other == pytest.approx(one, abs=1e-5)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_a_network_trained_in_mixed_precision_learns_as_well_and_classifies_in_float32(table, untouched, precision):
    few = table.iloc[:6000]
    truth, accuracy = untouched["surface_class"].to_numpy(), {}
    for name in ("float32", precision):
        model, description = train(few, SEGMENT_LENGTH, "lstm", replace(QUICK, batch_size=64, precision=name), ALONE)
        assert all(
            layer.compute_dtype == weight.dtype == "float32" for layer in model.layers for weight in layer.weights
        )
        probability = predict(model, description, untouched, SEGMENT_LENGTH, ALONE)
        accuracy[name] = network_scores(truth, probability)["accuracy_percent"]
    assert accuracy[precision] == pytest.approx(accuracy["float32"], abs=1.5)
    assert accuracy[precision] != accuracy["float32"]


def test_shards_that_cannot_be_dealt_are_refused(table):
    with pytest.raises(ModelError, match=r"20000 shards of 1.* windows cannot be dealt to 1 ranks"):
        train(table.iloc[:1500], SEGMENT_LENGTH, "mlp", replace(QUICK, shards=20_000), ALONE)


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


def test_the_command_lines_go_from_labels_to_classes(tmp_path, monkeypatch):
    table, untouched = simulated_table(4000, granules=GRANULES[:2]), simulated_table(4000, granules=GRANULES[2:])
    written_campaign(tmp_path, pd.concat([table, untouched.assign(role="test")]))
    model = ("--model", tmp_path / "mlp.keras", "--description", tmp_path / "mlp.json")
    length = ("--segment-length", SEGMENT_LENGTH)
    for role, granules in (("train", (*GRANULES[:2], "empty")), ("test", GRANULES[2:])):
        files = [tmp_path / f"{granule}.parquet" for granule in granules]
        lists = ("--granules", *granules, "--segments", *files, "--labels", tmp_path / "labels.parquet", *length)
        command(monkeypatch, build_training_set, *lists, "--role", role, "--output", tmp_path / f"{role}_set.parquet")
    written = read_table(tmp_path / "train_set.parquet", TRAINING_SET)
    assert written.drop(columns="support").equals(table.drop(columns="support"))

    settings = ("--architecture", "mlp", "--batch-size", 256, "--epochs", 3)
    command(monkeypatch, train_model, "--training-set", tmp_path / "train_set.parquet", *length, *settings, *model)
    assert not list(tmp_path.glob("*.npz")), "a checkpoint is left"
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
    words = (*words, "--segment-length", SEGMENT_LENGTH)
    with pytest.raises(ModelError, match="labels of two surface classes are needed"):
        command(monkeypatch, build_training_set, *words, "--role", "train")
    assert not (tmp_path / "set.parquet").exists()


def test_a_campaign_without_granules_to_test_on_has_an_empty_test_set(tmp_path, monkeypatch):
    output = tmp_path / "test_set.parquet"
    lists = ("--granules", "--segments", "--labels", "--segment-length", SEGMENT_LENGTH)
    command(monkeypatch, build_training_set, *lists, "--role", "test", "--output", output)
    assert read_table(output, TRAINING_SET).empty
