"""How far sea surface and freeboard lie from a known truth, and what they say of themselves without one.

Pure functions over tables that hold the same segments. A simulated truth is always called simulated by the keys.
"""

import numpy as np
import pandas as pd

from leadline.names import KEY, SurfaceClass
from leadline.tables import SEA_SURFACE_METHODS

LEAST_SHARE = 0.5
"""Share of the segments of the fullest section that one needs for its mean to count."""


def with_truth(table: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Return the segments of a table that the truth knows, with the truth's columns ending in ``_truth``."""
    return table.merge(truth.add_suffix("_truth").rename(columns={f"{key}_truth": key for key in KEY}), on=list(KEY))


def freeboard_errors(freeboard: pd.DataFrame, truth: pd.DataFrame, section_length: float) -> dict[str, float | None]:
    """Return the errors of raw freeboard: of segments on true thick ice, and of the means of sections, in metres.

    Sections are ``section_length`` m long and do not overlap; all their segments count, whatever their class. They
    are measured for the chosen method and for each of ``tables.SEA_SURFACE_METHODS``. Errors are estimate minus truth;
    None where nothing has one.
    """
    both = with_truth(freeboard, truth)
    thick = both[both["surface_class_truth"] == SurfaceClass.THICK_ICE]
    error = (thick["freeboard_raw"] - thick["freeboard_truth"]).dropna()
    errors = {
        "n_segments_thick_ice": len(error),
        "thick_ice_median_error_m": or_none(error.median()),
        "thick_ice_mean_error_m": or_none(error.mean()),
        "thick_ice_rmse_m": or_none(np.sqrt((error**2).mean())),
    }
    raw = {"chosen": both["freeboard_raw"]}
    raw |= {method: both["height_mean"] - both[f"sea_surface_{method}"] for method in SEA_SURFACE_METHODS}
    section = [both["granule"], both["beam"], both["x_atc"] // section_length]
    for method, values in raw.items():
        means = (values - both["freeboard_truth"]).groupby(section).agg(["mean", "count"])
        means = means["mean"][means["count"] >= max(1, LEAST_SHARE * means["count"].max())]
        errors["n_sections"] = len(means)
        errors[f"section_mean_{method}_bias_m"] = or_none(means.mean())
        errors[f"section_mean_{method}_rmse_m"] = or_none(np.sqrt((means**2).mean()))
    return errors


def sea_surface_errors(freeboard: pd.DataFrame, truth: pd.DataFrame) -> dict[str, float | None]:
    """Return the median error and RMSE of each sea surface on all segments, in metres; None where no segment has it."""
    both = with_truth(freeboard, truth)
    errors = {}
    for method in SEA_SURFACE_METHODS:
        difference = (both[f"sea_surface_{method}"] - both["sea_surface_truth"]).dropna()
        errors[f"{method}_median_error_m"] = or_none(difference.median())
        errors[f"{method}_rmse_m"] = or_none(np.sqrt((difference**2).mean()))
    return errors


def open_water_residual(freeboard: pd.DataFrame) -> dict[str, float | None]:
    """Return mean and standard deviation of the raw freeboard of open water, m, which would be 0 without errors."""
    residual = freeboard.loc[freeboard["surface_class"] == SurfaceClass.OPEN_WATER, "freeboard_raw"].dropna()
    return {
        "open_water_n_segments": len(residual),
        "open_water_residual_mean_m": or_none(residual.mean()),
        "open_water_residual_sd_m": or_none(residual.std(ddof=0)),
    }


def or_none(value: float) -> float | None:
    """Return a number for JSON, which has no NaN."""
    return float(value) if np.isfinite(value) else None
