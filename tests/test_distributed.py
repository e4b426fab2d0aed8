"""Ranks under a real Horovod, launched by horovodrun over Gloo."""

import os
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from time import time
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from launched import SETTINGS, train_case
from leadline.calibration import Calibration
from leadline.distributed import HorovodRanks, Ranks, start
from leadline.errors import LeadlineError
from leadline.features import PAPER_INPUTS, feature_array, normalisation
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


DESCRIPTION = {
    "segment_length": SEGMENT_LENGTH,
    "inputs": asdict(PAPER_INPUTS),
    "calibration": asdict(Calibration()),
}


@pytest.fixture(scope="module")
def table():
    return simulated_table(12_000, granules=GRANULES[:1])


@pytest.fixture(scope="module")
def given(table) -> keras.Model:
    keras.utils.set_random_seed(5)
    return lstm(PAPER_INPUTS, *normalisation(feature_array(table, PAPER_INPUTS)))


@pytest.fixture(scope="module")
def two_ranks(tmp_path_factory, table, given) -> Path:
    """The folder that two ranks have left their weights and probabilities in."""
    folder = tmp_path_factory.mktemp("two_ranks")
    write_table(folder / "training_set.parquet", table, TRAINING_SET)
    write_model(folder / "given.keras", folder / "given.json", given, DESCRIPTION)
    ended = launch_two_ranks("train", folder)
    assert ended.returncode == 0, ended.stderr
    return folder


def weights(folder: Path, case: str, rank: int) -> list[np.ndarray]:
    with np.load(folder / f"{case}_{rank}.npz") as saved:
        return [saved[name] for name in saved.files]


def equal(ones: list[np.ndarray], others: list[np.ndarray]) -> bool:
    return all((one == other).all() for one, other in zip(ones, others, strict=True))


@pytest.mark.parametrize("case", ["mlp", "lstm", "xla"])
def test_two_ranks_end_with_the_same_bits(two_ranks, case):
    """They start from different weights and see different windows: without sharing and averaging they differ."""
    assert equal(weights(two_ranks, case, 0), weights(two_ranks, case, 1))


@pytest.mark.parametrize("case", ["mlp", "xla"])
def test_two_ranks_train_as_one_process_with_the_same_batch(two_ranks, table, case):
    """The MLP has no dropout, whose masks differ between ranks; only the order of sums is another."""
    alone, _ = train(table, SEGMENT_LENGTH, "mlp", SETTINGS, Ranks())
    for one, two in zip(alone.get_weights(), weights(two_ranks, case, 0), strict=True):
        assert two == pytest.approx(one, abs=2e-6)


def test_two_ranks_classify_as_one_process_to_the_last_bit(two_ranks, table, given):
    expected = predict(given, DESCRIPTION, table, SEGMENT_LENGTH, Ranks(), batch_size=1000)
    for rank in (0, 1):
        assert (np.load(two_ranks / f"probability_{rank}.npy") == expected).all()
        assert np.load(two_ranks / f"none_{rank}.npy").shape == (0, 3)


def cut_short(folder: Path, two_ranks: Path, case: str, how: str) -> str:
    """Let two ranks train in a folder until one of them ends in the second epoch; return what the job says."""
    shutil.copy(two_ranks / "training_set.parquet", folder)
    ended = launch_two_ranks("die", folder, case, how)
    assert ended.returncode != 0
    checkpoint = folder / f"{case}.checkpoint.npz"
    assert time() - checkpoint.stat().st_mtime < 60, "the rank ends, or stands still, right after the checkpoint"
    assert not (folder / f"{case}_0.npz").exists()
    return ended.stderr


def test_a_killed_rank_ends_the_job_and_two_ranks_go_on_to_the_same_bits(tmp_path, two_ranks):
    """With dropout, whose masks after the cut are those of a training that went through.

    horovodrun names the killed rank; the other one says so too, if horovodrun does not end it first.
    """
    said = cut_short(tmp_path, two_ranks, "lstm", "killed")
    assert "Process name: 1\nExit code: 137" in said
    resumed = launch_two_ranks("resume", tmp_path, "lstm")
    assert resumed.returncode == 0, resumed.stderr
    assert "going on after epoch 1" in resumed.stderr
    assert equal(weights(tmp_path, "lstm", 0), weights(two_ranks, "lstm", 0))


def test_a_rank_that_stands_still_ends_the_job_within_a_minute_and_leaves_the_checkpoint(tmp_path, two_ranks):
    said = cut_short(tmp_path, two_ranks, "mlp", "stopped")
    assert "rank 0 of 2: another rank ended before the work was done and says itself why, or it stood still" in said
    assert np.load(tmp_path / "mlp.checkpoint.npz")["told"]


def test_a_rank_whose_fellow_has_ended_says_so_and_any_other_fault_stays_what_it_is():
    """What TensorFlow raises then. A rank says it if horovodrun does not end it first, so no job shows it surely."""
    ranks = HorovodRanks(SimpleNamespace(rank=lambda: 0, size=lambda: 2))
    message = (
        "rank 0 of 2: another rank ended before the work was done and says itself why, or it stood still; start again"
    )
    with pytest.raises(LeadlineError, match=message), ranks.bound_together("start again"):
        raise tf.errors.UnknownError(None, None, "Horovod has been shut down. This was caused by an exception")
    with pytest.raises(tf.errors.UnknownError, match="disk"), ranks.bound_together("start again"):
        raise tf.errors.UnknownError(None, None, "the disk is full")


def test_a_rank_that_fails_ends_the_job_and_one_process_goes_on_to_the_same_weights(tmp_path, two_ranks):
    assert "rank 1 has had enough" in cut_short(tmp_path, two_ranks, "mlp", "failing")
    train_case(tmp_path, "mlp", Ranks())
    for one, two in zip(weights(tmp_path, "mlp", 0), weights(two_ranks, "mlp", 0), strict=True):
        assert one == pytest.approx(two, abs=2e-6)


def test_processes_that_horovod_does_not_connect_refuse_to_train(tmp_path):
    """As under an srun that Horovod was not built for."""
    ended = launch(sys.executable, TESTS / "launched.py", "resume", tmp_path, "mlp", SLURM_STEP_NUM_TASKS="2")
    assert ended.returncode == 1
    assert "2 processes were launched, but Horovod sees 1" in ended.stderr


def test_a_plain_process_is_alone_and_needs_no_horovod(monkeypatch):
    for name in LAUNCHERS:
        monkeypatch.delenv(name, raising=False)
    ranks = start()
    assert (ranks.rank, ranks.size) == (0, 1)
    assert "horovod" not in sys.modules
