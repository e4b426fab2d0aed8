"""Scene classes laid on tracks: the label of each segment, its confidence, or why it has none."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from pyproj import Transformer

from leadline.accounts import Account, State
from leadline.names import KEY, SurfaceClass, class_name
from leadline.segmentation import Quality, SceneClasses
from leadline.tables import LABELS

GEOGRAPHIC = "EPSG:4326"

RADIUS_PIXELS = 1
"""Reach of the neighbourhood that must agree; 1 is 3 x 3 pixels, 30 m: geolocation errs by about 10 m."""
MINIMUM_CONFIDENCE = 0.7
"""Least share that agrees. It drops the pixels along a straight edge (6 of 9), not the middle of a 3-pixel lead."""

WHYS = np.array(["scene", "off_scene", "nodata", "cloud", "shadow", "transition", "no_scene"], dtype=object)
"""Where a label comes from, or why there is none."""
_SCENE, _OFF_SCENE, _NODATA, _CLOUD, _SHADOW, _TRANSITION, _NO_SCENE = range(len(WHYS))

_STATES = {
    "off_scene": (State.OFF_SCENE, "no scene covers the track"),
    "nodata": (State.ALL_NODATA, "the scenes hold no data on the track"),
    "cloud": (State.ALL_CLOUD, "cloud hides the track"),
    "shadow": (State.ALL_CLOUD, "the shadow of cloud hides the track"),
    "no_scene": (State.NO_SCENE, "no scene coincides with the granule; add one to the coincidences"),
}
"""The state of a track without any label, and the reason for a person, by why most of its segments have none."""


@dataclass(frozen=True)
class Look:
    """A scene that coincides with a granule, and how it is laid on the track."""

    scene: str
    lag: float
    """Scene minus track, min."""
    shift_x: float
    """Shift of the image along x of the projection that lays it on the track, m."""
    shift_y: float
    """The same along y, m."""
    classes: SceneClasses


def to_projection(latitude: np.ndarray, longitude: np.ndarray, projection: str) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y (m) of places (degrees) in a projection: EPSG:3976 in the south, EPSG:3413 in the north."""
    return _transformed(longitude, latitude, GEOGRAPHIC, projection)


def extent_of(
    segments: pd.DataFrame, shift: tuple[float, float], projection: str, scene_crs: str, margin: float
) -> tuple[float, float, float, float]:
    """Return the bounds (left, bottom, right, top in the scene's projection) that the segments look at.

    ``segments`` holds latitude and longitude, ``shift`` the x and y of the image in metres; ``margin`` is added all
    around, in units of the scene's projection. Where no segment can be projected the bounds are inside out, and a
    raster read with them is empty.
    """
    x, y = to_projection(segments["latitude"].to_numpy(), segments["longitude"].to_numpy(), projection)
    x, y = _transformed(x - shift[0], y - shift[1], projection, scene_crs)
    known = np.isfinite(x) & np.isfinite(y)
    left, bottom = (np.min(axis[known], initial=np.inf) - margin for axis in (x, y))
    right, top = (np.max(axis[known], initial=-np.inf) + margin for axis in (x, y))
    return left, bottom, right, top


def look_up(
    x: np.ndarray,
    y: np.ndarray,
    shift_x: float,
    shift_y: float,
    projection: str,
    scene_classes: SceneClasses,
    radius_pixels: int = RADIUS_PIXELS,
    minimum_confidence: float = MINIMUM_CONFIDENCE,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the class (uint8), why (words of ``WHYS``) and confidence (float32) of track points in one scene.

    A point q (x and y in metres of the projection) takes the scene's pixel at q - shift. Confidence is the share of the
    (2 radius + 1)² pixels around it that are of its class; below the minimum the point lies in a transition and its
    class is unknown (255), as it is off the scene, at nodata, under cloud or in shadow, where confidence is 0.
    """
    column, row = _pixels(x - shift_x, y - shift_y, projection, scene_classes)
    height, width = scene_classes.classes.shape
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    classes = np.full(len(x), SurfaceClass.UNKNOWN, np.uint8)
    why = np.full(len(x), _OFF_SCENE)
    confidence = np.zeros(len(x), np.float32)
    column, row = column[inside], row[inside]

    seen = scene_classes.classes[row, column]
    known = seen != SurfaceClass.UNKNOWN
    agreeing = np.where(known, _agreement(scene_classes.classes, row, column, radius_pixels), 0)
    agreed = known & (agreeing >= minimum_confidence)
    classes[inside] = np.where(agreed, seen, SurfaceClass.UNKNOWN)
    confidence[inside] = agreeing
    hidden = _hidden_by(scene_classes.quality[row, column])
    why[inside] = np.where(agreed, _SCENE, np.where(known, _TRANSITION, hidden))
    return classes, WHYS[why], confidence


def label_segments(
    segments: pd.DataFrame,
    looks: Sequence[Look],
    projection: str,
    minimum_confidence: float = MINIMUM_CONFIDENCE,
    radius_pixels: int = RADIUS_PIXELS,
) -> pd.DataFrame:
    """Return the table ``LABELS`` of segments (granule, beam, x_atc, latitude, longitude) that share their looks.

    The look closest in time that gives a class wins; where none does, the reason of the closest stands, with its
    scene, lag and shift. Without any look the reason is no_scene, the scene empty, lag and shift 0.
    """
    x, y = to_projection(segments["latitude"].to_numpy(), segments["longitude"].to_numpy(), projection)
    classes = np.full(len(x), SurfaceClass.UNKNOWN, np.uint8)
    why = np.full(len(x), WHYS[_NO_SCENE], dtype=object)
    confidence = np.zeros(len(x), np.float32)
    chosen = np.full(len(x), len(looks))
    nearest_first = sorted(looks, key=lambda look: abs(look.lag))
    for order, look in enumerate(nearest_first):
        rows = np.flatnonzero(classes == SurfaceClass.UNKNOWN)
        found = look_up(
            x[rows], y[rows], look.shift_x, look.shift_y, projection, look.classes, radius_pixels, minimum_confidence
        )
        taken = (found[0] != SurfaceClass.UNKNOWN) | (order == 0)
        rows = rows[taken]
        classes[rows], why[rows], confidence[rows] = (values[taken] for values in found)
        chosen[rows] = order

    sources = [*((look.scene, look.lag, look.shift_x, look.shift_y) for look in nearest_first), ("", 0, 0, 0)]
    scene, *numbers = (np.array(column)[chosen] for column in zip(*sources, strict=True))
    columns = [classes, why, confidence, scene.astype(object), *(column.astype(np.float32) for column in numbers)]
    key = (segments[name].to_numpy() for name in KEY)
    return pd.DataFrame(dict(zip(LABELS.names, [*key, *columns], strict=True)))


def account_of_labels(batch: str, counts: pd.DataFrame) -> Account:
    """Return the account of a batch with a part for each track, its labels counted by class and by why there is none.

    ``counts`` holds granule, beam, surface_class, why and count. A track whose scenes show nothing of it ends in a
    named state.
    """
    tracks = counts.groupby(["granule", "beam"])
    return Account("labels", batch, parts=tuple(_account_of_track(" ".join(key), track) for key, track in tracks))


def _account_of_track(name: str, track: pd.DataFrame) -> Account:
    labelled = track["surface_class"] != SurfaceClass.UNKNOWN
    names = track["surface_class"].map(class_name).where(labelled, "unlabelled_" + track["why"])
    numbers = track["count"].groupby("segments_" + names).sum().to_dict()
    state, reason = State.OK, ""
    if not labelled.any():
        state, reason = _STATES.get(track.loc[track["count"].idxmax(), "why"], (State.OK, ""))
    return Account("labels", name, state, reason and f"{name}: {reason}", numbers)


def _hidden_by(quality: np.ndarray) -> np.ndarray:
    """Return the reason (a place in ``WHYS``) that the quality bits give for an unknown class."""
    cloud = quality & (Quality.THICK_CLOUD | Quality.THIN_CLOUD) > 0
    shadow = quality & Quality.SHADOW > 0
    return np.select([quality & Quality.NODATA > 0, cloud, shadow], [_NODATA, _CLOUD, _SHADOW], _NODATA)


def _pixels(
    x: np.ndarray, y: np.ndarray, projection: str, scene_classes: SceneClasses
) -> tuple[np.ndarray, np.ndarray]:
    """Return the column and row of the pixel that holds each point; -1 or one too many outside."""
    columns_rows = ~scene_classes.transform @ _transformed(x, y, projection, scene_classes.crs)
    places = zip(columns_rows, reversed(scene_classes.classes.shape), strict=True)
    column, row = (np.clip(np.floor(np.nan_to_num(place, nan=-1)), -1, size).astype(np.intp) for place, size in places)
    return column, row


def _agreement(classes: np.ndarray, row: np.ndarray, column: np.ndarray, radius: int) -> np.ndarray:
    """Return the share of the pixels around each place that are of its class; beyond the edge none are."""
    around = np.pad(classes, radius, constant_values=SurfaceClass.UNKNOWN)
    side = range(2 * radius + 1)
    agree = sum(around[row + down, column + right] == classes[row, column] for down in side for right in side)
    return np.asarray(agree / len(side) ** 2, np.float32)


def _transformed(x: np.ndarray, y: np.ndarray, source: str, target: str) -> tuple[np.ndarray, np.ndarray]:
    """Return places of one projection in another, NaN where they have none."""
    x, y = (np.atleast_1d(axis) for axis in _transformer(source, target).transform(x, y))
    known = np.isfinite(x) & np.isfinite(y)
    return np.where(known, x, np.nan), np.where(known, y, np.nan)


@lru_cache
def _transformer(source: str, target: str) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)
