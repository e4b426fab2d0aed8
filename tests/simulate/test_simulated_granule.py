import h5py
import numpy as np
import pandas as pd
import pytest

from leadline.atl03 import open_granule, read_beam
from leadline.first_photon_bias import CHANNELS, HALF_SPEED_OF_LIGHT, look_up
from leadline.names import BEAMS, SurfaceClass
from leadline.photons import Selection, corrections, select
from leadline.segments import Resampling, resample
from leadline.simulate.granule import simulate_granule
from leadline.tables import TRUTH

GROUPS = ("heights", "geolocation", "geophys_corr", "bckgrd_atlas")
REAL = "atl03/ATL03_20181014002445_02350104_006_02_gt1l_sea_ice.h5"


def datasets(path) -> dict[str, np.ndarray]:
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({name: item[...]}) if isinstance(item, h5py.Dataset) else None)
    return found


def test_the_same_settings_give_the_same_granule(granule, tmp_path):
    simulate_granule(tmp_path / "again.h5", tmp_path / "again.parquet", granule.settings)
    first, again = datasets(granule.path), datasets(tmp_path / "again.h5")
    assert first.keys() == again.keys()
    assert all(np.array_equal(first[name], again[name]) for name in first)
    pd.testing.assert_frame_equal(granule.truth, pd.read_parquet(tmp_path / "again.parquet"))


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
        assert opened.beam_types == {beam: kinds[beam[-1]] for beam in BEAMS}
        for beam in BEAMS:
            assert read_beam(opened, beam).calibration.from_granule


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


def test_the_truth_covers_every_2_m_of_every_beam(granule):
    assert list(granule.truth.columns) == TRUTH.names
    for beam, rows in granule.truth.groupby("beam"):
        assert beam in BEAMS
        assert np.diff(rows["x_atc"]) == pytest.approx(2.0)
        assert (rows["x_atc"] % 2 == 1).all()
        assert 1998 <= len(rows) <= 2000


def residuals(granule, beam: str) -> pd.DataFrame:
    """Photons over even thick ice: metres above the truth, and what the first-photon bias is looked up by."""
    with open_granule(granule.path) as opened:
        content = read_beam(opened, beam)
    photons, _ = select(content.photons, content.reference_segments, Selection())
    photons["bin"] = np.floor(photons["x"] / 2).astype(np.int64)
    truth = granule.truth[granule.truth["beam"] == beam].copy()
    even = truth["surface_class"].rolling(15, center=True).max() == SurfaceClass.THICK_ICE
    truth = truth[even].assign(bin=np.floor(truth["x_atc"] / 2).astype(np.int64)).set_index("bin")
    photons = photons[photons["signal"] & photons["bin"].isin(truth.index)]
    expected = truth["freeboard"] + truth["sea_surface"]
    return photons.assign(residual=photons["height"] - expected.reindex(photons["bin"]).to_numpy())


@pytest.mark.parametrize("beam", ["gt1r", "gt2r", "gt3r"])
def test_strong_returns_from_snow_come_a_centimetre_or_two_early(granule, beam):
    photons = residuals(granule, beam)
    near = photons["residual"].abs() < 0.7
    assert 0.005 < photons.loc[near, "residual"].mean() < 0.03


@pytest.mark.parametrize("beam", ["gt1r", "gt2r", "gt3r"])
def test_cal_19_of_the_granule_takes_the_first_photon_bias_away(granule, beam):
    with open_granule(granule.path) as opened:
        segments, _ = resample(read_beam(opened, beam), granule.settings.name, beam, Resampling())
    both = segments.merge(granule.truth, on=["granule", "beam", "x_atc"])
    thick = both["surface_class"].rolling(15, center=True).max() == SurfaceClass.THICK_ICE
    error = (both["height_mean"] - both["sea_surface"] - both["freeboard"])[thick]
    assert abs(np.average(error, weights=both.loc[thick, "n_photons"])) < 0.005


def test_the_mean_sea_surface_is_in_the_mean_tide_system_in_the_file_only(granule):
    with h5py.File(granule.path) as file:
        group = file["gt1r/geophys_corr"]
        table = pd.DataFrame({name: values[...] for name, values in group.items()})
    assert np.allclose(corrections(table)["mss"], table["dem_h"] - table["geoid_free2mean"], atol=1e-5)
    assert table["geoid_free2mean"].mean() == pytest.approx(-0.23, abs=0.01)


def test_the_table_of_biases_has_a_bias_of_1_to_3_cm_at_nominal_returns(granule):
    with open_granule(granule.path) as opened:
        for beam, strength in (("gt1r", 6.0), ("gt1l", 1.5)):
            content = read_beam(opened, beam)
            assert content.dead_time == pytest.approx(3.0, abs=0.1)
            width = np.array([0.4 / HALF_SPEED_OF_LIGHT])
            bias, clamped = look_up(content.calibration, content.dead_time, np.array([strength]), width)
            assert 0.01 < bias[0] < 0.03 and not clamped[0]
            assert strength < CHANNELS[opened.beam_types[beam]]
