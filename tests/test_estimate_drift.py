"""The command line on a short simulated coincidence: the sign of a drift that is known, through files."""

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from leadline.beam import Selection
from leadline.benchmarks.coincidences import even_stretch, mostly_cloud, scene_of, segments_of
from leadline.class_raster import read_classes, write_classes
from leadline.drift import estimate_drift
from leadline.overlay import Overlay, read_overlay
from leadline.scene import open_scene
from leadline.scene_classes import classes_of_scene
from leadline.segments import Resampling
from leadline.simulate.sentinel2 import SceneSettings
from leadline.simulate.world import PROJECTION, GranuleSettings
from leadline.tables import SEGMENTS, read_table
from places import ROOT
from scenes import SETTINGS

GRANULE = GranuleSettings("20191104200000_90010510", 31, latitude=-74.0, longitude=-170.0, heading=200.0, length=6000.0)
SCENE = SceneSettings(
    "S2_T02CNA_20191104T201500",
    GRANULE,
    drift_x=230.0,
    drift_y=-310.0,
    thin_cloud=0.3,
    thick_cloud=False,
    nodata_corner=False,
    offset=-1000,
    lag_minutes=15.0,
)
RIGHT = (-SCENE.drift_x, -SCENE.drift_y)
LOOK = {**SETTINGS, "scale": "fixed", "transition": 10}


class Coincidence(NamedTuple):
    segments: Path
    classes: Path


@pytest.fixture(scope="module")
def coincidence(tmp_path_factory) -> Coincidence:
    folder = tmp_path_factory.mktemp("drift")
    resampling = Resampling(2.0, 0.7, 2.5, Selection(3, (0,), (0, 10, 20), (0,), "dem"))
    with open_scene(scene_of(folder, SCENE)) as scene:
        classes, _, tags = classes_of_scene(scene, **LOOK)
    write_classes(folder / "classes.tif", classes, tags)
    return Coincidence(segments_of(folder, GRANULE, resampling), folder / "classes.tif")


def laid(coincidence: Coincidence, output: Path, *by_hand: str) -> Overlay:
    options = {"granule": GRANULE.name, "scene": SCENE.name, "lag": 15, "projection": PROJECTION, "drift-reach": 1000}
    options |= {"segments": coincidence.segments, "classes": coincidence.classes, "output": output}
    options |= {"hand-shift-error": 25, "ice-speed": 0.3}
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    script = ROOT / "scripts" / "estimate_drift.py"
    subprocess.run([sys.executable, script, *words, *by_hand], check=True, capture_output=True, timeout=120)
    return read_overlay(output)


def test_the_estimate_takes_the_drift_of_the_simulated_ice_back(coincidence, tmp_path):
    overlay = laid(coincidence, tmp_path / "overlay.json")
    assert overlay.drift.accepted, overlay.drift.reason
    assert overlay.source == "estimated"
    assert (overlay.shift_x, overlay.shift_y) == (overlay.drift.shift_x, overlay.drift.shift_y)
    assert np.hypot(overlay.shift_x - RIGHT[0], overlay.shift_y - RIGHT[1]) < 20
    assert overlay.drift.after["correlation_height"] > overlay.drift.before["correlation_height"] + 0.2


def test_a_shift_by_hand_wins_and_stands_beside_the_estimate(coincidence, tmp_path):
    overlay = laid(coincidence, tmp_path / "overlay.json", "--by-hand", "-200", "300")
    assert (overlay.source, overlay.shift_x, overlay.shift_y) == ("by hand", -200, 300)
    assert np.hypot(overlay.drift.shift_x - RIGHT[0], overlay.drift.shift_y - RIGHT[1]) < 20
    assert overlay.drift.before["information"] < overlay.drift.given["information"] < overlay.drift.after["information"]


def test_even_ice_and_a_scene_of_mostly_cloud_are_not_taken_for_a_wrong_shift(coincidence):
    segments, classes = read_table(coincidence.segments, SEGMENTS), read_classes(coincidence.classes)
    for drift in (
        estimate_drift(even_stretch(segments), classes, PROJECTION),
        estimate_drift(segments, mostly_cloud(classes, 1), PROJECTION),
    ):
        assert not drift.accepted or np.hypot(drift.shift_x - RIGHT[0], drift.shift_y - RIGHT[1]) < 50
