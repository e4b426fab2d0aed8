"""The plots of a track's page: bokeh figures on one axis along the track, empty until ``track_page.js`` fills them."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from bokeh.document import Document
from bokeh.events import DocumentReady
from bokeh.layouts import column
from bokeh.models import ColumnDataSource, CrosshairTool, CustomJS, FixedTicker, GlyphRenderer, Range1d, RangeTool, Span
from bokeh.plotting import figure
from matplotlib.colors import to_hex

from leadline.figures.style import CLASS_COLOURS, SURFACE_STYLES
from leadline.names import SurfaceClass, class_name
from leadline.pages.levels import FACTOR, Bins
from leadline.pages.scene_strip import HALF_WIDTH, PIXEL
from leadline.pages.track_content import CLASSES, TrackContent

LANE = 13
"""Height of the lane of a class, pixels of the screen."""
LEAST_VIEW = 20
"""Segments in the closest view."""
BORDERS = {"min_border_left": 124, "min_border_right": 14, "min_border_top": 4, "min_border_bottom": 4}
"""Pixels around every plot: where all have the same, they stand aligned."""
INK, MUTED, RANGE, BAND, TRUTH = "#222222", "#6B6B6B", "#C9C9C9", "#56B4E9", "#8B1A8B"
WATER = CLASS_COLOURS[SurfaceClass.OPEN_WATER]
MARKERS = dict(zip(CLASSES, ("circle", "triangle", "square", "x"), strict=True))
"""The sign of each class, for eyes that do not tell the colours apart."""
DASHES = {":": "dotted", "--": "dashed", "-.": "dotdash", "-": "solid"}
"""What bokeh calls the styles of lines."""

TABLES = {
    "segments": (
        *("left", "right", "x", "colour", "marker", "size"),
        *("height_low", "height_high", "freeboard_low", "freeboard_high", "error_low", "error_high"),
    ),
    "lanes": ("left", "right", "bottom", "top", "colour"),
    "photons": ("x", "height", "alpha"),
    "leads": ("begin", "end", "middle", "height", "marker"),
}
"""The columns that ``track_page.js`` fills with what is in view, those of segments besides what is measured: x and what
bounds a bin in km, heights in m."""

Drawn = list[tuple[str, GlyphRenderer]]
"""What is drawn, with the name of the series that it belongs to."""


class Series(NamedTuple):
    """What can be hidden: its name, its word in the key, and how the key draws it."""

    name: str
    word: str
    colour: str
    kind: str
    """line, band or dots."""
    dash: str = "solid"


def series_of(content: TrackContent) -> list[Series]:
    """Return what the plots of a track show, in the order of the key."""
    surfaces = [
        Series(f"surface_{method}", f"sea surface: {method.replace('_', ' ')}", to_hex(colour), "line", DASHES[style])
        for method, (colour, style) in SURFACE_STYLES.items()
    ]
    photons = [Series("photons", "signal photons", "#777777", "dots")]
    truth = [Series("truth", "simulated truth", TRUTH, "line", "dashed")]
    return [
        *(photons if content.photons is not None else []),
        Series("segments", "segments", CLASS_COLOURS[SurfaceClass.THICK_ICE], "dots"),
        Series("range", "range or error of segments", RANGE, "band"),
        *surfaces,
        Series("leads", "leads", WATER, "line"),
        Series("freeboard", "freeboard", INK, "line"),
        Series("error", "standard error of freeboard", BAND, "band"),
        *(truth if "truth" in content.sources else []),
    ]


def track_plots(content: TrackContent, series: Sequence[Series], sources: Mapping[str, str]) -> Document:
    """Return the plots of a track as a document that hands itself over to ``leadline.open`` of ``track_page.js``.

    ``series`` are what can be hidden (``series_of``), and ``sources`` the words of where classes come from.
    """
    length, closest = content.n_slots * content.product.segment_length, LEAST_VIEW * content.product.segment_length
    view = Range1d(0, length / 1000, bounds=(0, length / 1000), min_interval=min(length, closest) / 1000)
    cursor = Span(dimension="height", line_color=MUTED, line_dash="dotted", line_width=1)
    columns = {**TABLES, "segments": (*TABLES["segments"], *content.measured)}
    tables = {name: ColumnDataSource({each: [] for each in names}) for name, names in columns.items()}
    n_lanes = len(CLASSES) * len(sources)
    strip = {} if content.strip is None else {"strip": _plot(view, 118, "across (m)", (-HALF_WIDTH, HALF_WIDTH))}
    plots = strip | {
        "classes": _plot(view, 10 + LANE * n_lanes, "", (0, n_lanes)),
        "heights": _plot(view, 280, "height above MSS (m)", (-0.5, 1)),
        "freeboard": _plot(view, 222, "total freeboard (m)", (-0.2, 1), last=True),
    }
    for plot in plots.values():
        plot.add_tools(CrosshairTool(overlay=cursor))
    if strip:
        _draw_strip(plots["strip"], content)
    _draw_lanes(plots["classes"], tables["lanes"], list(sources.values()))
    drawn = _draw_heights(plots["heights"], tables, content.product.attributes["sea_surface_method"], series)
    drawn += _draw_freeboard(plots["freeboard"], tables["segments"], series)
    renderers = {each.name: [glyph for name, glyph in drawn if name == each.name] for each in series}
    handed_over = {"view": view, "cursor": cursor, "tables": tables, "plots": plots, "renderers": renderers}
    document = Document()
    document.add_root(column(_overview(view, content), *plots.values(), sizing_mode="stretch_width", spacing=2))
    code = f"leadline.open({{{', '.join(handed_over)}}})"
    document.js_on_event(DocumentReady, CustomJS(args=handed_over, code=code))
    return document


def _plot(view: Range1d, height: int, label: str, limits: tuple[float, float], last: bool = False) -> figure:
    """Return an empty plot; the last one bears the axis along the track."""
    plot = figure(
        height=height,
        sizing_mode="stretch_width",
        x_range=view,
        y_range=Range1d(*limits),
        y_axis_label=label,
        x_axis_label="distance along the track (km)" if last else None,
        tools="xpan,xwheel_zoom",
        active_scroll="xwheel_zoom",
        active_drag="xpan",
        toolbar_location=None,
        lod_threshold=None,
        **BORDERS,
    )
    plot.axis.axis_label_text_font_style = "normal"
    plot.axis.axis_label_text_font_size = plot.axis.major_label_text_font_size = "12px"
    plot.axis.axis_label_text_color = plot.axis.major_label_text_color = INK
    plot.axis.minor_tick_line_color = None
    plot.grid.grid_line_color = "#EEEEEE"
    plot.outline_line_color = "#CCCCCC"
    plot.xaxis.visible = last
    return plot


def _draw_strip(plot: figure, content: TrackContent) -> None:
    """Draw the straightened scenes, and the track in their middle."""
    begins, columns, pngs = zip(*content.strip.pictures(), strict=True)
    plot.image_url(
        url=[f"data:image/png;base64,{b64encode(png).decode()}" for png in pngs],
        x=(np.array(begins) - content.start) / 1000,
        y=[HALF_WIDTH] * len(pngs),
        w=np.array(columns) * PIXEL / 1000,
        h=[2 * HALF_WIDTH] * len(pngs),
        anchor="top_left",
    )
    plot.background_fill_color = "#F3E9DC"
    plot.grid.grid_line_color = None
    plot.yaxis.ticker = FixedTicker(ticks=[-0.8 * HALF_WIDTH, 0, 0.8 * HALF_WIDTH])
    plot.add_layout(Span(location=0, dimension="width", line_color="#E69F00", line_width=1))


def _draw_lanes(plot: figure, table: ColumnDataSource, sources: Sequence[str]) -> None:
    """Draw the lanes of the classes, one below the other, for each source of classes."""
    words = [class_name(each).replace("_", " ") for each in CLASSES]
    lanes = [f"{source}: {word}" if word == words[0] else word for source in sources for word in words]
    middles = [len(lanes) - lane - 0.5 for lane in range(len(lanes))]
    plot.quad("left", "right", "top", "bottom", source=table, fill_color="colour", line_color=None)
    plot.yaxis.ticker = FixedTicker(ticks=middles)
    plot.yaxis.major_label_overrides = dict(zip(middles, lanes, strict=True))
    plot.yaxis.major_label_text_font_size = "10px"
    plot.yaxis.major_tick_line_color = None
    plot.ygrid.grid_line_color = None
    for source in range(1, len(sources)):
        plot.add_layout(Span(location=len(words) * source, dimension="width", line_color="#999999", line_width=1))


def _draw_heights(plot: figure, tables: Mapping[str, ColumnDataSource], method: str, series: Sequence[Series]) -> Drawn:
    """Draw photons, the segments with their range or error, the sea surfaces (the chosen one widest) and the leads."""
    segments, leads = tables["segments"], tables["leads"]
    names = [each.name for each in series]
    drawn = []
    if "photons" in names:
        dots = plot.scatter("x", "height", source=tables["photons"], size=2.5, fill_color=INK, fill_alpha="alpha")
        dots.glyph.line_color = None
        drawn.append(("photons", dots))
    drawn.append(("range", _bars(plot, segments, "height_low", "height_high", RANGE, 0.7)))
    signs = plot.scatter("x", "height", source=segments, size="size", marker="marker", color="colour")
    drawn.append(("segments", signs))
    for each in series:
        if each.name.startswith("surface_"):
            width = 2.5 if each.name == f"surface_{method}" else 1.4
            drawn.append((each.name, _line(plot, segments, each.name, each, width)))
        if each.name == "truth":
            drawn.append((each.name, _line(plot, segments, "surface_true", each, 1.5)))
    runs = plot.segment("begin", "height", "end", "height", source=leads, color=WATER, line_width=4)
    middles = plot.scatter("middle", "height", source=leads, marker="marker", size=9, color=WATER, fill_alpha=0)
    return [*drawn, ("leads", runs), ("leads", middles)]


def _draw_freeboard(plot: figure, segments: ColumnDataSource, series: Sequence[Series]) -> Drawn:
    """Draw freeboard with its standard error and, where segments are joined, its range."""
    drawn = [
        ("range", _bars(plot, segments, "freeboard_low", "freeboard_high", RANGE, 0.7)),
        ("error", _bars(plot, segments, "error_low", "error_high", BAND, 0.55)),
    ]
    columns = {"freeboard": "freeboard", "truth": "freeboard_true"}
    for each in series:
        if each.name in columns:
            # wider than a pixel, lines as ragged as these cost a browser four times as much
            drawn.append((each.name, _line(plot, segments, columns[each.name], each, 1)))
    plot.add_layout(Span(location=0, dimension="width", line_color=MUTED, line_width=1))
    return drawn


def _line(plot: figure, source: ColumnDataSource, values: str, each: Series, width: float) -> GlyphRenderer:
    return plot.line("x", values, source=source, color=each.colour, line_dash=each.dash, line_width=width)


def _bars(plot: figure, source: ColumnDataSource, low: str, high: str, colour: str, alpha: float) -> GlyphRenderer:
    """Draw a bar from low to high for each bin, as wide as the bin."""
    return plot.quad(
        "left", "right", top=high, bottom=low, source=source, fill_color=colour, fill_alpha=alpha, line_color=None
    )


def _overview(view: Range1d, content: TrackContent) -> figure:
    """Return the bar that shows the whole track, its leads, and the part that is in view: drag it, or its edges."""
    freeboard, height = content.overview
    bins, label = (freeboard, "freeboard (m)") if np.isfinite(freeboard.mean).any() else (height, "height (m)")
    low, high = _limits(bins)
    plot = _plot(Range1d(view.start, view.end), 76, label, (low, high))
    tool = RangeTool(x_range=view, start_gesture="pan")
    tool.overlay.update(fill_color=BAND, fill_alpha=0.2, line_color=INK, line_dash="solid")
    plot.toolbar.tools = [tool]
    plot.yaxis.ticker.desired_num_ticks = 3
    width = FACTOR ** (len(content.levels) - 1) * content.product.segment_length / 1000
    edges = np.minimum(np.arange(len(bins) + 1) * width, view.end)
    plot.quad(left=edges[:-1], right=edges[1:], bottom=bins.low, top=bins.high, color=RANGE, line_color=None)
    plot.line((edges[:-1] + edges[1:]) / 2, bins.mean, color=INK, line_width=1)
    leads = content.leads()
    middles = (leads["begin"].values() + leads["end"].values()) / 2000
    plot.segment(middles, low, middles, low + 0.16 * (high - low), color=WATER, line_width=1)
    return plot


def _limits(bins: Bins) -> tuple[float, float]:
    """Return limits that show nearly all of the bins, and room for the leads below."""
    known = np.isfinite(bins.mean)
    if not known.any():
        return 0.0, 1.0
    low, high = np.quantile(bins.low[known], 0.01), np.quantile(bins.high[known], 0.99)
    return float(low - 0.25 * (high - low) - 0.05), float(high + 0.05)
