"""Gradient-boosted trees over windows: the baseline beside the networks, and the check of labels before they train.

A scene errs by whole leads: under thin cloud a dark one looks like thin ice, and all its labels are wrong together.
Trees trained on other stretches of track know better from the photons what such a lead is.
"""

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedGroupKFold

from leadline.features import Inputs, feature_array, runs, windows
from leadline.names import SURFACE_CLASSES, SurfaceClass

CHECK_INPUTS = Inputs(("relative_height", "height_std", "log_photon_rate", "log_return_width"), 5)
"""What the trees that check labels see."""
CHECK_BLOCK = 2000.0
"""Metres of track whose labels are checked by trees that saw none of them."""
CHECK_PARTS = 4
"""Parts that the blocks are dealt to; the trees of each learn from the others."""
CHECK_ROUNDS = 2
"""After the first, the trees learn only from what was supported before: wrong labels no longer support each other."""
SUPPORTED = 0.5
"""Least support of a label that the trees of the next round learn from."""


def fit_trees(
    features: np.ndarray, index: np.ndarray, classes: np.ndarray, seed: int
) -> HistGradientBoostingClassifier:
    """Return trees trained on the windows ``index`` (n, w) into ``features`` (rows, k), of known classes (n,)."""
    trees = HistGradientBoostingClassifier(
        learning_rate=0.2, max_iter=40, max_leaf_nodes=15, min_samples_leaf=50, early_stopping=False, random_state=seed
    )
    return trees.fit(flattened(features, index), classes)


def tree_probabilities(trees: HistGradientBoostingClassifier, features: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Return the probabilities, float32 (n, 3), that trees give the windows; 0 for a class that they never saw."""
    probability = np.zeros((len(index), len(SURFACE_CLASSES)), np.float32)
    probability[:, trees.classes_] = trees.predict_proba(flattened(features, index))
    return probability


def flattened(features: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Return the features of each window in one row."""
    return features[index].reshape(len(index), index.shape[1] * features.shape[1])


def label_support(table: pd.DataFrame, segment_length: float, seed: int = 0) -> np.ndarray:
    """Return how far the photons support the labels of a sorted TRAINING_SET, float32 (n,), 1 where there is no label.

    It is the probability of the label by trees that were trained on other blocks of track, its mean over the unbroken
    run of segments with the same label: a lead is supported, or not, as a whole.
    """
    classes = table["surface_class"].to_numpy()
    labelled = np.flatnonzero(classes != SurfaceClass.UNKNOWN)
    block = table.groupby(["granule", table["x_atc"] // CHECK_BLOCK]).ngroup().to_numpy()[labelled]
    support = np.ones(len(table), np.float32)
    parts = min(CHECK_PARTS, np.unique(block).size)
    if parts < 2:
        return support
    features = feature_array(table, CHECK_INPUTS)
    index = windows(table, segment_length, CHECK_INPUTS.reach)[labelled]
    own_run = pd.Series(runs(table, segment_length, by=classes)[labelled])
    folds = list(
        StratifiedGroupKFold(parts, shuffle=True, random_state=seed).split(index, classes[labelled], groups=block)
    )
    of_label = support[labelled]
    for _ in range(CHECK_ROUNDS):
        found = np.empty_like(of_label)
        for others, part in folds:
            taught = others[of_label[others] >= SUPPORTED]
            trees = fit_trees(features, index[taught], classes[labelled][taught], seed)
            probability = tree_probabilities(trees, features, index[part])
            found[part] = probability[np.arange(len(part)), classes[labelled][part]]
        of_label = pd.Series(found).groupby(own_run).transform("mean").to_numpy()
    support[labelled] = of_label
    return support
