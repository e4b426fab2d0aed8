"""How well classes agree with the truth, in numbers: flat, ready for JSON, in percent as the paper has them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

from leadline.calibration import BINS, expected_calibration_error, reliability
from leadline.names import SURFACE_CLASSES, SurfaceClass, class_name

SIMULATED_TRUTH = "simulated_truth"
"""How keys begin that compare with the truth of a simulated campaign."""

_SCORES = ("precision", "recall", "f1")
_OF_GROUPS = (
    "n_segments",
    "accuracy_percent",
    "balanced_accuracy_percent",
    *(f"{score}_{class_name(each)}_percent" for each in SURFACE_CLASSES for score in ("precision", "recall")),
    "expected_calibration_error_percent",
)


def scores(truth: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Return the metrics of predicted classes (n,) against true ones (n,), both codes of SurfaceClass.

    Segments whose class is unknown on either side are left out and counted. ``n_thick_ice_as_open_water`` and its like
    are the confusion matrix: true thick ice taken for open water. Precision, recall and F1 are given for each class and
    as averages: ``macro`` weighs the classes alike (its recall is the balanced accuracy), ``weighted`` by their
    segments (its recall is the accuracy). A class that the truth lacks has no keys of its own and no part in the
    averages.
    """
    known = (truth != SurfaceClass.UNKNOWN) & (predicted != SurfaceClass.UNKNOWN)
    metrics: dict[str, float] = {"n_segments": int(known.sum()), "n_unknown": int((~known).sum())}
    truth, predicted = truth[known], predicted[known]
    found = [surface_class for surface_class in SURFACE_CLASSES if (truth == surface_class).any()]
    if not found:
        return metrics
    matrix = confusion_matrix(truth, predicted, labels=SURFACE_CLASSES)
    *each, segments = precision_recall_fscore_support(truth, predicted, labels=found, zero_division=0)
    metrics["accuracy_percent"] = _percent(accuracy_score(truth, predicted))
    metrics["balanced_accuracy_percent"] = _percent(np.mean(each[1]))
    for score, by_class in zip(_SCORES, each, strict=True):
        metrics[f"{score}_macro_percent"] = _percent(np.mean(by_class))
        metrics[f"{score}_weighted_percent"] = _percent(np.average(by_class, weights=segments))
        for surface_class, value in zip(found, by_class, strict=True):
            metrics[f"{score}_{class_name(surface_class)}_percent"] = _percent(value)
    for true in SURFACE_CLASSES:
        for taken_for in SURFACE_CLASSES:
            metrics[f"n_{class_name(true)}_as_{class_name(taken_for)}"] = int(matrix[true, taken_for])
    return metrics


def network_scores(truth: np.ndarray, probability: np.ndarray) -> dict[str, float]:
    """Return ``scores`` of the most probable classes and ``micro`` ones, to stand beside the paper's Table III.

    ``probability`` (n, 3) is that of each class. In the micro scores a segment is taken for a class where that class's
    probability exceeds one half, and all classes are pooled: so recall can fall below accuracy and precision exceed it,
    as in the table, which no average over classes gives with the recalls of the paper's Fig. 4. (The paper does not
    say how it averaged.) The expected calibration error is that of the most probable class, in ten bins.
    """
    found = scores(truth, probability.argmax(axis=1))
    known = truth != SurfaceClass.UNKNOWN
    if known.any():
        table = reliability(probability[known], truth[known])
        found["expected_calibration_error_percent"] = _percent(expected_calibration_error(table))
        true = truth[known, np.newaxis] == np.array(SURFACE_CLASSES)
        *values, _ = precision_recall_fscore_support(true, probability[known] > 0.5, average="micro", zero_division=0)
        found |= {f"{score}_micro_percent": _percent(value) for score, value in zip(_SCORES, values, strict=True)}
    return found


def reliability_scores(truth: np.ndarray, probability: np.ndarray) -> dict[str, float]:
    """Return the reliability of the most probable classes against true ones (n,), in bins of their probability.

    For the bin from 80 to 90 % the keys are ``n_reliability_80``, ``confidence_80_percent`` and
    ``accuracy_80_percent``: its segments, their mean probability, and how many of them are right. The expected
    calibration error is with them. Segments of unknown truth are left out; there are no keys where all are.
    """
    known = truth != SurfaceClass.UNKNOWN
    if not known.any():
        return {}
    table = reliability(probability[known], truth[known])
    metrics: dict[str, float] = {
        "expected_calibration_error_percent": _percent(expected_calibration_error(table)),
    }
    for row in table.itertuples():
        bin_name = f"{100 * row.lowest:.0f}"
        metrics[f"n_reliability_{bin_name}"] = int(row.n)
        metrics[f"confidence_{bin_name}_percent"] = _percent(row.confidence)
        metrics[f"accuracy_{bin_name}_percent"] = _percent(row.accuracy)
    return metrics


def reliability_table(metrics: Mapping[str, float], prefix: str) -> pd.DataFrame:
    """Return n, confidence and accuracy (percent) of each bin of ``reliability_scores`` under keys with a prefix."""
    bins = [bin_name for bin_name in range(0, 100, 100 // BINS) if f"{prefix}_n_reliability_{bin_name}" in metrics]
    return pd.DataFrame(
        {
            "n": [metrics[f"{prefix}_n_reliability_{bin_name}"] for bin_name in bins],
            "confidence": [metrics[f"{prefix}_confidence_{bin_name}_percent"] for bin_name in bins],
            "accuracy": [metrics[f"{prefix}_accuracy_{bin_name}_percent"] for bin_name in bins],
        }
    )


def groups_table(metrics: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """Return the scores of each network on the untouched segments of each why of a label, against simulated truth.

    ``all`` are all of them; there are no rows where there is no truth. ``mixed``, ``transition`` and ``drift`` are
    those with a reason against their label.
    """
    rows = []
    for network, values in metrics.items():
        prefixes = [name.removesuffix("_n_segments") for name in values if name.endswith("_n_segments")]
        for prefix in sorted(name for name in prefixes if name.startswith(SIMULATED_TRUTH)):
            why = prefix.removeprefix(SIMULATED_TRUTH).removeprefix("_") or "all"
            rows.append((network, why, *(values.get(f"{prefix}_{name}") for name in _OF_GROUPS)))
    return pd.DataFrame(rows, columns=["network", "why", *_OF_GROUPS])


def _percent(share: float) -> float:
    return 100 * float(share)
