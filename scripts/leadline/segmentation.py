"""Scenes to surface classes: thin cloud and shadow allowed for, then colours told apart (Iqrah et al. 2025).

Everything here is a pure function of arrays. A scene has the shape (y, x), its reflectance (4, y, x) in the order
B02, B03, B04, B08, its 8-bit picture (y, x, 3) in red, green, blue.
"""

from dataclasses import dataclass
from enum import IntFlag

import cv2
import numpy as np
from affine import Affine
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from leadline.accounts import State
from leadline.errors import InputDataError
from leadline.illumination import background_illumination, find_shade, over_pixels, strips
from leadline.names import SURFACE_CLASSES, SurfaceClass, class_name
from leadline.paper_filter import THICK_ICE_VALUE, WATER_VALUE, filtered_classes

FILTERS = ("shade", "paper")
"""How thin cloud and shadow are allowed for: ice in the shade is found by its edges, or by the paper's filter."""

WATER_MODE, ICE_MODE = 13, 230
"""Values of open water and bright ice in a calibrated picture: those of reflectance 0.05 and 0.90 where 1 is white."""
WATER_REFLECTANCE = (-0.12, 0.10)
"""Where the mode of open water is looked for; the offset of baseline 04.00 left out or taken twice reaches below."""
ICE_REFLECTANCE = (0.65, 1.3)
"""Where the mode of bright ice is looked for."""
LEAST_SHARE = 0.001
"""Least share of the scene that a mode holds."""

NOTICEABLE = 12
"""Least change of illumination that is called thin cloud or shadow, counts of 255."""
DEEPEST_SHADOW = 0.7
"""Least share of the usual brightness that thick ice keeps in the shadow of a thin cloud: a quarter of the light is
lost, and snow differs by some 5 %. What is darker is another surface."""
CLOUD_GRAIN = 7
"""Diameter of the smallest thick cloud, pixels; brighter specks are snow."""


class Quality(IntFlag):
    """What stands between the sensor and the surface in a pixel; bits of the quality band."""

    NODATA = 1
    THICK_CLOUD = 2
    THIN_CLOUD = 4
    SHADOW = 8
    TRANSITION = 16
    """Another class is near."""


@dataclass(frozen=True)
class SceneClasses:
    """The classes of a scene, or of a window of it, with their place on the map."""

    classes: np.ndarray
    """uint8 (y, x), codes of ``SurfaceClass``."""
    quality: np.ndarray
    """uint8 (y, x), bits of ``Quality``."""
    value: np.ndarray
    """uint8 (y, x), the greatest of the 8-bit red, green and blue; 0 at nodata."""
    crs: str
    """The map's projection, as in EPSG:32702."""
    transform: Affine
    """Columns and rows (from the outer corner of the first pixel) to x and y of ``crs``."""


def pixel_size(transform: Affine) -> float:
    """Return the side of a pixel in units of the map, m where it is a projection."""
    return float(np.sqrt(abs(transform.determinant)))


@dataclass(frozen=True)
class Scale:
    """How reflectance becomes 8 bit: in a straight line from ``black`` to ``white``."""

    name: str
    """``fixed`` or ``calibrated``."""
    black: float
    """Reflectance that becomes 0."""
    white: float
    """Reflectance that becomes 255."""
    reason: str = ""
    """What a calibration could not find in the scene, and what it took instead; empty where it found all."""


def fixed_scale(white: float) -> Scale:
    """Return the scale of the paper's kind, where reflectance 0 is black. The authors' own ``white`` is unpublished."""
    return Scale("fixed", 0.0, white)


def calibrated_scale(reflectance: np.ndarray, white: float = 1.0) -> Scale:
    """Return the scale that gives the scene's own open water and bright ice their usual values.

    ``reflectance`` (4, y, x), at any sampling, is NaN where nothing is to be learned: at nodata and thick cloud. The
    two modes give black and white, so that haze over the whole scene, a low sun, a wrong offset and the difference
    between L1C and L2A go out. A mode that is not there is taken from the fixed scale up to ``white``: without open
    water black stays 0, without bright ice the contrast stays, and without both the scale is the fixed one. The
    reason then says so. Dark ice in a scene without water passes for water where it is below 0.10, as it does in the
    fixed scale.
    """
    water, ice = _modes(np.fmax.reduce(reflectance[:3]))
    if water is None and ice is None:
        return Scale("fixed", 0.0, white, "neither open water nor bright ice has a mode; the fixed scale stands")
    if water is None:
        return Scale("calibrated", 0.0, ice * 255 / ICE_MODE, "open water has no mode; black is reflectance 0")
    count = white / 255 if ice is None else (ice - water) / (ICE_MODE - WATER_MODE)
    black = water - WATER_MODE * count
    reason = "bright ice has no mode; the contrast is the fixed scale's" if ice is None else ""
    return Scale("calibrated", black, black + 255 * count, reason)


def to_8_bit(reflectance: np.ndarray, scale: Scale) -> np.ndarray:
    """Return the uint8 picture (y, x, 3) in red, green, blue; nodata is 0."""
    picture = np.empty((*reflectance.shape[1:], 3), np.uint8)
    for channel, band in enumerate((2, 1, 0)):
        scaled = reflectance[band] - np.float32(scale.black)
        scaled *= np.float32(255 / (scale.white - scale.black))
        np.clip(np.nan_to_num(scaled, copy=False), 0, 255, out=scaled)
        picture[..., channel] = np.rint(scaled, out=scaled)
    return picture


def bright_and_flat(reflectance: np.ndarray, brightness: float, flatness: float) -> np.ndarray:
    """Return where a pixel may be thick cloud, bool (y, x); nowhere where B08 is absent (all NaN).

    A thick cloud is bright in all visible bands (``brightness``, reflectance) and as bright in the near infrared
    (``flatness``, least B08 / B03), where snow is darker.
    """
    blue, green, red, near_infrared = reflectance
    bright = (blue >= brightness) & (green >= brightness) & (red >= brightness)
    return bright & (near_infrared >= flatness * green)


def segment_picture(
    rgb: np.ndarray,
    valid: np.ndarray,
    cloud: np.ndarray,
    *,
    filtered_by: str,
    pixel: float,
    transition: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the uint8 surface classes and ``Quality`` bits (y, x) of a picture, uint8 (y, x, 3).

    ``valid`` is where there are data, ``cloud`` where ``bright_and_flat`` holds, bool (y, x): what is too narrow for a
    ``CLOUD_GRAIN`` is snow. ``pixel`` is the side of a pixel and ``transition`` how near another class is noted, m.

    The thresholds are the paper's. Its filter levels the light everywhere; ``filtered_by`` shade, only ice that joins
    the bright ice without an edge is taken for thick ice in shadow (``find_shade``), so that grey ice stays thin,
    however wide it is. A pixel on a boundary takes the class of the neighbour nearer in value: half water, half snow is
    not thin ice. Where thin ice may be open water that thin cloud lifts above 30 counts, as it lifts the thick ice
    around and somewhat more, its class is unknown; thin cloud that leaves thick ice as bright as it was goes unnoticed.
    Within a shadow, thin ice brighter than ``DEEPEST_SHADOW`` of the usual thick ice becomes thick. ``filtered_by``
    paper, nothing but the paper's filter tells the classes. With either, they are unknown (255) at nodata and thick
    cloud.
    Raises ``InputDataError`` where nothing is left: all nodata or all thick cloud.
    """
    usable = _without_thick_cloud(valid, cloud)
    value = _value(rgb, usable)
    usual = _usual_brightness(value)
    dim_from = DEEPEST_SHADOW * usual
    shade = find_shade(value, THICK_ICE_VALUE, dim_from)
    thick = _thick_ice(value, shade, dim_from)
    illumination = background_illumination(value, thick)
    veil = illumination.astype(np.int16) - np.int16(np.median(illumination))

    by_paper = filtered_by == "paper"
    classes = filtered_classes(rgb, usable) if by_paper else np.empty(valid.shape, np.uint8)
    quality = np.zeros(valid.shape, np.uint8)
    for rows, around, inside in strips(len(value)):
        lift, shaded = over_pixels(veil, rows, value.shape[1]), over_pixels(shade, rows, value.shape[1])
        hazy = lift > NOTICEABLE
        if not by_paper:
            classes[rows] = _unmixed(value[around], thick[around], usable[around])[inside]
            lifted = hazy & (classes[rows] == SurfaceClass.THIN_ICE) & (value[rows] <= WATER_VALUE + NOTICEABLE + lift)
            classes[rows][lifted] = SurfaceClass.UNKNOWN
        classes[rows][~usable[rows]] = SurfaceClass.UNKNOWN
        quality[rows][hazy] = Quality.THIN_CLOUD
        dimmed = thick[rows] & (value[rows] < THICK_ICE_VALUE)
        quality[rows][shaded & (dimmed | (lift < -NOTICEABLE))] = Quality.SHADOW
        quality[rows][~usable[rows]] = Quality.THICK_CLOUD
        quality[rows][~valid[rows]] = Quality.NODATA
    _mark_transitions(classes, quality, transition / pixel)
    return classes, quality


def count_pixels(classes: np.ndarray, quality: np.ndarray, *, thick_cloud_tested: bool) -> dict[str, int]:
    """Return how many pixels have each class and each flag; ``thick_cloud_tested`` is 0 where B08 is absent."""
    of_class, of_quality, codes = _histogram(classes), _histogram(quality), np.arange(256)
    counts = {"pixels": classes.size}
    counts |= {f"pixels_{class_name(kind)}": int(of_class[kind]) for kind in SURFACE_CLASSES}
    nodata = int(of_quality[codes & Quality.NODATA > 0].sum())
    counts["pixels_unknown"] = int(of_class[SurfaceClass.UNKNOWN]) - nodata
    counts |= {f"pixels_{flag.name.lower()}": int(of_quality[codes & flag > 0].sum()) for flag in Quality}
    return counts | {"thick_cloud_tested": int(thick_cloud_tested)}


def _modes(brightness: np.ndarray) -> tuple[float | None, float | None]:
    """Return the reflectance of open water's and of bright ice's mode, None where the scene has none.

    The histogram spans the scene's own quantiles, so that a gain or an offset of the scene moves the modes with it.
    """
    brightness = brightness[np.isfinite(brightness)]
    if brightness.size == 0:
        return None, None
    darkest, brightest = np.quantile(brightness, (0.0005, 0.9995))
    margin = 0.05 * (brightest - darkest) + 1e-6
    counts, edges = np.histogram(brightness, bins=256, range=(darkest - margin, brightest + margin))
    density = gaussian_filter1d(counts / brightness.size, 2)
    peaks, found = find_peaks(density, prominence=0)
    share = np.convolve(counts / brightness.size, np.ones(9), "same")[peaks]
    real = (found["prominences"] >= density[peaks] / 4) & (share >= LEAST_SHARE)
    places, heights = (edges[peaks] + edges[peaks + 1])[real] / 2, density[peaks][real]
    water = (places >= WATER_REFLECTANCE[0]) & (places <= WATER_REFLECTANCE[1])
    ice = (places >= ICE_REFLECTANCE[0]) & (places <= ICE_REFLECTANCE[1])
    return (
        float(places[water][0]) if water.any() else None,
        float(places[ice][np.argmax(heights[ice])]) if ice.any() else None,
    )


def _without_thick_cloud(valid: np.ndarray, cloud: np.ndarray) -> np.ndarray:
    """Return where the surface can be seen, bool (y, x)."""
    if not valid.any():
        raise InputDataError(State.ALL_NODATA, "no pixel holds data; expected a scene over the track")
    grain = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (CLOUD_GRAIN, CLOUD_GRAIN))
    usable = np.empty_like(valid)
    for rows, around, inside in strips(len(valid)):
        opened = cv2.morphologyEx(cloud[around].astype(np.uint8), cv2.MORPH_OPEN, grain)
        usable[rows] = valid[rows] & (opened[inside] == 0)
    if not usable.any():
        raise InputDataError(
            State.ALL_CLOUD, f"all {valid.sum():,} pixels with data are thick cloud; take a clearer scene"
        )
    return usable


def _value(rgb: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """Return the greatest of red, green and blue, uint8 (y, x), 0 where not usable."""
    value = np.maximum(rgb[..., 0], rgb[..., 1])
    np.maximum(value, rgb[..., 2], out=value)
    value *= usable
    return value


def _usual_brightness(value: np.ndarray) -> float:
    """Return the median of all values of thick ice, or the least of them where there is none."""
    total = np.cumsum(_histogram(value) * (np.arange(256) >= THICK_ICE_VALUE))
    return float(np.searchsorted(total, total[-1] / 2)) if total[-1] else float(THICK_ICE_VALUE)


def _histogram(plane: np.ndarray) -> np.ndarray:
    """Return how many pixels have each value of 8 bits."""
    return sum(np.bincount(plane[rows].ravel(), minlength=256) for rows, _, _ in strips(len(plane)))


def _thick_ice(value: np.ndarray, shade: np.ndarray, dim_from: float) -> np.ndarray:
    """Return where thick ice is, bool (y, x), in the light or in the shade."""
    thick = value >= THICK_ICE_VALUE
    for rows, _, _ in strips(len(value)):
        thick[rows] |= over_pixels(shade, rows, value.shape[1]) & (value[rows] >= dim_from)
    return thick


def _surface(value: np.ndarray, thick: np.ndarray) -> np.ndarray:
    """Return the uint8 class of each pixel that shows the surface."""
    classes = np.where(thick, np.uint8(SurfaceClass.THICK_ICE), np.uint8(SurfaceClass.THIN_ICE))
    classes[value <= WATER_VALUE] = SurfaceClass.OPEN_WATER
    return classes


def _unmixed(value: np.ndarray, thick: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """Return the uint8 class of each pixel; thin ice takes that of its brightest or darkest neighbour, if nearer."""
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    brightest, darkest = cv2.dilate(value, cross), cv2.erode(np.where(usable, value, 255), cross)
    beside_thick = cv2.dilate(thick.astype(np.uint8), cross) > 0
    nearer_darkest = brightest - value > value - darkest
    classes = _surface(value, thick)
    thin = classes == SurfaceClass.THIN_ICE
    classes[thin & beside_thick & ~nearer_darkest] = SurfaceClass.THICK_ICE
    classes[thin & (darkest <= WATER_VALUE) & nearer_darkest] = SurfaceClass.OPEN_WATER
    return classes


def _mark_transitions(classes: np.ndarray, quality: np.ndarray, reach: float) -> None:
    """Set the bit of ``quality`` where the boundary of two known classes is within ``reach`` pixels."""
    margin = int(np.ceil(reach))
    rows, columns = np.ogrid[-margin : margin + 1, -margin : margin + 1]
    # The boundary lies half a pixel from the middle of the pixels beside it.
    disc = (np.hypot(rows, columns) + 0.5 <= reach).astype(np.uint8)
    if not disc.any():
        return
    for strip, around, inside in strips(len(classes), margin + 1):
        near = cv2.dilate(_beside_boundary(classes[around]).astype(np.uint8), disc)[inside] > 0
        quality[strip][near & (classes[strip] != SurfaceClass.UNKNOWN)] |= Quality.TRANSITION


def _beside_boundary(classes: np.ndarray) -> np.ndarray:
    """Return the pixels that share a side with a pixel of another known class, bool (y, x)."""
    beside = np.zeros(classes.shape, bool)
    known = classes != SurfaceClass.UNKNOWN
    for one, other in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        differ = (classes[one] != classes[other]) & known[one] & known[other]
        beside[one] |= differ
        beside[other] |= differ
    return beside
