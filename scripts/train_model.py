"""Train a network on a training set, as one process or, launched by horovodrun, as several ranks together."""

from argparse import ArgumentParser
from pathlib import Path

from leadline.distributed import start
from leadline.log import logger, run
from leadline.models import write_model
from leadline.tables import TRAINING_SET, read_table
from leadline.training import TrainingSettings, train
from training_options import add_training, training_settings


def main() -> None:
    """Train, and let rank 0 write the model and its description."""
    parser = ArgumentParser(description=__doc__)
    add_training(parser)
    parser.add_argument("--seed", type=int, default=TrainingSettings.seed)
    parser.add_argument("--model", type=Path, required=True, help="Keras file to write")
    parser.add_argument("--description", type=Path, required=True, help="JSON file to write")
    options = parser.parse_args()

    ranks = start()
    settings = training_settings(options)
    table = read_table(options.training_set, TRAINING_SET)
    checkpoint = options.model.with_suffix(".checkpoint.npz")
    with ranks.bound_together(f"start again to go on from {checkpoint}, where an epoch was done"):
        network, description = train(table, options.segment_length, options.architecture, settings, ranks, checkpoint)
    if ranks.rank == 0:
        write_model(options.model, options.description, network, description)
        checkpoint.unlink(missing_ok=True)
        logger.info(
            "%s: epoch %d kept, %.0f windows a second on %d ranks",
            options.model,
            description["kept_epoch"],
            description["times"]["windows_per_second"],
            ranks.size,
        )


if __name__ == "__main__":
    run(main)
