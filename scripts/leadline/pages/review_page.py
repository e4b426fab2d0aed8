"""The page on which a person goes through doubtful stretches and sets their class: one HTML file, with all it needs."""

import base64
import json
from collections.abc import Mapping
from importlib.resources import files
from string import Template

import numpy as np
import pandas as pd

from leadline.doubtful import KINDS
from leadline.figures.style import CLASS_COLOURS
from leadline.names import SURFACE_CLASSES, SurfaceClass, class_name
from leadline.overlay import Overlay
from leadline.pages.scene_strip import PIXEL, Strip

KEYS = dict(zip((*SURFACE_CLASSES, SurfaceClass.UNKNOWN), "123u", strict=True))
"""The key that sets each class."""
SCRIPTS = ("review_table.js", "review_memory.js", "review_drawing.js", "review_showing.js", "review.js")
"""What the page does, in files beside this one."""
NOTHING = -32768
"""Stands for NaN among 16-bit whole numbers."""


def review_page(stretches: list[dict], campaign: Mapping[str, object], corrections: str) -> str:
    """Return the page as HTML.

    ``stretches`` are those of ``stretch_for_page``, in their order; ``campaign`` holds digest, source, segment_length
    (m), n_found, how many stretches there are in all, and table, the path of the table of corrections, whose text is
    ``corrections``.
    """
    content = {
        **campaign,
        "classes": [
            {"code": kind, "key": KEYS[kind], "word": class_name(kind), "colour": CLASS_COLOURS[kind]} for kind in KEYS
        ],
        "kinds": KINDS,
        "corrections": corrections,
        "stretches": stretches,
    }
    beside = files("leadline.pages")
    parts = {
        "style": (beside / "review.css").read_text(),
        "script": "\n".join((beside / name).read_text() for name in SCRIPTS),
        "content": json.dumps(content, separators=(",", ":")).replace("<", "\\u003c"),
    }
    return Template((beside / "review.html").read_text()).substitute(parts)


def stretch_for_page(
    stretch: Mapping[str, object],
    view: pd.DataFrame,
    photons: pd.DataFrame,
    start: float,
    laid: Overlay | None,
    strip: Strip | None,
) -> dict:
    """Return what the page is told of a stretch (a row of ``doubtful.doubtful_stretches``).

    ``view`` are the segments around it and ``photons`` those close to it, from ``start`` (m) on, with the columns of
    ``review_sources``; ``laid`` tells how its scene is laid, and ``strip`` is what is seen beside the track, each None
    where there is no scene.
    """
    segments = {
        "x": _whole(view["x_atc"] - start, 10),
        "median": _whole(view["height_median"], 100),
        "lowest": _whole(view["height_min"], 100),
        "highest": _whole(view["height_max"], 100),
        "sea_surface": _whole(view["sea_surface"], 100),
        "photon_rate": _whole(view["photon_rate"], 100),
        "surface_class": _whole(view["surface_class"], 1),
        "label": _whole(view["label"], 1),
    }
    return {
        "granule": stretch["granule"],
        "beam": stretch["beam"],
        "x_start": round(stretch["x_start"], 3),
        "x_end": round(stretch["x_end"], 3),
        "kind": stretch["kind"],
        "kinds": stretch["kinds"].split(),
        "label": int(stretch["label"]),
        "surface_class": int(stretch["surface_class"]),
        "probability": round(float(stretch["probability"]), 3),
        "confidence": round(float(stretch["confidence"]), 3),
        "weight": round(float(stretch["weight"]), 1),
        "start": start,
        "scene": stretch["scene"],
        "laid": laid and {"lag": laid.lag, "source": laid.source, "uncertainty": round(laid.uncertainty, 1)},
        "picture": strip and next(map(_picture, strip.pictures()), None),
        "segments": segments,
        "photons": {"x": _whole(photons["x_atc"] - start, 10), "height": _whole(photons["height"], 100)},
    }


def _picture(piece: tuple[float, int, bytes]) -> dict:
    """Return a piece of a strip, where it begins (m along the track), how long it is (m), and its PNG as an address."""
    start, columns, png = piece
    address = "data:image/png;base64," + base64.b64encode(png).decode()
    return {"start": start, "length": columns * PIXEL, "address": address}


def _whole(values: pd.Series, parts: int) -> str:
    """Return values in whole parts of their unit as base64 of little-endian 16 bit, ``NOTHING`` where there is none."""
    scaled = np.rint(values.to_numpy(np.float64) * parts)
    whole = np.where(np.isfinite(scaled), scaled.clip(NOTHING + 1, -NOTHING - 1), NOTHING)
    return base64.b64encode(whole.astype("<i2")).decode()
