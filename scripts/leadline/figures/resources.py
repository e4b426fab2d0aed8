"""What each rule took: time and memory, in bars."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

COLOURS = {"time_sum_s": "#0072B2", "memory_max_mb": "#CC79A7"}
TITLES = {"time_sum_s": "time of all jobs (s)", "memory_max_mb": "most memory of a job (MB)"}


def draw_resources(table: pd.DataFrame) -> Figure:
    """Draw time and memory of each rule (``resources.resources_table``), with the number of jobs beside its name."""
    figure = Figure(figsize=(10, 0.28 * len(table) + 1.2), layout="constrained")
    if table.empty:
        figure.text(0.5, 0.5, "No job left its measures.", ha="center")
        return figure
    places = np.arange(len(table))
    for axis, column in zip(figure.subplots(1, 2, sharey=True), COLOURS, strict=True):
        bars = axis.barh(places, table[column], color=COLOURS[column], height=0.75)
        axis.bar_label(bars, fmt="{:,.0f}", padding=3, fontsize=8)
        axis.set_xlabel(TITLES[column])
        axis.margins(x=0.15)
        axis.tick_params(axis="y", length=0)
    names = [f"{rule.replace('_', ' ')} × {jobs}" for rule, jobs in zip(table["rule"], table["jobs"], strict=True)]
    figure.axes[0].set(yticks=places, yticklabels=names, ylim=(len(table) - 0.4, -0.6))
    return figure
