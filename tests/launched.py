"""What the tests of leadline.distributed launch as several ranks: ``launched.py train|die|fail ...``."""

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from leadline.distributed import Ranks, start
from leadline.errors import ModelError
from leadline.inference import predict
from leadline.log import run
from leadline.models import read_model
from leadline.shards import Feed
from leadline.tables import TRAINING_SET, read_table
from leadline.training import TrainingSettings, train
from simulated_table import SEGMENT_LENGTH

SETTINGS = TrainingSettings(batch_size=512, epochs=3, scaling="none", learning_rate=0.001, shards=2)
CASES = {"mlp": SETTINGS, "lstm": SETTINGS, "xla": replace(SETTINGS, xla=True)}
"""What is trained: the network of that name, or for xla the MLP."""
SIGNALS = {"killed": signal.SIGKILL, "stopped": signal.SIGSTOP}


def train_case(folder: Path, case: str, ranks: Ranks) -> None:
    """Train one of CASES, on from a checkpoint if there is one, and save the weights that each rank ends with."""
    table = read_table(folder / "training_set.parquet", TRAINING_SET)
    network = "lstm" if case == "lstm" else "mlp"
    with ranks.bound_together("start again"):
        model, description = train(
            table, SEGMENT_LENGTH, network, CASES[case], ranks, folder / f"{case}.checkpoint.npz"
        )
    np.savez(folder / f"{case}_{ranks.rank}.npz", *model.get_weights())
    assert description["ranks"] == ranks.size


def train_and_classify(folder: Path, ranks: Ranks) -> None:
    """Train all cases and save, on each rank, the probabilities by a model that is already there."""
    table = read_table(folder / "training_set.parquet", TRAINING_SET)
    given, described = read_model(folder / "given.keras", folder / "given.json", SEGMENT_LENGTH)
    own = predict(given, described, table, SEGMENT_LENGTH, ranks, batch_size=1000)
    np.save(folder / f"probability_{ranks.rank}.npy", own)
    np.save(folder / f"none_{ranks.rank}.npy", predict(given, described, table.iloc[:0], SEGMENT_LENGTH, ranks))
    for case in CASES:
        train_case(folder, case, ranks)


def die_on_one_rank(folder: Path, case: str, how: str, ranks: Ranks) -> None:
    """Train, and let rank 1 be killed, be stopped, or fail in the second epoch."""
    feed = Feed.epoch

    def dying(self: Feed, number: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for batches in feed(self, number):
            if ranks.rank == 1 and number == 2:
                if how in SIGNALS:
                    os.kill(os.getpid(), SIGNALS[how])
                raise ModelError("rank 1 has had enough")
            yield batches

    Feed.epoch = dying
    train_case(folder, case, ranks)


def main() -> None:
    ranks = start()
    what, *words = sys.argv[1:]
    if what == "train":
        train_and_classify(Path(words[0]), ranks)
    elif what == "resume":
        train_case(Path(words[0]), words[1], ranks)
    else:
        die_on_one_rank(Path(words[0]), *words[1:], ranks)


if __name__ == "__main__":
    run(main)
