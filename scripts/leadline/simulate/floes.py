"""Simulated sea ice on a raster: floes of power-law size, and a lead or a ridge where two of them meet.

Discs of power-law radius are packed and grown until they touch: the cells of their power diagram are the floes
(a disc's distance to a place is the squared distance to its centre less its squared radius). Each boundary of two
floes is an open lead, a refrozen lead or, where they were pressed together, a ridge.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from leadline.names import SurfaceClass

CELL = 5.0
"""Cell of the raster, m."""
COARSE = 4
"""Cells that share one search for their nearest floes."""

WATER_SHARE, THIN_SHARE = 0.065, 0.09
FLOE_RADIUS = (85.0, 2200.0)
FLOE_EXPONENT = 1.7
"""Floes of a radius above r: proportional to r**-1.7."""
FLOE_COVER = 0.7
LARGEST_FLOE = 5200.0
"""Radius of the one floe that leaves an outer pair some 10 km without a lead, m."""
LEAD_WIDTH = (15.0, 400.0)
LEAD_EXPONENT = 0.1
CALM_SHARE = 0.6
"""Open leads without wind waves."""
THIN_FREEBOARD = (0.01, 0.12)
THICK_FREEBOARD = (0.14, 2.0)

_RIDGE, _THIN, _ROUGH, _CALM = range(4)


@dataclass(frozen=True)
class Ice:
    """What floats on the sea, rows across and columns along the track, each of shape (n_across, n_along)."""

    surface_class: NDArray[np.uint8]
    freeboard: NDArray[np.float32]
    """m above the sea surface; 0 on open water."""
    roughness: NDArray[np.float32]
    """Standard deviation of the height inside a cell, m."""
    albedo: NDArray[np.float32]
    """Reflectance in blue light."""
    calm: NDArray[np.bool_]
    """Open water that reflects like a mirror."""


@dataclass(frozen=True)
class Floes:
    """Packed discs, the largest first."""

    centre: NDArray[np.float64]
    """Along and across, m, shape (n, 2)."""
    radius: NDArray[np.float64]

    @property
    def power(self) -> NDArray[np.float64]:
        """Squared distance of each centre from the origin less the squared radius, m2."""
        return (self.centre**2).sum(axis=1) - self.radius**2


@dataclass(frozen=True)
class Boundaries:
    """Straight lines between two floes each: their signed distance is along * normal0 + across * normal1 + offset."""

    normal: NDArray[np.float32]
    """Shape (n, 2)."""
    offset: NDArray[np.float32]
    """m, shape (n,)."""
    nearest: NDArray[np.int32]
    """The two boundaries that matter at each coarse cell, shape (2, rows, columns)."""

    def distance(self, rank: int, along: NDArray, across: NDArray) -> tuple[NDArray, NDArray]:
        """Return boundary and distance to it (m) at places on the fine or coarse raster, the rank-th nearest."""
        which = enlarged(self.nearest[rank], along.shape[0] // self.nearest.shape[1])
        return which, np.abs(self.normal[which, 0] * along + self.normal[which, 1] * across + self.offset[which])


def draw_ice(random: np.random.Generator, half_along: float, half_across: float) -> Ice:
    """Draw the ice of a world that reaches ``half_along`` and ``half_across`` metres from its middle."""
    coarse = tuple(2 * int(np.ceil(half / (CELL * COARSE))) for half in (half_across, half_along))
    floes = pack_floes(random, half_along, half_across)
    along, across = _bent_coordinates(random, coarse)
    floe, boundaries = _tessellate(floes, along, across)
    kind, width = _choose_leads(random, boundaries, along, across)
    fine_along, fine_across = (smooth_enlarged(axis) for axis in (along, across))
    widening = smooth_enlarged(1 + 0.3 * noise(random, coarse, 300 / (CELL * COARSE)))
    lead, depth, ridge = _leads_and_ridges(boundaries, kind, width, (fine_along, fine_across), widening)
    in_lead = depth > 0
    return _dress(random, enlarged(floe, COARSE), lead, np.where(in_lead, kind[lead], _RIDGE), ridge)


def pack_floes(random: np.random.Generator, half_along: float, half_across: float) -> Floes:
    """Pack discs of power-law radius that do not overlap, the largest first, where there is room for them."""
    low, high = FLOE_RADIUS[0], min(FLOE_RADIUS[1], half_along / 4)
    area = np.pi * low**FLOE_EXPONENT * FLOE_EXPONENT / (2 - FLOE_EXPONENT)
    area *= high ** (2 - FLOE_EXPONENT) - low ** (2 - FLOE_EXPONENT)
    n_floes = int(FLOE_COVER * 4 * half_along * half_across / area)
    radii = np.sort(power_law(random.random(n_floes), low, high, FLOE_EXPONENT))[::-1]
    largest = min(LARGEST_FLOE, half_along / 4)
    reach = np.array([half_along, half_across])
    side = random.choice([-1, 1])
    centres, radius = np.empty((n_floes + 1, 2)), np.empty(n_floes + 1)
    centres[0] = random.uniform(-1, 1) * (half_along - largest), side * 0.75 * half_across
    radius[0], n_packed = largest, 1
    for candidate in radii:
        tries = random.uniform(-1, 1, (20, 2)) * reach
        gap = np.hypot(*(tries[:, None] - centres[None, :n_packed]).T).T - radius[:n_packed]
        free = np.flatnonzero(gap.min(axis=1) > candidate)
        if free.size:
            centres[n_packed], radius[n_packed] = tries[free[0]], candidate
            n_packed += 1
    return Floes(centres[:n_packed], radius[:n_packed])


def power_law(uniform: NDArray, low: float, high: float, exponent: float) -> NDArray[np.float64]:
    """Turn uniform numbers into sizes between ``low`` and ``high`` whose number above s goes as s**-exponent."""
    share = 1 - uniform * (1 - (high / low) ** -exponent)
    return low * share ** (-1 / exponent)


def noise(random: np.random.Generator, shape: tuple[int, int], scale: float) -> NDArray[np.float32]:
    """Return smooth noise of mean 0 and deviation 1 whose hills are about ``scale`` cells wide."""
    step = max(int(scale / 4), 1)
    size = tuple(n // step + 4 for n in shape)
    field = cv2.GaussianBlur(random.standard_normal(size, np.float32), (0, 0), scale / step / 2)
    field = (field - field.mean()) / field.std()
    field = cv2.resize(field, (size[1] * step, size[0] * step), interpolation=cv2.INTER_CUBIC)
    return field[step : step + shape[0], step : step + shape[1]]


def enlarged(coarse: NDArray, times: int) -> NDArray:
    """Repeat each cell ``times`` in both directions."""
    return coarse if times == 1 else coarse.repeat(times, axis=0).repeat(times, axis=1)


def smooth_enlarged(coarse: NDArray) -> NDArray[np.float32]:
    """Interpolate a coarse raster to the fine one."""
    size = coarse.shape[1] * COARSE, coarse.shape[0] * COARSE
    return cv2.resize(coarse.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)


def _bent_coordinates(random: np.random.Generator, shape: tuple[int, int]) -> tuple[NDArray, NDArray]:
    """Return along and across of the coarse cells, bent so that floes are neither round nor straight."""
    cell = CELL * COARSE
    across, along = np.indices(shape, dtype=np.float32)
    scales = {3000: 250, 500: 50, 90: 8}
    bend = [sum(reach * noise(random, shape, scale / cell) for scale, reach in scales.items()) for _ in range(2)]
    return (along - shape[1] / 2 + 0.5) * cell + bend[0], (across - shape[0] / 2 + 0.5) * cell + bend[1]


def _tessellate(floes: Floes, along: NDArray, across: NDArray) -> tuple[NDArray[np.int32], Boundaries]:
    """Return the floe of each coarse cell, and the boundaries with the next two floes.

    A power diagram in the plane is a cut through a common one in space: each centre is lifted by the root of what
    its squared radius lacks to the largest.
    """
    lift = np.sqrt(floes.radius.max() ** 2 - floes.radius**2)
    places = np.column_stack([along.ravel(), across.ravel(), np.zeros(along.size)])
    _, near = cKDTree(np.column_stack([floes.centre, lift])).query(places, k=3)
    n_floes = floes.radius.size
    ends = [(np.minimum(near[:, 0], other), np.maximum(near[:, 0], other)) for other in (near[:, 1], near[:, 2])]
    codes, nearest = np.unique(np.stack([low * n_floes + high for low, high in ends]), return_inverse=True)
    low, high = codes // n_floes, codes % n_floes
    difference = floes.centre[low] - floes.centre[high]
    apart = np.hypot(*difference.T)
    boundaries = Boundaries(
        (difference / apart[:, None]).astype(np.float32),
        ((floes.power[high] - floes.power[low]) / (2 * apart)).astype(np.float32),
        nearest.reshape(2, *along.shape).astype(np.int32),
    )
    return near[:, 0].reshape(along.shape).astype(np.int32), boundaries


def _choose_leads(
    random: np.random.Generator, boundaries: Boundaries, along: NDArray, across: NDArray
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return kind and width (m) of each boundary; leads open at random until water and thin ice have their share."""
    n = boundaries.offset.size
    width = power_law(random.random(n), *LEAD_WIDTH, LEAD_EXPONENT).astype(np.float32)
    which, distance = boundaries.distance(0, along, across)
    area = np.bincount(which[distance < width[which] / 2], minlength=n) / along.size
    order = random.permutation(n)
    filled = np.cumsum(area[order])
    water = np.where(random.random(n) < CALM_SHARE, _CALM, _ROUGH)
    kind = np.empty(n, np.int64)
    is_water, is_lead = filled < WATER_SHARE, filled < WATER_SHARE + THIN_SHARE
    kind[order] = np.select([is_water, is_lead], [water, _THIN], _RIDGE)
    return kind, np.where(kind == _RIDGE, 0, width).astype(np.float32)


def _leads_and_ridges(
    boundaries: Boundaries, kind: NDArray, width: NDArray, place: tuple[NDArray, NDArray], widening: NDArray
) -> tuple[NDArray, NDArray, NDArray]:
    """Return the boundary that rules each cell, how deep in its lead the cell lies, and how far from a ridge (m)."""
    lead, distance = boundaries.distance(0, *place)
    other, other_distance = boundaries.distance(1, *place)
    ridge = np.minimum(
        np.where(kind[lead] == _RIDGE, distance, np.inf), np.where(kind[other] == _RIDGE, other_distance, np.inf)
    )
    depth = width[lead] * widening / 2 - distance
    other_depth = width[other] * widening / 2 - other_distance
    deeper = other_depth > depth
    return np.where(deeper, other, lead), np.where(deeper, other_depth, depth), ridge.astype(np.float32)


def _dress(random: np.random.Generator, floe: NDArray, lead: NDArray, kind: NDArray, ridge: NDArray) -> Ice:
    """Give every cell its height, roughness and brightness by floe, or by lead where one lies."""
    thin, rough, calm = (kind == which for which in (_THIN, _ROUGH, _CALM))
    water = rough | calm
    n_floes, n_leads = floe.max() + 1, lead.max() + 1
    mean = np.clip(random.lognormal(np.log(0.33), 0.35, n_floes), 0.22, 0.8).astype(np.float32)
    bumps = random.uniform(0.05, 0.1, n_floes).astype(np.float32)[floe]
    thick, sail = _topography(random, mean[floe], bumps, ridge)
    lead_height = random.uniform(0.015, 0.11, n_leads).astype(np.float32)[lead]
    thin_height = np.clip(lead_height * (1 + 0.15 * noise(random, floe.shape, 20)), *THIN_FREEBOARD)
    freeboard = np.select([water, thin], [np.float32(0), thin_height], thick)
    snow = random.uniform(0.85, 0.95, n_floes).astype(np.float32)[floe]
    dark = random.uniform(0.03, 0.08, n_leads).astype(np.float32)[lead]
    grey = 0.15 + 0.45 * (thin_height - THIN_FREEBOARD[0]) / (THIN_FREEBOARD[1] - THIN_FREEBOARD[0])
    return Ice(
        np.select([water, thin], [SurfaceClass.OPEN_WATER, SurfaceClass.THIN_ICE], SurfaceClass.THICK_ICE).astype(
            np.uint8
        ),
        freeboard.astype(np.float32),
        np.select([calm, rough, thin], [0.01, 0.06, 0.015], 0.1 + bumps + 0.2 * sail).astype(np.float32),
        np.select([water, thin], [dark, grey], snow).astype(np.float32),
        calm,
    )


def _topography(
    random: np.random.Generator, mean: NDArray, bumps: NDArray, ridge: NDArray
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return freeboard of thick ice and the part of it that ridges make, m.

    Snow dunes over the floe's mean, bumps of 5 to 20 m, ridges where floes were pressed together (``ridge`` m away)
    and along the creases of the floes (where smooth noise of 250 m changes sign), higher here and lower there.
    """
    shape = mean.shape
    strength = np.clip(0.5 + 0.5 * noise(random, shape, 60), 0, 2)
    crease = np.abs(noise(random, shape, 50)) * 250
    sail = strength * (0.8 * np.exp(-ridge / 8) + 0.9 * np.exp(-crease / 6) * (noise(random, shape, 100) > 0.5))
    dunes = 1 + 0.15 * noise(random, shape, 20)
    small = 0.8 * noise(random, shape, 1.5) + 0.6 * noise(random, shape, 4)
    return np.clip(mean * dunes + bumps * small + sail, *THICK_FREEBOARD), sail
