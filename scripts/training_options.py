"""The options of a training, which training a network and ablating its preset share."""

from argparse import ArgumentParser, Namespace
from dataclasses import fields
from pathlib import Path

from leadline.features import Inputs
from leadline.models import NETWORKS, WEIGHTS
from leadline.steps import PRECISIONS, SCALINGS
from leadline.training import TrainingSettings


def add_training(parser: ArgumentParser) -> None:
    """Add the options of a training; those of a preset that are not given are the paper's."""
    paper = TrainingSettings()
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
    parser.add_argument(
        "--decay",
        type=_switch,
        default=paper.decay,
        metavar="{true,false}",
        help="whether the rate falls to 0 by the end",
    )
    parser.add_argument("--gamma", type=float, default=paper.gamma, help="of the focal loss")
    parser.add_argument("--weights", choices=WEIGHTS, default=paper.weights, help="of the classes in the loss")
    parser.add_argument("--minimum-support", type=float, default=paper.minimum_support, help="of a label by photons")
    parser.add_argument("--precision", choices=PRECISIONS, default=paper.precision)
    parser.add_argument("--xla", type=_switch, default=paper.xla, metavar="{true,false}")
    parser.add_argument("--shards", type=int, help="a multiple of the ranks; as many as they are if not given")


def training_settings(options: Namespace) -> TrainingSettings:
    """Return the settings of a training from the options of ``add_training`` and any other of a setting's name."""
    names = [field.name for field in fields(TrainingSettings)]
    given = {name: getattr(options, name) for name in names if hasattr(options, name)}
    return TrainingSettings(**given, inputs=Inputs(options.features, options.reach))


def _switch(word: str) -> bool:
    """Return true or false, as YAML or Python spells them; raises ValueError for another word."""
    return bool(("false", "true").index(word.lower()))
