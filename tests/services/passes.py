"""Granules as NASA's catalogue would tell them, from their names alone: times, and outlines of their tracks."""

from pathlib import Path

import numpy as np

from leadline.archives.ground_track import PAIRS, ground_track
from services.earthdata import umm

CORNER = 800
"""Places of a ground track from one corner of an outline to the next: 280 km."""


def record(key: str, name: str = "", path: Path | None = None) -> dict:
    """Return the record of a granule of ATL03, or of what ``name`` names over the same ground.

    Its outline is the strip from the left pair of beams to the right one.
    """
    track = ground_track(key)
    start, end = (f"{moment}Z" for moment in track.time[[0, -1]])
    left, right = (track.beside(across) for across in PAIRS[::2])
    places = np.unique([*range(0, len(track.time), CORNER), len(track.time) - 1])
    sides = [np.column_stack([side.longitude, side.latitude])[places] for side in (left, right)]
    ring = np.vstack([sides[0], sides[1][::-1], sides[0][:1]]).tolist()
    return umm(name or f"ATL03_{key}_006_01.h5", start, end, ring, path)
