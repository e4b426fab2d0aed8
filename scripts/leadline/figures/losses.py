"""What each stage kept and dropped, in bars."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

KEPT, DROPPED = "#0072B2", "#E69F00"


def draw_losses(losses: pd.DataFrame) -> Figure:
    """Draw the parts of each sorting of ``losses.losses_table`` in percent of it, what was dropped hatched."""
    sortings = losses.groupby(["stage", "what"], sort=False)
    heights = [len(parts) + 1.2 for _, parts in sortings] or [1]
    figure = Figure(figsize=(9, 0.32 * sum(heights) + 0.4), layout="constrained")
    if losses.empty:
        figure.text(0.5, 0.5, "Nothing was counted; the report's table of states says why.", ha="center")
        return figure
    axes = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0]
    for axis, ((stage, what), parts) in zip(axes, sortings, strict=True):
        axis.set_title(f"{stage}: {parts['count'].sum():,} {what}", loc="left", fontsize=9, fontweight="bold")
        _draw_parts(axis, parts)
    axes[-1].set(xlim=(0, 128), xticks=range(0, 101, 20), xlabel="percent; hatched: dropped")
    return figure


def _draw_parts(axis: Axes, parts: pd.DataFrame) -> None:
    places = np.arange(len(parts))
    kept = (parts["kept"] == "yes").to_numpy()
    for own, colour, hatch in ((kept, KEPT, None), (~kept, DROPPED, "///")):
        axis.barh(places[own], parts["percent"][own], color=colour, hatch=hatch, edgecolor="white", height=0.8)
    for place, part in zip(places, parts.rename(columns={"count": "n"}).itertuples(), strict=True):
        share = f"{part.percent:.1f}" if part.percent >= 0.05 else "< 0.1"
        axis.text(part.percent + 1, place, f"{share} %   {part.n:,}", va="center", fontsize=8)
    axis.set(yticks=places, yticklabels=parts["part"], ylim=(len(parts) - 0.4, -0.6))
    axis.spines["bottom"].set_visible(False)
    axis.tick_params(length=0)
