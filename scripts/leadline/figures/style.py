"""What all figures share: colours of Okabe and Ito, which colour-blind eyes tell apart, and strips of classes."""

import matplotlib
import pandas as pd
from matplotlib.axes import Axes

from leadline.names import SurfaceClass
from leadline.tables import SEA_SURFACE_METHODS

matplotlib.rcParams.update({"figure.dpi": 110, "font.size": 9, "axes.spines.top": False, "axes.spines.right": False})

CLASS_COLOURS = {
    SurfaceClass.THICK_ICE: "#D55E00",
    SurfaceClass.THIN_ICE: "#0072B2",
    SurfaceClass.OPEN_WATER: "#009E73",
    SurfaceClass.UNKNOWN: "#BBBBBB",
}
SURFACE_STYLES = dict(
    zip(
        SEA_SURFACE_METHODS,
        [("#CC79A7", ":"), ("#E69F00", "--"), ("#56B4E9", "-."), ("k", "--"), ("k", "-")],
        strict=True,
    )
)


def draw_strip(axis: Axes, row: int, strip: pd.DataFrame, start: float, segment_length: float) -> None:
    """Draw the classes of segments in a row of an axis (km from ``start``, m), a bar for each run of one class."""
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
        axis.broken_barh(list(zip(begin, width, strict=True)), (row - 0.4, 0.8), color=colour, linewidth=0)
