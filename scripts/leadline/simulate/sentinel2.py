"""The simulated imager: a Sentinel-2 scene of the ice that a track crossed, drifted on, under thin and thick cloud."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.crs import CRS
from rasterio.transform import Affine
from scipy.interpolate import RectBivariateSpline

from leadline.errors import ConfigError
from leadline.files import written_whole
from leadline.simulate.atl03_file import SIMULATED
from leadline.simulate.floes import CELL, Ice, noise
from leadline.simulate.world import (
    ACROSS,
    PROJECTION,
    GranuleSettings,
    Track,
    World,
    build_world,
    generator,
    sun_position,
)

PIXEL = 10.0
"""m."""
BLOCK = 16
"""Pixels between two places where the map projection is computed."""
BANDS = ("B02", "B03", "B04", "B08")
COLOUR = np.array([[1.0, 0.99, 0.98, 0.9], [1.0, 0.97, 0.9, 0.6], [1.0, 0.8, 0.6, 0.35]], np.float32)
"""Reflectance of thick ice, thin ice and open water (rows) in each band over that in blue."""
QUANTIFICATION = 10_000
BASELINES = {-1000: "05.09", 0: "02.08"}
"""Processing baselines by the offset of their digital numbers."""
NOISE = 0.003
"""Reflectance."""
SPREAD = 4.0
"""Standard deviation of the point spread, m: one pixel between its halves."""
LOWEST_SUN = 10.0
"""Lowest sun that a relief is lit by, degrees: below it a scene would not be taken."""
CLOUD_HEIGHT = 1500.0
"""m; the shadow lies this far over the tangent of the sun's elevation away."""
THICK_CLOUD = 1500.0
"""Radius of the thick cloud, m."""


@dataclass(frozen=True)
class SceneSettings:
    """How a scene of a granule's ice is simulated."""

    name: str
    """Scene key: tile and sensing time."""
    granule: GranuleSettings
    drift_x: float
    """Displacement of the ice from the track's time to the scene's, m along x of EPSG:3976."""
    drift_y: float
    """The same along y."""
    thin_cloud: float
    """Share of the scene under thin cloud."""
    thick_cloud: bool
    """One opaque cloud over a part of an outer beam."""
    nodata_corner: bool
    """The edge of the swath cuts a corner off the scene."""
    offset: int
    """What the digital numbers lack to ten thousand times the reflectance: -1000 (baseline 05.09) or 0 (02.08)."""
    lag_minutes: float
    """Scene minus track; it must agree with the names to the minute."""


@dataclass(frozen=True)
class Grid:
    """Pixels of a scene."""

    crs: CRS
    transform: Affine
    along: NDArray[np.float32]
    """Place of each pixel's centre along the track, m in the world's frame, shape (rows, columns)."""
    across: NDArray[np.float32]
    """The same across the track."""


@dataclass(frozen=True)
class Cover:
    """What lies between the ice and the imager, each of the scene's shape and between 0 and 1."""

    haze: NDArray[np.float32]
    """Path radiance of thin cloud, as reflectance."""
    shadow: NDArray[np.float32]
    """Share of the sunlight that clouds take away."""
    thick: NDArray[np.float32]
    """Opacity of the thick cloud."""


def simulate_scene(scene_path: Path, settings: SceneSettings) -> None:
    """Simulate a scene and write it as a GeoTIFF with the bands and tags of the real ones.

    Raises ``ConfigError`` where name and lag contradict each other.
    """
    time = sensing_time(settings)
    world = build_world(settings.granule)
    random = generator(settings.granule, settings.name)
    grid = lay_grid(world)
    sun = sun_position(time, settings.granule.latitude, settings.granule.longitude)
    elevation = max(sun[0], LOWEST_SUN)
    sunward = _sunward(world.track, settings.granule, sun[1])
    cover = draw_cover(random, grid, world, settings, sunward * CLOUD_HEIGHT / np.tan(np.radians(elevation)))
    light = shading(world.ice, sunward, elevation)
    drift = np.array([settings.drift_x, settings.drift_y])
    places = grid.along - drift @ world.track.along, grid.across - drift @ world.track.across
    seen = _inside(places, world.ice) & ~(settings.nodata_corner & _corner(places, world.ice))
    numbers = np.empty((len(BANDS), *seen.shape), np.uint16)
    for band in range(len(BANDS)):
        surface = blurred(world.ice.albedo * COLOUR[world.ice.surface_class, band] * light)
        reflectance = through(cover, looked_at(surface, *places), random)
        numbers[band] = np.where(seen, digital_numbers(reflectance, settings.offset), 0)
    write_scene(scene_path, numbers, grid, settings, time)


def sensing_time(settings: SceneSettings) -> datetime:
    """Return when the scene was taken (UTC), as its name says.

    Raises ``ConfigError`` where the granule's time and the lag say otherwise.
    """
    time = datetime.strptime(settings.name.split("_")[2], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    lag = (time - settings.granule.start).total_seconds() / 60
    if abs(lag - settings.lag_minutes) > 1:
        granule, said = settings.granule.name, settings.lag_minutes
        raise ConfigError(
            [f"{settings.name}: it lies {lag:.0f} min after {granule}, its lag says {said:g}; mend one of them"]
        )
    return time


def lay_grid(world: World) -> Grid:
    """Lay a grid of the track's UTM zone, snapped to the pixel, over the whole world."""
    to_earth = Transformer.from_crs(PROJECTION, "EPSG:4326", always_xy=True)
    longitude, _ = to_earth.transform(*world.track.origin)
    crs = CRS.from_epsg(32701 + int((longitude + 180) // 6))
    to_scene = Transformer.from_crs(PROJECTION, crs, always_xy=True)
    half = np.array(world.ice.surface_class.shape)[::-1] * CELL / 2
    corners = [
        world.track.origin + a * half[0] * world.track.along + b * half[1] * world.track.across
        for a in (-1, 1)
        for b in (-1, 1)
    ]
    x, y = to_scene.transform(*np.transpose(corners))
    left, top = np.floor(min(x) / PIXEL) * PIXEL, np.ceil(max(y) / PIXEL) * PIXEL
    columns, rows = (int(np.ceil(span / PIXEL / BLOCK)) * BLOCK for span in (max(x) - left, top - min(y)))
    along, across = _pixel_places(world.track, crs, (left, top), (rows, columns))
    return Grid(crs, Affine(PIXEL, 0, left, 0, -PIXEL, top), along, across)


def shading(ice: Ice, sunward: NDArray, elevation: float) -> NDArray[np.float32]:
    """Return the light on each cell over that on a flat one: slopes to the sun are brighter, lees of ridges darker.

    ``sunward`` is the unit vector to the sun in the world's frame, ``elevation`` in degrees.
    """
    step = -np.round(sunward).astype(int)
    higher = np.roll(ice.freeboard, (step[1], step[0]), (0, 1)) - ice.freeboard
    reach = CELL * np.hypot(*step) * np.tan(np.radians(elevation))
    return 1 - np.float32(0.3) * np.clip(higher / np.float32(reach), -0.15, 1)


def blurred(surface: NDArray) -> NDArray[np.float32]:
    """Spread each cell of the world as the imager's optics and its pixels do."""
    return cv2.GaussianBlur(surface, (0, 0), SPREAD / CELL)


def looked_at(surface: NDArray, along: NDArray, across: NDArray) -> NDArray[np.float32]:
    """Return the world's raster at places of its frame, linear between the cells."""
    rows, columns = surface.shape
    column = (along / CELL + columns / 2 - 0.5).astype(np.float32)
    row = (across / CELL + rows / 2 - 0.5).astype(np.float32)
    return cv2.remap(surface, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def draw_cover(
    random: np.random.Generator, grid: Grid, world: World, settings: SceneSettings, to_sun: NDArray
) -> Cover:
    """Draw clouds; ``to_sun`` (m in the world's frame) leads from a shadow to the cloud that throws it.

    Thin cloud adds 0.05 to 0.15 to the reflectance and its shadow takes 0.1 to 0.25 of the light. Both fade at edges.
    """
    shape = world.ice.surface_class.shape
    veil = _veil(random, shape, settings.thin_cloud)
    lump = noise(random, shape, 200)
    veil_shadow = looked_at(veil, grid.along + to_sun[0], grid.across + to_sun[1])
    centre = np.array([random.uniform(-0.3, 0.3) * settings.granule.length, random.choice([-1, 1]) * ACROSS["gt3r"]])

    def thick(along: NDArray, across: NDArray) -> NDArray[np.float32]:
        radius = np.hypot(along - centre[0], across - centre[1]) / (
            THICK_CLOUD * (1 + 0.15 * looked_at(lump, along, across))
        )
        return np.clip((1.15 - radius) / 0.15, 0, 1).astype(np.float32) * settings.thick_cloud

    shadow = np.maximum(veil_shadow, thick(grid.along + to_sun[0], grid.across + to_sun[1]))
    veil = looked_at(veil, grid.along, grid.across)
    edge = np.minimum(veil * 10, 1)
    return Cover(
        haze=(0.05 + 0.10 * veil) * edge,
        shadow=(0.10 + 0.15 * shadow) * np.minimum(shadow * 10, 1),
        thick=thick(grid.along, grid.across),
    )


def through(cover: Cover, surface: NDArray, random: np.random.Generator) -> NDArray[np.float32]:
    """Return the reflectance that reaches the imager: the surface under shadow, thin cloud, thick cloud, and noise."""
    hazed = surface * (1 - cover.shadow) * (1 - 1.2 * cover.haze) + cover.haze
    white = np.float32(0.94)
    clouded = hazed + cover.thick * (white - hazed)
    return clouded + NOISE * random.standard_normal(surface.shape, np.float32)


def digital_numbers(reflectance: NDArray, offset: int) -> NDArray[np.uint16]:
    """Return what a product stores: at least 1, for 0 says that there are no data."""
    return np.clip(np.round(reflectance * QUANTIFICATION) - offset, 1, np.iinfo(np.uint16).max).astype(np.uint16)


def write_scene(path: Path, numbers: NDArray[np.uint16], grid: Grid, settings: SceneSettings, time: datetime) -> None:
    """Write digital numbers, shape (bands, rows, columns), as a tiled GeoTIFF with the tags of the real scenes."""
    profile = {
        "driver": "GTiff",
        "dtype": "uint16",
        "count": len(BANDS),
        "height": numbers.shape[1],
        "width": numbers.shape[2],
        "crs": grid.crs,
        "transform": grid.transform,
        "nodata": 0,
        "tiled": True,
        "blockxsize": 256,
        "blockysize": 256,
        "compress": "deflate",
        "predictor": 2,
        "interleave": "pixel",
    }
    tags = {
        "SENSING_TIME": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "TILE": settings.name.split("_")[1],
        "ADD_OFFSET": str(settings.offset),
        "QUANTIFICATION_VALUE": str(QUANTIFICATION),
        "PROCESSING_BASELINE": BASELINES[settings.offset],
        "NOTE": SIMULATED,
    }
    with written_whole(path) as aside, rasterio.open(aside, "w", **profile) as scene:
        scene.write(numbers)
        scene.descriptions = BANDS
        scene.update_tags(**tags)


def _pixel_places(
    track: Track, crs: CRS, corner: tuple[float, float], shape: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return along and across of the pixels' centres: exact every ``BLOCK`` pixels, a cubic spline between."""
    rows, columns = (np.arange(0, n + 1, BLOCK) for n in shape)
    x, y = np.meshgrid(corner[0] + columns * PIXEL, corner[1] - rows * PIXEL)
    exact = track.in_world(*Transformer.from_crs(crs, PROJECTION, always_xy=True).transform(x, y))
    centres = [np.arange(n) + 0.5 for n in shape]
    return tuple(RectBivariateSpline(rows, columns, axis)(*centres).astype(np.float32) for axis in exact)


def _sunward(track: Track, granule: GranuleSettings, azimuth: float) -> NDArray[np.float64]:
    """Return the unit vector to the sun in the world's frame, whose along axis points to the track's heading."""
    turn = np.radians(azimuth - granule.heading)
    return np.array([np.cos(turn), np.sin(turn)])


def _inside(places: tuple[NDArray, NDArray], ice: Ice) -> NDArray[np.bool_]:
    half_across, half_along = (n * CELL / 2 for n in ice.surface_class.shape)
    return (np.abs(places[0]) < half_along) & (np.abs(places[1]) < half_across)


def _corner(places: tuple[NDArray, NDArray], ice: Ice) -> NDArray[np.bool_]:
    """Return what lies beyond a slanting line: the last eighth of the right side, nothing of the left."""
    half_across, half_along = (n * CELL / 2 for n in ice.surface_class.shape)
    return places[0] / half_along + 0.2 * places[1] / half_across > 0.95


def _veil(random: np.random.Generator, shape: tuple[int, int], share: float) -> NDArray[np.float32]:
    """Return the density of thin cloud, 0 to 1: smooth noise of 4 km, above the level that covers ``share``."""
    field = noise(random, shape, 4000 / CELL)
    if share <= 0:
        return np.zeros(shape, np.float32)
    level = np.quantile(field, 1 - share)
    return np.clip((field - level) / (field.max() - level), 0, 1).astype(np.float32)
