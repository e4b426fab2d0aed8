"""How far the products lie from a known truth: classes, sea surface and freeboard, in numbers.

Pure functions over tables that hold the same segments. A simulated truth is always called simulated by the keys.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from leadline.labels import UNSEEN
from leadline.metrics import scores
from leadline.names import KEY, SurfaceClass
from leadline.overlay import AS_IT_STANDS, Overlay
from leadline.tables import SEA_SURFACE_METHODS


def with_truth(table: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Return the segments of a table that the truth knows, with the truth's columns ending in ``_truth``."""
    return table.merge(truth.add_suffix("_truth").rename(columns={f"{key}_truth": key for key in KEY}), on=list(KEY))


def class_agreement(table: pd.DataFrame, truth: pd.DataFrame) -> dict[str, float]:
    """Return the metrics of the classes (of a network, or of labels) against the truth, of the segments both know."""
    both = with_truth(table, truth)
    return scores(both["surface_class_truth"].to_numpy(), both["surface_class"].to_numpy())


def label_agreement(labels: pd.DataFrame, truth: pd.DataFrame) -> dict[str, float]:
    """Return ``class_agreement`` of labels, and the share of the segments in clear view that have one."""
    both = with_truth(labels, truth)
    clear = both[~both["why"].isin(UNSEEN)]
    labelled = (clear["surface_class"] != SurfaceClass.UNKNOWN).mean()
    return class_agreement(labels, truth) | {"labelled_of_cloud_free_percent": _or_none(100 * labelled)}


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
        "median_error_m": _or_none(np.median(error)) if laid else None,
        "largest_error_m": float(error.max()) if laid else None,
    }


def freeboard_errors(freeboard: pd.DataFrame, truth: pd.DataFrame) -> dict[str, float]:
    """Return the errors of freeboard on true thick ice, and of each sea surface on all segments, in metres.

    Errors are estimate minus truth; None where no segment has one.
    """
    both = with_truth(freeboard, truth)
    thick = both[both["surface_class_truth"] == SurfaceClass.THICK_ICE]
    error = (thick["freeboard_raw"] - thick["freeboard_truth"]).dropna()
    errors = {
        "n_segments_thick_ice": len(error),
        "freeboard_thick_ice_median_error_m": _or_none(error.median()),
        "freeboard_thick_ice_mean_error_m": _or_none(error.mean()),
        "freeboard_thick_ice_rmse_m": _or_none(np.sqrt((error**2).mean())),
    }
    for method in SEA_SURFACE_METHODS:
        difference = (both[f"sea_surface_{method}"] - both["sea_surface_truth"]).dropna()
        errors[f"sea_surface_{method}_median_error_m"] = _or_none(difference.median())
        errors[f"sea_surface_{method}_rmse_m"] = _or_none(np.sqrt((difference**2).mean()))
    return errors


def _or_none(value: float) -> float | None:
    """Return a number for JSON, which has no NaN."""
    return float(value) if np.isfinite(value) else None
