"""Planted shifts on small rasters, and what must be refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from rasterio.transform import from_bounds, from_origin
from scipy.ndimage import gaussian_filter, map_coordinates

from leadline.drift import Drift, estimate_drift
from leadline.labels import Look, label_segments
from leadline.matching import KNOTS, agreement, brightness_at, information, moments_at, picture_of, view_of
from leadline.names import SurfaceClass
from leadline.segmentation import Quality, SceneClasses

PROJECTION = "EPSG:3976"
SIDE = 900
CORNER = (-400_000.0, -1_700_000.0)
"""Left and top of the scene, m."""
SEARCH = {"reach": 600.0, "step": 10.0}


@pytest.fixture(scope="module")
def lead_scene() -> SceneClasses:
    """9 km of thick ice with leads some 100 m wide in any direction, on the campaign's own projection."""
    return scene_of(gaussian_filter(np.random.default_rng(1).standard_normal((SIDE, SIDE)), 12) < -0.028)


def scene_of(leads: np.ndarray) -> SceneClasses:
    classes = np.where(leads, SurfaceClass.OPEN_WATER, SurfaceClass.THICK_ICE).astype(np.uint8)
    value = np.where(leads, 13, 230).astype(np.uint8)
    return SceneClasses(classes, np.zeros_like(classes), value, PROJECTION, from_origin(*CORNER, 10, 10))


def tracks_over(scene: SceneClasses, shift: tuple[float, float]) -> pd.DataFrame:
    """Return two beams that saw the scene's leads ``shift`` (m) away from where the scene shows them."""
    random = np.random.default_rng(2)
    beams = []
    for beam, across in (("gt1r", 3000.0), ("gt2r", 6000.0)):
        along = np.arange(1500.0, 7500.0, 2.0)
        x, y = CORNER[0] + across + 0.2 * along, CORNER[1] - along
        column, row = ((x - shift[0] - CORNER[0]) / 10 - 0.5, (CORNER[1] - y + shift[1]) / 10 - 0.5)
        lead = map_coordinates((scene.classes == SurfaceClass.OPEN_WATER).astype(float), [row, column], order=1)
        longitude, latitude = Transformer.from_crs(PROJECTION, "EPSG:4326", always_xy=True).transform(x, y)
        columns = {
            "granule": "20191104195311_05940510",
            "beam": beam,
            "x_atc": 1e7 + along,
            "latitude": latitude,
            "longitude": longitude,
            "height_median": 0.4 * (1 - lead) + random.normal(0, 0.1, along.size),
            "height_std": 0.05 + 0.1 * (1 - lead) * random.uniform(0.5, 1.5, along.size),
            "photon_rate": np.where(lead > 0.5, 1.0, 6.0) * random.uniform(0.7, 1.3, along.size),
        }
        beams.append(pd.DataFrame(columns))
    return pd.concat(beams, ignore_index=True)


def estimate(segments: pd.DataFrame, scene: SceneClasses, **settings) -> Drift:
    return estimate_drift(segments, scene, PROJECTION, **SEARCH, **settings)


@pytest.mark.parametrize("shift", [(0.0, 0.0), (237.0, -164.0), (-413.0, 88.0), (3.0, 471.0)])
def test_a_planted_shift_is_found_within_a_pixel_and_its_uncertainty(lead_scene, shift):
    drift = estimate(tracks_over(lead_scene, shift), lead_scene)
    assert drift.accepted, drift.reason
    error = np.hypot(drift.shift_x - shift[0], drift.shift_y - shift[1])
    assert error < min(10, 2.5 * drift.uncertainty)
    assert drift.uncertainty == pytest.approx(np.hypot(drift.uncertainty_along, drift.uncertainty_across))
    assert drift.disagreement < 10
    assert {beam: own["share"] > 0.9 for beam, own in drift.beams.items()} == {"gt1r": True, "gt2r": True}


@settings(max_examples=5, deadline=None)
@given(st.integers(-30, 30), st.integers(-30, 30))
def test_a_scene_moved_by_whole_pixels_moves_the_estimate_alike(lead_scene, columns, rows):
    segments = tracks_over(lead_scene, (120.0, 60.0))
    moved = replace(
        lead_scene, transform=lead_scene.transform.translation(10 * columns, -10 * rows) @ lead_scene.transform
    )
    still, after = estimate(segments, lead_scene), estimate(segments, moved)
    # The coarse search starts elsewhere; the fine one ends on the same paraboloid, but for the weight of its edge.
    assert after.shift_x == pytest.approx(still.shift_x - 10 * columns, abs=0.5)
    assert after.shift_y == pytest.approx(still.shift_y + 10 * rows, abs=0.5)


def test_labels_laid_by_the_estimate_are_those_of_the_planted_shift(lead_scene):
    segments = tracks_over(lead_scene, (240.0, -160.0))
    drift = estimate(segments, lead_scene)

    def classes(x: float, y: float) -> np.ndarray:
        look = Look("S2_T02CNB_20191104T202200", 20.0, x, y, 0.0, lead_scene)
        return label_segments(segments, [look], PROJECTION)["surface_class"].to_numpy()

    planted, estimated, unshifted = classes(240.0, -160.0), classes(drift.shift_x, drift.shift_y), classes(0.0, 0.0)
    assert (planted == estimated).mean() > 0.97
    assert (planted == unshifted).mean() < 0.9


def test_ice_without_leads_is_refused(lead_scene):
    random = np.random.default_rng(3)
    even = scene_of(np.zeros((SIDE, SIDE), bool))
    even = replace(even, value=random.normal(230, 3, even.value.shape).astype(np.uint8))
    drift = estimate(tracks_over(lead_scene, (100.0, 0.0)), even)
    assert not drift.accepted
    assert "nearly as good" in drift.reason


def test_a_scene_of_other_ice_is_refused(lead_scene):
    other = scene_of(lead_scene.classes[::-1, ::-1] == SurfaceClass.OPEN_WATER)
    assert not estimate(tracks_over(lead_scene, (100.0, 0.0)), other).accepted


def test_parallel_leads_leave_the_shift_along_them_unknown(lead_scene):
    stripes = scene_of(
        np.broadcast_to(gaussian_filter(np.random.default_rng(4).normal(size=(SIDE, 1)), (12, 0)) < -0.1, (SIDE, SIDE))
    )
    drift = estimate(tracks_over(stripes, (150.0, 250.0)), stripes)
    assert not drift.accepted
    assert drift.half_width > 500


def test_a_shift_beyond_the_reach_is_refused(lead_scene):
    assert not estimate(tracks_over(lead_scene, (0.0, 720.0)), lead_scene).accepted


def test_a_scene_under_cloud_shows_nothing(lead_scene):
    cloud = replace(
        lead_scene,
        classes=np.full_like(lead_scene.classes, SurfaceClass.UNKNOWN),
        quality=np.full_like(lead_scene.quality, Quality.THICK_CLOUD),
    )
    drift = estimate(tracks_over(lead_scene, (0.0, 0.0)), cloud)
    assert (drift.accepted, drift.reason) == (
        False,
        "the scene shows too little of the track, or nothing of it",
    )
    assert drift.uncertainty == SEARCH["reach"]


def test_a_scene_elsewhere_and_a_granule_without_segments_are_refused(lead_scene):
    segments = tracks_over(lead_scene, (0.0, 0.0))
    nothing = np.empty((0, 0), np.uint8)
    elsewhere = replace(lead_scene, classes=nothing, quality=nothing, value=nothing)
    assert not estimate(segments, elsewhere).accepted
    assert not estimate(segments.iloc[:0], lead_scene).accepted


def test_the_one_pixel_of_a_scene_that_cannot_be_used_shows_nothing(lead_scene):
    unknown, nodata = (np.full((1, 1), code, np.uint8) for code in (SurfaceClass.UNKNOWN, Quality.NODATA))
    unusable = SceneClasses(unknown, nodata, 0 * nodata, "EPSG:4326", from_bounds(-181, -91, 181, 91, 1, 1))
    assert not estimate(tracks_over(lead_scene, (0.0, 0.0)), unusable).accepted


def test_what_cloud_hides_does_not_move_the_estimate(lead_scene):
    hidden = np.zeros((SIDE, SIDE), bool)
    hidden[300:500] = True
    cloudy = replace(
        lead_scene,
        classes=np.where(hidden, np.uint8(SurfaceClass.UNKNOWN), lead_scene.classes),
        quality=np.where(hidden, np.uint8(Quality.THICK_CLOUD), lead_scene.quality),
        value=np.where(hidden, np.uint8(255), lead_scene.value),
    )
    drift = estimate(tracks_over(lead_scene, (237.0, -164.0)), cloudy)
    assert drift.accepted
    assert np.hypot(drift.shift_x - 237, drift.shift_y + 164) < 5


def test_thin_cloud_that_brightens_a_part_of_the_scene_does_not_move_the_estimate(lead_scene):
    veil = gaussian_filter(np.random.default_rng(5).normal(size=(SIDE, SIDE)), 100)
    hazy = lead_scene.value + 40 * (veil > 0) * veil / veil.max()
    drift = estimate(
        tracks_over(lead_scene, (237.0, -164.0)), replace(lead_scene, value=np.clip(hazy, 0, 255).astype(np.uint8))
    )
    assert drift.accepted
    assert np.hypot(drift.shift_x - 237, drift.shift_y + 164) < 5


def test_the_overlay_agrees_better_after_the_shift_and_a_shift_by_hand_is_scored_beside_it(lead_scene):
    drift = estimate(tracks_over(lead_scene, (237.0, -164.0)), lead_scene, given=(230.0, -150.0))
    for name in ("information", "correlation_height", "correlation_photon_rate"):
        assert drift.before[name] < drift.given[name] < drift.after[name]
    assert drift.given["shift_x"] == 230


def test_information_is_that_of_a_regression_by_least_squares(lead_scene):
    view = view_of(tracks_over(lead_scene, (0.0, 0.0)), picture_of(lead_scene), PROJECTION, 10.0)
    features = view.cells.features.astype(float)
    brightness = brightness_at(view, (30.0, 40.0))
    basis = np.array([np.interp(brightness, KNOTS, row) for row in np.eye(len(KNOTS))]).T
    fitted = basis @ np.linalg.lstsq(basis, features, rcond=None)[0]
    total, residual = ((rest.T @ rest) for rest in (features - features.mean(axis=0), features - fitted))
    expected = len(features) / 2 * np.log(np.linalg.det(total) / np.linalg.det(residual))
    assert information(moments_at(view, np.array([30.0, 40.0])).sum(axis=0)) == pytest.approx(expected, rel=0.01)
    assert agreement(view, (30.0, 40.0))["n_cells"] == len(features)
