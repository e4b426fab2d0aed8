"""The paper's filter of thin cloud and shadow, as its authors' public code has it (Iqrah et al. 2025, SCIENCE.md 4).

Weaknesses that ``segmentation`` does not share: a dark surface wider than half the window (0.8 km) is taken for a
shadow, so its thin ice becomes thick; thin ice within some 65 counts of the ice around it becomes thick; open water
that thin cloud lifts above 30 counts becomes thin ice; Otsu's threshold splits the noise of even snow in two.
"""

import cv2
import numpy as np

from leadline.names import SurfaceClass

WATER_VALUE = 30
"""Greatest OpenCV value of open water (the authors' public code; their hue and saturation are free)."""
THICK_ICE_VALUE = 205
"""Least value of thick or snow-covered ice; thin ice lies between (the same)."""
DILATION = 7
"""Side of the square that bright ice grows over before the background is taken, pixels."""
BACKGROUND_WINDOW = 155
"""Side of the median blur that gives the background, pixels."""
TRUNCATION = 235
"""Value that the difference is cut at before its second stretch."""


def filtered_classes(rgb: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """Return the uint8 surface classes (y, x) of a picture, uint8 (y, x, 3), after the filter.

    Open water and what is not ``usable``, bool (y, x), count as white. From the grey values the background is taken (a
    dilation, then a median), and what is as bright as it is thick ice: the difference is cut below by Otsu's threshold,
    stretched, cut above, stretched again, and held against the value of thick ice.
    """
    water = rgb.max(axis=2) <= WATER_VALUE
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    grey[water | ~usable] = 255
    background = cv2.medianBlur(cv2.dilate(grey, np.ones((DILATION, DILATION), np.uint8)), BACKGROUND_WINDOW)
    level = cv2.bitwise_not(cv2.absdiff(grey, background))
    cv2.threshold(level, 0, 255, cv2.THRESH_TOZERO | cv2.THRESH_OTSU, dst=level)
    cv2.normalize(level, level, 0, 255, cv2.NORM_MINMAX)
    cv2.threshold(level, TRUNCATION, 0, cv2.THRESH_TRUNC, dst=level)
    cv2.normalize(level, level, 0, 255, cv2.NORM_MINMAX)
    classes = np.where(level >= THICK_ICE_VALUE, np.uint8(SurfaceClass.THICK_ICE), np.uint8(SurfaceClass.THIN_ICE))
    classes[water] = SurfaceClass.OPEN_WATER
    return classes
