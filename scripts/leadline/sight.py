"""What a scene shows along a track: where the track runs in it, the picture beside the track, and the classes below it.

A scene that has drifted is shifted to lie on the track: a place p of the track looks at p - shift of the scene.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from leadline.names import SurfaceClass
from leadline.overlay import Overlay
from leadline.projections import to_projection, transformed
from leadline.segmentation import Quality, SceneClasses
from leadline.straightened import places_beside, values_at

STEP = 50.0
"""Length of track that a place of its course is the mean of, m."""


@dataclass(frozen=True)
class Course:
    """Where a track runs: places along it, in a projection (m), and what is added to a scene's places."""

    along: NDArray[np.float64]
    """x_atc, m, increasing."""
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    projection: str
    shift: tuple[float, float] = (0.0, 0.0)
    """Shift of the scene along x and y, m."""

    def shifted(self, shift: tuple[float, float]) -> "Course":
        """Return the course as it lies in a scene that is shifted."""
        return replace(self, shift=shift)

    def in_scene(self, crs: str, along: NDArray, across: ArrayLike = (0.0,)) -> tuple[NDArray, NDArray]:
        """Return the places of a scene, in its projection, that are looked at from along and left of the track (m).

        Shapes are (across, along); beyond the ends of the track places are NaN.
        """
        x, y = places_beside(self.along, self.x, self.y, np.asarray(along), np.asarray(across))
        places = transformed((x - self.shift[0]).ravel(), (y - self.shift[1]).ravel(), self.projection, crs)
        return tuple(axis.reshape(x.shape) for axis in places)


@dataclass(frozen=True)
class Sight:
    """A track as it looks at a scene."""

    laid: Overlay
    course: Course
    """With the shift of the overlay."""
    stretch: tuple[float, float]
    """First and last distance along the track that the scene shows, m."""
    middle: float
    """Distance along the track around which the shift matters most, m."""


def course_of(track: pd.DataFrame, projection: str) -> Course:
    """Return the course of one track's segments (x_atc, latitude, longitude), of two of them at least."""
    x, y = to_projection(track["latitude"].to_numpy(), track["longitude"].to_numpy(), projection)
    places = pd.DataFrame({"along": track["x_atc"].to_numpy(), "x": x, "y": y}).dropna()
    means = places.groupby(places["along"] // STEP).mean()
    return Course(means["along"].to_numpy(), means["x"].to_numpy(), means["y"].to_numpy(), projection)


def most_seen(labels: pd.DataFrame, scenes: Sequence[str]) -> str | None:
    """Return which of the scenes labels most of a track, or else shows most of it; None where none is named."""
    of_scenes = labels[labels["scene"].isin(scenes)]
    labelled = of_scenes[of_scenes["surface_class"] != SurfaceClass.UNKNOWN]
    for table in (labelled, of_scenes):
        if len(table):
            return str(table["scene"].value_counts().idxmax())
    return None


def sight_of(track: pd.DataFrame, laid: Overlay, scene: SceneClasses, projection: str, length: float) -> Sight | None:
    """Return how a track (x_atc, latitude, longitude, surface_class) looks at a scene; None where it sees none of it.

    The middle is that of the ``length`` m of track whose open water agrees so much better with the scene's for the
    shift; where the shift is nothing, of those with the most open water.
    """
    if len(track) < 2:
        return None
    course = course_of(track, projection).shifted((laid.shift_x, laid.shift_y))
    if len(course.along) < 2:
        return None
    seen = _looked_at(scene.quality, course, scene, course.along, Quality.NODATA)[0] & Quality.NODATA == 0
    if not seen.any():
        return None
    stretch = course.along[seen].min(), course.along[seen].max()
    return Sight(laid, course, stretch, _telling_middle(track, course, scene, stretch, length))


def classes_along(course: Course, scene: SceneClasses, along: NDArray) -> NDArray[np.uint8]:
    """Return the scene's classes at distances along the track (m), unknown outside of it."""
    return _looked_at(scene.classes, course, scene, along, SurfaceClass.UNKNOWN)[0]


def picture_along(course: Course, scene: SceneClasses, along: NDArray, across: NDArray) -> NDArray[np.uint8]:
    """Return the scene's brightness left (positive) and right of the track, shape (across, along), 0 outside of it."""
    return _looked_at(scene.value, course, scene, along, 0, across)


def bounds_around(course: Course, crs: str, middle: float, reach: float) -> tuple[float, float, float, float]:
    """Return left, bottom, right and top in a scene's projection of a square of ``reach`` (m) around a place."""
    x, y = (float(axis.item()) for axis in course.in_scene(crs, np.array([middle])))
    return x - reach, y - reach, x + reach, y + reach


def _looked_at(
    plane: NDArray, course: Course, scene: SceneClasses, along: NDArray, outside: int, across: ArrayLike = (0.0,)
) -> NDArray:
    """Return the values of a plane of the scene at places along and left of the track, shape (across, along)."""
    return values_at(plane, scene.transform, *course.in_scene(scene.crs, along, across), outside)


def _telling_middle(
    track: pd.DataFrame, course: Course, scene: SceneClasses, stretch: tuple[float, float], length: float
) -> float:
    """Return the distance along the track around which the shift matters most, m."""
    own = track[track["x_atc"].between(*stretch)]
    along, classes = own["x_atc"].to_numpy(), own["surface_class"].to_numpy()
    is_lead = (classes == SurfaceClass.OPEN_WATER).astype(float)
    gain = is_lead
    if course.shift != (0.0, 0.0):
        after, before = (classes_along(each, scene, along) == classes for each in (course, course.shifted((0.0, 0.0))))
        gain = is_lead * (after.astype(float) - before)
    sums = np.concatenate([[0.0], np.cumsum(gain)])
    begin, end = (np.searchsorted(along, along + side * length / 2) for side in (-1, 1))
    return float(along[(sums[end] - sums[begin]).argmax()])
