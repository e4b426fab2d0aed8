"""Scene classes laid on tracks: the label of each segment, its confidence, or why it has none."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.special import ndtr

from leadline.accounts import Account, State
from leadline.names import KEY, SurfaceClass, class_name
from leadline.neighbourhood import look_around
from leadline.projections import to_projection, transformed
from leadline.segmentation import Quality, SceneClasses, pixel_size
from leadline.tables import LABELS

RADIUS_PIXELS = 1
"""Reach of the neighbourhood that must agree; 1 is 3 x 3 pixels, 30 m: geolocation errs by about 10 m."""
MINIMUM_AGREEMENT = 0.7
"""Least share that agrees. It drops the pixels along a straight edge (6 of 9), not the middle of a 3-pixel lead."""
SIGMAS = 3.0
"""How far a shift may err, in its standard deviations: what lies beyond changes no label and no confidence."""
PLANE = 200.0
"""Length of track that is laid on the scene's map as on a plane, m; it bends off by 2 cm at 80 degrees, by 6 at 87."""
DEGREE = 111_195.0
"""Length of a degree of a great circle, m."""
TILT = 1e-3
"""How far from the place where it touches a plane's tilt is taken, degrees."""

WHYS = (
    "scene",
    "manual",
    "mixed",
    "transition",
    "drift",
    "off_scene",
    "nodata",
    "cloud",
    "shadow",
    "no_scene",
)
"""Where a label comes from, or why there is none."""
_SCENE, _MANUAL, _MIXED, _TRANSITION, _DRIFT, _OFF_SCENE, _NODATA, _CLOUD, _SHADOW, _NO_SCENE = range(len(WHYS))

CODED_LABELS = pa.schema(
    [
        field.with_type(pa.dictionary(pa.int32(), pa.string())) if pa.types.is_string(field.type) else field
        for field in LABELS
    ]
)
"""The table of labels with its words as codes of dictionaries: spelt out, they cost more than labelling."""

UNSEEN = {
    "off_scene": (State.OFF_SCENE, "no scene covers the track"),
    "nodata": (State.ALL_NODATA, "the scenes hold no data on the track"),
    "cloud": (State.ALL_CLOUD, "cloud hides the track"),
    "shadow": (State.ALL_CLOUD, "the shadow of cloud hides the track"),
    "no_scene": (State.NO_SCENE, "no scene coincides with the granule; add one to the coincidences"),
}
"""Why a segment has no label where no clear scene shows it; and, of a track of which that is true for most, its state
and the reason for a person."""


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
    uncertainty: float
    """Standard deviation of the shift, m, in any direction; 0 where it is taken as true."""
    classes: SceneClasses


def places_in_scene(
    latitude: np.ndarray, longitude: np.ndarray, shift: tuple[float, float], projection: str, scene_crs: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return where a scene shows places of a track (degrees, in order): x and y in the scene's projection.

    A place q of ``projection`` is shown at q - shift (m). The first place of every ``PLANE`` of track is transformed
    by way of both projections, and so is the plane that touches the map there; the other places are laid on it.
    """
    first = _every(PLANE, latitude, longitude)
    plane = np.repeat(np.arange(len(first)), np.diff(first, append=len(latitude)))
    touching = latitude[first], longitude[first]
    there, north_of_it, east_of_it = (
        _shifted(touching[0] + north, touching[1] + east, shift, projection, scene_crs)
        for north, east in ((0, 0), (TILT, 0), (0, TILT))
    )
    north, east = ((axis - start[plane]) / TILT for axis, start in zip((latitude, longitude), touching, strict=True))
    x, y = (
        at[plane] + north * (by_north - at)[plane] + east * (by_east - at)[plane]
        for at, by_north, by_east in zip(there, north_of_it, east_of_it, strict=True)
    )
    return x, y


def extent_of(
    segments: pd.DataFrame,
    shift: tuple[float, float],
    uncertainty: float,
    projection: str,
    scene_crs: str,
    margin: float,
) -> tuple[float, float, float, float]:
    """Return the bounds (left, bottom, right, top in the scene's projection) that a stretch of track looks at.

    ``segments`` holds latitude and longitude in the track's order. ``margin`` (in units of the scene's projection) and
    as far as a shift of this uncertainty (m) may err are added around it. Where no segment can be projected the bounds
    are inside out, and a raster read with them is empty.
    """
    places = (segments[name].to_numpy() for name in ("latitude", "longitude"))
    return bounds_of(*places_in_scene(*places, shift, projection, scene_crs), margin + SIGMAS * uncertainty)


def bounds_of(x: np.ndarray, y: np.ndarray, margin: float) -> tuple[float, float, float, float]:
    """Return left, bottom, right and top of places with a margin around; inside out where none is known."""
    known = np.isfinite(x) & np.isfinite(y)
    left, bottom = (np.min(axis[known], initial=np.inf) - margin for axis in (x, y))
    right, top = (np.max(axis[known], initial=-np.inf) + margin for axis in (x, y))
    return left, bottom, right, top


def look_up(
    latitude: np.ndarray,
    longitude: np.ndarray,
    look: Look,
    projection: str,
    minimum_agreement: float = MINIMUM_AGREEMENT,
    radius_pixels: int = RADIUS_PIXELS,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the class (uint8), why (uint8, places in ``WHYS``) and confidence (float32) of track points in one scene.

    The class of a point (degrees) is that of the pixel that shows it, and unknown (255) where

    * fewer than ``minimum_agreement`` of the (2 radius + 1)² pixels around it are of its class: mixed,
    * the pixel bears ``Quality.TRANSITION``: transition,
    * the shift's uncertainty is larger than the distance to the boundary, half a pixel before the centre of the nearest
      pixel of another known class: drift,
    * it is off the scene, at nodata, under cloud or in shadow.

    Confidence is the share that agrees times the probability that the drift's error, normal with the shift's
    uncertainty, does not reach the boundary: Phi(distance / uncertainty), where a distance beyond 3 uncertainties
    counts as 3. It is given for every known pixel, and 0 elsewhere.
    """
    scene = look.classes
    classes = np.full(len(latitude), SurfaceClass.UNKNOWN, np.uint8)
    why = np.full(len(latitude), _OFF_SCENE, np.uint8)
    confidence = np.zeros(len(latitude), np.float32)
    if not scene.classes.size:
        return classes, why, confidence
    x, y = places_in_scene(latitude, longitude, (look.shift_x, look.shift_y), projection, scene.crs)
    column, row, inside = _pixels(x, y, scene)
    seen, quality = scene.classes[row, column], scene.quality[row, column]
    pixel = pixel_size(scene.transform)
    reach = SIGMAS * look.uncertainty / pixel
    agreement, distance = look_around(scene.classes, row, column, radius_pixels, reach)
    distance *= pixel
    reasons = _reasons(seen, quality, agreement < minimum_agreement, distance < look.uncertainty)
    why[inside] = reasons
    classes[inside] = np.where(reasons == _SCENE, seen, SurfaceClass.UNKNOWN)
    confidence[inside] = agreement * ndtr(distance / look.uncertainty) if look.uncertainty else agreement
    return classes, why, confidence


def label_segments(
    segments: pd.DataFrame,
    looks: Sequence[Look],
    projection: str,
    minimum_agreement: float = MINIMUM_AGREEMENT,
    radius_pixels: int = RADIUS_PIXELS,
) -> pa.Table:
    """Return the table ``LABELS`` of segments (granule, beam, x_atc, latitude, longitude) that share their looks.

    The look closest in time that gives a class wins; where none does, the reason of the closest stands, with its
    scene, lag and shift. Without any look the reason is no_scene, the scene empty, lag and shift 0. The table has the
    schema ``CODED_LABELS``.
    """
    latitude, longitude = (segments[name].to_numpy() for name in ("latitude", "longitude"))
    classes = np.full(len(segments), SurfaceClass.UNKNOWN, np.uint8)
    why = np.full(len(segments), _NO_SCENE, np.uint8)
    confidence = np.zeros(len(segments), np.float32)
    chosen = np.full(len(segments), len(looks), np.int32)
    nearest_first = sorted(looks, key=lambda look: abs(look.lag))
    for order, look in enumerate(nearest_first):
        rows = np.flatnonzero(classes == SurfaceClass.UNKNOWN)
        found = look_up(latitude[rows], longitude[rows], look, projection, minimum_agreement, radius_pixels)
        taken = (found[0] != SurfaceClass.UNKNOWN) | (order == 0)
        rows = rows[taken]
        classes[rows], why[rows], confidence[rows] = (values[taken] for values in found)
        chosen[rows] = order

    scenes = [*(look.scene for look in nearest_first), ""]
    laid = np.array([*((look.lag, look.shift_x, look.shift_y) for look in nearest_first), (0, 0, 0)], np.float32)
    columns = [
        *(pa.array(segments[name].array) for name in KEY[:2]),
        segments[KEY[2]].to_numpy(),
        classes,
        pa.DictionaryArray.from_arrays(why, WHYS),
        confidence,
        pa.DictionaryArray.from_arrays(chosen, scenes),
        *laid.T[:, chosen],
    ]
    return pa.table(columns, names=LABELS.names).cast(CODED_LABELS)


def account_of_labels(batch: str, counts: pd.DataFrame) -> Account:
    """Return the account of a batch with a part for each track, its labels counted by class and by why there is none.

    ``counts`` holds granule, beam, surface_class, why and count. What is corrected by hand counts as what it is now,
    and once more as corrected. A track whose scenes show nothing of it ends in a named state.
    """
    tracks = counts.groupby(["granule", "beam"])
    return Account("labels", batch, parts=tuple(_account_of_track(" ".join(key), track) for key, track in tracks))


def _account_of_track(name: str, track: pd.DataFrame) -> Account:
    labelled = track["surface_class"] != SurfaceClass.UNKNOWN
    names = track["surface_class"].map(class_name).where(labelled, "unlabelled_" + track["why"])
    numbers = track["count"].groupby("segments_" + names).sum().to_dict()
    corrected = track.loc[track["why"] == WHYS[_MANUAL], "count"].sum()
    if corrected:
        numbers["corrected_by_hand"] = int(corrected)
    state, reason = State.OK, ""
    if not labelled.any():
        state, reason = UNSEEN.get(track.loc[track["count"].idxmax(), "why"], (State.OK, ""))
    return Account("labels", name, state, reason and f"{name}: {reason}", numbers)


def _reasons(seen: np.ndarray, quality: np.ndarray, mixed: np.ndarray, drifting: np.ndarray) -> np.ndarray:
    """Return why (places in ``WHYS``) pixels of these classes and quality bits label a segment, or do not."""
    reasons = np.full(len(seen), _SCENE, np.uint8)
    reasons[drifting] = _DRIFT
    reasons[quality & Quality.TRANSITION > 0] = _TRANSITION
    reasons[mixed] = _MIXED
    unknown = np.flatnonzero(seen == SurfaceClass.UNKNOWN)
    bits = quality[unknown]
    cloud = bits & (Quality.THICK_CLOUD | Quality.THIN_CLOUD) > 0
    shadow = bits & Quality.SHADOW > 0
    reasons[unknown] = np.select([bits & Quality.NODATA > 0, cloud, shadow], [_NODATA, _CLOUD, _SHADOW], _NODATA)
    return reasons


def _pixels(x: np.ndarray, y: np.ndarray, scene: SceneClasses) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the column and row of the pixels that hold the points that lie inside, and which points these are."""
    column, row = ~scene.transform @ (x, y)
    height, width = scene.classes.shape
    inside = np.flatnonzero((column >= 0) & (column < width) & (row >= 0) & (row < height))
    return column[inside].astype(np.intp), row[inside].astype(np.intp), inside


def _every(distance: float, latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    """Return which places of a track (degrees) begin a new stretch of this length (m); one that is nowhere does."""
    north, east = (np.diff(axis, prepend=axis[:1]) for axis in (latitude, longitude))
    steps = DEGREE * np.hypot(north, east * np.cos(np.radians(latitude)))
    return np.flatnonzero(np.diff(np.cumsum(np.nan_to_num(steps, nan=distance)) // distance, prepend=-1))


def _shifted(
    latitude: np.ndarray, longitude: np.ndarray, shift: tuple[float, float], projection: str, scene_crs: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return where a scene shows places (degrees), each transformed by way of the projection of the shift."""
    x, y = to_projection(latitude, longitude, projection)
    return transformed(x - shift[0], y - shift[1], projection, scene_crs)
