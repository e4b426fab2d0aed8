"""The vectorised leads, sea surface and freeboard against a plain loop that follows the same rules by itself."""

import numpy as np
import pytest

from leadline.benchmarks.freeboard import end_to_end
from leadline.benchmarks.plain_freeboard import METHODS, plain_freeboard
from leadline.freeboard import track_tables
from leadline.sea_surface import SeaSurfaceSettings
from tracks import simulated_track

SETTINGS = {
    "defaults": SeaSurfaceSettings(refsurf_3pt_smoother=0),
    "short leads, wide gaps": SeaSurfaceSettings(refsurf_3pt_smoother=0, lead_length=6, lead_gap=40, method="average"),
    "short steps": SeaSurfaceSettings(refsurf_3pt_smoother=0, section_step=1500, section_length=3000),
    "narrow range": SeaSurfaceSettings(refsurf_3pt_smoother=0, lb_refsurf=-0.2, ub_refsurf=0.02, method="minimum"),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_the_plain_loop_tells_the_same_sea_surfaces_and_freeboard(name):
    settings = SETTINGS[name]
    random = np.random.default_rng(len(name))
    track, *_ = simulated_track(7_000, seed=len(name))
    track.loc[random.random(len(track)) < 0.02, "height_mean"] = np.nan
    track.loc[random.random(len(track)) < 0.01, "height_error"] = 0
    track = track[random.random(len(track)) < 0.97].reset_index(drop=True)
    plain = plain_freeboard(track, settings)
    found = track_tables(track, settings).freeboard
    for column in (*(f"sea_surface_{method}" for method in METHODS), "freeboard_raw"):
        told = plain[column].notna().to_numpy()
        assert told.mean() > 0.25
        np.testing.assert_allclose(found[column][told], plain[column][told], rtol=0, atol=1e-9)


def test_a_load_is_the_simulated_granule_laid_end_to_end():
    track, *_ = simulated_track(4_000)
    laid = end_to_end(track, 3, SeaSurfaceSettings())
    assert len(laid) == 12_000 and (np.diff(laid["x_atc"]) > 0).all()
    whole, once = (track_tables(each, SeaSurfaceSettings()).leads for each in (laid, track))
    assert len(whole) == 3 * len(once)
    np.testing.assert_array_equal(whole["height_robust"], np.tile(once["height_robust"], 3))
