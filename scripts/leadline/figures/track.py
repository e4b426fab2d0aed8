"""A track: its classes, heights, sea surfaces and freeboard."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from leadline.figures.style import CLASS_COLOURS, SURFACE_STYLES, draw_strip
from leadline.names import SURFACE_CLASSES, SurfaceClass, class_name
from leadline.truth import with_truth

ZOOM = 1000.0
"""Length of the stretch that a track's figure shows close up, m."""
MOST = 50_000
"""Most segments whose heights a panel shows."""
MEANS = 200.0
"""Length over which the freeboard of a whole track is averaged, m."""


def draw_track(
    title: str,
    segment_length: float,
    freeboard: pd.DataFrame,
    labels: pd.DataFrame,
    leads: pd.DataFrame,
    truth: pd.DataFrame | None,
) -> Figure:
    """Draw one track: classes along it, heights with the sea surface of each method, and freeboard; whole, and close.

    ``freeboard``, ``labels`` and ``leads`` are the tables of one track whose segments are ``segment_length`` m long;
    ``truth`` is that of a simulated one, or None.
    """
    figure = Figure(figsize=(12, 7), layout="constrained")
    figure.suptitle(title)
    if freeboard.empty:
        figure.text(0.5, 0.5, "This track has no segments; the report's table of states says why.", ha="center")
        return figure
    axes = figure.subplots(3, 2, sharex="col", height_ratios=[1, 3, 3], width_ratios=[2, 1])
    table = freeboard.sort_values("x_atc", ignore_index=True)
    start = table["x_atc"].iloc[0]
    strips = {"network": table, "label": labels}
    if truth is not None:
        table = with_truth(table, truth)
        strips["simulated truth"] = truth
    whole = (start, table["x_atc"].iloc[-1])
    middle, around = _close_up(table, leads)
    close = (middle - ZOOM / 2, middle + ZOOM / 2)
    averaged = max(1, round(MEANS / segment_length))
    for column, (begin, end), n_segments in ((0, whole, averaged), (1, close, 1)):
        parts = {name: _of(strip, begin, end) for name, strip in strips.items()}
        part = _of(table, begin, end)
        _draw_strips(axes[0, column], parts, start, segment_length)
        _draw_heights(axes[1, column], part.iloc[:: _step(part)], start)
        _draw_freeboard(axes[2, column], part, start, n_segments)
        axes[2, column].set_xlabel("distance along the track (km)")
        axes[0, column].set_xlim((begin - start) / 1000, (end - start) / 1000)
    heights = f"heights every {_step(table) * segment_length:g} m, " if _step(table) > 1 else ""
    axes[0, 0].set_title(f"whole track; {heights}freeboard as means of {averaged * segment_length:g} m")
    axes[0, 1].set_title(f"1 km around {around}, every {segment_length:g} m")
    axes[1, 0].legend(ncols=4, fontsize=7, loc="upper right")
    axes[2, 0].legend(ncols=3, fontsize=7, loc="upper right")
    return figure


def _of(table: pd.DataFrame, begin: float, end: float) -> pd.DataFrame:
    return table[table["x_atc"].between(begin, end)]


def _step(table: pd.DataFrame) -> int:
    """Return of how many segments one is shown, so that no more than ``MOST`` are."""
    return -(-len(table) // MOST) or 1


def _close_up(table: pd.DataFrame, leads: pd.DataFrame) -> tuple[float, str]:
    """Return the distance along the track (m) that is worth a closer look, and what is there."""
    if leads.empty:
        return table["x_atc"].median(), "the middle segment"
    longest = leads.loc[(leads["x_end"] - leads["x_start"]).idxmax()]
    return (longest["x_start"] + longest["x_end"]) / 2, "the longest lead"


def _draw_strips(axis: Axes, strips: Mapping[str, pd.DataFrame], start: float, segment_length: float) -> None:
    """Draw a row of colours for each strip."""
    for row, strip in enumerate(strips.values()):
        draw_strip(axis, row, strip, start, segment_length)
    axis.set(yticks=range(len(strips)), yticklabels=list(strips), ylim=(len(strips) - 0.5, -0.5))


def _draw_heights(axis: Axes, table: pd.DataFrame, start: float) -> None:
    kilometres = (table["x_atc"] - start) / 1000
    for surface_class in (*SURFACE_CLASSES, SurfaceClass.UNKNOWN):
        of_class = table["surface_class"] == surface_class
        name = class_name(surface_class).replace("_", " ")
        colour = CLASS_COLOURS[surface_class]
        axis.plot(kilometres[of_class], table["height_mean"][of_class], ".", ms=1.5, color=colour, label=name)
    for method, (colour, style) in SURFACE_STYLES.items():
        axis.plot(kilometres, table[f"sea_surface_{method}"], style, color=colour, lw=1, label=method.replace("_", " "))
    axis.set(ylabel="height above MSS (m)", ylim=_limits(table["height_mean"]))


def _draw_freeboard(axis: Axes, table: pd.DataFrame, start: float, n_segments: int) -> None:
    """Draw freeboard with its error as a band, as means of ``n_segments`` segments."""
    columns = [name for name in ("x_atc", "freeboard_raw", "freeboard_error", "freeboard_truth") if name in table]
    means = table[columns].groupby(np.arange(len(table)) // n_segments).mean()
    kilometres = (means["x_atc"] - start) / 1000
    low, high = (means["freeboard_raw"] + sign * means["freeboard_error"] for sign in (-1, 1))
    axis.fill_between(kilometres, low, high, color="#56B4E9", alpha=0.4, lw=0, label="standard error of a segment")
    axis.plot(kilometres, means["freeboard_raw"], color="#0072B2", lw=0.8, label="freeboard")
    if "freeboard_truth" in means:
        axis.plot(kilometres, means["freeboard_truth"], color="k", lw=0.6, label="simulated truth")
    axis.axhline(0, color="0.6", lw=0.6)
    axis.set(ylabel="total freeboard (m)", ylim=_limits(means["freeboard_raw"]))


def _limits(values: pd.Series) -> tuple[float, float]:
    """Return limits that show nearly all values, whatever a few strays do."""
    low, high = values.quantile([0.002, 0.998]) if values.notna().any() else (0, 1)
    margin = 0.25 * (high - low) + 0.05
    return low - margin, high + margin
