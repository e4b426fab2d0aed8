"""Measure a trained network against the labels of granules that it was not trained on."""

import json
from argparse import ArgumentParser
from pathlib import Path

from leadline.distributed import start
from leadline.files import written_whole
from leadline.inference import predict
from leadline.log import logger, run
from leadline.metrics import network_scores
from leadline.models import read_model
from leadline.tables import TRAINING_SET, read_table


def main() -> None:
    """Write the metrics on the test set, and those on the blocks of the training set that only chose the epoch."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--test-set", type=Path, required=True)
    parser.add_argument("--segment-length", type=float, required=True, help="length of the segments, m")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--description", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="JSON file to write")
    options = parser.parse_args()

    ranks = start()
    network, description = read_model(options.model, options.description, options.segment_length)
    table = read_table(options.test_set, TRAINING_SET)
    probability = predict(network, table, options.segment_length, ranks)
    test = network_scores(table["surface_class"].to_numpy(), probability)
    if ranks.rank == 0:
        metrics = {f"test_{name}": value for name, value in test.items()}
        metrics |= {f"validation_{name}": value for name, value in description["validation"].items()}
        with written_whole(options.output) as aside:
            aside.write_text(json.dumps(metrics, indent=2) + "\n")
        said = [name for name in ("n_segments", "accuracy_percent", "balanced_accuracy_percent") if name in test]
        logger.info("%s, test set: %s", options.model, ", ".join(f"{name} {test[name]:,.6g}" for name in said))


if __name__ == "__main__":
    run(main)
