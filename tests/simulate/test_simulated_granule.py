from dataclasses import asdict, replace

import h5py
import numpy as np
import pandas as pd
import pytest

from leadline.atl03 import open_granule, read_beam
from leadline.corrections import corrections
from leadline.first_photon_bias import CHANNELS, HALF_SPEED_OF_LIGHT, look_up
from leadline.names import BEAMS, SurfaceClass
from leadline.resampling import resample_granule
from leadline.segments import Resampling
from leadline.simulate.flight import plan_flight
from leadline.simulate.floes import Ice
from leadline.simulate.granule import shoot_granule, simulate_granule
from leadline.simulate.world import GranuleSettings, build_world, sea_level
from leadline.tables import SEGMENTS, read_table

GROUPS = ("heights", "geolocation", "geophys_corr", "bckgrd_atlas")
REAL = "atl03/ATL03_20181014002445_02350104_006_02_gt1l_sea_ice.h5"


def datasets(path) -> dict[str, np.ndarray]:
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({name: item[...]}) if isinstance(item, h5py.Dataset) else None)
    return found


def test_the_same_settings_give_the_same_granule(granule, tmp_path):
    simulate_granule(tmp_path / "again.h5", granule.settings)
    first, again = datasets(granule.path), datasets(tmp_path / "again.h5")
    assert first.keys() == again.keys()
    assert all(np.array_equal(first[name], again[name]) for name in first)


def test_the_file_says_that_it_is_simulated(granule):
    with h5py.File(granule.path) as file:
        assert b"simulated by leadline" in file.attrs["title"]


def test_groups_of_a_beam_have_the_names_types_and_packing_of_the_real_file(granule, real_data):
    with h5py.File(granule.path) as simulated, h5py.File(real_data / REAL) as real:
        for group in GROUPS:
            ours, theirs = simulated[f"gt1l/{group}"], real[f"gt1l/{group}"]
            assert set(ours) == set(theirs)
            for name, dataset in theirs.items():
                packing = ("dtype", "chunks", "compression", "compression_opts", "shuffle", "maxshape")
                if name == "signal_conf_ph":  # the subsetter left its second axis open
                    packing = packing[:-1]
                assert [getattr(ours[name], key) for key in packing] == [getattr(dataset, key) for key in packing], name
                assert ours[name].shape[1:] == dataset.shape[1:]


@pytest.mark.parametrize("name", ["units", "long_name", "contentType", "_FillValue", "flag_values", "flag_meanings"])
def test_attributes_are_those_of_the_real_file(granule, real_data, name):
    with h5py.File(granule.path) as simulated, h5py.File(real_data / REAL) as real:
        for group in GROUPS:
            for dataset, theirs in real[f"gt1l/{group}"].items():
                ours = simulated[f"gt1l/{group}/{dataset}"]
                assert (name in ours.attrs) == (name in theirs.attrs), dataset
                assert np.array_equal(ours.attrs.get(name), theirs.attrs.get(name)), dataset


def test_calibrations_have_the_shapes_of_cal_19(granule):
    with h5py.File(granule.path) as file:
        root = file["ancillary_data/calibrations"]
        for beam in BEAMS:
            table = root[f"first_photon_bias/{beam}"]
            shapes = {name: values.shape for name, values in table.items()}
            expected = {"dead_time": (6,), "strength": (6, 160), "width": (6, 498), "ffb_corr": (6, 160, 498)}
            assert shapes == expected
            assert root[f"dead_time/{beam}/dead_time"].shape == (20,)
            assert root[f"dead_time/{beam}/dead_time"][...] == pytest.approx(3e-9, rel=0.1)


def test_the_reader_tells_strong_from_weak_and_reads_every_beam(granule):
    with open_granule(granule.path) as opened:
        assert opened.release == "006"
        kinds = {"r": "strong", "l": "weak"}
        for beam in BEAMS:
            content = read_beam(opened, beam)
            assert content.kind == kinds[beam[-1]]
            assert content.calibration.from_granule
            assert content.fallback == 0


def test_background_rate_follows_from_counts_and_height_exactly(granule):
    with h5py.File(granule.path) as file:
        for beam in BEAMS:
            rows = {name: values[...].astype(np.float64) for name, values in file[f"{beam}/bckgrd_atlas"].items()}
            seconds = 50 * 2 * rows["bckgrd_int_height_reduced"] / 299_792_458.0
            assert rows["bckgrd_rate"] == pytest.approx(rows["bckgrd_counts_reduced"] / seconds, rel=1e-7)
            assert (rows["bckgrd_counts"] >= rows["bckgrd_counts_reduced"]).all()
            assert np.diff(rows["delta_time"]) == pytest.approx(0.005, abs=1e-6)


def test_background_photons_in_the_file_have_the_rate_that_the_rows_state(granule):
    with h5py.File(granule.path) as file:
        group = file["gt2r"]
        high = group["geophys_corr/geoid"][0] + 10
        height = group["heights/h_ph"][...]
        n_shots = group["bckgrd_atlas/delta_time"].size * 50
        density = np.sum((height > high) & (height < high + 25)) / n_shots / 25
        expected = group["bckgrd_atlas/bckgrd_rate"][...].mean() * 2 / 299_792_458.0
    assert density == pytest.approx(expected, rel=0.05)


def test_photons_lie_in_their_reference_segments_shot_after_shot_but_not_in_order_of_distance(granule):
    with h5py.File(granule.path) as file:
        for beam in BEAMS:
            place, photon = file[f"{beam}/geolocation"], file[f"{beam}/heights"]
            count, begin = place["segment_ph_cnt"][...], place["ph_index_beg"][...]
            assert count.sum() == photon["h_ph"].size
            assert np.array_equal(begin, np.where(count > 0, 1 + np.cumsum(count) - count, 0))
            along = photon["dist_ph_along"][...]
            assert along.min() > -1.1 and along.max() < 20.2
            assert (np.diff(photon["delta_time"][...]) >= 0).all()
            assert np.array_equal(np.unique(photon["ph_id_pulse"]), np.arange(1, 201))
            x = np.repeat(place["segment_dist_x"][...], count) + along
            assert 0.5 < np.mean(np.diff(x) >= 0) < 0.9


def test_some_reference_segments_are_badly_pointed(granule):
    with h5py.File(granule.path) as file:
        assert (file["gt1r/geolocation/podppd_flag"][...] == 2).sum() == 8


def test_channels_are_those_of_the_beams_electronics(granule):
    with h5py.File(granule.path) as file:
        for pce, pair in ((3, "gt1"), (2, "gt2"), (1, "gt3")):
            for side, channels in (("r", np.arange(1, 17)), ("l", np.arange(17, 21))):
                one_edge = channels + 20 * (pce - 1)
                found = np.unique(file[f"{pair}{side}/heights/ph_id_channel"])
                assert np.array_equal(found, np.r_[one_edge, one_edge + 60])


SURFACES = {
    "snow": Ice(SurfaceClass.THICK_ICE, freeboard=0.3, roughness=0.05, albedo=0.9, calm=False),
    "thin ice": Ice(SurfaceClass.THIN_ICE, freeboard=0.1, roughness=0.02, albedo=0.4, calm=False),
    "lead": Ice(SurfaceClass.OPEN_WATER, freeboard=0, roughness=0.01, albedo=0.05, calm=True),
}


def segments_of_even(folder, seed: int, surface: str) -> pd.DataFrame:
    """Return the segments of the strong beams over one even surface, with the errors of their heights."""
    settings = GranuleSettings("20191104200000_90010510", seed, -74.0, -170.0, heading=200.0, length=1500.0)
    world = build_world(settings)
    even = {name: np.full_like(getattr(world.ice, name), value) for name, value in asdict(SURFACES[surface]).items()}
    flight = plan_flight(settings, replace(world, ice=replace(world.ice, **even)))
    shoot_granule(folder / "even.h5", flight)
    strong = ["gt1r", "gt2r", "gt3r"]
    resample_granule(folder / "even.h5", settings.name, strong, Resampling(), folder / "even.parquet")
    segments = read_table(folder / "even.parquet", SEGMENTS)
    level = sea_level(settings, segments["x_atc"] - flight.start)["residual"].to_numpy()
    segments["error"] = segments["height_mean"] - level - SURFACES[surface].freeboard
    segments["raw_error"] = segments["error"] + segments["first_photon_bias"]
    return segments


def mean(segments: pd.DataFrame, name: str) -> float:
    return float(np.average(segments[name], weights=segments["n_photons"]))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("surface", "limit"), [("snow", 0.003), ("thin ice", 0.003), ("lead", 0.01)])
def test_the_corrected_mean_is_on_the_surface_and_the_uncorrected_one_is_not(tmp_path, seed, surface, limit):
    segments = segments_of_even(tmp_path, seed, surface)
    assert (segments["first_photon_bias_flag"] == 0).mean() > 0.9
    assert 3 / np.sqrt((segments["height_error"] ** -2).sum()) < limit
    assert abs(mean(segments, "error")) < limit
    assert mean(segments, "raw_error") > limit


@pytest.mark.parametrize("beam", ["gt1r", "gt2r", "gt3r"])
def test_cal_19_of_the_granule_takes_the_first_photon_bias_away_over_real_looking_ice(granule, beam, tmp_path):
    resample_granule(granule.path, granule.settings.name, [beam], Resampling(), tmp_path / "segments.parquet")
    segments = read_table(tmp_path / "segments.parquet", SEGMENTS)
    both = segments.merge(granule.truth, on=["granule", "beam", "x_atc"])
    thick = both["surface_class"].rolling(15, center=True).max() == SurfaceClass.THICK_ICE
    both = both[thick]
    both["error"] = both["height_mean"] - both["sea_surface"] - both["freeboard"]
    both["raw_error"] = both["error"] + both["first_photon_bias"]
    assert abs(mean(both, "error")) < 0.005
    assert 0.005 < mean(both, "raw_error") < 0.03


def test_the_error_of_the_mean_covers_the_true_errors_over_all_surfaces(granule, tmp_path):
    strong = ["gt1r", "gt2r", "gt3r"]
    resample_granule(granule.path, granule.settings.name, strong, Resampling(), tmp_path / "segments.parquet")
    both = read_table(tmp_path / "segments.parquet", SEGMENTS).merge(granule.truth, on=["granule", "beam", "x_atc"])
    error = (both["height_mean"] - both["sea_surface"] - both["freeboard"]).abs()
    for _, of_class in both.groupby("surface_class"):
        assert 0.6 < (error[of_class.index] < of_class["height_error"]).mean() < 0.76


def test_the_mean_sea_surface_is_in_the_mean_tide_system_in_the_file_only(granule):
    with h5py.File(granule.path) as file:
        group = file["gt1r/geophys_corr"]
        table = pd.DataFrame({name: values[...] for name, values in group.items()})
    assert np.allclose(corrections(table)[0]["mss"], table["dem_h"] - table["geoid_free2mean"], atol=1e-5)
    assert table["geoid_free2mean"].mean() == pytest.approx(-0.23, abs=0.01)


def test_the_table_of_biases_has_a_bias_of_1_to_3_cm_at_nominal_returns(granule):
    with open_granule(granule.path) as opened:
        for beam, strength in (("gt1r", 6.0), ("gt1l", 1.5)):
            content = read_beam(opened, beam)
            assert content.dead_time == pytest.approx(3.0, abs=0.1)
            width = np.array([0.4 / HALF_SPEED_OF_LIGHT])
            bias, clamped = look_up(content.calibration, content.dead_time, np.array([strength]), width)
            assert 0.01 < bias[0] < 0.03 and not clamped[0]
            assert strength < CHANNELS[content.kind]
