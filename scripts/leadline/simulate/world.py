"""The simulated world under a track: the sea, and what floats on it.

A frame ties the world to the campaign's projection: its origin is the middle of the track, ``along`` points in flight
direction and ``across`` to the right of it, both in metres of EPSG:3976. The ice lies on a raster in that frame.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import Geod, Transformer

from leadline.simulate.floes import CELL, Ice, draw_ice

PROJECTION = "EPSG:3976"
ACROSS = {"gt1l": -3345.0, "gt1r": -3255.0, "gt2l": -45.0, "gt2r": 45.0, "gt3l": 3255.0, "gt3r": 3345.0}
"""Metres from the middle pair to each beam, positive to the right: pairs 3.3 km apart, 90 m inside a pair."""
MARGIN = 1000.0
"""Ice around the outermost beams and beyond the track's ends, m: it drifts in and out of a scene."""
REFERENCE_SPACING = 20.0058
"""Length of a geolocation segment, m (ATL03 r006: 20.0057 to 20.0058)."""


@dataclass(frozen=True)
class GranuleSettings:
    """Where and how a granule is simulated; the world hangs on ``name`` and ``seed``."""

    name: str
    """Granule key; its first fourteen digits are the time of the first shot (UTC)."""
    seed: int
    latitude: float
    """Middle of the track, degrees north."""
    longitude: float
    """Middle of the track, degrees east."""
    heading: float
    """Direction of flight at the middle, degrees clockwise from north."""
    length: float = 40_000.0
    """Length of the track, m."""
    signal: float = 1.0
    """Signal photons as a multiple of the nominal ones."""
    background: float = 1.0
    """Solar background as a multiple of the nominal one."""

    @property
    def start(self) -> datetime:
        """Time of the first shot."""
        return datetime.strptime(self.name[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)


@dataclass(frozen=True)
class Track:
    """The line between the beams of the middle pair: a geodesic, known every geolocation segment."""

    x: NDArray[np.float64]
    """Distance from the first shot, m, shape (n,); it begins and ends beyond the track."""
    map_xy: NDArray[np.float64]
    """Position in EPSG:3976, m, shape (n, 2)."""
    origin: NDArray[np.float64]
    """Middle of the track in EPSG:3976, m, shape (2,)."""
    along: NDArray[np.float64]
    """Unit vector of flight at the origin, shape (2,)."""
    scale: float
    """Metres of EPSG:3976 for a metre on the ground at the origin."""

    @property
    def across(self) -> NDArray[np.float64]:
        """Unit vector to the right of flight, shape (2,)."""
        return np.array([self.along[1], -self.along[0]])

    def on_map(self, x: NDArray, across: NDArray | float) -> NDArray[np.float64]:
        """Return EPSG:3976 coordinates, shape (n, 2), of ground distances along and across the track."""
        middle = np.column_stack([np.interp(x, self.x, axis) for axis in self.map_xy.T])
        return middle + np.multiply.outer(np.broadcast_to(across, np.shape(x)) * self.scale, self.across)

    def in_world(self, map_x: NDArray, map_y: NDArray) -> tuple[NDArray, NDArray]:
        """Return along and across coordinates in the world of EPSG:3976 coordinates of any one shape."""
        east, north = map_x - self.origin[0], map_y - self.origin[1]
        return east * self.along[0] + north * self.along[1], east * self.across[0] + north * self.across[1]


@dataclass(frozen=True)
class World:
    """The ice of a granule, on a raster of ``CELL`` metres in the track's frame."""

    track: Track
    ice: Ice

    def cells(self, along: NDArray, across: NDArray) -> NDArray[np.int64]:
        """Return the flat index of the raster cell under each place; places beyond the edge take the edge."""
        n_across, n_along = self.ice.surface_class.shape
        row = np.clip((across / CELL + n_across / 2).astype(np.int64), 0, n_across - 1)
        column = np.clip((along / CELL + n_along / 2).astype(np.int64), 0, n_along - 1)
        return row * n_along + column


def generator(settings: GranuleSettings, purpose: str) -> np.random.Generator:
    """Return the random numbers of one purpose, the same ones in every process."""
    return np.random.default_rng([settings.seed, crc32(settings.name.encode()), crc32(purpose.encode())])


def build_world(settings: GranuleSettings) -> World:
    """Build the track and the ice around it; the same settings give the same world."""
    track = lay_track(settings)
    half_along = (settings.length / 2 + MARGIN) * track.scale
    half_across = (ACROSS["gt3r"] + MARGIN) * track.scale
    return World(track, draw_ice(generator(settings, "ice"), half_along, half_across))


def lay_track(settings: GranuleSettings) -> Track:
    """Lay the geodesic of the track through EPSG:3976."""
    n_segments = int(np.ceil((settings.length + 2 * MARGIN) / REFERENCE_SPACING))
    x = np.arange(n_segments + 1) * REFERENCE_SPACING - MARGIN
    everywhere = np.ones_like(x)
    geodesic = Geod(ellps="WGS84").fwd(
        settings.longitude * everywhere,
        settings.latitude * everywhere,
        settings.heading * everywhere,
        x - settings.length / 2,
    )
    projection = Transformer.from_crs("EPSG:4326", PROJECTION, always_xy=True)
    map_xy = np.column_stack(projection.transform(*geodesic[:2]))
    ends = np.column_stack([np.interp(settings.length / 2 + np.array([-50, 0, 50]), x, axis) for axis in map_xy.T])
    step = ends[2] - ends[0]
    return Track(x, map_xy, ends[1], step / np.hypot(*step), float(np.hypot(*step)) / 100)


def sea_level(settings: GranuleSettings, x: NDArray) -> pd.DataFrame:
    """Return the sea level along the track and its parts, in metres, a row for each distance from the first shot.

    ``residual`` is what no correction knows: some centimetres over tens of km. The rest stands in the granule:
    ``mss`` is tide-free, as ``h_ph`` is; ``dem_h`` holds it in the mean-tide system.
    """
    random = generator(settings, "sea level")
    free_to_mean = 1.3 * -0.198 * (1.5 * np.sin(np.radians(settings.latitude)) ** 2 - 0.5)
    geoid = -55 + waves(random, x, (90_000, 35_000, 14_000), (0.9, 0.3, 0.08))
    parts = {
        "residual": waves(random, x, (60_000, 35_000), (0.03, 0.015)),
        "geoid": geoid,
        "mss": geoid - 1.2 + waves(random, x, (120_000, 25_000), (0.15, 0.03)),
        "geoid_free2mean": np.full_like(x, free_to_mean),
        "tide_ocean": -0.32 + waves(random, x, (400_000,), (0.12,)),
        "tide_equilibrium": -0.017 + waves(random, x, (2_000_000,), (0.004,)),
        "dac": 0.08 + waves(random, x, (250_000,), (0.05,)),
    }
    return pd.DataFrame(parts)


def total_level(level: pd.DataFrame) -> NDArray[np.float64]:
    """Return the height of the sea above the ellipsoid as ``h_ph`` would have it, m."""
    return level[["residual", "mss", "tide_ocean", "tide_equilibrium", "dac"]].sum(axis=1).to_numpy()


def sun_position(time: datetime, latitude: float, longitude: float) -> tuple[float, float]:
    """Return the sun's elevation and azimuth (degrees, clockwise from north), good to about a degree."""
    day = time.timetuple().tm_yday + (time.hour + time.minute / 60) / 24
    declination = np.radians(-23.44 * np.cos(2 * np.pi * (day + 9) / 365.25))
    hour_angle = np.radians(15 * (time.hour + time.minute / 60 - 12) + longitude)
    phi = np.radians(latitude)
    up = np.sin(phi) * np.sin(declination) + np.cos(phi) * np.cos(declination) * np.cos(hour_angle)
    east = -np.cos(declination) * np.sin(hour_angle)
    north = np.cos(phi) * np.sin(declination) - np.sin(phi) * np.cos(declination) * np.cos(hour_angle)
    return float(np.degrees(np.arcsin(up))), float(np.degrees(np.arctan2(east, north)) % 360)


def waves(random: np.random.Generator, x: NDArray, lengths: tuple, amplitudes: tuple) -> NDArray[np.float64]:
    """Return a sum of waves of the given lengths and amplitudes (m) with phases of their own."""
    phases = random.uniform(0, 2 * np.pi, len(lengths))
    return sum(
        amplitude * np.sin(2 * np.pi * x / length + phase)
        for length, amplitude, phase in zip(lengths, amplitudes, phases, strict=True)
    )
