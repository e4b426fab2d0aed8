"""Measure a trained network against labels, and simulated truth, of granules that it was not trained on."""

import json
from argparse import ArgumentParser
from pathlib import Path

import numpy as np
import pandas as pd

from leadline.distributed import start
from leadline.domain import Domain
from leadline.features import known_classes
from leadline.files import written_whole
from leadline.inference import predict
from leadline.log import logger, run
from leadline.metrics import network_scores, reliability_scores
from leadline.models import read_model
from leadline.tables import TRAINING_SET, TRUTH, read_table


def main() -> None:
    """Write the metrics on the test set, and those on the blocks of the training set that only chose the epoch.

    Where the truth is known, whatever has no label is measured too, by why it has none.
    """
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--test-set", type=Path, required=True)
    parser.add_argument("--segment-length", type=float, required=True, help="length of the segments, m")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--description", type=Path, required=True)
    parser.add_argument("--truth", type=Path, nargs="*", default=[], help="simulated truth of the test set's granules")
    parser.add_argument("--output", type=Path, required=True, help="JSON file to write")
    options = parser.parse_args()

    ranks = start()
    network, description = read_model(options.model, options.description, options.segment_length)
    table = read_table(options.test_set, TRAINING_SET)
    probability = predict(network, description, table, options.segment_length, ranks)
    test = network_scores(table["surface_class"].to_numpy(), probability)
    if ranks.rank == 0:
        metrics = {f"test_{name}": value for name, value in test.items()}
        if options.truth:
            truth = known_classes(table, pd.concat([read_table(path, TRUTH) for path in options.truth]))
            metrics |= _against_truth(truth, table["why"].to_numpy(), probability)
        outside = Domain.from_dict(description["domain"]).outside(table)
        metrics["test_out_of_domain_percent"] = 100 * float(np.mean(outside)) if len(table) else 0.0
        metrics |= {f"validation_{name}": value for name, value in description["validation"].items()}
        with written_whole(options.output) as aside:
            aside.write_text(json.dumps(metrics, indent=2) + "\n")
        said = [name for name in ("n_segments", "accuracy_percent", "balanced_accuracy_percent") if name in test]
        logger.info("%s, test set: %s", options.model, ", ".join(f"{name} {test[name]:,.6g}" for name in said))


def _against_truth(truth: np.ndarray, why: np.ndarray, probability: np.ndarray) -> dict[str, float]:
    """Return the scores on all segments, how reliable the probabilities are, and the scores of each why of a label."""
    metrics = {f"simulated_truth_{name}": value for name, value in network_scores(truth, probability).items()}
    metrics |= {f"simulated_truth_{name}": value for name, value in reliability_scores(truth, probability).items()}
    for group in np.unique(why):
        own = network_scores(truth[why == group], probability[why == group])
        metrics |= {f"simulated_truth_{group}_{name}": value for name, value in own.items()}
    return metrics


if __name__ == "__main__":
    run(main)
