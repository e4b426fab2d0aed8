"""The zoomable page of one track: one HTML file that holds all it needs, and unpacks what is looked at."""

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import pandas as pd
from bokeh.embed import file_html
from bokeh.resources import INLINE
from jinja2 import Environment

from leadline.figures.style import CLASS_COLOURS
from leadline.freeboard import FOUND
from leadline.labels import WHYS
from leadline.names import SurfaceClass, class_name
from leadline.netcdf import EPOCH
from leadline.overlay import Overlay
from leadline.pages.levels import FACTOR, MOST_BINS
from leadline.pages.packing import pack
from leadline.pages.track_content import CLASSES, NO_SEGMENT, Product, TrackContent
from leadline.pages.track_plots import MARKERS, series_of, track_plots

MOST_PHOTONS_DRAWN = 3000
"""Photons that are drawn at once: of more, every second, fourth, ... in view."""
SOURCES = {"network": "network", "scene": "scene", "truth": "simulated truth"}
"""Where classes come from, and the word for it."""
DEEDS = (
    ("far-back", "Shift+ArrowLeft", "Shift ←", "A view back"),
    ("back", "ArrowLeft", "←", "Back"),
    ("on", "ArrowRight", "→", "On"),
    ("far-on", "Shift+ArrowRight", "Shift →", "A view on"),
    ("closer", "+ =", "+", "Closer"),
    ("farther", "- _", "−", "Farther"),
    ("whole", "0", "0", "Whole track"),
    ("previous-lead", "L", "Shift L", "Previous lead"),
    ("next-lead", "l", "L", "Next lead"),
)
"""What can be done: its name, its keys as a browser names them, its key as people do, and the word of its button."""
READOUT = {
    "place": "At",
    "network": "Network",
    "scene": "Scene label",
    "truth": "Simulated truth",
    "height": "Height",
    "surface": "Sea surface",
    "freeboard": "Freeboard",
}
"""The values that are read at a place, and their words."""
STROKES = {"solid": "none", "dashed": "6 3", "dotted": "2 3", "dotdash": "2 3 6 3"}
"""How the key draws the dashes of bokeh: pixels on and off."""
NO_SEGMENTS = "This track has no segments, so there is nothing to plot"
NO_LEADS = "This track has no lead: there is no local sea surface, and so no freeboard."
NO_SCENE = "No scene shows this track: there is no picture of it, and no label from a scene."


def track_page(product: Product, content: TrackContent | None, laid: Sequence[Overlay], notes: Sequence[str]) -> str:
    """Return the page of one track as HTML.

    ``content`` is that of ``track_content.content_of``, None where the track has no segments; ``laid`` tells how the
    granule's scenes are laid on it, and ``notes`` what cannot be shown and why, a sentence each.
    """
    template = Environment(autoescape=True).from_string(_beside("track_page.html"))
    told = _about(product, content, laid, notes)
    if content is None:
        return template.render(told)
    packed = {f"level-{k}": pack(columns) for k, columns in enumerate(content.levels)} | {
        "leads": pack(content.leads())
    }
    if content.photons is not None:
        packed["photons"] = pack(content.signal())
    sources = {name: SOURCES[name] for name in content.sources}
    series = series_of(content)
    holders = [f'<script type="text/plain" id="{name}">{text}</script>' for name, (_, text) in packed.items()]
    described = {name: columns for name, (columns, _) in packed.items()}
    script_content = json.dumps(_for_script(content, described), separators=(",", ":")).replace("<", "\\u003c")
    return file_html(
        track_plots(content, series, sources),
        INLINE,
        told["title"],
        template=template,
        template_variables={
            **told,
            "series": series,
            "classes": _classes(),
            "strokes": STROKES,
            "deeds": DEEDS,
            "readout": {name: word for name, word in READOUT.items() if name not in SOURCES or name in sources},
            "holders": "\n".join(holders),
            "content": script_content,
            "script": _beside("track_levels.js") + _beside("track_page.js"),
        },
    )


def _beside(name: str) -> str:
    """Return a file that stands beside this module."""
    return (files("leadline.pages") / name).read_text()


def _classes() -> list[dict[str, str]]:
    return [
        {"word": class_name(each).replace("_", " "), "colour": CLASS_COLOURS[each], "marker": MARKERS[each]}
        for each in CLASSES
    ]


def _for_script(content: TrackContent, described: dict[str, list[dict]]) -> dict[str, Any]:
    """Return what ``track_page.js`` is told besides the packed columns."""
    return {
        "n_slots": content.n_slots,
        "segment_length": content.product.segment_length,
        "factor": FACTOR,
        "most_bins": MOST_BINS,
        "most_photons": MOST_PHOTONS_DRAWN,
        "no_segment": NO_SEGMENT,
        "unknown": CLASSES.index(SurfaceClass.UNKNOWN),
        "classes": _classes(),
        "sources": content.sources,
        "measured": content.measured,
        "method": content.product.attributes["sea_surface_method"],
        "whys": WHYS,
        "found": {int(flag): word.replace("_", " ") for flag, word in FOUND.items()},
        "places": content.places(),
        "epoch_ms": EPOCH.astype("datetime64[ms]").astype(int).item(),
        "photons_every": content.photons.every if content.photons is not None else 1,
        "levels": [described[f"level-{k}"] for k in range(len(content.levels))],
        "leads": described["leads"],
        "photons": described.get("photons"),
    }


def _about(
    product: Product, content: TrackContent | None, laid: Sequence[Overlay], notes: Sequence[str]
) -> dict[str, Any]:
    """Return what the page says in words."""
    attributes = product.attributes
    simulated = attributes["source"] == "simulated"
    seen = content.strip.scenes if content is not None and content.strip is not None else ()
    own_notes = [
        *([f"Simulated. {attributes['acknowledgement']}."] if simulated else []),
        *([f"{NO_SEGMENTS} ({attributes['leadline_state_reason']})."] if content is None else []),
        *([NO_LEADS] if content is not None and product.leads.empty else []),
        *([NO_SCENE] if content is not None and not seen else []),
    ]
    return {
        "title": f"Track {attributes['granule']} {attributes['beam']}{', simulated' * simulated}",
        "style": _beside("track_page.css"),
        "granule": attributes["granule"],
        "beam": attributes["beam"],
        "what": (
            f"Photons, segments of {product.segment_length:g} m, surface classes, local sea surface and total freeboard"
            " along one beam of ICESat-2"
        ),
        "simulated": simulated,
        "notes": [*own_notes, *notes],
        "method": attributes["sea_surface_method"].replace("_", " "),
        "strip": bool(seen),
        "photons": content is not None and content.photons is not None,
        "facts": _facts(product, content, laid, seen),
        "acknowledgement": attributes["acknowledgement"],
    }


def _facts(
    product: Product, content: TrackContent | None, laid: Sequence[Overlay], seen: Sequence[str]
) -> list[tuple[str, str]]:
    """Return what there is to know of the track, as words and values."""
    attributes, segments = product.attributes, product.segments
    facts = [
        ("Granule, beam", f"ATL03 {attributes['granule']}, {attributes['beam']}, release {attributes['release']}"),
        ("Photons are", attributes["source"]),
        ("Time", " to ".join(attributes.get(f"time_coverage_{end}", "none")[:19] for end in ("start", "end"))),
        ("State", " ".join(filter(None, [attributes["leadline_state"], attributes["leadline_state_reason"]]))),
        ("Network", f"{attributes['network']}, {attributes['model_digest'][:12]}"),
        ("Sea surface", attributes["sea_surface_method"].replace("_", " ")),
        ("Made with", f"config {attributes['config_digest'][:12]}, code {attributes['code_digest'][:12]}"),
    ]
    if content is not None:
        length = content.n_slots * product.segment_length / 1000
        facts[3:3] = [
            ("Segments", f"{len(segments):,} of {product.segment_length:g} m along {length:,.3f} km"),
            *_classes_in_words(segments),
            ("Leads", f"{len(product.leads):,}, of which {(product.leads['lead_flag'] == 0).sum():,} are used"),
            *_photons_in_words(content),
        ]
    return [*facts, *(_scene_in_words(overlay, overlay.scene in seen) for overlay in laid)]


def _classes_in_words(segments: pd.DataFrame) -> list[tuple[str, str]]:
    parts = segments["surface_class"].value_counts(normalize=True)
    words = [f"{100 * parts.get(each, 0):.1f} % {class_name(each).replace('_', ' ')}" for each in CLASSES]
    return [("By the network", ", ".join(words))]


def _photons_in_words(content: TrackContent) -> list[tuple[str, str]]:
    photons = content.photons
    if photons is None:
        return []
    all_of_them = f"{photons.n_signal:,} of the confidence and quality that segments are made of"
    carried = "all on this page" if photons.every == 1 else f"1 in {photons.every} on this page"
    return [("Signal photons", f"{all_of_them}; {carried}")]


def _scene_in_words(overlay: Overlay, seen: bool) -> tuple[str, str]:
    """Return a scene, when it was taken and how it is laid."""
    when = f"{abs(overlay.lag):.0f} min {'after' if overlay.lag > 0 else 'before'} the track"
    laid = f"laid {overlay.source}, by {overlay.shift_x:.0f} m and {overlay.shift_y:.0f} m (x and y of the map)"
    return "Scene", f"{overlay.scene}, {when}; {laid}, ± {overlay.uncertainty:.0f} m{'' if seen else '; not seen here'}"
