import h5py
import numpy as np
import pandas as pd
import pytest

from granules import SPEED, X_START, flat_photons, whole_beam, write_granule
from leadline.first_photon_bias import HALF_SPEED_OF_LIGHT
from leadline.segments import Resampling, resample
from leadline.tables import SEGMENTS


def segments_of(tmp_path, datasets, resampling=None) -> tuple[pd.DataFrame, dict]:
    """Return the segments of a beam, resampled as one piece."""
    resampling = resampling or Resampling()
    path = write_granule(tmp_path / "a.h5", {"gt1r": datasets})
    photons, dropped, *of_beam = whole_beam(path, "gt1r", resampling.selection, resampling.window)
    segments, trimmed = resample(photons, *of_beam, resampling)
    return segments, dropped | trimmed


def noisy(n_references: int, per_reference: int, spread: float, seed: int = 4) -> dict:
    datasets = flat_photons(n_references, per_reference)
    noise = np.random.default_rng(seed).normal(0, spread, n_references * per_reference)
    datasets["heights/h_ph"] += noise.astype(np.float32)
    return datasets


def along_track(datasets: dict) -> np.ndarray:
    count = datasets["geolocation/segment_ph_cnt"]
    return datasets["heights/dist_ph_along"] + np.repeat(datasets["geolocation/segment_dist_x"], count)


def test_a_flat_surface_gives_its_height_in_every_segment(tmp_path):
    segments, counts = segments_of(tmp_path, flat_photons(height=20.0))
    assert set(segments) >= set(SEGMENTS.names) - {"granule", "beam"}
    assert segments["x_atc"].tolist() == (X_START + 1 + 2 * np.arange(100)).tolist()
    assert np.allclose(segments["height_mean"] + segments["first_photon_bias"], 0.43, rtol=0, atol=1e-5)
    assert np.allclose(segments["height_std"], 0, rtol=0, atol=1e-5)
    assert segments["n_photons"].sum() == counts["photons_kept"] == 2000
    assert np.allclose(segments["mss"], 19.24)
    assert np.allclose(segments["tide_ocean"], 0.30)
    assert np.allclose(segments["tide_equilibrium"], -0.02)
    assert np.allclose(segments["dac"], 0.05)


def test_shots_follow_from_the_speed_over_ground(tmp_path):
    segments, _ = segments_of(tmp_path, flat_photons(n_references=50))
    assert np.allclose(segments["n_shots"], 2 / (SPEED * 1e-4))
    assert segments["high_confidence_rate"].mean() == pytest.approx(10 * 0.71, rel=1e-2)


def test_a_bin_without_photons_gives_no_row(tmp_path):
    datasets = flat_photons()
    x = along_track(datasets)
    datasets["heights/signal_conf_ph"][(x >= X_START + 40) & (x < X_START + 46), 2] = 0
    segments, _ = segments_of(tmp_path, datasets)
    assert set(X_START + np.array([41, 43, 45])).isdisjoint(segments["x_atc"])
    assert len(segments) == 97


@pytest.mark.parametrize("window", [0.7, 1.0, 5.0, 10.0, 40.0])
def test_the_window_is_a_setting(tmp_path, window):
    datasets = flat_photons()
    segments, _ = segments_of(tmp_path, datasets, Resampling(window=window))
    bins, count = np.unique(np.floor(along_track(datasets) / window), return_counts=True)
    assert segments["x_atc"].tolist() == ((bins + 0.5) * window).tolist()
    assert segments["n_photons"].tolist() == count.tolist()


def test_strays_far_from_the_mode_do_not_move_the_mean_and_are_counted(tmp_path):
    datasets = flat_photons(height=20.0)
    datasets["heights/h_ph"][::40] -= 1.5
    datasets["heights/h_ph"][1::200] += 0.9
    segments, counts = segments_of(tmp_path, datasets)
    assert counts["photons_trimmed_below"] == 50
    assert counts["photons_trimmed_above"] == 10
    assert segments["height_min"].min() > 0.3
    untrimmed = datasets["heights/h_ph"].astype(float).reshape(-1)
    bins = np.floor(along_track(datasets) / 2)
    shift = 20.0 - pd.Series(untrimmed).groupby(bins).mean().to_numpy()
    assert segments["trim_effect"].to_numpy() == pytest.approx(shift, abs=1e-5)


def test_light_from_below_a_bright_surface_pulls_down_the_median_but_not_the_mode(tmp_path):
    # A dense surface and, below it, as many photons spread over a metre and a half: half of all, yet nowhere dense.
    datasets = noisy(200, 300, 0.05)
    below = np.arange(200 * 300) % 2 == 1
    depth = np.random.default_rng(9).uniform(0.7, 2.2, below.sum())
    datasets["heights/h_ph"][below] -= depth.astype(np.float32)
    segments, counts = segments_of(tmp_path, datasets)
    height = segments["height_mean"] + segments["first_photon_bias"]
    everything = height - segments["trim_effect"]
    assert everything.mean() < 0.43 - 0.5
    assert height.mean() == pytest.approx(0.43, abs=0.01)
    assert counts["photons_trimmed_below"] > 0.95 * below.sum()


def test_of_two_surfaces_as_dense_the_upper_one_is_real_for_false_returns_come_late(tmp_path):
    datasets = flat_photons(n_references=1, per_reference=2)
    datasets["heights/dist_ph_along"][:] = 0.5
    datasets["heights/h_ph"][:] = [20.0, 18.0]
    segments, _ = segments_of(tmp_path, datasets)
    assert (segments["height_mean"] + segments["first_photon_bias"]).tolist() == pytest.approx([0.43], abs=1e-5)


def test_a_photon_takes_the_last_background_row_that_began_before_it(tmp_path):
    datasets = flat_photons(n_references=50)
    begun = 1000 + np.array([0.02, 0.05, 0.09])
    datasets |= {"bckgrd_atlas/delta_time": begun, "bckgrd_atlas/bckgrd_counts": np.array([1, 2, 3], np.int32)}
    datasets["bckgrd_atlas/bckgrd_rate"] = np.array([1e6, 2e6, 3e6], np.float32)
    segments, _ = segments_of(tmp_path, datasets)
    row = np.maximum(np.searchsorted(begun, datasets["heights/delta_time"], side="right") - 1, 0)
    expected = pd.Series(row + 1.0).groupby(np.floor(along_track(datasets) / 2)).mean()
    assert set(expected) > {1, 2, 3}
    assert segments["background_counts"].tolist() == pytest.approx(expected.tolist())
    assert segments["background_rate"].tolist() == pytest.approx((expected * 1e6).tolist())


@pytest.mark.parametrize("times", [[0.02, 0.09, 0.05], [0.02, np.nan, 0.05]])
def test_background_rows_out_of_order_or_without_a_time_do_not_mislead(tmp_path, times):
    datasets = flat_photons(n_references=50)
    datasets |= {"bckgrd_atlas/delta_time": 1000 + np.array(times)}
    datasets["bckgrd_atlas/bckgrd_counts"] = np.array([10, 20, 30], np.int32)
    datasets["bckgrd_atlas/bckgrd_rate"] = np.array([1e6, 2e6, 3e6], np.float32)
    segments, _ = segments_of(tmp_path, datasets)
    known = {1000 + time: rate for time, rate in zip(times, (10, 20, 30), strict=True) if np.isfinite(time)}
    last = segments["background_counts"].to_numpy()[-1]
    assert last == known[max(known)]


def test_the_frame_counter_of_the_true_granule_agrees_with_the_background_rows_that_time_gives(real_data):
    path = real_data / "atl03/ATL03_20181014002445_02350104_006_02_gt1l_sea_ice.h5"
    with h5py.File(path) as file:
        counter = file["gt1l/bckgrd_atlas/pce_mframe_cnt"][...]
        counts = file["gt1l/bckgrd_atlas/bckgrd_counts"][...]
        of_photon = file["gt1l/heights/pce_mframe_cnt"][...]
        count = file["gt1l/geolocation/segment_ph_cnt"][...]
        x = np.repeat(file["gt1l/geolocation/segment_dist_x"][...], count) + file["gt1l/heights/dist_ph_along"][...]
    photons, _, *of_beam = whole_beam(path, "gt1l")
    segments, _ = resample(photons, *of_beam, Resampling())
    frames = pd.Series(of_photon).groupby(np.floor(x / 2))
    for x_atc, found in segments[["x_atc", "background_counts"]].itertuples(index=False):
        possible = counts[np.isin(counter, frames.get_group(np.floor(x_atc / 2)))]
        assert possible.min() <= found <= possible.max()


def test_the_expected_background_is_taken_off_the_photon_rate(tmp_path):
    datasets = flat_photons(n_references=50)
    datasets["bckgrd_atlas/bckgrd_rate"][:] = 6e6
    segments, _ = segments_of(tmp_path, datasets)
    background = 6e6 * 5.0 / HALF_SPEED_OF_LIGHT * 1e-9
    assert np.allclose(segments["high_confidence_rate"] - segments["photon_rate"], background)


def test_an_unknown_background_is_not_taken_off(tmp_path):
    datasets = flat_photons(n_references=50)
    del datasets["bckgrd_atlas/bckgrd_rate"]
    segments, _ = segments_of(tmp_path, datasets)
    assert segments["background_rate"].isna().all()
    assert segments["photon_rate"].equals(segments["high_confidence_rate"])


def test_photons_of_low_confidence_count_for_the_rate_alone(tmp_path):
    datasets = flat_photons(n_references=50)
    datasets["heights/signal_conf_ph"][::2, 2] = 1
    datasets["bckgrd_atlas/bckgrd_rate"][:] = 0
    segments, _ = segments_of(tmp_path, datasets)
    assert segments["photon_rate"].mean() == pytest.approx(2 * segments["high_confidence_rate"].mean(), rel=0.01)


def test_the_antimeridian_is_no_border(tmp_path):
    datasets = flat_photons(n_references=2)
    east = 179.99999 + 2e-7 * np.arange(400)
    datasets["heights/lon_ph"] = np.where(east > 180, east - 360, east)
    segments, _ = segments_of(tmp_path, datasets)
    expected = pd.Series(east).groupby(np.floor(along_track(datasets) / 2)).mean().to_numpy()
    assert (segments["longitude"] % 360).to_numpy() == pytest.approx(expected, abs=1e-9)
    assert segments["longitude"].between(-180, 180).all()
    assert (segments["longitude"] < 0).any() and (segments["longitude"] > 0).any()


def test_the_error_of_the_mean_covers_the_scatter_of_the_means_on_flat_ice(tmp_path):
    segments, _ = segments_of(tmp_path, noisy(400, 100, 0.12))
    deviation = segments["height_mean"] - segments["height_mean"].mean()
    assert (deviation / segments["height_error"]).std() == pytest.approx(1, abs=0.06)


def ice_of_roughness(spread: float, length: float, n_references: int, per_reference: int, seed: int):
    """Return photons of ice with exponential roughness seen through an 11 m footprint, and the mean of each 2 m."""
    rng = np.random.default_rng(seed)
    step, extent = 0.1, 20.0 * n_references
    n = int((extent + 40) / step)
    keep = np.exp(-step / length)
    innovations = rng.normal(0, spread * np.sqrt(1 - keep**2), n)
    innovations[0] = rng.normal(0, spread)
    profile = np.empty(n)
    height = 0.0
    for k, innovation in enumerate(innovations):
        height = keep * height + innovation
        profile[k] = height
    datasets = flat_photons(n_references, per_reference)
    seen = along_track(datasets) - X_START + rng.normal(0, 11 / 4, n_references * per_reference)
    at = np.clip(((seen + 20) / step).astype(int), 0, n - 1)
    datasets["heights/h_ph"] += (profile[at] + rng.normal(0, 0.096, at.size)).astype(np.float32)
    inside = profile[int(20 / step) : int((extent + 20) / step)]
    return datasets, inside.reshape(-1, int(2 / step)).mean(axis=1)


@pytest.mark.parametrize(("spread", "length"), [(0.05, 5.0), (0.1, 10.0), (0.2, 20.0), (0.15, 50.0), (0.2, 200.0)])
def test_the_error_of_the_mean_knows_that_neighbours_share_a_footprint(tmp_path, spread, length):
    datasets, truth = ice_of_roughness(spread, length, n_references=1500, per_reference=140, seed=8)
    segments, _ = segments_of(tmp_path, datasets, Resampling(trim=2.0))
    error = (segments["height_mean"] + segments["first_photon_bias"]).to_numpy() - 0.43 - truth
    scatter = segments["return_width"] * HALF_SPEED_OF_LIGHT / 2.5631 / np.sqrt(segments["n_photons"])
    assert (error / segments["height_error"]).std() == pytest.approx(1, abs=0.1)
    assert (np.abs(error) < segments["height_error"]).mean() == pytest.approx(0.683, abs=0.04)
    if spread**2 / length > 5e-4:
        assert (error / scatter).std() > 1.1


def test_a_segment_of_one_photon_has_the_error_of_the_return_about_it(tmp_path):
    datasets = noisy(40, 100, 0.12)
    x = along_track(datasets)
    alone = (x >= X_START + 400) & (x < X_START + 402)
    datasets["heights/signal_conf_ph"][np.flatnonzero(alone)[1:], 2] = 0
    segments, _ = segments_of(tmp_path, datasets)
    single = segments[segments["n_photons"] == 1]
    assert len(single) == 1
    assert single["height_error"].item() == pytest.approx(0.12, rel=0.25)
    assert single["height_std"].item() == 0
