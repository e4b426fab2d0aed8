"""The map of a campaign: coast, tracks and scenes in its projection, and where on the polar sea that is."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path
from numpy.typing import NDArray
from pyproj import Proj
from shapely.geometry.base import BaseGeometry

from leadline.figures.style import draw_scale_bar
from leadline.projections import GEOGRAPHIC, to_projection, transformed

LAND, SEA, COAST, GRATICULE = "#E4DFD3", "#F3F7F9", "#6B655A", "#B5B5B5"
ROLES = {
    "train": ("#0072B2", "-", "granule to train on"),
    "test": ("#D55E00", "-", "untouched granule, to measure on"),
}
"""Colour, line and words of a track by its granule's role."""
SCENE = "#009E73"
LEAST = 60_000.0
"""Least half width of a map, m."""
MARGIN = 1.15
SHAPE = 4 / 3
"""Width over height of the map."""
STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 45)
"""Degrees that lines of the graticule may be apart."""
SIDES = ("left", "bottom", "right", "top")
_OUTSIDE = {
    "left": ((-4, 0), "right", "center"),
    "bottom": ((0, -4), "center", "top"),
    "right": ((4, 0), "left", "center"),
    "top": ((0, 4), "center", "bottom"),
}
"""How words stand outside of an edge of the map: offset (points), horizontal and vertical alignment."""
OF_PARALLELS = {side: _OUTSIDE[side] for side in ("left", "right")}
OF_MERIDIANS = {side: _OUTSIDE[side] for side in ("bottom", "top", "left", "right")}
"""Edges at which a line of the graticule is named, the first that it meets."""
PLACES = 400
"""Places along a line of the graticule."""
POLAR = 58.0
"""Latitude that the inset reaches to."""

NAME = (0.2, 0.07)
"""Width and height of a granule's name, of those of the map."""
LISTED = 16
"""Most granules that are listed beside the map."""
APART = 1000.0
"""m along the track between two places on the map."""

Box = tuple[float, float, float, float]
"""Left, bottom, right and top, m."""


def draw_map(
    title: str, projection: str, tracks: pd.DataFrame, footprints: Mapping[str, BaseGeometry], land: BaseGeometry
) -> Figure:
    """Draw the tracks and the outlines of the scenes of a campaign, with coast, graticule and scale.

    ``tracks`` holds granule, role, beam, latitude and longitude of places along each; ``footprints`` and ``land`` are
    polygons in the projection (m), the former by scene.
    """
    figure = Figure(figsize=(11, 6.8), layout="constrained")
    figure.suptitle(title)
    if tracks.empty:
        figure.text(0.5, 0.5, "The campaign has no segments; the report's table of states says why.", ha="center")
        return figure
    grid = figure.add_gridspec(2, 2, width_ratios=[3.2, 1])
    axis, inset, key = (figure.add_subplot(place) for place in (grid[:, 0], grid[0, 1], grid[1, 1]))
    x, y = to_projection(tracks["latitude"].to_numpy(), tracks["longitude"].to_numpy(), projection)
    placed = tracks.assign(x=x, y=y).reset_index(drop=True)
    box = _box(placed, footprints.values())
    _draw_land(axis, land, box)
    _draw_graticule(axis, projection, box)
    numbered = _draw_tracks(axis, placed, box)
    for name, outline in footprints.items():
        _draw_scene(axis, "" if numbered else name, outline)
    axis.set(xlim=box[::2], ylim=box[1::2], aspect="equal", xticks=[], yticks=[], facecolor=SEA)
    axis.spines[["top", "right"]].set_visible(True)
    _draw_scale(axis, projection, box)
    _draw_inset(inset, projection, land, box)
    roles = [ROLES[role] for role in ROLES if (tracks["role"] == role).any()]
    handles = [Line2D([], [], color=colour, ls=line, lw=2, label=words) for colour, line, words in roles]
    handles += [Patch(facecolor="none", edgecolor=SCENE, ls="--", label="scene of Sentinel-2")] if footprints else []
    handles += [Patch(facecolor=LAND, edgecolor=COAST, label="land")]
    key.axis("off")
    key.legend(handles=handles, loc="upper left", frameon=False)
    listed = [name.replace("\n", "  ") for name in numbered[:LISTED]]
    listed += [f"and {len(numbered) - LISTED} more"] if len(numbered) > LISTED else []
    key.text(0.05, 0.68, "\n".join(listed), fontsize=7.5, va="top", transform=key.transAxes)
    source = f"{projection}\ncoast: Natural Earth 1:50m,\nwithout ice shelves"
    key.text(0.02, 0.02, source, fontsize=7, transform=key.transAxes)
    return figure


def places_of(segments: pd.DataFrame) -> pd.DataFrame:
    """Return as many of a granule's segments (beam, x_atc, ...) as a map shows: one for ``APART`` m of a beam."""
    return segments[~segments.assign(step=segments["x_atc"] // APART).duplicated(["beam", "step"])]


def _box(placed: pd.DataFrame, footprints: Sequence[BaseGeometry]) -> Box:
    """Return what the map shows: all tracks and scenes, with a margin, in the map's shape."""
    of_tracks = [*placed[["x", "y"]].min(), *placed[["x", "y"]].max()]
    bounds = np.array([of_tracks, *(outline.bounds for outline in footprints if not outline.is_empty)])
    low, high = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    width, height = np.maximum(MARGIN * (high - low) / 2, LEAST)
    width, height = max(width, height * SHAPE), max(height, width / SHAPE)
    x, y = (low + high) / 2
    return x - width, y - height, x + width, y + height


def _draw_land(axis: Axes, land: BaseGeometry, box: Box) -> None:
    for part in shapely.get_parts(shapely.clip_by_rect(land, *box)):
        if part.geom_type == "Polygon":
            rings = [part.exterior, *part.interiors]
            path = Path.make_compound_path(*(Path(np.array(ring.coords), closed=True) for ring in rings))
            axis.add_patch(PathPatch(path, facecolor=LAND, edgecolor="none", zorder=0))
    for line in shapely.get_parts(shapely.clip_by_rect(land.boundary, *box)):
        axis.plot(*np.array(line.coords).T, color=COAST, lw=0.6, zorder=1)


def _draw_graticule(axis: Axes, projection: str, box: Box) -> None:
    """Draw parallels and meridians, with their degrees at an edge of the map."""
    longitude, latitude = _degrees(projection, box)
    middle = longitude[longitude.size // 2]
    east = (longitude - middle + 180) % 360 - 180 + middle
    along = np.linspace(east.min(), east.max(), PLACES), np.linspace(latitude.min(), latitude.max(), PLACES)
    parallels = {degrees: (np.full(PLACES, degrees), along[0]) for degrees in _every(latitude)}
    meridians = {degrees % 360: (along[1], np.full(PLACES, degrees)) for degrees in _every(east)}
    frame = shapely.box(*box)
    for lines, name, edges in ((parallels, _parallel, OF_PARALLELS), (meridians, _meridian, OF_MERIDIANS)):
        for degrees, line in lines.items():
            inside = shapely.LineString(np.column_stack(to_projection(*line, projection))).intersection(frame)
            for part in shapely.get_parts(inside):
                axis.plot(*np.array(part.coords).T, color=GRATICULE, lw=0.5, zorder=1)
            _name_line(axis, inside, name(degrees), box, edges)


def _name_line(axis: Axes, inside: BaseGeometry, words: str, box: Box, edges: Mapping[str, tuple]) -> None:
    """Tell the degrees of a line of the graticule where it meets the first of the map's edges that it does meet."""
    ends = np.array([end for part in shapely.get_parts(inside) for end in (part.coords[:1] + part.coords[-1:])])
    near = 0.002 * (box[2] - box[0])
    for side, (offset, ha, va) in edges.items():
        number = SIDES.index(side)
        met = [end for end in ends if abs(end[number % 2] - box[number]) < near]
        if met:
            style = {"ha": ha, "va": va, "fontsize": 8}
            axis.annotate(words, met[0], offset, textcoords="offset points", **style)
            return


def _degrees(projection: str, box: Box) -> tuple[NDArray, NDArray]:
    """Return longitudes and latitudes of places all over the map; the one in the middle is that of the map."""
    x, y = np.meshgrid(np.linspace(box[0], box[2], 41), np.linspace(box[1], box[3], 41))
    return transformed(x.ravel(), y.ravel(), projection, GEOGRAPHIC)


def _every(values: NDArray) -> NDArray:
    """Return the degrees at which a map of these has lines: some five of them."""
    step = next((step for step in STEPS if np.ptp(values) / step <= 6), STEPS[-1])
    return np.arange(np.floor(values.min() / step), np.ceil(values.max() / step) + 1) * step


def _parallel(degrees: float) -> str:
    return f"{abs(degrees):g}° {'S' if degrees < 0 else 'N'}"


def _meridian(degrees: float) -> str:
    east = (degrees + 180) % 360 - 180
    return f"{abs(east):g}°" if abs(east) in (0, 180) else f"{abs(east):g}° {'W' if east < 0 else 'E'}"


def _draw_scene(axis: Axes, name: str, outline: BaseGeometry) -> None:
    """Draw the outline of a scene, with its tile or, where the name does not tell it, its time."""
    for part in shapely.get_parts(outline):
        axis.plot(*np.array(part.exterior.coords).T, color=SCENE, lw=1.2, ls="--", zorder=2)
    if not outline.is_empty:
        left, bottom, right, _ = outline.bounds
        words = name.removeprefix("S2_").split("_")[0]
        axis.annotate(
            words,
            ((left + right) / 2, bottom),
            (0, -3),
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize=7,
            color=SCENE,
        )


def _draw_tracks(axis: Axes, placed: pd.DataFrame, box: Box) -> list[str]:
    """Draw each beam as a line with a dot at its end, and name the granules by day, time and beams.

    Where the names would stand in each other's way there are numbers in their place; returns the numbered names.
    """
    granules = list(placed.groupby("granule"))
    names = [_name_of(granule, sorted(tracks["beam"].unique())) for granule, tracks in granules]
    places = np.array([tracks[["x", "y"]].iloc[-1] for _, tracks in granules])
    crowded = _crowded(places, box)
    for number, ((_, of_granule), name) in enumerate(zip(granules, names, strict=True), 1):
        colour, line, _ = ROLES[of_granule["role"].iloc[0]]
        for _, track in of_granule.groupby("beam"):
            axis.plot(track["x"], track["y"], color=colour, ls=line, lw=1.3, zorder=3)
            axis.plot(*track[["x", "y"]].iloc[-1], marker="o", color=colour, ms=2.5, zorder=3)
        to_right = of_granule["x"].mean() < (box[0] + box[2]) / 2
        end = of_granule.loc[of_granule["x"].idxmax() if to_right else of_granule["x"].idxmin(), ["x", "y"]]
        axis.annotate(
            str(number) if crowded else name,
            end,
            (6 if to_right else -6, 0),
            textcoords="offset points",
            ha="left" if to_right else "right",
            va="center",
            fontsize=8,
            color=colour,
            zorder=4,
        )
    return [f"{number}  {name}" for number, name in enumerate(names, 1)] if crowded else []


def _name_of(granule: str, beams: Sequence[str]) -> str:
    """Return day, time and beams of a granule."""
    return f"{granule[:4]}-{granule[4:6]}-{granule[6:8]} {granule[8:10]}:{granule[10:12]}\n{' '.join(beams)}"


def _crowded(places: NDArray, box: Box) -> bool:
    """Return whether two places are too near to each other for names beside them."""
    away = np.abs(places[:, None] - places) / [box[2] - box[0], box[3] - box[1]]
    return bool(np.triu((away < NAME).all(axis=2), 1).any())


def _draw_scale(axis: Axes, projection: str, box: Box) -> None:
    """Draw a scale bar that is true in the middle of the map."""
    longitude, latitude = transformed((box[0] + box[2]) / 2, (box[1] + box[3]) / 2, projection, GEOGRAPHIC)
    scale = Proj(projection).get_factors(longitude.item(), latitude.item()).meridional_scale
    draw_scale_bar(axis, scale)


def _draw_inset(axis: Axes, projection: str, land: BaseGeometry, box: Box) -> None:
    """Draw the polar sea with the box of the map in it."""
    south = _degrees(projection, box)[1].mean() < 0
    x, y = to_projection(np.array([-POLAR if south else POLAR]), np.zeros(1), projection)
    reach = np.hypot(x, y).item()
    whole = (-reach, -reach, reach, reach)
    _draw_land(axis, land, whole)
    left, bottom, right, top = box
    axis.plot([left, right, right, left, left], [bottom, bottom, top, top, bottom], color="#D55E00", lw=1.5)
    axis.plot((left + right) / 2, (bottom + top) / 2, marker="+", color="#D55E00", ms=12)
    axis.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xticks=[], yticks=[], facecolor=SEA)
    axis.spines[["top", "right"]].set_visible(True)
