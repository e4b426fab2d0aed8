import h5py
import numpy as np
import pytest
from scipy.constants import speed_of_light

from granules import REFERENCE_LENGTH, X_START, along_track, flat_photons, whole_beam, write_granule
from leadline.beam import Beam, Fallback
from leadline.photons import Photons
from leadline.track import Track

ARCTIC = "atl03/ATL03_20181014002445_02350104_006_02_gt1l_sea_ice.h5"


def selected(tmp_path, datasets, **written) -> tuple[Photons, dict, Track, Beam]:
    path = write_granule(tmp_path / "a.h5", {"gt1r": datasets}, **written)
    photons, dropped, _, track, beam = whole_beam(path, "gt1r")
    return along_track(photons), dropped, track, beam


def test_each_correction_is_taken_off_once(tmp_path):
    photons, *_ = selected(tmp_path, flat_photons(height=20.0))
    # 20 - (19 + 0.24 tide-free MSS) - (0.30 - 0.02 tides) - 0.05 DAC
    assert photons.height == pytest.approx(0.43, abs=1e-5)


def test_nothing_that_atl03_has_applied_is_taken_off_the_true_granule(real_data):
    photons, *_ = whole_beam(real_data / ARCTIC, "gt1l")
    with h5py.File(real_data / ARCTIC) as file:
        height = file["gt1l/heights/h_ph"][...].astype(float)
        count = file["gt1l/geolocation/segment_ph_cnt"][...]
        x = np.repeat(file["gt1l/geolocation/segment_dist_x"][...], count) + file["gt1l/heights/dist_ph_along"][...]
        correction = {name: data[...].astype(float) for name, data in file["gt1l/geophys_corr"].items()}
    assert (correction["dem_flag"] == 3).all()
    off = ("tide_ocean", "tide_equilibrium", "dac", "dem_h")
    applied = sum(correction[name] for name in off) - correction["geoid_free2mean"]
    expected = height - np.repeat(applied, count)
    assert photons.height == pytest.approx(expected, abs=1e-9)
    assert np.array_equal(photons.order, np.argsort(x, kind="stable"))
    assert np.median(photons.height) == pytest.approx(0.04, abs=0.05)


def test_photons_come_out_in_along_track_order_whatever_the_file_order(tmp_path):
    datasets = flat_photons()
    rng = np.random.default_rng(2)
    order = (np.arange(2000).reshape(10, 200)[:, rng.permutation(200)]).ravel()
    shuffled = {name: values[order] if name.startswith("heights/") else values for name, values in datasets.items()}
    straight, *_ = selected(tmp_path, datasets)
    mixed, *_ = selected(tmp_path, shuffled)
    assert (np.diff(mixed.x) >= 0).all()
    assert all(np.array_equal(one, other) for one, other in zip(straight, mixed, strict=True))


def test_every_dropped_photon_is_counted(tmp_path):
    datasets = flat_photons()
    datasets["geolocation/podppd_flag"][0] = 1
    datasets["geophys_corr/dac"][1] = 3.4028235e38
    datasets["heights/quality_ph"][600:610] = 1
    datasets["heights/signal_conf_ph"][800:830, 2] = 2
    datasets["heights/h_ph"][900:905] = np.nan
    photons, counts, track, _ = selected(tmp_path, datasets)
    assert counts["photons"] == 2000
    assert counts["photons_of_dropped_segments"] == 400
    assert counts["photons_broken"] == 5
    assert counts["photons_of_bad_quality"] == 10
    assert counts["photons_of_low_confidence"] == 30
    assert counts["photons_kept"] == photons.signal.sum() == 2000 - 445
    assert (
        track.counts["reference_segments_badly_pointed"] == track.counts["reference_segments_without_corrections"] == 1
    )
    assert photons.x.min() >= X_START + 2 * REFERENCE_LENGTH


@pytest.mark.parametrize(
    ("dataset", "value"),
    [
        ("h_ph", np.inf),
        ("h_ph", 20_000),
        ("h_ph", 3.4028235e38),
        ("lat_ph", -91),
        ("lon_ph", 181),
        ("lon_ph", np.nan),
        ("dist_ph_along", 1e6),
        ("delta_time", -5),
        ("delta_time", np.inf),
    ],
)
def test_a_photon_that_cannot_be_on_earth_is_broken(tmp_path, dataset, value):
    datasets = flat_photons()
    datasets[f"heights/{dataset}"][7] = value
    photons, counts, *_ = selected(tmp_path, datasets)
    assert counts["photons_broken"] == 1
    assert photons.x.size == 1999


def quality_of_leads(tmp_path, release) -> tuple[dict, Beam]:
    datasets = flat_photons()
    datasets["heights/quality_ph"][:6] = [0, 1, 10, 12, 20, 22]
    _, counts, _, beam = selected(tmp_path, datasets, release=release)
    return counts, beam


@pytest.mark.parametrize(("release", "bad"), [("005", 5), ("006", 5), ("007", 3)])
def test_saturated_returns_of_leads_survive_from_release_007_on(tmp_path, release, bad):
    counts, beam = quality_of_leads(tmp_path, release)
    assert counts["photons_of_bad_quality"] == bad
    assert Fallback.RELEASE not in beam.fallback


def test_an_unknown_release_is_read_as_an_early_one_and_said(tmp_path):
    counts, beam = quality_of_leads(tmp_path, None)
    assert counts["photons_of_bad_quality"] == 5
    assert Fallback.RELEASE in beam.fallback
    assert "release" in beam.fallback.meanings[0]


def test_the_true_granule_keeps_the_exact_relation_of_background_rate_and_counts(real_data):
    with h5py.File(real_data / ARCTIC) as file:
        group = {name: data[...].astype(float) for name, data in file["gt1l/bckgrd_atlas"].items()}
    seconds = 50 * 2 * group["bckgrd_int_height_reduced"] / speed_of_light
    assert group["bckgrd_rate"] == pytest.approx(group["bckgrd_counts_reduced"] / seconds, rel=1e-6)
