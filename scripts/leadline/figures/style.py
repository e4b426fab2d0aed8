"""What figures share: colours of Okabe and Ito, which colour-blind eyes tell apart, strips of classes, scale bars."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from leadline.names import SurfaceClass, class_name
from leadline.tables import SEA_SURFACE_METHODS

CLASS_COLOURS = {
    SurfaceClass.THICK_ICE: "#D55E00",
    SurfaceClass.THIN_ICE: "#0072B2",
    SurfaceClass.OPEN_WATER: "#009E73",
    SurfaceClass.UNKNOWN: "#BBBBBB",
}
CLASS_HEIGHTS = {
    SurfaceClass.THICK_ICE: 0.8,
    SurfaceClass.THIN_ICE: 0.5,
    SurfaceClass.OPEN_WATER: 0.22,
    SurfaceClass.UNKNOWN: 0.06,
}
"""How high the bar of a class stands in a strip, of the height of its row: a print without colour tells them too."""
SCALES = [step * 10**power for power in range(2, 7) for step in (1, 2, 5)]
"""Metres that a scale bar may be long."""
SURFACE_STYLES = dict(
    zip(
        SEA_SURFACE_METHODS,
        [("#CC79A7", ":"), ("#E69F00", "--"), ("#56B4E9", "-."), ("k", "--"), ("k", "-")],
        strict=True,
    )
)


def draw_strip(axis: Axes, row: int, strip: pd.DataFrame, start: float, segment_length: float) -> None:
    """Draw the classes of segments in a row of an axis whose y points down (km from ``start``, m).

    A bar for each run of one class, as high as ``CLASS_HEIGHTS`` says, all on one line.
    """
    strip = strip.sort_values("x_atc")
    after_gap = strip["x_atc"].diff() > 1.5 * segment_length
    begins = after_gap | (strip["surface_class"] != strip["surface_class"].shift())
    runs = strip.groupby(begins.cumsum()).agg(
        begin=("x_atc", "min"), end=("x_atc", "max"), surface_class=("surface_class", "first")
    )
    for surface_class, colour in CLASS_COLOURS.items():
        own = runs[runs["surface_class"] == surface_class]
        begin = (own["begin"] - segment_length / 2 - start) / 1000
        width = (own["end"] - own["begin"] + segment_length) / 1000
        height = CLASS_HEIGHTS[surface_class]
        axis.broken_barh(list(zip(begin, width, strict=True)), (row + 0.4 - height, height), color=colour, linewidth=0)


def class_key() -> list[Patch]:
    """Return what a legend shows of the classes."""
    return [
        Patch(color=colour, label=class_name(surface_class).replace("_", " "))
        for surface_class, colour in CLASS_COLOURS.items()
    ]


def draw_scale_bar(axis: Axes, scale: float = 1.0) -> None:
    """Draw a bar into the lower left corner of a map in metres that are ``scale`` long, some quarter as long as it."""
    (left, right), (bottom, top) = axis.get_xlim(), axis.get_ylim()
    length = max(length for length in SCALES if length * scale <= max(0.3 * (right - left), SCALES[0] * scale))
    x, y = left + 0.05 * (right - left), bottom + 0.05 * (top - bottom)
    words = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    axis.plot([x, x + length * scale], [y, y], color="white", lw=6, solid_capstyle="butt", zorder=5)
    axis.plot([x, x + length * scale], [y, y], color="k", lw=3, solid_capstyle="butt", zorder=6)
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1}
    axis.text(x, y + 0.02 * (top - bottom), words, va="bottom", fontsize=8, bbox=box, zorder=6)
