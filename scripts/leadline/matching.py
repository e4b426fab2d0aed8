"""How well a scene explains what a track saw, for any shift of the scene: the statistics behind ``leadline.drift``.

In each of the track's cells the photons tell height, roughness and photon rate; the scene tells how bright the ice is
beside its surroundings. For a shift, the features are regressed on brightness, and what the regression explains is the
information (nats) that the scene holds on the track: n/2 ln(|T| / |W|), of the total and the residual scatter T and W
over n cells (Wilks' lambda). Leads are dark, low and smooth, and their photons are many or few; a regression by pieces
asks for no more than that brightness tells these apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numba
import numpy as np
import pandas as pd

from leadline.cells import FEATURES, Cells, cells_of
from leadline.names import SurfaceClass
from leadline.projections import transformed
from leadline.segmentation import Quality, SceneClasses, pixel_size

KNOTS = np.linspace(0, 1, 6)
"""Brightness between which the regression is linear."""
LIT = 400.0
"""Reach within which the brightest ice is white, m: shorter than clouds, longer than most leads are wide."""
BLOCKS = 8
"""Blocks of the scene to this reach, in which the brightest ice is looked for."""
SEEN = 0.5
"""Least share of the picture around a place that must be visible."""
LINEAR = 1000.0
"""Shift over which the pixel that a cell looks at is taken to move evenly, m."""
LEAST_CELLS = 20
"""Fewer say nothing."""
TINY = 1e-5
"""Share of the cells that are added to each knot with mean features, and to the scatter, so that both have inverses."""


@dataclass(frozen=True)
class Picture:
    """How bright a scene is beside its surroundings, 0 to 1, and where it can be seen."""

    layers: np.ndarray
    """float32 (y, x, 2): brightness times visibility, and visibility (0 or 1, between where smoothed)."""
    scene_classes: SceneClasses

    def smoothed(self, radius: float) -> "Picture":
        """Return the picture smoothed by a Gaussian (standard deviation in m) over what is visible."""
        pixels = radius / pixel_size(self.scene_classes.transform)
        return replace(self, layers=cv2.GaussianBlur(self.layers, (0, 0), pixels, borderType=cv2.BORDER_CONSTANT))


@dataclass(frozen=True)
class View:
    """A picture as the cells of a track look at it."""

    cells: Cells
    picture: Picture
    place: np.ndarray
    """Column and row that each cell looks at without shift, whole at the centre of a pixel, (2, n)."""
    slope: np.ndarray
    """How they move, pixels a metre of shift: (axis of the picture, axis of the projection, n)."""


def view_of(segments: pd.DataFrame, picture: Picture, projection: str, length: float) -> View:
    """Return a picture as cells of a length (m) look at it. A place q looks at q - shift, linear in it over some km."""
    cells = cells_of(segments, projection, length)
    scene = picture.scene_classes

    def pixels(shift_x: float, shift_y: float) -> np.ndarray:
        places = transformed(cells.x - shift_x, cells.y - shift_y, projection, scene.crs)
        return np.array(~scene.transform @ places) - 0.5

    slope = [(pixels(*way) - pixels(*-way)) / (2 * LINEAR) for way in LINEAR * np.eye(2)]
    return View(cells, picture, pixels(0.0, 0.0), np.stack(slope, axis=1))


def picture_of(scene_classes: SceneClasses) -> Picture:
    """Return the picture of a scene: its value over that of the brightest ice around.

    So thin cloud, that brightens or darkens wide parts of a scene, leaves little. Thick cloud, nodata and pixels
    whose class the filter could not tell are not visible.
    """
    hidden = scene_classes.quality & (Quality.NODATA | Quality.THICK_CLOUD) > 0
    visible = ~hidden & (scene_classes.classes != SurfaceClass.UNKNOWN)
    value = np.where(visible, scene_classes.value, 0)
    step = max(round(LIT / BLOCKS / pixel_size(scene_classes.transform)), 1)
    size = tuple(-(-side // step) for side in reversed(value.shape))
    brightest = cv2.resize(cv2.dilate(value, np.ones((step, step), np.uint8)), size, interpolation=cv2.INTER_NEAREST)
    brightest = cv2.dilate(brightest, np.ones((2 * BLOCKS - 1, 2 * BLOCKS - 1), np.uint8)).astype(np.float32)
    brightest = cv2.GaussianBlur(brightest, (0, 0), BLOCKS / 2)
    white = cv2.resize(brightest, value.shape[::-1], interpolation=cv2.INTER_LINEAR)
    brightness = np.clip(value / np.maximum(white, 1), 0, 1).astype(np.float32)
    return Picture(np.dstack([brightness, visible.astype(np.float32)]), scene_classes)


def brightness_at(view: View, shift: Sequence[float]) -> np.ndarray:
    """Return the brightness that each cell looks at after a shift (m), NaN where the picture is hidden there."""
    column, row = view.place + view.slope[:, 0] * shift[0] + view.slope[:, 1] * shift[1]
    return _brightness(view.picture.layers, column, row)


def moments_at(view: View, shifts: np.ndarray) -> np.ndarray:
    """Return by shift (m, shape (..., 2)) and beam the sums over cells of all products of knots' weights and features.

    Shape (..., beams, k + j, k + j), of k knots and j features; 0 for a cell whose picture is hidden.
    """
    beam = np.empty(len(view.cells.x), np.int64)
    for number, own in enumerate(view.cells.of_beam.values()):
        beam[own] = number
    every = np.asarray(shifts, float).reshape(-1, 2)
    sums = _moments(view.picture.layers, view.place, view.slope, beam, view.cells.features, every, len(KNOTS))
    return sums.reshape(*np.shape(shifts)[:-1], *sums.shape[1:])


def n_seen(moments: np.ndarray) -> np.ndarray:
    """Return the number of cells that the picture shows, by their moments (..., k + j, k + j)."""
    return moments[..., : len(KNOTS), : len(KNOTS)].sum(axis=(-1, -2))


def information(moments: np.ndarray) -> np.ndarray:
    """Return the information (nats) of moments (..., k + j, k + j), 0 where fewer than ``LEAST_CELLS`` are seen."""
    n = n_seen(moments)
    _, residual, total = _regression(moments)
    gain = np.linalg.slogdet(total)[1] - np.linalg.slogdet(residual)[1]
    return np.where(n >= LEAST_CELLS, n * gain / 2, 0)


def misfits(view: View, shift: Sequence[float], away: Sequence[float]) -> np.ndarray:
    """Return by cell what its features lack in likelihood (nats) ``away`` (m) from a shift whose regression stands.

    NaN where the picture is hidden there.
    """
    moments = moments_at(view, np.array(shift)).sum(axis=0)
    coefficients, residual, _ = _regression(moments)
    brightness = brightness_at(view, np.add(shift, away))
    left = view.cells.features - _weights(brightness) @ coefficients
    distance = ((left @ np.linalg.inv(residual / n_seen(moments))) * left).sum(axis=1)
    return np.where(np.isnan(brightness), np.nan, distance / 2)


def agreement(view: View, shift: Sequence[float]) -> dict[str, float]:
    """Return how picture and track agree after a shift (m).

    n_cells that the picture shows, their information (nats), and the correlation of brightness with height,
    roughness and photon rate; 0 where fewer than ``LEAST_CELLS`` are seen.
    """
    brightness = brightness_at(view, shift)
    seen = np.isfinite(brightness)
    names = [f"correlation_{name}" for name in FEATURES[:3]]
    correlations = np.zeros(len(names))
    if seen.sum() >= LEAST_CELLS:
        columns = np.column_stack([brightness, view.cells.features[:, : len(names)]])[seen]
        correlations = pd.DataFrame(columns).corr().fillna(0).to_numpy()[0, 1:]
    return {
        "shift_x": float(shift[0]),
        "shift_y": float(shift[1]),
        "n_cells": int(seen.sum()),
        "information": float(information(moments_at(view, np.array(shift)).sum(axis=0))),
        **dict(zip(names, map(float, correlations), strict=True)),
    }


def _weights(brightness: np.ndarray) -> np.ndarray:
    """Return the weights of the knots, (n, k), that interpolate between them; 0 where brightness is NaN."""
    place = np.nan_to_num(brightness, nan=-1)[:, None] * (len(KNOTS) - 1)
    return np.maximum(1 - np.abs(place - np.arange(len(KNOTS))), 0)


@numba.njit(cache=True, nogil=True)
def _look(layers: np.ndarray, column: float, row: float) -> float:
    """Return the brightness at a place of a picture, linear between what is visible of four pixels, or NaN."""
    left, top = int(np.floor(column)), int(np.floor(row))
    if not (0 <= left < layers.shape[1] - 1 and 0 <= top < layers.shape[0] - 1):
        return np.nan
    right_share, lower_share = column - left, row - top
    bright = seen = 0.0
    for down in range(2):
        for aside in range(2):
            share = (lower_share if down else 1 - lower_share) * (right_share if aside else 1 - right_share)
            bright += share * layers[top + down, left + aside, 0]
            seen += share * layers[top + down, left + aside, 1]
    return bright / seen if seen > SEEN else np.nan


@numba.njit(cache=True, nogil=True)
def _brightness(layers: np.ndarray, column: np.ndarray, row: np.ndarray) -> np.ndarray:
    brightness = np.empty(column.size)
    for i in range(column.size):
        brightness[i] = _look(layers, column[i], row[i])
    return brightness


@numba.njit(cache=True, nogil=True)
def _moments(
    layers: np.ndarray,
    place: np.ndarray,
    slope: np.ndarray,
    beam: np.ndarray,
    features: np.ndarray,
    shifts: np.ndarray,
    k: int,
) -> np.ndarray:
    """Return the sums of ``moments_at``; a cell weighs on the two knots around its brightness alone."""
    n, j = features.shape
    n_beams = beam[-1] + 1 if n else 0
    sums = np.zeros((len(shifts), n_beams, k + j, k + j))
    for s in range(len(shifts)):
        x, y = shifts[s]
        for i in range(n):
            column = place[0, i] + slope[0, 0, i] * x + slope[0, 1, i] * y
            row = place[1, i] + slope[1, 0, i] * x + slope[1, 1, i] * y
            brightness = _look(layers, column, row)
            if np.isnan(brightness):
                continue
            own = sums[s, beam[i]]
            low = min(int(brightness * (k - 1)), k - 2)
            upper = brightness * (k - 1) - low
            lower = 1 - upper
            own[low, low] += lower * lower
            own[low, low + 1] += lower * upper
            own[low + 1, low] += lower * upper
            own[low + 1, low + 1] += upper * upper
            for f in range(j):
                own[low, k + f] += lower * features[i, f]
                own[low + 1, k + f] += upper * features[i, f]
                for g in range(j):
                    own[k + f, k + g] += features[i, f] * features[i, g]
    return sums


def _regression(moments: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the features' means at the knots (..., k, j), and their residual and total scatter (..., j, j)."""
    k = len(KNOTS)
    weights, products, squares = moments[..., :k, :k], moments[..., :k, k:], moments[..., k:, k:]
    n = np.maximum(n_seen(moments), 1)[..., None, None]
    mean = products.sum(axis=-2, keepdims=True) / n
    centred = products - weights.sum(axis=-1)[..., None] * mean
    total = squares - n * np.swapaxes(mean, -1, -2) * mean + TINY * n * np.eye(squares.shape[-1])
    coefficients = np.linalg.solve(weights + TINY * n * np.eye(k), centred)
    return coefficients + mean, total - np.swapaxes(coefficients, -1, -2) @ centred, total
