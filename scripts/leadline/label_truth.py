"""How far classes, labels and the laying of scenes lie from a known truth.

Pure functions over tables that hold the same segments. A simulated truth is always called simulated by the keys.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from leadline.labels import UNSEEN
from leadline.metrics import scores
from leadline.names import SurfaceClass
from leadline.overlay import AS_IT_STANDS, Overlay
from leadline.truth import or_none, with_truth


def class_agreement(table: pd.DataFrame, truth: pd.DataFrame) -> dict[str, float]:
    """Return the metrics of the classes (of a network, or of labels) against the truth, of the segments both know."""
    both = with_truth(table, truth)
    return scores(both["surface_class_truth"].to_numpy(), both["surface_class"].to_numpy())


def label_agreement(labels: pd.DataFrame, truth: pd.DataFrame) -> dict[str, float]:
    """Return ``class_agreement`` of labels, and the share of the segments in clear view that have one."""
    both = with_truth(labels, truth)
    clear = both[~both["why"].isin(UNSEEN)]
    labelled = (clear["surface_class"] != SurfaceClass.UNKNOWN).mean()
    return class_agreement(labels, truth) | {"labelled_of_cloud_free_percent": or_none(100 * labelled)}


def drift_errors(overlays: Iterable[Overlay], drift: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    """Return the distance of scenes as they are laid from where they belong, in metres, and how many lie as they stand.

    ``drift`` is the true one of each scene, x and y in metres, from the track's time to the scene's: the true shift is
    its opposite.
    """
    overlays = list(overlays)
    laid = [overlay for overlay in overlays if overlay.source != AS_IT_STANDS]
    error = np.array([np.hypot(*np.add((each.shift_x, each.shift_y), drift[each.scene])) for each in laid])
    return {
        "n_laid": len(laid),
        "n_as_they_stand": len(overlays) - len(laid),
        "median_error_m": or_none(np.median(error)) if laid else None,
        "largest_error_m": float(error.max()) if laid else None,
    }
