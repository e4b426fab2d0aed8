"""The few figures that tell most of a campaign: what it is, and how good."""

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

COLUMNS = ["figure", "value", "unit", "measured against"]
CLASSES = ("thick_ice", "thin_ice", "open_water")
TRUTH = "simulated truth, untouched granules"
LABELS = "labels of untouched granules"


class KeyFigure(NamedTuple):
    """One line of the table."""

    words: str
    keys: tuple[str, ...]
    """Those of ``report.summary`` whose values stand in the line, one after the other."""
    unit: str
    against: str
    scale: float = 1.0
    form: str = "{:z.1f}"


def _of_product(key: str, words: str) -> tuple[KeyFigure, KeyFigure]:
    """Return what tells most of the comparison with a product of NASA's."""
    difference = tuple(f"{key}_freeboard_difference_{of}_m" for of in ("mean", "rmse"))
    density = tuple(f"{key}_density_{of}_per_km" for of in ("leadline", "nasa"))
    against = f"{words} of the same pass"
    return (
        KeyFigure(f"freeboard less that of {words}: mean; RMSE", difference, "cm", against, 100),
        KeyFigure(f"segments a km: leadline's; {words}'s", density, "1/km", against, form="{:.0f}"),
    )


KEY_FIGURES = (
    KeyFigure("segments that have a class", ("total_classes_segments",), "1", "all tracks", form="{:,.0f}"),
    KeyFigure("class: accuracy", ("simulated_truth_classes_accuracy_percent",), "%", TRUTH),
    KeyFigure(
        "class: recall of thick ice; thin ice; open water",
        tuple(f"simulated_truth_classes_recall_{name}_percent" for name in CLASSES),
        "%",
        TRUTH,
    ),
    *(
        KeyFigure(f"{network}: accuracy", (f"{network.lower()}_test_accuracy_percent",), "%", LABELS)
        for network in ("LSTM", "MLP")
    ),
    KeyFigure(
        "label: accuracy; share of segments in clear view that have one",
        tuple(f"simulated_truth_labels_{of}_percent" for of in ("accuracy", "labelled_of_cloud_free")),
        "%",
        TRUTH,
    ),
    KeyFigure(
        "shift of a scene: largest error",
        ("simulated_truth_drift_largest_error_m",),
        "m",
        "simulated drift, all scenes",
    ),
    KeyFigure(
        "freeboard, means of sections: bias; RMSE",
        tuple(f"simulated_truth_freeboard_section_mean_chosen_{of}_m" for of in ("bias", "rmse")),
        "cm",
        TRUTH,
        100,
    ),
    KeyFigure(
        "freeboard, segments of thick ice: median error; RMSE",
        tuple(f"simulated_truth_freeboard_thick_ice_{of}_m" for of in ("median_error", "rmse")),
        "cm",
        TRUTH,
        100,
    ),
    KeyFigure(
        "freeboard of open water, 0 without errors: mean; spread",
        ("open_water_residual_mean_m", "open_water_residual_sd_m"),
        "cm",
        "nothing but 0, untouched granules",
        100,
    ),
    *_of_product("simulated_atl10", "simulated ATL10"),
    *_of_product("atl10", "ATL10"),
)


def key_figures(figures: Mapping[str, float | str | None]) -> pd.DataFrame:
    """Return the key figures of a campaign's ``report.summary``, a row each in ``COLUMNS``, values as words.

    What a campaign does not have, for want of a truth or of NASA's products, is left out.
    """
    rows = [
        (figure.words, "; ".join(figure.form.format(figure.scale * figures[key]) for key in figure.keys), *figure[2:4])
        for figure in KEY_FIGURES
        if all(figures.get(key) is not None for key in figure.keys)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)
