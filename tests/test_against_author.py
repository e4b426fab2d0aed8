"""The paper's first author's own pictures and classes of them: how far ours agree, and where they do not."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from leadline.names import SURFACE_CLASSES, SurfaceClass
from leadline.paper_filter import filtered_classes
from leadline.segmentation import Quality, segment_picture
from scenes import segment_colours

PANEL = ("rosssea_panel_rgb_505px.png", "rosssea_panel_author_seg_505px.png", 44)
"""Picture, classes and about the side of a pixel, m: printed 4.4 times smaller than the scene."""
PATCHES = [(f"T03CWT_20191126_patch0{n}_rgb.png", f"T03CWT_20191126_patch0{n}_labels.png", 10) for n in range(4)]


def read_picture(folder: Path, picture: str) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture (y, x, 3) and where it holds data: not in the panel's black corner."""
    rgb = cv2.cvtColor(cv2.imread(str(folder / "sentinel2" / picture)), cv2.COLOR_BGR2RGB)
    black = cv2.connectedComponents((rgb.max(axis=2) <= 3).astype(np.uint8))[1]
    return rgb, (black == 0) | (black != black[0, 0])


def read_pair(folder: Path, picture: str, labels: str, pixel: float) -> tuple[np.ndarray, ...]:
    """Return the author's classes, the classes by thresholds alone, ours, our flags, and how pure a label is (0-1).

    Red is thick ice, blue thin ice, green open water; all are flat, without the panel's black corner of no data.
    """
    rgb, valid = read_picture(folder, picture)
    colours = cv2.imread(str(folder / "sentinel2" / labels))[..., [2, 0, 1]]
    nowhere = np.zeros_like(valid)
    classes, quality = segment_picture(rgb, valid, nowhere, filtered_by="shade", pixel=pixel, transition=pixel)
    mixed, purest = np.sort(colours, axis=2)[valid, 1:].T / 255
    return colours.argmax(axis=2)[valid], segment_colours(rgb)[valid], classes[valid], quality[valid], purest - mixed


def confusion(author: np.ndarray, ours: np.ndarray) -> np.ndarray:
    """Return how many pixels of each class of the author (rows) have each class of ours (columns)."""
    return np.array([[np.sum((author == row) & (ours == column)) for column in SURFACE_CLASSES] for row in range(3)])


@pytest.mark.parametrize(
    ("files", "bare", "least", "matrix"),
    [
        (PANEL, 0.953, 0.956, [[164654, 3163, 20], [4579, 67437, 1599], [3, 1444, 8068]]),
        (PATCHES[0], 0.964, 0.97, [[11630, 198, 0], [77, 3515, 109], [0, 1, 854]]),
        (PATCHES[1], 0.914, 0.97, [[13308, 364, 0], [34, 2589, 29], [0, 0, 60]]),
    ],
    ids=["panel", "patch00", "patch01"],
)
def test_agreement_is_above_that_of_the_thresholds_alone(real_data, files, bare, least, matrix):
    author, thresholds, ours, _, _ = read_pair(real_data, *files)
    assert np.mean(thresholds == author) == pytest.approx(bare, abs=1e-3)
    assert np.mean(ours == author) >= least
    np.testing.assert_array_equal(confusion(author, ours), matrix)


def test_the_panel_was_classified_by_thresholds_before_it_was_printed_smaller(real_data):
    """Where the author's print has one colour, the thresholds agree wholly: what remains are pixels of two classes.

    Gradient-boosted trees that learn the author's classes of one half of the panel from 7 x 7 pixels reach 0.973 on
    the other: the print holds hardly more. A pixel whose colour is three quarters of one class is at least clear.
    """
    author, thresholds, ours, _, purity = read_pair(real_data, *PANEL)
    assert np.all((thresholds == author)[purity > 0.9])
    assert np.mean(purity >= 0.5) > 0.85
    assert np.mean((ours == author)[purity >= 0.5]) > 0.99


@pytest.mark.parametrize("files", [PANEL, *PATCHES[:2]], ids=["panel", "patch00", "patch01"])
def test_what_remains_lies_at_boundaries(real_data, files):
    author, _, ours, quality, _ = read_pair(real_data, *files)
    assert np.mean((ours == author)[quality & Quality.TRANSITION == 0]) > 0.98


@pytest.mark.parametrize("files", PATCHES[2:], ids=["patch02", "patch03"])
def test_even_snow_under_haze_is_all_thick_ice_whatever_the_masks_say(real_data, files):
    author, _, ours, _, _ = read_pair(real_data, *files)
    assert np.mean(author == SurfaceClass.THIN_ICE) > 0.37
    assert np.all(ours == SurfaceClass.THICK_ICE)


@pytest.mark.parametrize(
    ("files", "least"),
    [(PANEL, 0.894), (PATCHES[0], 0.995), (PATCHES[1], 0.993), (PATCHES[2], 0.93), (PATCHES[3], 0.93)],
    ids=["panel", "patch00", "patch01", "patch02", "patch03"],
)
def test_the_papers_filter_makes_the_authors_masks_of_the_patches(real_data, files, least):
    """Even of the snow under haze, whose noise it splits in two. The panel's classes were made without it."""
    rgb, valid = read_picture(real_data, files[0])
    author = read_pair(real_data, *files)[0]
    assert np.mean(filtered_classes(rgb, valid)[valid] == author) >= least
