"""What the tests of leadline.distributed launch as several ranks: ``launched.py train|fail FOLDER``."""

import sys
from pathlib import Path

import numpy as np

from leadline.distributed import Ranks, start
from leadline.errors import ModelError
from leadline.inference import predict
from leadline.log import run
from leadline.models import read_model
from leadline.tables import TRAINING_SET, read_table
from leadline.training import TrainingSettings, train
from simulated_table import SEGMENT_LENGTH

SETTINGS = TrainingSettings(learning_rate=0.001, batch_size=512, epochs=2)


def train_and_classify(folder: Path, ranks: Ranks) -> None:
    """Save, on each rank, the weights of both networks and the probabilities by a model that is already there."""
    table = read_table(folder / "training_set.parquet", TRAINING_SET)
    given, _ = read_model(folder / "given.keras", folder / "given.json", SEGMENT_LENGTH)
    np.save(folder / f"probability_{ranks.rank}.npy", predict(given, table, SEGMENT_LENGTH, ranks, batch_size=1000))
    np.save(folder / f"none_{ranks.rank}.npy", predict(given, table.iloc[:0], SEGMENT_LENGTH, ranks))
    for network in ("mlp", "lstm"):
        model, description = train(table, SEGMENT_LENGTH, network, SETTINGS, ranks)
        np.savez(folder / f"{network}_{ranks.rank}.npz", *model.get_weights())
        assert description["ranks"] == ranks.size


def fail_on_one_rank(ranks: Ranks) -> None:
    """Fail on rank 1 while the others wait for it."""
    if ranks.rank == 1:
        raise ModelError("rank 1 has had enough")
    ranks.gather(np.zeros((1, 3)))


def main() -> None:
    ranks = start()
    if sys.argv[1] == "train":
        train_and_classify(Path(sys.argv[2]), ranks)
    else:
        fail_on_one_rank(ranks)


if __name__ == "__main__":
    run(main)
