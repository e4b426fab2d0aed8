"""Where and when a granule's reference ground track runs, told by the granule's name alone.

ICESat-2 flies a repeat orbit: 1387 revolutions, one a reference ground track (RGT), while the Earth turns 91 times
below the orbit's plane. So the RGT tells where a revolution crosses the equator, the region which stretch of it a
granule holds, and the start time when. The orbit is taken as a circle: real granules of the polar regions, where the
spacecraft points at its RGT, are within 1 km and 1 s of it (tests/test_ground_track.py).
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod

REVOLUTIONS, TURNS = 1387, 91
PERIOD = 5657.39
"""From one ascending equator crossing to the next, s (``crossing_time`` of ATL07 r003 and ATL10 r006)."""
FIRST_CROSSING = -0.1285
"""Longitude at which RGT 1 ascends through the equator, degrees (``lan`` of the same files)."""
INCLINATION = np.radians(92.0)
REGION_LATITUDES = (0, 27, 59.5, 80, 80, 59.5, 27, 0, -27, -50, -79, -79, -50, -27, 0)
"""Latitude at which each of the 14 regions begins, and the last ends (degrees north; ATL03 user guide)."""
FIRST_DESCENDING, LAST_DESCENDING = 4, 10
PAIRS = (-3300.0, 0.0, 3300.0)
"""m to the right of the reference ground track at which the pairs of beams gt1, gt2 and gt3 run."""
STEP = 0.05
"""s between two places of a track: 350 m."""

_EARTH = Geod(ellps="WGS84")


@dataclass(frozen=True)
class GroundTrack:
    """Places of a ground track in the order of flight, each of shape (n,)."""

    time: NDArray[np.datetime64]
    """UTC."""
    latitude: NDArray[np.float64]
    """Geodetic, degrees north."""
    longitude: NDArray[np.float64]
    """Degrees east, -180 to 180."""

    def within(self, west: float, east: float, south: float, north: float) -> "GroundTrack":
        """Return the places in a box (degrees); where ``west`` is larger than ``east`` it crosses the antimeridian."""
        eastward = (self.longitude - west) % 360 <= (east - west) % 360 if east - west < 360 else True
        inside = eastward & (self.latitude >= south) & (self.latitude <= north)
        return GroundTrack(self.time[inside], self.latitude[inside], self.longitude[inside])

    def beside(self, right: float) -> "GroundTrack":
        """Return the places so many metres to the right of the track, as its pairs of beams are (``PAIRS``)."""
        ahead, _, _ = _EARTH.inv(self.longitude[:-1], self.latitude[:-1], self.longitude[1:], self.latitude[1:])
        heading = np.append(ahead, ahead[-1:])
        longitude, latitude, _ = _EARTH.fwd(self.longitude, self.latitude, heading + 90, np.full_like(heading, right))
        return GroundTrack(self.time, latitude, longitude)

    @property
    def distance(self) -> NDArray[np.float64]:
        """Distance on the ground from the first place, km."""
        return np.append(0.0, np.cumsum(_EARTH.line_lengths(self.longitude, self.latitude))) / 1e3


def ground_track(granule: str) -> GroundTrack:
    """Return the reference ground track of a granule, yyyymmddhhmmss_ttttccss, from the start to the end of it."""
    start = datetime.strptime(granule[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    rgt, region = int(granule[15:19]), int(granule[21:23])
    first, last = _region_ends()[region - 1 : region + 1] * PERIOD / (2 * np.pi)
    since_crossing = np.arange(first, last, STEP)
    latitude, longitude = _places(since_crossing, equator_crossing(rgt))
    elapsed = np.round((since_crossing - first) * 1e3).astype("timedelta64[ms]")
    return GroundTrack(np.datetime64(start.replace(tzinfo=None), "ms") + elapsed, latitude, longitude)


def equator_crossing(rgt: int) -> float:
    """Return the longitude (degrees east) at which a reference ground track ascends through the equator."""
    return _wrapped(FIRST_CROSSING - 360 * TURNS / REVOLUTIONS * (rgt - 1))


def _places(since_crossing: NDArray, crossing: float) -> tuple[NDArray, NDArray]:
    """Return geodetic latitude and longitude (degrees) at times (s) since the equator was crossed ascending."""
    turned = 2 * np.pi * since_crossing / PERIOD
    geocentric = np.arcsin(np.sin(INCLINATION) * np.sin(turned))
    in_space = np.arctan2(np.cos(INCLINATION) * np.sin(turned), np.cos(turned))
    longitude = crossing + np.degrees(in_space - turned * TURNS / REVOLUTIONS)
    return np.degrees(np.arctan(np.tan(geocentric) / (1 - _EARTH.es))), _wrapped(longitude)


def _region_ends() -> NDArray[np.float64]:
    """Return how far (rad) the orbit has turned since the equator where each region begins and the last ends."""
    geocentric = np.arctan((1 - _EARTH.es) * np.tan(np.radians(REGION_LATITUDES)))
    turned = np.arcsin(np.sin(geocentric) / np.sin(INCLINATION))
    descending = slice(FIRST_DESCENDING, LAST_DESCENDING + 1)
    turned[descending] = np.pi - turned[descending]
    return np.unwrap(turned)


def _wrapped(longitude: NDArray | float) -> NDArray | float:
    return (longitude + 180) % 360 - 180
