"""Measure a trained network against labels, and simulated truth, of granules that it was not trained on."""

import json
from argparse import ArgumentParser
from pathlib import Path

import numpy as np
import pandas as pd

from leadline.calibration import Calibration
from leadline.distributed import start
from leadline.domain import Domain
from leadline.features import known_classes
from leadline.files import written_whole
from leadline.inference import uncalibrated
from leadline.log import logger, run
from leadline.metrics import SIMULATED_TRUTH, network_scores, reliability_scores
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
    raw = uncalibrated(network, description, table, options.segment_length, ranks)
    if ranks.rank == 0:
        labels = table["surface_class"].to_numpy()
        calibration = Calibration(**description["calibration"])
        metrics = _measured("test", labels, raw, calibration)
        if options.truth:
            truth = known_classes(table, pd.concat([read_table(path, TRUTH) for path in options.truth]))
            metrics |= _measured(SIMULATED_TRUTH, truth, raw, calibration)
            metrics |= _by_why(truth, table["why"].to_numpy(), calibration.applied(raw))
        outside = Domain.from_dict(description["domain"]).outside(table)
        metrics["test_out_of_domain_percent"] = 100 * float(np.mean(outside)) if len(table) else 0.0
        metrics |= {f"validation_{name}": value for name, value in description["validation"].items()}
        with written_whole(options.output) as aside:
            aside.write_text(json.dumps(metrics, indent=2) + "\n")
        said = ("n_segments", "accuracy_percent", "balanced_accuracy_percent")
        found = (f"{name} {metrics[f'test_{name}']:,.6g}" for name in said if f"test_{name}" in metrics)
        logger.info("%s, test set: %s", options.model, ", ".join(found))


def _measured(prefix: str, truth: np.ndarray, raw: np.ndarray, calibration: Calibration) -> dict[str, float]:
    """Return the scores of calibrated probabilities, and how reliable they were before, under keys with a prefix."""
    probability = calibration.applied(raw)
    after = network_scores(truth, probability) | reliability_scores(truth, probability)
    before = {f"uncalibrated_{name}": value for name, value in reliability_scores(truth, raw).items()}
    return {f"{prefix}_{name}": value for name, value in (after | before).items()}


def _by_why(truth: np.ndarray, why: np.ndarray, probability: np.ndarray) -> dict[str, float]:
    """Return the scores of the segments of each why of a label."""
    return {
        f"{SIMULATED_TRUTH}_{group}_{name}": value
        for group in np.unique(why)
        for name, value in network_scores(truth[why == group], probability[why == group]).items()
    }


if __name__ == "__main__":
    run(main)
