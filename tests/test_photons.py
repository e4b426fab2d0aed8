import numpy as np
import pandas as pd
import pytest
from scipy.constants import speed_of_light

from granules import REFERENCE_LENGTH, X_START, flat_photons, write_granule
from leadline.accounts import State
from leadline.atl03 import open_granule, read_beam
from leadline.errors import InputDataError
from leadline.photons import Beam, Selection, background_of_photons, corrections, reference_of_photons, select


def beam_of(tmp_path, datasets) -> Beam:
    with open_granule(write_granule(tmp_path / "a.h5", {"gt1r": datasets})) as granule:
        return read_beam(granule, "gt1r")


def test_photons_belong_to_the_segment_whose_one_based_range_holds_them():
    segments = pd.DataFrame({"ph_index_beg": [1, 0, 3, 4], "segment_ph_cnt": [2, 0, 1, 2]})
    assert reference_of_photons(segments, 5).tolist() == [0, 0, 2, 3, 3]


@pytest.mark.parametrize(("begin", "count"), [([1, 4], [2, 2]), ([2, 4], [2, 2]), ([1, 3], [2, 3])])
def test_ranges_that_do_not_cover_the_photons_once_are_refused(begin, count):
    with pytest.raises(InputDataError, match="exactly once"):
        reference_of_photons(pd.DataFrame({"ph_index_beg": begin, "segment_ph_cnt": count}), 4)


def test_each_correction_is_taken_off_once(tmp_path):
    beam = beam_of(tmp_path, flat_photons(height=20.0))
    photons, _ = select(beam.photons, beam.reference_segments, Selection())
    # 20 - (19 + 0.24 tide-free MSS) - (0.30 - 0.02 tides) - 0.05 DAC
    assert photons["height"].to_numpy() == pytest.approx(0.43, abs=1e-5)


def test_the_geoid_stands_in_where_dem_h_is_no_mss_and_says_so():
    segments = pd.DataFrame(flat_rows(dem_flag=[3, 1], geoid=[18.0, 18.5]))
    correction = corrections(segments)
    assert correction["mss"].tolist() == pytest.approx([19.24, 18.5])
    assert correction["mss_flag"].tolist() == [0, 1]


def flat_rows(**columns) -> dict:
    rows = {"tide_ocean": 0.3, "tide_equilibrium": 0.0, "dac": 0.0, "dem_h": 19.0, "geoid_free2mean": -0.24}
    return {name: [value, value] for name, value in rows.items()} | columns


def test_photons_come_out_in_along_track_order_whatever_the_file_order(tmp_path):
    datasets = flat_photons()
    rng = np.random.default_rng(2)
    order = (np.arange(2000).reshape(10, 200)[:, rng.permutation(200)]).ravel()
    shuffled = {name: values[order] if name.startswith("heights/") else values for name, values in datasets.items()}
    straight, _ = select(*_tables(beam_of(tmp_path, datasets)), Selection())
    mixed, _ = select(*_tables(beam_of(tmp_path, shuffled)), Selection())
    assert (np.diff(mixed["x"]) >= 0).all()
    pd.testing.assert_frame_equal(mixed, straight)


def _tables(beam: Beam) -> tuple[pd.DataFrame, pd.DataFrame]:
    return beam.photons, beam.reference_segments


def test_every_dropped_photon_is_counted(tmp_path):
    datasets = flat_photons()
    datasets["geolocation/podppd_flag"][0] = 1
    datasets["geophys_corr/dac"][1] = 3.4028235e38
    datasets["heights/quality_ph"][600:610] = 1
    datasets["heights/signal_conf_ph"][800:830, 2] = 2
    photons, counts = select(*_tables(beam_of(tmp_path, datasets)), Selection())
    assert counts["photons_of_dropped_segments"] == 400
    assert counts["photons_of_bad_quality"] == 10
    assert counts["photons_of_low_confidence"] == 30
    assert counts["photons_kept"] == photons["signal"].sum() == 2000 - 440
    assert photons["x"].min() >= X_START + 2 * REFERENCE_LENGTH


def test_land_has_no_sea_ice(tmp_path):
    datasets = flat_photons()
    datasets["geophys_corr/tide_ocean"][:] = 3.4028235e38
    with pytest.raises(InputDataError) as caught:
        select(*_tables(beam_of(tmp_path, datasets)), Selection())
    assert caught.value.state is State.NO_SEA_ICE


def test_the_true_land_granule_has_no_sea_ice(real_data):
    with open_granule(real_data / "atl03" / "ATL03_20220401221822_01501506_006_gt1r_land.h5") as granule:
        beam = read_beam(granule, "gt1r")
    with pytest.raises(InputDataError) as caught:
        select(*_tables(beam), Selection())
    assert caught.value.state is State.NO_SEA_ICE


def test_a_photon_takes_the_last_background_row_before_it():
    background = pd.DataFrame({"delta_time": [0.0, 5.0], "bckgrd_counts": [1, 2], "bckgrd_rate": [10.0, 20.0]})
    counts, rate = background_of_photons(np.array([-1.0, 0.0, 4.9, 5.0, 9.0]), background)
    assert counts.tolist() == [1, 1, 1, 2, 2]
    assert rate.tolist() == [10, 10, 10, 20, 20]


def test_the_true_granule_keeps_the_exact_relation_of_background_rate_and_counts(real_data):
    import h5py

    with h5py.File(real_data / "atl03" / "ATL03_20181014002445_02350104_006_02_gt1l_sea_ice.h5") as file:
        group = {name: data[...].astype(float) for name, data in file["gt1l/bckgrd_atlas"].items()}
    seconds = 50 * 2 * group["bckgrd_int_height_reduced"] / speed_of_light
    assert group["bckgrd_rate"] == pytest.approx(group["bckgrd_counts_reduced"] / seconds, rel=1e-6)
