"""How far a random split of overlapping windows flatters a network: the leak of the paper's measure, made visible.

Neighbouring windows share segments, photons of one footprint and one label's error: a network that is tested on a
random fifth of them has seen the rest of each. The same network is trained on the same granules with the fifth held out
at random, as the paper did, and in whole blocks of 10 km. Each is measured on its own held-out part, and on granules
that neither has seen: what it promises and does not keep there is leaked, or its labels are unlike those to come.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

import numpy as np
import pandas as pd

from leadline.benchmarks.ablation import Data, over_seeds
from leadline.calibration import Calibration
from leadline.distributed import Ranks
from leadline.features import split, windows
from leadline.inference import predict
from leadline.metrics import network_scores
from leadline.names import SURFACE_CLASSES, SurfaceClass, class_name
from leadline.training import TrainingSettings, train

logger = logging.getLogger("leadline.benchmarks")

HELD_OUT_SHARE = 0.2
"""Of the labelled windows that the paper tests with."""
OWN, LABELS, TRUTH = "own held-out part, labels", "untouched, labels", "untouched, simulated truth"
"""What a network is measured on; untouched are whole granules."""
SCORES = (
    "accuracy_percent",
    "balanced_accuracy_percent",
    *(f"{score}_{class_name(each)}_percent" for score in ("precision", "recall", "f1") for each in SURFACE_CLASSES),
)

Split = Callable[[pd.DataFrame, np.ndarray, int], tuple[np.ndarray, np.ndarray]]


def random_windows(table: pd.DataFrame, index: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows to train with and a random fifth of the labelled ones to test with: the paper's split."""
    labelled = np.flatnonzero(table["surface_class"] != SurfaceClass.UNKNOWN)
    drawn = np.random.default_rng(seed).permutation(labelled)
    held_out, training = np.split(drawn, [round(HELD_OUT_SHARE * len(labelled))])
    return np.sort(training), np.sort(held_out)


def blocks(table: pd.DataFrame, index: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows to train with and those to test with, in whole blocks of 10 km: ``features.split``."""
    return split(table, index, HELD_OUT_SHARE, seed)


SPLITS: dict[str, Split] = {"random windows": random_windows, "blocks of 10 km": blocks}


def leak(data: Data, network: str, settings: TrainingSettings, seeds: Sequence[int]) -> pd.DataFrame:
    """Return the scores of each split, what it is measured on, and seed, a row each.

    Of what is not held out, blocks choose the epoch, as ``train`` has it: in the last one open water's recall varies
    by 16 points between seeds. Probabilities are as the network gives them. Where the untouched granules have no
    labels, or no truth but these, there are no rows of that.
    """
    index = windows(data.training, data.segment_length, settings.inputs.reach)
    rows = []
    for name, parts in SPLITS.items():
        for seed in seeds:
            measured = _measured(data, network, replace(settings, seed=seed), parts, index)
            rows += [{"split": name, "measured_on": what, "seed": seed, **found} for what, found in measured.items()]
            logger.info("%s, seed %d: own part %.2f %%", name, seed, measured[OWN]["balanced_accuracy_percent"])
    return pd.DataFrame(rows)


def summarised(rows: pd.DataFrame) -> pd.DataFrame:
    """Return SCORES, mean and ``_std`` over the seeds, of each split and what it is measured on."""
    return over_seeds(rows, ["split", "measured_on"], SCORES)


def matrices(rows: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return the confusion matrix of each split on its own part and on the untouched granules, summed over the seeds.

    By the truth where it is known. The keys are the titles, the values those of ``metrics.scores`` that are counts.
    """
    names = [class_name(each) for each in SURFACE_CLASSES]
    counts = [f"n_{true}_as_{taken}" for true in names for taken in names]
    shown = rows[rows["measured_on"].isin(rows["measured_on"].unique()[[0, -1]])]
    sums = shown.groupby(["measured_on", "split"], sort=False)[counts].sum()
    return {f"{name}:\n{what}": row.to_dict() for (what, name), row in sums.iterrows()}


def _measured(
    data: Data, network: str, settings: TrainingSettings, parts: Split, index: np.ndarray
) -> dict[str, dict[str, float]]:
    """Train on one part of the labels and return the scores on the other, and on the untouched granules."""
    labels = data.training["surface_class"].to_numpy()
    training, held_out = parts(data.training, index, settings.seed)
    told = np.full_like(labels, SurfaceClass.UNKNOWN)
    told[training] = labels[training]
    table = data.training.assign(surface_class=told)
    model, description = train(table, data.segment_length, network, settings, Ranks())
    description["calibration"] = asdict(Calibration())
    own, untouched = (
        predict(model, description, each, data.segment_length, Ranks()) for each in (data.training, data.untouched)
    )
    untouched_labels = data.untouched["surface_class"].to_numpy()
    found = {
        OWN: network_scores(labels[held_out], own[held_out]),
        LABELS: network_scores(untouched_labels, untouched),
    }
    if not np.array_equal(untouched_labels, data.truth):
        found[TRUTH] = network_scores(data.truth, untouched)
    return {what: scores for what, scores in found.items() if scores["n_segments"]}
