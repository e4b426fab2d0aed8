"""Ranks under a real Horovod, launched by horovodrun over Gloo."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from launched import SETTINGS
from leadline.distributed import Ranks, start
from leadline.features import feature_array, normalisation
from leadline.inference import predict
from leadline.models import lstm, write_model
from leadline.tables import TRAINING_SET, write_table
from leadline.training import train
from simulated_table import GRANULES, SEGMENT_LENGTH, simulated_table

TESTS = Path(__file__).parent
HOROVODRUN = Path(sys.executable).with_name("horovodrun")
LAUNCHERS = ("HOROVOD_SIZE", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS")


def launch(*words: object, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(TESTS.parent / "scripts"), **variables}
    return subprocess.run(list(map(str, words)), env=environment, capture_output=True, text=True, timeout=300)


def launch_two_ranks(*words: object) -> subprocess.CompletedProcess[str]:
    return launch(HOROVODRUN, "-np", 2, "--gloo", sys.executable, TESTS / "launched.py", *words)


@pytest.fixture(scope="module")
def table():
    return simulated_table(12_000, granules=GRANULES[:1])


@pytest.fixture(scope="module")
def given(table) -> keras.Model:
    keras.utils.set_random_seed(5)
    return lstm(*normalisation(feature_array(table)))


@pytest.fixture(scope="module")
def two_ranks(tmp_path_factory, table, given) -> Path:
    """The folder that two ranks have left their weights and probabilities in."""
    folder = tmp_path_factory.mktemp("two_ranks")
    write_table(folder / "training_set.parquet", table, TRAINING_SET)
    write_model(folder / "given.keras", folder / "given.json", given, {"segment_length": SEGMENT_LENGTH})
    ended = launch_two_ranks("train", folder)
    assert ended.returncode == 0, ended.stderr
    return folder


def weights(folder: Path, network: str, rank: int) -> list[np.ndarray]:
    with np.load(folder / f"{network}_{rank}.npz") as saved:
        return [saved[name] for name in saved.files]


@pytest.mark.parametrize("network", ["mlp", "lstm"])
def test_two_ranks_end_with_the_same_bits(two_ranks, network):
    """They start from different weights and see different windows: without broadcast and averaging they differ."""
    ranks = (weights(two_ranks, network, rank) for rank in (0, 1))
    assert all((first == second).all() for first, second in zip(*ranks, strict=True))


def test_two_ranks_train_as_one_process_with_the_same_batch(two_ranks, table):
    """The MLP has no dropout, whose masks differ between ranks; only the order of sums is another."""
    alone, _ = train(table, SEGMENT_LENGTH, "mlp", SETTINGS, Ranks())
    for one, two in zip(alone.get_weights(), weights(two_ranks, "mlp", 0), strict=True):
        assert two == pytest.approx(one, abs=1e-6)


def test_two_ranks_classify_as_one_process_to_the_last_bit(two_ranks, table, given):
    expected = predict(given, table, SEGMENT_LENGTH, Ranks(), batch_size=1000)
    for rank in (0, 1):
        assert (np.load(two_ranks / f"probability_{rank}.npy") == expected).all()
        assert np.load(two_ranks / f"none_{rank}.npy").shape == (0, 3)


def test_a_rank_that_fails_ends_the_job():
    ended = launch_two_ranks("fail")
    assert ended.returncode != 0
    assert "rank 1 has had enough" in ended.stderr


def test_processes_that_horovod_does_not_connect_refuse_to_train():
    """As under an srun that Horovod was not built for."""
    ended = launch(sys.executable, TESTS / "launched.py", "fail", SLURM_STEP_NUM_TASKS="2")
    assert ended.returncode == 1
    assert "2 processes were launched, but Horovod sees 1" in ended.stderr


def test_a_plain_process_is_alone_and_needs_no_horovod(monkeypatch):
    for name in LAUNCHERS:
        monkeypatch.delenv(name, raising=False)
    ranks = start()
    assert (ranks.rank, ranks.size) == (0, 1)
    assert "horovod" not in sys.modules
