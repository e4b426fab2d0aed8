"""The shift that lays a scene on a track, found where the scene explains best what the track saw.

Ice drifts between the two, and both are placed with errors; Table I of Iqrah et al. 2025 has shifts of 0 to 550 m, made
by hand. Here all shifts within reach are scored by ``matching.information``, all beams together: coarsely over
cells of several steps, then by the step around the best, then by a paraboloid between the steps. The uncertainty is
that of a maximum-likelihood estimate whose cells depend on each other: H^-1 J H^-1, with H the curvature of the
information and J the scatter of its slope from block to block of the track.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.ndimage import label

from leadline.matching import View, agreement, information, misfits, moments_at, n_seen, picture_of, view_of
from leadline.segmentation import SceneClasses

COARSENING = 4
"""Steps of the fine search in one of the coarse."""
FIT = 2
"""Reach of the paraboloid around the best shift, steps."""
APART = 150.0
"""A shift farther than this from the best rivals it, m."""
COMPARABLE = 0.5
"""It does so only where the scene shows at least this share of the cells that it shows at the best."""
BLOCK = 500.0
"""Length of track whose cells may depend on each other, m: floes and the leads between them."""

LEAST_TRACK = 1000.0
"""Track that the scene must show, m."""
LEAST_RATIO = 1.5
"""Least ratio of the peak to its highest rival."""
LARGEST_UNCERTAINTY = 15.0
"""m."""


@dataclass(frozen=True)
class Drift:
    """An estimate of the shift, how sure it is, and what the overlay gains by it."""

    shift_x: float
    """What is added to the scene's places to lay it on the track, m along x of the projection."""
    shift_y: float
    """The same along y."""
    uncertainty: float
    """Standard error of the place: the root of both variances' sum, m; the reach where nothing is known."""
    uncertainty_along: float
    """Standard error along the track, m."""
    uncertainty_across: float
    """The same across it, m."""
    accepted: bool
    reason: str
    """Why it is refused, in one line; empty where it is accepted."""
    peak_ratio: float
    """Information a cell at the best shift over that at its highest rival; 0 where it has none."""
    half_width: float
    """Farthest that the information stays above half of its peak, m."""
    disagreement: float
    """Distance of the beams' own shifts from that of all, root mean square weighted by their information, m."""
    n_segments: int
    beams: dict[str, dict[str, float]]
    """By beam: its own best shift_x and shift_y close to that of all (m), its information there (nats), and share, the
    part of its highest information within reach that it has at the shift of all."""
    before: dict[str, float]
    """``matching.agreement`` of scene and track without shift; empty where there was nothing to compare."""
    after: dict[str, float]
    """The same with the estimated shift."""
    given: dict[str, float] | None
    """The same with the shift that a person gave, where one did."""


@dataclass(frozen=True)
class _Surface:
    """Moments on a grid of shifts."""

    x: np.ndarray
    y: np.ndarray
    moments: np.ndarray
    """(x, y, beams, ...), of ``matching.moments_at``."""

    @cached_property
    def information(self) -> np.ndarray:
        """Nats, of all beams together, (x, y)."""
        return information(self.moments.sum(axis=2))

    @cached_property
    def best(self) -> tuple[int, int]:
        """Place of the highest information."""
        return np.unravel_index(self.information.argmax(), self.information.shape)

    @property
    def shift(self) -> tuple[float, float]:
        """Shift of the highest information, m."""
        return self.x[self.best[0]], self.y[self.best[1]]

    @property
    def at_edge(self) -> bool:
        """Whether the highest lies at the edge of the grid."""
        return any(place in (0, side - 1) for place, side in zip(self.best, self.information.shape, strict=True))

    def of_beam(self, number: int) -> "_Surface":
        """Return the surface of one beam."""
        return _Surface(self.x, self.y, self.moments[:, :, number : number + 1])


def estimate_drift(
    segments: pd.DataFrame,
    scene_classes: SceneClasses,
    projection: str,
    *,
    reach: float = 1500.0,
    step: float = 10.0,
    given: Sequence[float] | None = None,
) -> Drift:
    """Return the shift of a scene that lays it on the segments of a granule: ``cells.COLUMNS``, any beams.

    It is searched within ``reach`` (m) along x and y of the projection, every ``step`` (m) around the best. An estimate
    that may be wrong is refused: too little track in the scene, a peak that is flat, at the edge of the reach, or
    hardly higher than another. A shift ``given`` by hand (x and y, m) is scored beside it.
    """
    if segments.empty or scene_classes.classes.size == 0:
        return _refused("no segments, or none within the scene", reach, len(segments))
    picture = picture_of(scene_classes)
    fine = view_of(segments, picture, projection, step)
    coarse = view_of(segments, picture.smoothed(COARSENING * step / 2), projection, COARSENING * step)
    wide = _surface(coarse, (0.0, 0.0), reach, COARSENING * step)
    if not wide.information.any():
        return _refused("the scene shows too little of the track, or nothing of it", reach, len(segments))

    close = _surface(fine, wide.shift, 1.5 * COARSENING * step, step)
    shift, curvature = _peak(close)
    along, across = _standard_errors(fine, shift, curvature, step)
    uncertainty = min(float(np.hypot(along, across)), reach)
    after = agreement(fine, shift)
    ratio = _peak_ratio(wide)
    beams = {name: _of_beam(wide, close, number) for number, name in enumerate(fine.cells.of_beam)}
    reason = _doubt(after["n_cells"] * step, ratio, uncertainty, wide.at_edge or close.at_edge)
    return Drift(
        shift_x=float(shift[0]),
        shift_y=float(shift[1]),
        uncertainty=uncertainty,
        uncertainty_along=min(along, reach),
        uncertainty_across=min(across, reach),
        accepted=not reason,
        reason=reason,
        peak_ratio=ratio,
        half_width=_half_width(wide),
        disagreement=_disagreement(beams, shift),
        n_segments=len(segments),
        beams=beams,
        before=agreement(fine, (0.0, 0.0)),
        after=after,
        given=None if given is None else agreement(fine, given),
    )


def _refused(reason: str, reach: float, n_segments: int) -> Drift:
    """Return what is known where there is nothing to compare."""
    return Drift(0.0, 0.0, reach, reach, reach, False, reason, 0.0, reach, 0.0, n_segments, {}, {}, {}, None)


def _surface(view: View, middle: Sequence[float], reach: float, step: float) -> _Surface:
    """Return the moments at every step within reach of a middle (m)."""
    away = np.arange(-np.floor(reach / step), np.floor(reach / step) + 1) * step
    x, y = middle[0] + away, middle[1] + away
    return _Surface(x, y, moments_at(view, np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1)))


def _peak(surface: _Surface) -> tuple[np.ndarray, np.ndarray]:
    """Return the top of a paraboloid around the best shift (m), at most a step away, and its curvature (nats/m2)."""
    near = [slice(max(place - FIT, 0), place + FIT + 1) for place in surface.best]
    step = surface.x[1] - surface.x[0]
    x, y = np.meshgrid(surface.x[near[0]] - surface.shift[0], surface.y[near[1]] - surface.shift[1], indexing="ij")
    x, y = x.ravel() / step, y.ravel() / step
    terms = np.column_stack([np.ones_like(x), x, y, x * x / 2, x * y, y * y / 2])
    (_, *slope, xx, xy, yy), *_ = np.linalg.lstsq(terms, surface.information[tuple(near)].ravel())
    curvature = -np.array([[xx, xy], [xy, yy]])
    values, axes = np.linalg.eigh(curvature)
    # Where it does not curve down there is no peak in that direction: as good as flat.
    curvature = axes @ np.diag(np.maximum(values, 1e-6)) @ axes.T
    top = np.clip(np.linalg.solve(curvature, slope), -1, 1)
    return np.array(surface.shift) + top * step, curvature / step**2


def _standard_errors(view: View, shift: np.ndarray, curvature: np.ndarray, step: float) -> tuple[float, float]:
    """Return the standard errors of a shift along and across the track, m.

    The slope of each block is that of the plane through the shifts that the paraboloid goes through.
    """
    places = np.arange(-FIT, FIT + 1) * step
    ways = np.stack(np.meshgrid(places, places, indexing="ij"), axis=-1).reshape(-1, 2)
    slopes = -sum(np.outer(way, misfits(view, shift, way)) for way in ways) / (ways[:, 0] ** 2).sum()
    sums = pd.DataFrame(np.nan_to_num(slopes).T).groupby([view.cells.beam, view.cells.along // BLOCK]).sum().to_numpy()
    inverse = np.linalg.inv(curvature)
    covariance = inverse @ (sums.T @ sums) @ inverse * len(sums) / max(len(sums) - 2, 1)
    along = view.cells.heading
    across = np.array([along[1], -along[0]])
    return tuple(float(np.sqrt(way @ covariance @ way)) for way in (along, across))


def _peak_ratio(surface: _Surface) -> float:
    """Return the information a cell at the best shift over the highest of those apart that show as much track."""
    seen = n_seen(surface.moments.sum(axis=2))
    apart = np.hypot(surface.x[:, None] - surface.shift[0], surface.y - surface.shift[1]) > APART
    rivals = apart & (seen >= COMPARABLE * seen[surface.best])
    of_cell = surface.information / np.maximum(seen, 1)
    highest = of_cell[rivals].max(initial=0)
    return float(of_cell[surface.best] / highest) if highest > 0 else 0.0


def _half_width(surface: _Surface) -> float:
    """Return the farthest (m) that the information stays above half of its peak."""
    parts, _ = label(surface.information >= surface.information.max() / 2)
    x, y = np.nonzero(parts == parts[surface.best])
    return float(np.hypot(surface.x[x] - surface.shift[0], surface.y[y] - surface.shift[1]).max())


def _of_beam(wide: _Surface, close: _Surface, number: int) -> dict[str, float]:
    """Return a beam's own shift and how far it agrees with that of all beams; see ``Drift.beams``."""
    own, afar = close.of_beam(number), wide.of_beam(number)
    shift, _ = _peak(own)
    highest = afar.information.max()
    share = afar.information[wide.best] / highest if highest > 0 else 0.0
    return {
        "shift_x": float(shift[0]),
        "shift_y": float(shift[1]),
        "information": float(own.information.max()),
        "share": float(share),
    }


def _disagreement(beams: dict[str, dict[str, float]], shift: np.ndarray) -> float:
    """Return the distance of the beams' shifts from that of all, root mean square by information, m."""
    table = pd.DataFrame(beams.values())
    squares = (table["shift_x"] - shift[0]) ** 2 + (table["shift_y"] - shift[1]) ** 2
    return float(np.sqrt(np.average(squares, weights=table["information"] + 1e-9)))


def _doubt(track: float, ratio: float, uncertainty: float, at_edge: bool) -> str:
    """Return why an estimate is refused, in one line; empty where it is not."""
    if track < LEAST_TRACK:
        return f"the scene shows {track:,.0f} m of the track; expected {LEAST_TRACK:,.0f} m or more"
    if at_edge:
        return "the best shift lies at the edge of the search; search farther"
    if ratio == 0:
        return "the scene shows too little around the track to compare shifts"
    if ratio < LEAST_RATIO:
        return f"another shift is nearly as good: the peak is {ratio:.2f} times as high; expected {LEAST_RATIO:g}"
    if uncertainty > LARGEST_UNCERTAINTY:
        return f"the peak is flat: the shift is known to {uncertainty:.0f} m; expected {LARGEST_UNCERTAINTY:g} m"
    return ""
