"""Which scenes lie under which granules' ground tracks, and how near in time."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from leadline.archives.ground_track import PAIRS, ground_track
from leadline.projections import to_projection

COLUMNS = ("granule", "scene", "lag", "overlap", "cloud")
MINUTE = np.timedelta64(60_000, "ms")


def find_coincidences(
    granules: Iterable[str], scenes: pd.DataFrame, projection: str, maximum_lag: float, least_overlap: float
) -> pd.DataFrame:
    """Return the pairs of granules and scenes of which the one flew over the other within ``maximum_lag`` minutes.

    ``scenes`` holds scene, time (UTC), cloud (percent) and footprint (shapely, degrees east and north); footprints and
    tracks meet in the plane of ``projection``, in which the antimeridian is a line like any other. Columns of the
    result are ``COLUMNS``: lag is scene minus track in the middle of what they share (min), overlap the length inside
    the footprint (km) of that pair of beams which has most of it, at least ``least_overlap``. Sorted by granule, then
    by lag.
    """
    footprints = [_projected(footprint, projection) for footprint in scenes["footprint"]]
    pairs = [pair for granule in granules for pair in _pairs(granule, scenes, footprints, projection, maximum_lag)]
    found = pd.DataFrame(pairs, columns=COLUMNS)
    found = found[(found["lag"].abs() <= maximum_lag) & (found["overlap"] >= least_overlap)]
    nearest = found.assign(nearness=found["lag"].abs()).sort_values(["granule", "nearness", "scene"])
    return nearest[list(COLUMNS)].reset_index(drop=True)


def _pairs(
    granule: str, scenes: pd.DataFrame, footprints: list[BaseGeometry], projection: str, maximum_lag: float
) -> Iterable[tuple]:
    """Give a row for each scene that the granule's track crosses and that was taken at about its time."""
    track = ground_track(granule)
    beams = [track.beside(right) for right in PAIRS]
    places = [to_projection(pair.latitude, pair.longitude, projection) for pair in beams]
    lengths = np.gradient(track.distance)
    before, after = track.time[0] - maximum_lag * MINUTE, track.time[-1] + maximum_lag * MINUTE
    for scene, footprint in zip(scenes.itertuples(), footprints, strict=True):
        if before <= scene.time <= after:
            inside = np.array([shapely.contains_xy(footprint, x, y) for x, y in places])
            if inside.any():
                lag = _lag(scene.time, track.time[inside.any(axis=0)])
                yield granule, scene.scene, lag, (lengths * inside).sum(axis=1).max(), scene.cloud


def _lag(time: pd.Timestamp, shared: np.ndarray) -> float:
    """Return a scene's time minus that of the middle one of the places it shares with a track, min."""
    return (time.to_datetime64() - shared[len(shared) // 2]) / MINUTE


def _projected(footprint: BaseGeometry, projection: str) -> BaseGeometry:
    """Return a footprint (degrees) in the projection, its edges straight lines there: true to 1 km for a tile."""

    def moved(places: np.ndarray) -> np.ndarray:
        longitude, latitude = places.T
        return np.column_stack(to_projection(latitude, longitude, projection))

    projected = shapely.make_valid(shapely.transform(footprint, moved))
    shapely.prepare(projected)
    return projected
