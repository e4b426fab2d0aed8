"""Train a network on a training set, as one process or, launched by horovodrun, as several ranks together."""

from argparse import ArgumentParser
from dataclasses import fields
from pathlib import Path

from leadline.distributed import start
from leadline.features import Inputs
from leadline.log import logger, run
from leadline.models import NETWORKS, WEIGHTS, write_model
from leadline.steps import PRECISIONS, SCALINGS
from leadline.tables import TRAINING_SET, read_table
from leadline.training import TrainingSettings, train


def main() -> None:
    """Train, and let rank 0 write the model and its description."""
    paper = TrainingSettings()
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--training-set", type=Path, required=True)
    parser.add_argument("--segment-length", type=float, required=True, help="length of the segments, m")
    parser.add_argument("--architecture", choices=NETWORKS, required=True)  # horovodrun refuses --network
    parser.add_argument("--features", nargs="+", default=paper.inputs.features)
    parser.add_argument("--reach", type=int, default=paper.inputs.reach, help="segments on either side in a window")
    parser.add_argument("--learning-rate", type=float, default=paper.learning_rate, help="of Adam, at a batch of 32")
    parser.add_argument("--batch-size", type=int, default=paper.batch_size, help="of all ranks together")
    parser.add_argument("--epochs", type=int, default=paper.epochs)
    parser.add_argument("--scaling", choices=SCALINGS, default=paper.scaling, help="of the rate with the batch")
    parser.add_argument("--warmup", type=float, default=paper.warmup, help="epochs in which the rate rises")
    parser.add_argument("--gamma", type=float, default=paper.gamma, help="of the focal loss")
    parser.add_argument("--weights", choices=WEIGHTS, default=paper.weights, help="of the classes in the loss")
    parser.add_argument("--minimum-support", type=float, default=paper.minimum_support, help="of a label by photons")
    parser.add_argument("--precision", choices=PRECISIONS, default=paper.precision)
    parser.add_argument("--xla", type=_switch, default=paper.xla, metavar="{true,false}")
    parser.add_argument("--shards", type=int, help="a multiple of the ranks; as many as they are if not given")
    parser.add_argument("--seed", type=int, default=paper.seed)
    parser.add_argument("--model", type=Path, required=True, help="Keras file to write")
    parser.add_argument("--description", type=Path, required=True, help="JSON file to write")
    options = parser.parse_args()

    ranks = start()
    given = {field.name: getattr(options, field.name) for field in fields(paper) if hasattr(options, field.name)}
    settings = TrainingSettings(**given, inputs=Inputs(options.features, options.reach))
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


def _switch(word: str) -> bool:
    """Return true or false, as YAML or Python spells them; raises ValueError for another word."""
    return bool(("false", "true").index(word.lower()))


if __name__ == "__main__":
    run(main)
