"""The scenes straightened along a whole track: a strip of brightness, laid as the labels were."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leadline.class_raster import crs_of, read_classes
from leadline.labels import bounds_of, places_in_scene
from leadline.overlay import Overlay
from leadline.segmentation import Quality, SceneClasses
from leadline.straightened import places_beside, values_at

PIXEL = 10.0
"""Side of a pixel of the strip, m: that of Sentinel-2's visible bands."""
HALF_WIDTH = 500.0
"""How far the strip reaches to each side of the track, m."""
STRETCH = 2000
"""Columns whose pixels are read at once: a window of a scene is a box around a slanted track."""
PIECE = 4096
"""Columns of one picture: what every browser can draw."""


@dataclass(frozen=True)
class Strip:
    """What the scenes show on both sides of the track; the top row is the one farthest left of the flight."""

    value: NDArray[np.uint8]
    """Brightness (the greatest of 8-bit red, green and blue), shape (rows, columns)."""
    known: NDArray[np.bool_]
    """Where a scene holds data, the same shape."""
    start: float
    """Along-track distance where the first column begins, m."""
    scenes: tuple[str, ...]
    """The scenes that are seen in it."""

    def pictures(self) -> Iterator[tuple[float, int, bytes]]:
        """Yield where pieces of the strip begin (m), their columns and their PNG, clear where there are no data."""
        for first in range(0, self.value.shape[1], PIECE):
            piece = np.s_[:, first : first + PIECE]
            if self.known[piece].any():
                grey, opaque = self.value[piece], 255 * self.known[piece].astype(np.uint8)
                _, png = cv2.imencode(".png", cv2.merge([grey, grey, grey, opaque]), [cv2.IMWRITE_PNG_COMPRESSION, 9])
                yield self.start + first * PIXEL, grey.shape[1], png.tobytes()


def scene_strip(segments: pd.DataFrame, laid: Sequence[tuple[Overlay, Path]], projection: str) -> Strip | None:
    """Return the strip along the segments of a track, or None where no scene shows any of it.

    ``segments`` holds x_atc, latitude and longitude in the track's order. ``laid`` are the overlays of the granule's
    scenes, with the rasters of their classes; where scenes overlap, the one closest in time is seen. ``projection`` is
    that of the overlays' shifts. Raises ``InputDataError`` where a raster is missing or unreadable.
    """
    if segments.empty:
        return None
    x_atc, latitude, longitude = (segments[name].to_numpy() for name in ("x_atc", "latitude", "longitude"))
    start = PIXEL * np.floor(x_atc[0] / PIXEL)
    along = np.arange(start + PIXEL / 2, x_atc[-1] + PIXEL / 2, PIXEL)
    across = np.arange(HALF_WIDTH - PIXEL / 2, -HALF_WIDTH, -PIXEL)
    value, known = np.zeros((across.size, along.size), np.uint8), np.zeros((across.size, along.size), bool)
    seen = []
    for overlay, path in sorted(laid, key=lambda pair: abs(pair[0].lag)):
        x, y = places_in_scene(latitude, longitude, (overlay.shift_x, overlay.shift_y), projection, crs_of(path))
        before = known.sum()
        for first in range(0, along.size, STRETCH):
            part = np.s_[:, first : first + STRETCH]
            places = places_beside(x_atc, x, y, along[part[1]], across)
            scene = read_classes(path, bounds_of(*places, margin=PIXEL))
            new = _has_data(scene, *places) & ~known[part]
            value[part][new] = values_at(scene.value, scene.transform, *places)[new]
            known[part] |= new
        seen += [overlay.scene] * bool(known.sum() > before)
    return Strip(value, known, start, tuple(seen)) if seen else None


def _has_data(scene: SceneClasses, x: NDArray, y: NDArray) -> NDArray[np.bool_]:
    """Return where a scene holds data; one that could not be used is a single pixel and holds none."""
    if scene.classes.size <= 1:
        return np.zeros(x.shape, bool)
    return values_at(scene.quality, scene.transform, x, y, outside=Quality.NODATA) & Quality.NODATA == 0
