"""Train a network on a training set, as one process or, launched by horovodrun, as several ranks together."""

from argparse import ArgumentParser
from pathlib import Path

from leadline.distributed import start
from leadline.log import logger, run
from leadline.models import NETWORKS, write_model
from leadline.tables import TRAINING_SET, read_table
from leadline.training import TrainingSettings, train


def main() -> None:
    """Train, and let rank 0 write the model and its description."""
    paper = TrainingSettings()
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--training-set", type=Path, required=True)
    parser.add_argument("--segment-length", type=float, required=True, help="length of the segments, m")
    parser.add_argument("--architecture", choices=NETWORKS, required=True)  # horovodrun refuses --network
    parser.add_argument("--learning-rate", type=float, default=paper.learning_rate)
    parser.add_argument("--batch-size", type=int, default=paper.batch_size, help="of all ranks together")
    parser.add_argument("--epochs", type=int, default=paper.epochs)
    parser.add_argument("--seed", type=int, default=paper.seed)
    parser.add_argument("--model", type=Path, required=True, help="Keras file to write")
    parser.add_argument("--description", type=Path, required=True, help="JSON file to write")
    options = parser.parse_args()

    ranks = start()
    settings = TrainingSettings(
        learning_rate=options.learning_rate,
        batch_size=options.batch_size,
        epochs=options.epochs,
        seed=options.seed,
    )
    table = read_table(options.training_set, TRAINING_SET)
    network, description = train(table, options.segment_length, options.architecture, settings, ranks)
    if ranks.rank == 0:
        write_model(options.model, options.description, network, description)
        logger.info(
            "%s: epoch %d kept, %.0f windows a second on %d ranks",
            options.model,
            description["kept_epoch"],
            description["windows_per_second"],
            ranks.size,
        )


if __name__ == "__main__":
    run(main)
