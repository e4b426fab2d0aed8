"""Figures of the classifier: how reliable its probabilities are, and what each choice of its preset gains.

Colours and style are those of ``figures``.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leadline.figures.style import CLASS_COLOURS
from leadline.metrics import SIMULATED_TRUTH, reliability_table
from leadline.names import SURFACE_CLASSES, SurfaceClass, class_name

MEASURES = {"test": "labels", SIMULATED_TRUTH: "simulated truth"}
"""What reliability is measured against, by how the keys of metrics begin."""
STYLES = {"_uncalibrated": ("as trained", "#D55E00", "s--"), "": ("calibrated", "#0072B2", "o-")}
"""Word, colour and line of the probabilities before and after calibration, by the second part of the keys."""


def draw_reliability(metrics: Mapping[str, Mapping[str, float]]) -> Figure:
    """Draw how often each network is right where it gives a probability, before and after calibration.

    ``metrics`` are those of ``evaluate_model``, by the network. Against labels and, where it is known, the simulated
    truth of all segments; below, how many segments there are. Bars are the standard error of a share.
    """
    shown = [
        (network, prefix) for network in metrics for prefix in MEASURES if metrics[network].get(f"{prefix}_n_segments")
    ]
    if not shown:
        figure = Figure(figsize=(6, 1))
        figure.text(0.5, 0.5, "No untouched granule has a label.", ha="center")
        return figure
    figure = Figure(figsize=(3.2 * len(shown) + 0.6, 4.8), layout="constrained")
    axes = figure.subplots(2, len(shown), sharex=True, sharey="row", height_ratios=[3, 1], squeeze=False)
    for (curve, counts), (network, prefix) in zip(axes.T, shown, strict=True):
        curve.set_title(f"{network}, against {MEASURES[prefix]}")
        curve.plot([0, 100], [0, 100], color="0.6", lw=0.8)
        for part, style in STYLES.items():
            _draw_reliability(curve, counts, metrics[network], f"{prefix}{part}", style)
        curve.set(xlim=(30, 102), ylim=(0, 105))
        curve.legend(title="mean distance", loc="lower right", fontsize=8, title_fontsize=8)
        counts.set(xlabel="probability of the class (%)", yscale="log")
    axes[0, 0].set_ylabel("of these right (%)")
    axes[1, 0].set_ylabel("segments")
    return figure


def draw_confusion(matrices: Mapping[str, Mapping[str, float]]) -> Figure:
    """Draw the confusion matrix of each set of metrics (``metrics.scores``), in percent of the true class."""
    figure = Figure(figsize=(3.6 * len(matrices), 3.6), layout="constrained")
    names = [class_name(surface_class) for surface_class in SURFACE_CLASSES]
    for axis, (title, metrics) in zip(
        figure.subplots(1, len(matrices), squeeze=False)[0], matrices.items(), strict=True
    ):
        counts = np.array([[metrics.get(f"n_{true}_as_{taken}", 0) for taken in names] for true in names], float)
        percent = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        axis.imshow(percent, cmap="Blues", vmin=0, vmax=100)
        for row, column in np.ndindex(percent.shape):
            colour = "white" if percent[row, column] > 50 else "black"
            text = f"{percent[row, column]:.1f} %\n{int(counts[row, column]):,}"
            axis.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
        words = [name.replace("_", " ") for name in names]
        axis.set(xticks=range(3), yticks=range(3), xticklabels=words, yticklabels=words, title=title)
        axis.set(xlabel="class", ylabel="truth of the comparison")
    return figure


def draw_training(histories: Mapping[str, list[dict[str, float]]]) -> Figure:
    """Draw the loss of each network over the epochs, in training and, where blocks were held out, in validation."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    axis = figure.subplots()
    for colour, (network, history) in zip(("#0072B2", "#D55E00"), histories.items(), strict=False):
        epochs = pd.DataFrame(history).set_index("epoch")
        for name, style in (("loss", "-"), ("validation_loss", "--")):
            if name in epochs:
                axis.plot(epochs[name], style, color=colour, label=f"{network}, {name.replace('_', ' ')}")
    axis.set(xlabel="epoch", ylabel="focal loss", yscale="log")
    axis.legend()
    return figure


def _draw_reliability(
    curve: Axes, counts: Axes, metrics: Mapping[str, float], prefix: str, style: tuple[str, str, str]
) -> None:
    word, colour, line = style
    table = reliability_table(metrics, prefix)
    share = table["accuracy"] / 100
    error = 100 * np.sqrt(share * (1 - share) / table["n"])
    distance = metrics.get(f"{prefix}_expected_calibration_error_percent", np.nan)
    label = f"{word}, {distance:.2f} %"
    curve.errorbar(table["confidence"], table["accuracy"], error, fmt=line, color=colour, ms=4, lw=1.2, label=label)
    counts.plot(table["confidence"], table["n"], line, color=colour, ms=4, lw=1.2)


def draw_ablation(table: pd.DataFrame) -> Figure:
    """Draw scores of the variants of a preset, mean and standard deviation over the seeds (``ablation.gains``).

    A line marks the preset's own: what lies left of it is what the variant lacks.
    """
    figure = Figure(figsize=(10, 0.32 * len(table) + 1.4), layout="constrained")
    places = np.arange(len(table))
    names = [name.removeprefix("gain_") for name in table if name.startswith("gain_")]
    for axis, name in zip(figure.subplots(1, len(names), sharey=True), names, strict=True):
        axis.axvline(table[name].iloc[0], color="0.6", lw=0.8)
        colour = CLASS_COLOURS[SurfaceClass.THIN_ICE]
        axis.errorbar(table[name], places, xerr=table[f"{name}_std"], fmt="o", color=colour, ms=5, capsize=2)
        axis.set_xlabel(f"{name.removesuffix('_percent').replace('_', ' ')} (%)")
        axis.grid(axis="y", lw=0.4, color="0.85")
        axis.set(yticks=places, yticklabels=table["variant"], ylim=(len(table) - 0.5, -0.5))
    return figure
