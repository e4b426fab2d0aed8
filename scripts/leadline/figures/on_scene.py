"""A track on its scene, as Figure 2 of the paper: before and after the shift, and what each says along the track."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure, SubFigure
from numpy.typing import NDArray

from leadline.figures.style import CLASS_COLOURS, class_key, draw_scale_bar, draw_strip
from leadline.names import SurfaceClass
from leadline.overlay import AS_IT_STANDS
from leadline.segmentation import SceneClasses
from leadline.sight import Course, Sight, classes_along, picture_along

CLOSE = 3000.0
"""Side of the close-ups, m."""
ACROSS = 600.0
"""How far the picture reaches to either side of the track, m."""
GAP = 100.0
"""Longest gap that the line of a track goes over, m."""
MARK = "#CC79A7"
"""Colour of what is neither ice nor water: the line of flight, the frame of the close-ups."""
MOST = 1600
"""Places along the track at which a figure shows a scene."""


def draw_on_scene(
    title: str,
    segment_length: float,
    track: pd.DataFrame,
    labels: pd.DataFrame,
    truth: pd.DataFrame | None,
    sight: Sight,
    scene: SceneClasses,
    close: SceneClasses,
) -> Figure:
    """Draw a track on the scene that it sees, and below, aligned along the track, what scene, people and network say.

    ``track`` holds the network's classes, ``labels`` those of the scene, ``truth`` those of a simulated world or None,
    all of one track with segments of ``segment_length`` m. ``scene`` is the whole, as coarse as it is drawn, ``close``
    the ``CLOSE`` m around ``sight.middle``.
    """
    figure = Figure(figsize=(12, 9), layout="constrained")
    figure.suptitle(f"{title}\n{_laid(sight)}", fontsize=10)
    above, below = figure.subfigures(2, 1, height_ratios=[5, 4])
    _draw_maps(above, segment_length, track[["x_atc", "surface_class"]], sight, scene, close)
    strips = {"label": labels, "network": track} | ({} if truth is None else {"simulated truth": truth})
    axes = below.subplots(2, 2, sharex="col", height_ratios=[1.2, 0.4 * (1 + len(strips))], width_ratios=[2, 1])
    start, half = track["x_atc"].iloc[0], CLOSE / 2
    _draw_along(axes[:, 0], segment_length, strips, sight.course, scene, sight.stretch, start)
    closely = sight.middle - half, sight.middle + half
    _draw_along(axes[:, 1], segment_length, strips, sight.course, close, closely, start)
    axes[0, 0].set(ylabel="left of the track (m)", title="the scene straightened along the track")
    axes[0, 1].set_title(f"the same {CLOSE / 1000:g} km")
    axes[1, 1].set_yticklabels([])
    figure.legend(handles=class_key(), loc="outside lower center", ncols=len(CLASS_COLOURS))
    return figure


def draw_unseen(title: str, reason: str) -> Figure:
    """Draw what there is of a track that no scene shows: the reason."""
    figure = Figure(figsize=(12, 1.6), layout="constrained")
    figure.suptitle(title, fontsize=10)
    figure.text(0.5, 0.4, reason, ha="center", wrap=True)
    return figure


def _laid(sight: Sight) -> str:
    """Return in words how the scene lies on the track."""
    laid = sight.laid
    lag = f"{abs(laid.lag):.0f} min {'after' if laid.lag > 0 else 'before'} the track"
    if laid.source == AS_IT_STANDS:
        return f"{laid.scene}, {lag}; its drift is not known, and it is laid as it stands (± {laid.uncertainty:.0f} m)"
    shift = np.hypot(laid.shift_x, laid.shift_y)
    return f"{laid.scene}, {lag}; shifted by {shift:.0f} ± {laid.uncertainty:.0f} m, {laid.source}"


def _draw_maps(
    figure: SubFigure,
    segment_length: float,
    classified: pd.DataFrame,
    sight: Sight,
    scene: SceneClasses,
    close: SceneClasses,
) -> None:
    """Draw the whole scene with the track, and close up how the track lies on it before and after the shift."""
    whole, *squares = figure.subplots(1, 3)
    _draw_scene(whole, scene)
    _draw_track(whole, sight.course, scene.crs, _within(classified, *sight.stretch), segment_length)
    _draw_square(whole, sight, scene.crs)
    bottom, top = whole.get_ylim()
    whole.set(title="the scene and the track", ylim=(bottom - 0.08 * (top - bottom), top))
    draw_scale_bar(whole)
    near = _within(classified, sight.middle - CLOSE, sight.middle + CLOSE)
    courses = {"as it stands": sight.course.shifted((0.0, 0.0)), "shifted": sight.course}
    for axis, (words, course) in zip(squares, courses.items(), strict=True):
        if words == "shifted" and course.shift == (0.0, 0.0):
            axis.axis("off")
            continue
        _draw_scene(axis, close)
        _draw_track(axis, course, close.crs, near, segment_length)
        left, right, bottom, top = _square(sight, close.crs)
        axis.set(xlim=(left, right), ylim=(bottom, top), title=f"{CLOSE / 1000:g} km, the scene {words}")
        draw_scale_bar(axis)


def _draw_along(
    axes: Sequence[Axes],
    segment_length: float,
    strips: Mapping[str, pd.DataFrame],
    course: Course,
    scene: SceneClasses,
    stretch: tuple[float, float],
    start: float,
) -> None:
    """Draw the straightened picture of a stretch of track (m), and below it the classes of the scene and the strips."""
    along = np.linspace(*stretch, MOST)
    _draw_picture(axes[0], course, scene, along, start)
    below = pd.DataFrame({"x_atc": along, "surface_class": classes_along(course, scene, along)})
    draw_strip(axes[1], 0, below, start, along[1] - along[0])
    for row, strip in enumerate(strips.values(), 1):
        draw_strip(axes[1], row, _within(strip, *stretch), start, segment_length)
    names = ["scene", *strips]
    axes[1].set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.5, -0.5))
    axes[1].set(xlim=_kilometres(*stretch, start), xlabel="distance along the track (km)")


def _extent(scene: SceneClasses) -> tuple[float, float, float, float]:
    """Return left, right, bottom and top of a scene in its projection."""
    height, width = scene.value.shape
    left, top = scene.transform @ (0, 0)
    right, bottom = scene.transform @ (width, height)
    return left, right, bottom, top


def _draw_scene(axis: Axes, scene: SceneClasses) -> None:
    """Draw the brightness of a scene, on the map of its projection; what holds no data stays white."""
    brightness = np.ma.masked_equal(scene.value, 0)
    axis.imshow(brightness, cmap="gray", vmin=0, vmax=255, extent=_extent(scene), interpolation="nearest")
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)


def _draw_track(axis: Axes, course: Course, crs: str, classified: pd.DataFrame, segment_length: float) -> None:
    """Draw a track as a line that has the colours of its classes."""
    step = max(1, len(classified) // (2 * MOST))
    thin = classified.iloc[::step]
    along, kinds = thin["x_atc"].to_numpy(), thin["surface_class"].to_numpy()
    places = np.column_stack([values[0] for values in course.in_scene(crs, along)])
    in_reach = np.diff(along) < GAP + step * segment_length
    ends = np.flatnonzero((np.diff(kinds) != 0) | ~in_reach) + 1
    first, last = np.append(0, ends), np.append(ends, len(along))
    goes_on = np.append(in_reach, False)[last - 1]
    runs = [places[begin:end] for begin, end in zip(first, last + goes_on, strict=True)]
    axis.add_collection(LineCollection(runs, colors="white", linewidths=4.5, capstyle="butt"), autolim=False)
    colours = [CLASS_COLOURS[SurfaceClass(kind)] for kind in kinds[first]]
    axis.add_collection(LineCollection(runs, colors=colours, linewidths=2.5, capstyle="butt"), autolim=False)


def _draw_square(axis: Axes, sight: Sight, crs: str) -> None:
    """Mark on the whole scene where the close-ups look."""
    left, right, bottom, top = _square(sight, crs)
    axis.plot([left, right, right, left, left], [bottom, bottom, top, top, bottom], color=MARK, lw=2)


def _square(sight: Sight, crs: str) -> tuple[float, float, float, float]:
    """Return left, right, bottom and top of the close-ups, in the scene's projection: midway of both courses."""
    middle = np.array([sight.middle])
    both = [course.in_scene(crs, middle) for course in (sight.course, sight.course.shifted((0.0, 0.0)))]
    x, y = (float(np.mean([places[axis] for places in both])) for axis in (0, 1))
    return x - CLOSE / 2, x + CLOSE / 2, y - CLOSE / 2, y + CLOSE / 2


def _within(table: pd.DataFrame, begin: float, end: float) -> pd.DataFrame:
    return table[table["x_atc"].between(begin, end)]


def _draw_picture(axis: Axes, course: Course, scene: SceneClasses, along: NDArray, start: float) -> None:
    """Draw the picture beside the track, straightened, and the track in its middle."""
    across = np.linspace(ACROSS, -ACROSS, 121)
    picture = np.ma.masked_equal(picture_along(course, scene, along, across), 0)
    extent = (*_kilometres(along[0], along[-1], start), -ACROSS, ACROSS)
    axis.imshow(picture, cmap="gray", vmin=0, vmax=255, extent=extent, aspect="auto", interpolation="nearest")
    axis.axhline(0, color=MARK, lw=0.8)


def _kilometres(begin: float, end: float, start: float) -> tuple[float, float]:
    return (begin - start) / 1000, (end - start) / 1000
