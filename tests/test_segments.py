import numpy as np
import pandas as pd
import pytest

from granules import X_START, flat_photons, write_granule
from leadline.accounts import State
from leadline.atl03 import open_granule, read_beam
from leadline.errors import InputDataError
from leadline.first_photon_bias import HALF_SPEED_OF_LIGHT
from leadline.segments import Resampling, resample
from leadline.tables import SEGMENTS

GRANULE = "20191104200000_90010510"


def segments_of(tmp_path, datasets, resampling=None) -> tuple[pd.DataFrame, dict]:
    with open_granule(write_granule(tmp_path / "a.h5", {"gt1r": datasets})) as granule:
        return resample(read_beam(granule, "gt1r"), GRANULE, "gt1r", resampling or Resampling())


def test_a_flat_surface_gives_its_height_in_every_segment(tmp_path):
    segments, counts = segments_of(tmp_path, flat_photons(height=20.0))
    assert list(segments.columns) == SEGMENTS.names
    assert segments["x_atc"].tolist() == (X_START + 1 + 2 * np.arange(100)).tolist()
    assert segments["height_mean"].to_numpy() + segments["first_photon_bias"].to_numpy() == pytest.approx(
        0.43, abs=1e-5
    )
    assert segments["height_std"].to_numpy() == pytest.approx(0, abs=1e-5)
    assert segments["n_photons"].sum() == counts["photons_kept"] == 2000
    assert segments["mss"].to_numpy() == pytest.approx(19.24)


def test_shots_follow_from_the_speed_over_ground(tmp_path):
    segments, _ = segments_of(tmp_path, flat_photons(n_references=50))
    assert segments["n_shots"].to_numpy() == pytest.approx(2 / 0.71, rel=1e-3)
    assert segments["high_confidence_rate"].mean() == pytest.approx(10 * 0.71, rel=1e-2)


def test_a_bin_without_photons_gives_no_row(tmp_path):
    datasets = flat_photons()
    x = datasets["heights/dist_ph_along"] + np.repeat(datasets["geolocation/segment_dist_x"], 200)
    hole = (x >= X_START + 40) & (x < X_START + 46)
    datasets["heights/signal_conf_ph"][hole, 2] = 0
    segments, _ = segments_of(tmp_path, datasets)
    assert set(X_START + np.array([41, 43, 45])).isdisjoint(segments["x_atc"])
    assert len(segments) == 97


def test_the_window_is_a_setting(tmp_path):
    segments, _ = segments_of(tmp_path, flat_photons(), Resampling(window=10.0))
    assert np.diff(segments["x_atc"]).tolist() == [10.0] * 19


def test_strays_far_from_the_median_do_not_move_the_mean_and_are_counted(tmp_path):
    datasets = flat_photons(height=20.0)
    datasets["heights/h_ph"][::40] -= 1.5
    segments, counts = segments_of(tmp_path, datasets)
    assert counts["photons_trimmed"] == 50
    assert segments["height_min"].min() > 0.3


def test_the_expected_background_is_taken_off_the_photon_rate(tmp_path):
    datasets = flat_photons(n_references=50)
    datasets["bckgrd_atlas/bckgrd_rate"][:] = 6e6
    segments, _ = segments_of(tmp_path, datasets)
    background = 6e6 * 5.0 / HALF_SPEED_OF_LIGHT * 1e-9
    difference = segments["high_confidence_rate"] - segments["photon_rate"]
    assert difference.to_numpy() == pytest.approx(background, rel=1e-4)


def test_the_error_of_the_mean_covers_the_scatter_of_the_means(tmp_path):
    datasets = flat_photons(n_references=400, per_reference=100)
    datasets["heights/h_ph"] += np.random.default_rng(4).normal(0, 0.12, 40_000).astype(np.float32)
    segments, _ = segments_of(tmp_path, datasets)
    deviation = segments["height_mean"] - segments["height_mean"].mean()
    assert (deviation / segments["height_error"]).std() == pytest.approx(1, abs=0.06)


def test_a_beam_without_confident_photons_is_a_named_state(tmp_path):
    datasets = flat_photons()
    datasets["heights/signal_conf_ph"][:, 2] = 1
    with pytest.raises(InputDataError) as caught:
        segments_of(tmp_path, datasets)
    assert caught.value.state is State.NO_PHOTONS_KEPT


def test_the_true_arctic_granule_lies_at_the_height_that_its_readme_gives(real_data):
    path = real_data / "atl03" / "ATL03_20181014002445_02350104_006_02_gt1l_sea_ice.h5"
    with open_granule(path) as granule:
        beam = read_beam(granule, "gt1l")
    segments, counts = resample(beam, "20181014002445_02350104", "gt1l", Resampling())
    assert counts["photons_kept"] == 2678
    geoid = np.nanmedian(beam.reference_segments["geoid"])
    above_geoid = segments[["height_median", "first_photon_bias", "mss", "tide", "dac"]].sum(axis=1) - geoid
    assert above_geoid.median() == pytest.approx(-0.51, abs=0.05)
    assert 2.0 < segments["high_confidence_rate"].median() < 3.0


def test_an_independent_plain_resampling_agrees(tmp_path, real_data):
    path = real_data / "atl03" / "ATL03_20181014002445_02350104_006_02_gt1l_sea_ice.h5"
    with open_granule(path) as granule:
        beam = read_beam(granule, "gt1l")
    segments, _ = resample(beam, "20181014002445_02350104", "gt1l", Resampling())
    expected = plain_heights(beam)
    mean = segments["height_mean"] + segments["first_photon_bias"]
    assert segments["x_atc"].tolist() == [x for x, _, _ in expected]
    assert segments["n_photons"].tolist() == [n for _, n, _ in expected]
    assert mean.to_numpy() == pytest.approx([h for _, _, h in expected], abs=2e-5)


def plain_heights(beam) -> list[tuple[float, int, float]]:
    """Return x, photons and mean height of each 2 m bin, photon by photon."""
    bins: dict[int, list[float]] = {}
    for segment in beam.reference_segments.itertuples():
        first = segment.ph_index_beg - 1
        for photon in beam.photons.iloc[first : first + segment.segment_ph_cnt].itertuples():
            if photon.signal_conf_ph >= 3 and photon.quality_ph == 0:
                mss = segment.dem_h - segment.geoid_free2mean if segment.dem_flag == 3 else segment.geoid
                height = photon.h_ph - mss - segment.tide_ocean - segment.tide_equilibrium - segment.dac
                bins.setdefault(int((segment.segment_dist_x + photon.dist_ph_along) // 2), []).append(height)
    rows = []
    for number, heights in sorted(bins.items()):
        kept = [h for h in heights if abs(h - np.median(heights)) <= 0.7]
        if kept:
            rows.append((number * 2 + 1.0, len(kept), np.mean(kept)))
    return rows
