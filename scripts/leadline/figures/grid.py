"""The map of a grid: the mean freeboard of cells, and beside it how many segments it is of."""

from typing import NamedTuple

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from shapely.plotting import plot_polygon

from leadline.maps.grids import CELL, GRIDS

LAND, GRATICULE = "#E4DFD3", "#808080"
MARGIN, LEAST = 1, 6
"""Cells around those with segments, and least half width of the map in cells."""
Box = tuple[float, float, float, float]
"""Left, right, bottom and top of a map, m."""
WRITTEN = 18
"""Most cells across a map whose numbers can be read."""
BRIGHTNESS = (0.3, 0.6, 0.1)
"""How much red, green and blue make a colour bright."""
STEPS = (0.5, 1, 2, 5, 10, 30)
"""Degrees that lines of the graticule may be apart."""


def draw_grid(dataset: xr.Dataset, land: BaseGeometry) -> Figure:
    """Draw a grid as ``grid_files`` writes it; ``land`` is in the grid's plane (m).

    Where a map has few cells across, their numbers stand in them too.
    """
    figure = Figure(figsize=(11, 5.2), layout="constrained")
    figure.suptitle(dataset.attrs["title"])
    freeboard, number = (dataset[name][0].to_numpy() for name in ("freeboard", "n_freeboard"))
    seen = np.isfinite(freeboard)
    if not seen.any():
        figure.text(0.5, 0.5, "No cell has a freeboard; the counts in the file say why.", ha="center")
        return figure
    thousands = np.where(seen, number / 1000, np.nan)
    most = Normalize(0, max(0.1, float(np.nanmax(freeboard))))
    panels = (
        Panel(freeboard, "mean total freeboard of ice (m)", "{:.2f}", "cividis", most),
        Panel(thousands, "thousand segments in the mean", "{:.3g}", "YlGnBu", _decades(thousands)),
    )
    for axis, panel in zip(figure.subplots(1, 2, sharex=True, sharey=True), panels, strict=True):
        _draw_panel(axis, panel, dataset, land)
    return figure


class Panel(NamedTuple):
    """What one of the maps shows."""

    values: NDArray
    """Of all cells of the grid, shape (rows, columns), NaN where there are none."""
    words: str
    written: str
    """How a value is written into its cell."""
    colours: str
    scale: Normalize


def _draw_panel(axis: Axes, panel: Panel, dataset: xr.Dataset, land: BaseGeometry) -> None:
    """Draw the values of all cells; where they are few, write them into the cells, above the graticule."""
    grid = GRIDS[dataset.attrs["grid"]]
    left, right, bottom, top = box = _box(np.isfinite(panel.values), grid.x, grid.y)
    plot_polygon(land, axis, add_points=False, facecolor=LAND, edgecolor=GRATICULE, linewidth=0.5, zorder=0)
    extent = (grid.left, grid.left + CELL * grid.n_columns, grid.top - CELL * grid.n_rows, grid.top)
    drawn = axis.imshow(panel.values, panel.colours, panel.scale, extent=extent, interpolation="nearest", zorder=1)
    axis.figure.colorbar(drawn, ax=axis, label=panel.words, shrink=0.85, format="%g")
    axis.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    axis.set(xlabel=f"x in {grid.projection} (km)", ylabel=f"y in {grid.projection} (km)")
    axis.spines[["top", "right"]].set_visible(True)
    for ticks in (axis.xaxis, axis.yaxis):
        ticks.set_major_formatter(lambda metres, _: f"{metres / 1000:g}")
    few = right - left <= WRITTEN * CELL
    _draw_graticule(axis, dataset, box, order=0.5 if few else 2)
    for row, column in np.argwhere(np.isfinite(panel.values)) if few else ():
        value = panel.values[row, column]
        colour = "k" if np.dot(drawn.to_rgba(value)[:3], BRIGHTNESS) > 0.5 else "w"
        words = panel.written.format(value)
        axis.text(grid.x[column], grid.y[row], words, color=colour, ha="center", va="center", fontsize=6, zorder=3)


def _decades(values: NDArray) -> LogNorm:
    """Return a logarithmic scale between the powers of ten that values lie between."""
    low, high = np.log10([np.nanmin(values), np.nanmax(values)])
    return LogNorm(10 ** np.floor(low), 10 ** (np.floor(high) + 1))


def _box(seen: NDArray, x: NDArray, y: NDArray) -> Box:
    """Return a square box that holds all cells that were seen."""
    rows, columns = np.nonzero(seen)
    half = CELL * max(LEAST, (max(np.ptp(rows), np.ptp(columns)) + 1) / 2 + MARGIN)
    middle_x, middle_y = (x[columns].min() + x[columns].max()) / 2, (y[rows].min() + y[rows].max()) / 2
    return middle_x - half, middle_x + half, middle_y - half, middle_y + half


def _draw_graticule(axis: Axes, dataset: xr.Dataset, box: Box, order: float) -> None:
    """Draw some parallels and meridians, with their degrees, below or above the cells by their ``order``."""
    left, right, bottom, top = box
    shown = dataset.sel(x=slice(left, right), y=slice(top, bottom))
    latitude, longitude = shown["latitude"].to_numpy(), shown["longitude"].to_numpy()
    middle = longitude[longitude.shape[0] // 2, longitude.shape[1] // 2]
    away = (longitude - middle + 180) % 360 - 180 + middle
    style = {"colors": GRATICULE, "linewidths": 0.5, "linestyles": "solid", "zorder": order}
    for values, positive, negative in ((latitude, "N", "S"), (away, "E", "W")):
        step = next((step for step in STEPS if np.ptp(values) / step <= 5), STEPS[-1])
        levels = np.arange(np.ceil(values.min() / step), values.max() / step) * step
        if levels.size:
            lines = axis.contour(shown["x"], shown["y"], values, levels, **style)
            words = {level: _degrees(level, positive, negative) for level in levels}
            axis.clabel(lines, fmt=words, fontsize=7, zorder=order)


def _degrees(degrees: float, positive: str, negative: str) -> str:
    around = (degrees + 180) % 360 - 180
    side = "" if abs(around) in (0, 180) else f" {positive if around > 0 else negative}"
    return f"{abs(around):g}°{side}"
