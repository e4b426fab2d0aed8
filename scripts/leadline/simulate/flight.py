"""What all beams of a simulated granule share: shots, their times, and the 20 m reference segments below them."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from leadline.simulate import atlas
from leadline.simulate.world import REFERENCE_SPACING, GranuleSettings, World, generator

EARTH = 40_030_000.0
"""Length of an orbit on the ground, m."""
BADLY_POINTED = 8
"""Reference segments in a row with a degraded pointing."""


@dataclass(frozen=True)
class Flight:
    """One pass over a world."""

    settings: GranuleSettings
    world: World
    start: float
    """Distance of the first shot from the equator crossing, m."""
    n_shots: int
    bad_pointing: NDArray[np.bool_]
    """Of each reference segment."""

    @property
    def n_references(self) -> int:
        """Number of 20 m reference segments."""
        return self.bad_pointing.size

    @property
    def x(self) -> NDArray[np.float64]:
        """Distance of each shot from the first one, m."""
        return np.arange(self.n_shots) * atlas.SHOT_SPACING

    def time(self, shot: NDArray) -> NDArray[np.float64]:
        """Return delta_time of shots, s."""
        begin = (self.settings.start - datetime(2018, 1, 1, tzinfo=UTC)).total_seconds()
        return begin + shot * atlas.SHOT_INTERVAL

    def frame(self, shot: NDArray) -> NDArray[np.int64]:
        """Return pce_mframe_cnt of shots."""
        return int(self.time(np.array(0)) / atlas.SHOT_INTERVAL / atlas.SHOTS_A_FRAME) + shot // atlas.SHOTS_A_FRAME

    @property
    def reference(self) -> NDArray[np.int64]:
        """Reference segment of each shot."""
        return np.floor(self.x / REFERENCE_SPACING).astype(np.int64)


def plan_flight(settings: GranuleSettings, world: World) -> Flight:
    """Lay out shots and reference segments.

    Distances count from the northward equator crossing, half an orbit before the southward one.
    """
    behind = EARTH * (180 + abs(settings.latitude)) / 360
    start = np.round(behind / REFERENCE_SPACING) * REFERENCE_SPACING
    n_shots = int(settings.length / atlas.SHOT_SPACING / atlas.SHOTS_A_BACKGROUND) * atlas.SHOTS_A_BACKGROUND
    n_references = int(np.ceil(n_shots * atlas.SHOT_SPACING / REFERENCE_SPACING))
    bad = np.zeros(n_references, bool)
    first = generator(settings, "pointing").integers(0, n_references - BADLY_POINTED)
    bad[first : first + BADLY_POINTED] = True
    return Flight(settings, world, float(start), n_shots, bad)
