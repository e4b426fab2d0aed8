"""Photons of a piece of track: where along it, how high above the mean sea surface, and which to keep."""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from leadline.beam import Selection
from leadline.track import REFERENCE_LENGTH, SPILL, Piece, Track

HEIGHTS = (-1_000.0, 10_000.0)
"""Heights above WGS-84 that the earth's surface can have, m; a photon beyond is broken."""


LATEST = 1e10
"""delta_time that no photon will have, s."""


class Photons(NamedTuple):
    """The photons of a piece in file order, and the order along the track of those that are usable."""

    order: NDArray[np.int64]
    """Indices of the usable photons by along-track distance."""
    x: NDArray[np.float64]
    """Along-track distance, m."""
    height: NDArray[np.float64]
    """Above the mean sea surface, tides and DAC off, m."""
    time: NDArray[np.float64]
    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]
    reference: NDArray[np.int64]
    """Row of the reference segment in the track."""
    signal: NDArray[np.bool_]
    """Of a quality and confidence that is kept; the other usable ones count for the photon rate alone."""


def select(
    photons: dict[str, NDArray], piece: Piece, track: Track, selection: Selection, release: str
) -> tuple[Photons, dict[str, int]]:
    """Return the photons of a piece, placed and put in along-track order, and the counts of what was dropped.

    ``photons`` holds the datasets of the group heights, with the sea-ice column of signal_conf_ph, of the piece's
    photons in file order. Along-track distance is segment_dist_x + dist_ph_along, which the file order does not follow.

    A photon is broken where its height, place or time is no number or cannot be on earth.
    """
    first = track.first_photon - piece.photons.start
    is_kept = np.isin(np.arange(_QUALITIES), selection.quality(release))
    x, height, reference, fate = _placed(
        *(photons[name] for name in ("h_ph", "dist_ph_along", "lat_ph", "lon_ph", "delta_time")),
        *(photons["quality_ph"], photons["signal_conf_ph"], is_kept, selection.minimum_confidence),
        *(piece.rows.start, first[piece.rows.start : piece.rows.stop + 1]),
        *(values[piece.rows] for values in (track.start, track.level, track.usable)),
    )
    order = np.flatnonzero(fate >= _BAD_QUALITY)
    order = order[np.argsort(x[order], kind="stable")]
    of_piece = fate[first[piece.counted.start] : first[piece.counted.stop]]
    counts = dict(zip(_FATES, np.bincount(of_piece, minlength=len(_FATES)).tolist(), strict=True))
    times_and_places = (photons[name] for name in ("delta_time", "lat_ph", "lon_ph"))
    placed = Photons(order, x, height, *times_and_places, reference, fate == _KEPT)
    return placed, {"photons": of_piece.size} | counts


_FATES = (
    "photons_of_dropped_segments",
    "photons_broken",
    "photons_of_bad_quality",
    "photons_of_low_confidence",
    "photons_kept",
)
_QUALITIES = 256
_DROPPED, _BROKEN, _BAD_QUALITY, _LOW_CONFIDENCE, _KEPT = range(5)


@numba.njit(cache=True)
def _placed(
    h_ph: NDArray,
    along: NDArray,
    latitude: NDArray,
    longitude: NDArray,
    time: NDArray,
    quality_ph: NDArray,
    confidence: NDArray,
    quality_is_kept: NDArray,
    minimum_confidence: int,
    first_row: int,
    first_photon: NDArray,
    start: NDArray,
    level: NDArray,
    usable: NDArray,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], NDArray[np.uint8]]:
    """Return distance, height, reference segment and fate of each photon; the segments begin at ``first_photon``."""
    n = h_ph.size
    x, height = np.empty(n), np.empty(n)
    reference, fate = np.empty(n, np.int64), np.empty(n, np.uint8)
    for row in range(start.size):
        for i in range(first_photon[row], first_photon[row + 1]):
            x[i], height[i] = start[row] + along[i], h_ph[i] - level[row]
            reference[i] = first_row + row
            if not usable[row]:
                fate[i] = _DROPPED
            elif not (
                HEIGHTS[0] <= h_ph[i] <= HEIGHTS[1]
                and -SPILL <= along[i] <= REFERENCE_LENGTH + SPILL
                and -90 <= latitude[i] <= 90
                and -180 <= longitude[i] <= 180
                and 0 <= time[i] <= LATEST
            ):
                fate[i] = _BROKEN
            elif not quality_is_kept[quality_ph[i] % _QUALITIES]:
                fate[i] = _BAD_QUALITY
            else:
                fate[i] = _KEPT if confidence[i] >= minimum_confidence else _LOW_CONFIDENCE
    return x, height, reference, fate
