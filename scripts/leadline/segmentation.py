"""Scenes to surface classes: thin cloud and shadow filtered out, then colours told apart (Iqrah et al. 2025).

Everything here is a pure function of arrays. A scene has the shape (y, x), its reflectance (4, y, x) in the order
B02, B03, B04, B08.
"""

from dataclasses import dataclass
from enum import IntFlag

import cv2
import numpy as np
from affine import Affine

from leadline.accounts import State
from leadline.errors import InputDataError
from leadline.names import SURFACE_CLASSES, SurfaceClass, class_name

COLOURS = {
    SurfaceClass.THICK_ICE: ((0, 0, 205), (185, 255, 255)),
    SurfaceClass.THIN_ICE: ((0, 0, 31), (185, 255, 204)),
    SurfaceClass.OPEN_WATER: ((0, 0, 0), (185, 255, 30)),
}
"""Lowest and highest OpenCV hue, saturation and value of each class (the authors' public code)."""

WATER_VALUE = COLOURS[SurfaceClass.OPEN_WATER][1][2]
THICK_ICE_VALUE = COLOURS[SurfaceClass.THICK_ICE][0][2]

DILATION = 7
"""Side of the square that bright ice grows over before the background is taken, pixels (the same)."""
BACKGROUND_WINDOW = 155
"""Side of the median blur that gives the background illumination, pixels (the same)."""
TRUNCATION = 235
"""Value that the filtered difference is cut at before its second stretch."""
FILTERED_VALUES = {SurfaceClass.THICK_ICE: 255, SurfaceClass.THIN_ICE: 155, SurfaceClass.OPEN_WATER: 0}
"""Value that the filter writes for each class."""

NOTICEABLE = 12
"""Least change of illumination that is called thin cloud or shadow, counts of 255."""
DEEPEST_SHADOW = 0.75
"""Least share of its light that thick ice keeps in the shadow of a thin cloud; what is darker is another surface."""
LEAST_LIT = 0.01
"""Least share of the background window that must be lit to tell the illumination."""
CLOUD_GRAIN = 7
"""Diameter of the smallest thick cloud, pixels; brighter specks are snow."""


class Quality(IntFlag):
    """What stands between the sensor and the surface in a pixel; bits of the quality band."""

    NODATA = 1
    THICK_CLOUD = 2
    THIN_CLOUD = 4
    SHADOW = 8


@dataclass(frozen=True)
class SceneClasses:
    """The classes of a scene, or of a window of it, with their place on the map."""

    classes: np.ndarray
    """uint8 (y, x), codes of ``SurfaceClass``."""
    quality: np.ndarray
    """uint8 (y, x), bits of ``Quality``."""
    crs: str
    """The map's projection, as in EPSG:32702."""
    transform: Affine
    """Columns and rows (from the outer corner of the first pixel) to x and y of ``crs``."""


def segment_scene(
    reflectance: np.ndarray,
    valid: np.ndarray,
    *,
    white: float,
    thick_cloud_brightness: float,
    thick_cloud_flatness: float,
) -> tuple[np.ndarray, np.ndarray, dict[str, int]]:
    """Return the uint8 surface classes and ``Quality`` bits of a scene (y, x), and its counts of pixels.

    The authors' filter, with one restraint: only what may be thick ice, be it in shadow, tells the illumination, so
    that a wide dark lead is not taken for a shadow. A class is unknown (255) at nodata and thick cloud, and where the
    filter cannot tell: thin ice that may be open water lifted by thin cloud, and thick ice darker than in a shadow.
    The quality band says which; thin cloud that leaves thick ice as bright as it was goes unnoticed. The
    count ``thick_cloud_tested`` is 0 where B08, and with it the test, is absent.
    Raises ``InputDataError`` where nothing is left: all nodata or all thick cloud.
    """
    cloud = valid & find_thick_cloud(reflectance, thick_cloud_brightness, thick_cloud_flatness)
    usable = valid & ~cloud
    if not valid.any():
        raise InputDataError(State.ALL_NODATA, "no pixel holds data; expected a scene over the track")
    if not usable.any():
        raise InputDataError(
            State.ALL_CLOUD, f"all {valid.sum():,} pixels with data are thick cloud; take a clearer scene"
        )
    rgb = to_8_bit(reflectance, white)
    value = rgb.max(axis=2)
    dark = value < _darkest_thick_ice(value[usable])
    illumination = background_illumination(rgb, usable & ~dark)
    classes = segment_colours(filter_thin_cloud_and_shadow(rgb, usable, illumination))

    veil = illumination.astype(np.int16) - np.int16(np.median(illumination[usable]))
    lifted = (classes == SurfaceClass.THIN_ICE) & (veil > NOTICEABLE) & (value <= WATER_VALUE + veil)
    dark &= classes == SurfaceClass.THICK_ICE
    classes[~usable | lifted | dark] = SurfaceClass.UNKNOWN

    quality = np.zeros(valid.shape, np.uint8)
    quality[usable & (veil > NOTICEABLE)] = Quality.THIN_CLOUD
    quality[usable & ((veil < -NOTICEABLE) | dark)] = Quality.SHADOW
    quality[cloud] = Quality.THICK_CLOUD
    quality[~valid] = Quality.NODATA
    return classes, quality, _counts(classes, quality, reflectance)


def to_8_bit(reflectance: np.ndarray, white: float) -> np.ndarray:
    """Return the uint8 picture (y, x, 3) in red, green, blue; ``white`` is the reflectance of 255, nodata is 0.

    The authors' own scaling is not published, so it is a setting.
    """
    picture = np.empty((*reflectance.shape[1:], 3), np.uint8)
    for channel, band in enumerate((2, 1, 0)):
        scaled = np.nan_to_num(reflectance[band] * np.float32(255 / white))
        picture[..., channel] = np.rint(np.clip(scaled, 0, 255, out=scaled), out=scaled)
    return picture


def segment_colours(rgb: np.ndarray) -> np.ndarray:
    """Return the uint8 class of each pixel of a uint8 picture (y, x, 3) by the thresholds ``COLOURS``."""
    hsv = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)
    classes = np.full(rgb.shape[:2], SurfaceClass.UNKNOWN, np.uint8)
    for surface_class, (lowest, highest) in COLOURS.items():
        classes[cv2.inRange(hsv, lowest, highest) > 0] = surface_class
    return classes


def background_illumination(rgb: np.ndarray, lit: np.ndarray) -> np.ndarray:
    """Return how bright thick ice would be in each pixel, uint8 (y, x): steps 1 to 4 of the filter.

    Open water counts as white, grey values are dilated by 7 x 7 pixels, and their median over 155 x 155 is taken of
    the pixels that are ``lit``, bool (y, x): the others, and those beyond the scene's edge, have no say in it. Where
    hardly any is near, the median of the scene stands, and 255 where there is none at all.
    """
    grey = cv2.dilate(np.where(lit, _grey_without_water(rgb), 0), np.ones((DILATION, DILATION), np.uint8))
    # As many of the darkest as of the brightest values leave the median of the others where it is.
    rows, columns = np.ogrid[: grey.shape[0], : grey.shape[1]]
    balanced = np.where(lit, grey, ((rows + columns) % 2 * 255).astype(np.uint8))
    reach, mirrored = BACKGROUND_WINDOW // 2, cv2.BORDER_REFLECT_101
    # Mirrored without its edge, a chessboard goes on as a chessboard.
    around = cv2.copyMakeBorder(balanced, reach, reach, reach, reach, mirrored)
    illumination = cv2.medianBlur(around, BACKGROUND_WINDOW)[reach:-reach, reach:-reach]
    share = cv2.blur(lit.astype(np.uint8) * 255, (BACKGROUND_WINDOW, BACKGROUND_WINDOW), borderType=mirrored)
    known = share >= 255 * LEAST_LIT
    illumination[~known] = np.median(illumination[known & lit]) if (known & lit).any() else 255
    return illumination


def filter_thin_cloud_and_shadow(rgb: np.ndarray, usable: np.ndarray, illumination: np.ndarray) -> np.ndarray:
    """Return the picture (y, x, 3) as if evenly lit: thick ice 255, thin ice 155, open water 0.

    Steps 5 to 10 of the authors' filter: the difference from the background illumination, Otsu's threshold, a stretch,
    a cut at 235, a second stretch, and the thresholds of thick ice and open water. One thing is held back: Otsu's
    threshold stays below the value of thick ice, or it would split the noise of an even snow field in two.

    Weaknesses of the method: a dark surface wider than about half the background window (0.8 km) is taken for a
    shadow, so its thin ice becomes thick, where ``illumination`` lets dark pixels speak; thin ice within some 65 counts
    of the ice around it becomes thick; open water that thin cloud lifts above 30 counts becomes thin ice.
    """
    difference = 255 - cv2.absdiff(_grey_without_water(rgb), illumination)
    counted = difference[usable]
    otsu, _ = cv2.threshold(counted[np.newaxis], 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    levels = np.arange(256.0)
    levels[levels <= min(otsu, THICK_ICE_VALUE - 1)] = 0
    levels = np.minimum(levels * 255 / max(counted.max(), 1), TRUNCATION) * 255 / TRUNCATION
    table = np.where(
        np.rint(levels) >= THICK_ICE_VALUE,
        FILTERED_VALUES[SurfaceClass.THICK_ICE],
        FILTERED_VALUES[SurfaceClass.THIN_ICE],
    )
    filtered = cv2.LUT(difference, table.astype(np.uint8))
    filtered[rgb.max(axis=2) <= WATER_VALUE] = FILTERED_VALUES[SurfaceClass.OPEN_WATER]
    return cv2.cvtColor(filtered, cv2.COLOR_GRAY2RGB)


def find_thick_cloud(reflectance: np.ndarray, brightness: float, flatness: float) -> np.ndarray:
    """Return where thick cloud hides the surface, bool (y, x); nowhere where B08 is absent (all NaN).

    A thick cloud is bright in all visible bands (``brightness``, reflectance) and as bright in the near infrared
    (``flatness``, least B08 / B03), where snow is darker; an opening takes single bright grains of snow away.
    """
    blue, green, red, near_infrared = reflectance
    bright = (blue >= brightness) & (green >= brightness) & (red >= brightness)
    flat = near_infrared >= flatness * green
    grain = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (CLOUD_GRAIN, CLOUD_GRAIN))
    return cv2.morphologyEx((bright & flat).astype(np.uint8), cv2.MORPH_OPEN, grain).astype(bool)


def _grey_without_water(rgb: np.ndarray) -> np.ndarray:
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    grey[rgb.max(axis=2) <= WATER_VALUE] = 255
    return grey


def _darkest_thick_ice(value: np.ndarray) -> float:
    """Return the least value that thick ice has in a shadow, from the scene's usual value of thick ice in the sun."""
    bright = value[value >= THICK_ICE_VALUE]
    return DEEPEST_SHADOW * (np.median(bright) if bright.size else THICK_ICE_VALUE)


def _counts(classes: np.ndarray, quality: np.ndarray, reflectance: np.ndarray) -> dict[str, int]:
    kinds = {f"pixels_{class_name(kind)}": classes == kind for kind in SURFACE_CLASSES}
    unknown = {"pixels_unknown": (classes == SurfaceClass.UNKNOWN) & (quality & Quality.NODATA == 0)}
    flags = {f"pixels_{flag.name.lower()}": quality & flag > 0 for flag in Quality}
    counts = {name: int(np.count_nonzero(where)) for name, where in (kinds | unknown | flags).items()}
    return {"pixels": classes.size, **counts, "thick_cloud_tested": int(np.isfinite(reflectance[3]).any())}
