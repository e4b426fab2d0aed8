"""Thin cloud and the shadows it throws, told from the surface under them.

Pure functions of the 8-bit picture's value (y, x): the greatest of red, green and blue, as in OpenCV's HSV. What varies
slowly is worked out on a grid of cells of ``CELL`` x ``CELL`` pixels; strips of rows with what surrounds them keep
the memory small and leave the result as it is without strips.

Two surfaces meet in an edge; the light that clouds leave fades over hundreds of metres. Ice that is a little too dark
for thick ice is thick ice in shadow only where it joins the bright ice without an edge.
"""

from collections.abc import Iterator

import cv2
import numpy as np

CELL = 4
"""Side of a cell, pixels."""
STRIP = 256 * CELL
"""Rows of a strip."""
HALO = 4 * CELL
"""Rows on either side that a strip's own rows depend on, with some to spare."""

DILATION = 7
"""Side of the square that bright ice grows over before the background is taken, pixels (the authors' public code)."""
BACKGROUND_WINDOW = 39
"""Side of the median blur that gives the background, cells: 156 pixels, where the authors' code has 155."""
LEAST_LIT = 0.01
"""Least share of the background window that must be lit to tell the illumination."""

WIDE_BRIGHT, WIDE_DIM = 5, 3
"""Least width of the bright and the dim ice whose meeting is looked at, pixels; rims of leads are narrower."""
SIDE_WINDOW = 9
"""Side of the square that the ice on the two sides of a meeting is averaged over, pixels."""
EVIDENCE_WINDOW = 19
"""Side of the square that the steps of meetings are averaged over, cells: half the background window."""
SOFT = 25
"""Largest mean step, counts of 255, between bright and dim ice that only the light divides.

In a fading light both sides lie near the threshold that divides them; measured on the first author's pictures, the
step is 10 to 20 in shade and 40 to 50 between grey ice and snow.
"""


def strips(height: int, halo: int = HALO) -> Iterator[tuple[slice, slice, slice]]:
    """Give the rows of each strip, the same with their halo, and where the strip lies in these."""
    for start in range(0, height, STRIP):
        stop = min(start + STRIP, height)
        first = max(start - halo, 0)
        yield slice(start, stop), slice(first, min(stop + halo, height)), slice(start - first, stop - first)


def over_pixels(cells: np.ndarray, rows: slice, width: int) -> np.ndarray:
    """Return the cells' values at the pixels of some rows (which start with a cell)."""
    wanted = cells[rows.start // CELL : -(-rows.stop // CELL)]
    return wanted.repeat(CELL, axis=0)[: rows.stop - rows.start].repeat(CELL, axis=1)[:, :width]


def find_shade(value: np.ndarray, bright_from: int, dim_from: float) -> np.ndarray:
    """Return the cells, bool (y, x), where dim ice is thick ice in shadow.

    Bright ice has a ``value`` of ``bright_from`` at least, dim ice of ``dim_from``; uint8 (y, x), 0 where not usable.
    The mean step between the two is taken of all their meetings nearby, and where there is none of the nearest ones;
    nothing is shade in a scene without any.
    """
    shape = _cells(value.shape)
    steps, meetings = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for rows, around, inside in strips(len(value)):
        row, column, step = _meetings(value[around], inside, bright_from, dim_from)
        cell = (row + rows.start) // CELL, column // CELL
        np.add.at(steps, cell, step)
        np.add.at(meetings, cell, 1)
    if not meetings.any():
        return np.zeros(shape, bool)
    window = (EVIDENCE_WINDOW, EVIDENCE_WINDOW)
    known = cv2.dilate((meetings > 0).astype(np.uint8), np.ones(window, np.uint8)) > 0
    nearby = [cv2.blur(total, window, borderType=cv2.BORDER_CONSTANT) for total in (steps, meetings)]
    soft = nearby[0] < SOFT * nearby[1]
    return soft[_nearest(known)]


def background_illumination(value: np.ndarray, lit: np.ndarray) -> np.ndarray:
    """Return how bright thick ice would be in each cell, uint8 (y, x): steps 1 to 4 of the authors' filter.

    ``value``, uint8 (y, x), of what is ``lit``, bool (y, x), is dilated by 7 x 7 pixels, and its median over 156 x 156
    is taken: what is not lit, and what lies beyond the scene's edge, has no say in it. Where hardly any is near, the
    median of the scene stands, and 255 where there is none at all.
    """
    ice = np.empty(_cells(value.shape), np.uint8)
    square = np.ones((DILATION, DILATION), np.uint8)
    for rows, around, inside in strips(len(value)):
        grown = cv2.dilate(np.where(lit[around], value[around], 0), square)[inside]
        ice[rows.start // CELL : -(-rows.stop // CELL)] = grown[::CELL, ::CELL]
    told = ice > 0
    # As many of the darkest as of the brightest values leave the median of the others where it is.
    rows, columns = np.ogrid[: ice.shape[0], : ice.shape[1]]
    balanced = np.where(told, ice, ((rows + columns) % 2 * 255).astype(np.uint8))
    reach, mirrored = BACKGROUND_WINDOW // 2, cv2.BORDER_REFLECT_101
    # Mirrored without its edge, a chessboard goes on as a chessboard.
    surrounded = cv2.copyMakeBorder(balanced, reach, reach, reach, reach, mirrored)
    illumination = cv2.medianBlur(surrounded, BACKGROUND_WINDOW)[reach:-reach, reach:-reach]
    share = cv2.blur(told.astype(np.float32), (BACKGROUND_WINDOW, BACKGROUND_WINDOW), borderType=mirrored)
    known = share >= LEAST_LIT
    illumination[~known] = np.median(illumination[known & told]) if (known & told).any() else 255
    return illumination


def _cells(shape: tuple[int, int]) -> tuple[int, int]:
    return -(-shape[0] // CELL), -(-shape[1] // CELL)


def _meetings(
    value: np.ndarray, inside: slice, bright_from: int, dim_from: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return row and column, within the rows ``inside``, of where bright and dim ice meet, and the steps there."""
    bright = _wide(value >= bright_from, WIDE_BRIGHT)
    dim = _wide((value >= dim_from) & (value < bright_from), WIDE_DIM)
    meeting = dim & cv2.dilate(bright, np.ones((WIDE_BRIGHT, WIDE_BRIGHT), np.uint8))
    row, column = np.nonzero(meeting[inside])
    means = [_mean_nearby(value, side, (row + inside.start, column)) for side in (bright, dim)]
    return row, column, (means[0] - means[1]).astype(np.float32)


def _wide(where: np.ndarray, width: int) -> np.ndarray:
    return cv2.morphologyEx(where.astype(np.uint8), cv2.MORPH_OPEN, np.ones((width, width), np.uint8))


def _mean_nearby(value: np.ndarray, side: np.ndarray, places: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Return the mean value of the pixels of a side (0 or 1) around some places."""
    window = (SIDE_WINDOW, SIDE_WINDOW)
    total = cv2.boxFilter(value * side, cv2.CV_16U, window, normalize=False, borderType=cv2.BORDER_CONSTANT)
    number = cv2.boxFilter(side, cv2.CV_16U, window, normalize=False, borderType=cv2.BORDER_CONSTANT)
    return total[places] / number[places]


def _nearest(known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the row and column of the known cell nearest to each cell."""
    unknown = (~known).astype(np.uint8)
    _, labels = cv2.distanceTransformWithLabels(unknown, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    rows, columns = np.nonzero(known)
    places = np.zeros((2, labels.max() + 1), np.int32)
    places[:, labels[known]] = rows, columns
    return tuple(places[:, labels])
