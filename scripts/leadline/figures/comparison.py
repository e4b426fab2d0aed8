"""The figure of a comparison with ATL07 or ATL10: along the tracks, how values are distributed, and classes."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from leadline.comparison import CATEGORIES, Comparison, class_shares
from leadline.figures.style import CLASS_COLOURS, draw_strip
from leadline.names import SURFACE_CLASSES, class_name

CATEGORY_COLOURS = {"ice": "#D55E00", "specular_lead": "#009E73", "dark_lead": "#56B4E9", "cloud": "#BBBBBB"}
NASA, LEADLINE = "#E69F00", "#0072B2"
MEANS = 500.0
"""Length over which heights and freeboards along a track are averaged, m."""
EDGES = np.arange(0, 4 + 0.0125, 0.025)
"""Bins of ATL10's histogram of freeboard, m."""


def draw_comparison(title: str, nasa: str, comparison: Comparison) -> Figure:
    """Draw our tracks beside a product of NASA's that is called ``nasa``.

    A column of panels a beam: classes, the sea surface (heights where the product has none) and the freeboard along
    the track, the latter as means of 500 m. Below, of all beams: the distribution of freeboard (of heights), segments
    a km, and our classes in NASA's kinds of segments.
    """
    figure = Figure(figsize=(12, 9), layout="constrained")
    figure.suptitle(title)
    beside, ours = comparison.beside, comparison.ours
    if beside.empty:
        figure.text(0.5, 0.5, "Nothing could be compared; the report's table of states says why.", ha="center")
        return figure
    above, below = figure.subfigures(2, 1, height_ratios=[3, 2])
    beams = sorted(beside["beam"].unique())
    surface = "sea_surface" if beside["sea_surface"].notna().any() else "height"
    rows = {surface: surface.replace("_", " ") + " above MSS (m)", "freeboard": "total freeboard (m)"}
    if beside["freeboard"].isna().all():
        del rows["freeboard"]
    ratios = [0.4] + [2] * len(rows)
    axes = above.subplots(1 + len(rows), len(beams), sharex="col", sharey="row", squeeze=False, height_ratios=ratios)
    for column, beam in enumerate(beams):
        axes[0, column].set_title(beam)
        axes[-1, column].set_xlabel("distance along the track (km)")
        of_beam = beside[beside["beam"] == beam]
        _draw_kinds(axes[0, column], of_beam, ours[ours["beam"] == beam], nasa)
        for row, quantity in enumerate(rows, 1):
            _draw_along(axes[row, column], of_beam, quantity, nasa)
    for row, label in enumerate(rows.values(), 1):
        axes[row, 0].set_ylabel(label)
    axes[1, 0].legend(fontsize=7)
    distribution, density, classes = below.subplots(1, 3)
    _draw_distribution(distribution, beside, ours, nasa)
    _draw_density(density, comparison.numbers, nasa)
    _draw_classes(classes, class_shares(beside), nasa)
    return figure


def draw_distribution(freeboards: Mapping[str, NDArray]) -> Figure:
    """Draw the distribution of freeboards (m), a line for each named set of them."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    axis = figure.subplots()
    edges = np.arange(-0.2, 2.0, 0.02)
    for name, values in freeboards.items():
        values = values[np.isfinite(values)]
        axis.stairs(
            np.histogram(values, edges, density=bool(values.size))[0], edges, label=f"{name}, n = {values.size:,}"
        )
    axis.set(xlabel="total freeboard (m)", ylabel="probability density (1/m)")
    axis.legend()
    return figure


def _draw_kinds(axis: Axes, beside: pd.DataFrame, ours: pd.DataFrame, nasa: str) -> None:
    """Draw NASA's kinds of segments and our classes along one track."""
    start = beside["x"].iloc[0]
    for kind, codes in CATEGORIES.items():
        own = beside[beside["type"].isin(codes)]
        begin, width = (own["x"] - own["length"] / 2 - start) / 1000, own["length"] / 1000
        axis.broken_barh(list(zip(begin, width, strict=True)), (-0.4, 0.8), color=CATEGORY_COLOURS[kind], linewidth=0)
    draw_strip(axis, 1, ours, start, ours["x_atc"].diff().median())
    axis.set(yticks=(0, 1), yticklabels=(nasa, "leadline"), ylim=(1.5, -0.5))


def _draw_along(axis: Axes, beside: pd.DataFrame, quantity: str, nasa: str) -> None:
    """Draw a quantity of NASA's segments and of ours in them along one track."""
    place = np.floor((beside["x"] - beside["x"].iloc[0]) / MEANS)
    means = beside[[quantity, f"{quantity}_ours"]].groupby(place).mean()
    means = means.reindex(np.arange(place.max() + 1))
    kilometres = (means.index.to_numpy() + 0.5) * MEANS / 1000
    for column, colour, name in ((quantity, NASA, nasa), (f"{quantity}_ours", LEADLINE, "leadline")):
        axis.plot(kilometres, means[column], ".-", color=colour, ms=3, lw=1, label=name)


def _draw_distribution(axis: Axes, beside: pd.DataFrame, ours: pd.DataFrame, nasa: str) -> None:
    """Draw how freeboards, or heights where the product has none, are distributed along the tracks."""
    of_freeboard = beside["freeboard"].notna().any()
    theirs, column = ("freeboard", "freeboard") if of_freeboard else ("height", "height_mean")
    edges = EDGES if of_freeboard else EDGES - 1
    for values, weights, colour, name in (
        (beside[theirs], beside["length"], NASA, nasa),
        (ours[column], pd.Series(1.0, ours.index), LEADLINE, "leadline"),
    ):
        known = values.notna() & weights.notna()
        share = np.histogram(values[known], edges, weights=weights[known])[0] / weights[known].sum()
        axis.stairs(share / np.diff(edges), edges, color=colour, lw=1.2, label=f"{name}, n = {known.sum():,}")
    axis.set(xlabel="total freeboard (m)" if of_freeboard else "height above MSS (m)")
    axis.set(ylabel="probability density (1/m)", xlim=_range(pd.concat([beside[theirs], ours[column]]), edges))
    axis.legend(fontsize=7)


def _range(values: pd.Series, edges: NDArray) -> tuple[float, float]:
    """Return the part of a histogram that holds nearly all values."""
    low, high = values.quantile([0.001, 0.999]) if values.notna().any() else edges[[0, -1]]
    return max(edges[0], low - 0.1), min(edges[-1], high + 0.1)


def _draw_density(axis: Axes, numbers: pd.DataFrame, nasa: str) -> None:
    """Draw the segments a km of each beam and of all."""
    table = numbers.set_index("quantity")
    place = np.arange(len(table.columns))
    for side, who, colour, name in ((-0.2, "nasa", NASA, nasa), (0.2, "leadline", LEADLINE, "leadline")):
        values = table.loc[f"density_{who}_per_km"].to_numpy(float)
        bars = axis.bar(place + side, values, 0.4, color=colour, label=name)
        axis.bar_label(bars, fmt="%.0f", fontsize=7)
    axis.set(yscale="log", ylabel="segments a km", xticks=place, xticklabels=list(table.columns))
    axis.set_ylim(top=5 * axis.get_ylim()[1])
    axis.legend(fontsize=7, loc="upper left", ncols=2)


def _draw_classes(axis: Axes, shares: pd.DataFrame, nasa: str) -> None:
    """Draw what our classes say of NASA's kinds of segments, a bar of 100 % a kind that there is."""
    shares = shares[shares["n"] > 0].iloc[::-1]
    left = np.zeros(len(shares))
    for surface_class in SURFACE_CLASSES:
        name = class_name(surface_class)
        label = name.replace("_", " ")
        axis.barh(np.arange(len(shares)), shares[name], left=left, color=CLASS_COLOURS[surface_class], label=label)
        left = left + shares[name].to_numpy()
    kinds = [f"{kind.replace('_', ' ')}\nn = {n:,.0f}" for kind, n in shares["n"].items()]
    axis.set(yticks=np.arange(len(shares)), yticklabels=kinds, xlabel=f"our classes in segments of {nasa} (%)")
    axis.legend(fontsize=7, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1))
