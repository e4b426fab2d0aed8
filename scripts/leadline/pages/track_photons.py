"""The signal photons of one beam as a page shows them: those that the segments are made of, along the whole track."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from leadline.atl03 import open_granule, read_beam, read_photons
from leadline.beam import Selection
from leadline.errors import named
from leadline.photons import select
from leadline.resampling import PIECE, mean_sea_surface_of
from leadline.track import pieces_of, track_of

MOST_PHOTONS = 2_000_000
"""Photons that a page carries: of more, every second, third, ... goes with it."""


@dataclass(frozen=True)
class TrackPhotons:
    """Signal photons in the order along the track, shape (n,)."""

    x: NDArray[np.float64]
    """Along-track distance, m."""
    height: NDArray[np.float32]
    """Above the mean sea surface, tides and DAC off, m; the first-photon bias is still in it."""
    confidence: NDArray[np.int8]
    """signal_conf_ph for sea ice."""
    every: int
    """1 where all signal photons are here, 3 where every third is."""
    n_signal: int
    """Signal photons of the beam."""


def signal_photons(
    path: Path, beam: str, window: float, selection: Selection, most: int = MOST_PHOTONS
) -> TrackPhotons:
    """Read the photons of a granule's beam that its segments of ``window`` m are made of, no more than ``most``.

    They are read a piece of the track at a time. Raises ``InputDataError`` where the granule or the beam cannot be
    used.
    """
    with open_granule(path) as granule:
        content = read_beam(granule, beam)
        with named(f"{path} {beam}"):
            track = track_of(content, selection, mean_sea_surface_of(content, selection.mss))
        every = max(1, math.ceil(content.n_photons / most))
        parts, n_signal = [], 0
        for piece in pieces_of(track, window, PIECE):
            photons = read_photons(granule, beam, piece.photons)
            placed, _ = select(photons, piece, track, selection, content.release)
            own = placed.order[placed.signal[placed.order]]
            bins = np.floor(placed.x[own] / window)
            own = own[(bins >= piece.bins[0]) & (bins < piece.bins[1])]
            kept = own[-n_signal % every :: every]
            n_signal += own.size
            parts.append((placed.x[kept], placed.height[kept].astype(np.float32), photons["signal_conf_ph"][kept]))
    x, height, confidence = (np.concatenate(column) for column in zip(*parts, strict=True))
    return TrackPhotons(x, height, confidence, every, n_signal)
