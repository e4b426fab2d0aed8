import h5py
import numpy as np
import pytest

from granules import FILL, flat_photons, write_granule
from leadline.accounts import State
from leadline.atl03 import PHOTONS, open_granule, read_beam, read_photons
from leadline.beam import Fallback
from leadline.errors import InputDataError

ARCTIC = "atl03/ATL03_20181014002445_02350104_006_02_gt1l_sea_ice.h5"


def fault_of(path, beam="gt1r") -> InputDataError:
    with pytest.raises(InputDataError) as caught, open_granule(path) as granule:
        read_photons(granule, beam, slice(0, read_beam(granule, beam).n_photons))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value


def beam_of(tmp_path, datasets, **written):
    with open_granule(write_granule(tmp_path / "a.h5", {"gt1r": datasets}, **written)) as granule:
        return read_beam(granule, "gt1r")


def test_a_beam_is_read_with_its_types_release_and_fills_as_nan(tmp_path):
    datasets = flat_photons()
    datasets["geophys_corr/tide_ocean"][3] = FILL
    with open_granule(write_granule(tmp_path / "a.h5", {"gt1r": datasets, "gt1l": datasets})) as granule:
        beam = read_beam(granule, "gt1r")
        assert granule.release == beam.release == "006"
        assert granule.beams == ("gt1l", "gt1r")
        assert [read_beam(granule, beam).kind for beam in granule.beams] == ["weak", "strong"]
    assert beam.n_photons == 2000
    assert np.flatnonzero(beam.reference_segments["tide_ocean"].isna()).tolist() == [3]
    assert not beam.calibration.from_granule


def test_a_stretch_of_photons_is_read_with_the_sea_ice_column_of_the_confidence(tmp_path):
    datasets = flat_photons()
    datasets["heights/signal_conf_ph"][:, 2] = np.arange(2000) % 5
    with open_granule(write_granule(tmp_path / "a.h5", {"gt1r": datasets})) as granule:
        photons = read_photons(granule, "gt1r", slice(400, 700))
    assert set(photons) == set(PHOTONS)
    assert photons["signal_conf_ph"].tolist() == (np.arange(400, 700) % 5).tolist()
    assert np.array_equal(photons["lat_ph"], datasets["heights/lat_ph"][400:700])


def test_the_release_is_in_the_name_where_a_subsetter_dropped_it(real_data):
    with open_granule(real_data / ARCTIC) as granule:
        assert "ancillary_data" not in granule.file
        assert granule.release == "006"
        assert Fallback.RELEASE not in read_beam(granule, "gt1l").fallback


def test_without_the_attribute_the_orientation_tells_strong_from_weak(tmp_path):
    beams = {"gt1r": flat_photons(), "gt1l": flat_photons()}
    with open_granule(write_granule(tmp_path / "a.h5", beams, sc_orient=0, beam_types=False)) as granule:
        assert [read_beam(granule, beam).kind for beam in granule.beams] == ["strong", "weak"]
        assert Fallback.ORIENTATION in read_beam(granule, "gt1l").fallback


def test_without_the_orientation_the_attribute_tells_strong_from_weak(tmp_path):
    with open_granule(write_granule(tmp_path / "a.h5", {"gt1l": flat_photons()}, sc_orient=None)) as granule:
        assert read_beam(granule, "gt1l").kind == "weak"
        assert Fallback.ORIENTATION in read_beam(granule, "gt1l").fallback


def test_with_neither_the_granule_is_refused(tmp_path):
    path = write_granule(tmp_path / "a.h5", {"gt1r": flat_photons()}, sc_orient=None, beam_types=False)
    assert fault_of(path).state is State.MISSING_DATASET


def test_an_attribute_that_contradicts_the_orientation_is_refused(tmp_path):
    fault = fault_of(write_granule(tmp_path / "a.h5", {"gt1r": flat_photons()}, sc_orient=0))
    assert fault.state is State.ORIENTATION_CONFLICT


def test_a_turning_spacecraft_is_refused(tmp_path):
    fault = fault_of(write_granule(tmp_path / "a.h5", {"gt1r": flat_photons()}, sc_orient=2))
    assert fault.state is State.ORIENTATION_TRANSITION


def test_a_missing_file_is_named(tmp_path):
    assert fault_of(tmp_path / "absent.h5").state is State.MISSING_FILE


def test_a_file_that_is_not_hdf5_is_named(tmp_path):
    (tmp_path / "page.h5").write_text("<html>please log in</html>")
    assert fault_of(tmp_path / "page.h5").state is State.UNREADABLE


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_a_truncated_file_is_named(tmp_path, share):
    path = write_granule(tmp_path / "a.h5", {"gt1r": flat_photons()})
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert fault_of(path).state is State.UNREADABLE


def test_a_missing_beam_is_named_with_those_that_are_there(tmp_path):
    fault = fault_of(write_granule(tmp_path / "a.h5", {"gt1r": flat_photons()}), "gt2r")
    assert fault.state is State.MISSING_BEAM
    assert "gt2r" in str(fault)
    assert "the file has gt1r" in str(fault)


@pytest.mark.parametrize("name", [*(f"heights/{name}" for name in PHOTONS), "geolocation/segment_dist_x"])
def test_a_dataset_without_which_photons_have_no_place_is_named(tmp_path, name):
    datasets = flat_photons()
    del datasets[name]
    fault = fault_of(write_granule(tmp_path / "a.h5", {"gt1r": datasets}))
    assert fault.state is State.MISSING_DATASET
    assert f"gt1r/{name}" in str(fault)


@pytest.mark.parametrize(
    ("name", "fallback"),
    [
        ("geolocation/delta_time", Fallback.SHOT_SPACING),
        ("geolocation/podppd_flag", Fallback.PODPPD_FLAG),
        ("geolocation/solar_elevation", Fallback.SOLAR_ELEVATION),
        ("geophys_corr/tide_ocean", Fallback.TIDE_OCEAN),
        ("geophys_corr/tide_equilibrium", Fallback.TIDE_EQUILIBRIUM),
        ("geophys_corr/dac", Fallback.DAC),
        ("geophys_corr/dem_h", Fallback.DEM_H),
        ("geophys_corr/dem_flag", Fallback.DEM_H),
        ("geophys_corr/geoid_free2mean", Fallback.GEOID_FREE2MEAN),
        ("bckgrd_atlas/bckgrd_rate", Fallback.BACKGROUND),
    ],
)
def test_what_subsetters_drop_has_a_named_stand_in(tmp_path, name, fallback):
    whole = beam_of(tmp_path, flat_photons()).fallback
    assert fallback not in whole
    datasets = flat_photons()
    del datasets[name]
    found = beam_of(tmp_path, datasets).fallback
    assert found == whole | fallback
    assert any(name.split("/")[1] in meaning or "bckgrd" in meaning for meaning in fallback.meanings)


def test_an_empty_beam_is_named(tmp_path):
    datasets = {name: values[:0] for name, values in flat_photons().items()}
    assert fault_of(write_granule(tmp_path / "a.h5", {"gt1r": datasets})).state is State.EMPTY_BEAM


def test_datasets_of_different_lengths_are_refused(tmp_path):
    datasets = flat_photons()
    datasets["heights/lat_ph"] = datasets["heights/lat_ph"][:-1]
    assert fault_of(write_granule(tmp_path / "a.h5", {"gt1r": datasets})).state is State.UNREADABLE


def cal_19() -> dict[str, np.ndarray]:
    shape = (2, 3, 4)
    return {
        "dead_time": np.array([2.8, 3.2]),
        "strength": np.tile([0.1, 5.0, 20.0], (2, 1)),
        "width": np.tile([0.5, 2.0, 8.0, 40.0], (2, 1)),
        "ffb_corr": np.broadcast_to(np.arange(3.0)[:, None] * 100, shape).copy(),
    }


def with_calibration(path, table, dead_time):
    write_granule(path, {"gt1r": flat_photons()})
    with h5py.File(path, "a") as file:
        root = file.create_group("ancillary_data/calibrations")
        root["dead_time/gt1r/dead_time"] = dead_time
        for name, values in table.items():
            root[f"first_photon_bias/gt1r/{name}"] = values
    return path


def test_cal_19_is_read_with_the_dead_time_of_the_channels_in_use(tmp_path):
    dead_time = np.array([2.9e-9] * 16 + [9e-9] * 4)
    with open_granule(with_calibration(tmp_path / "a.h5", cal_19(), dead_time)) as granule:
        beam = read_beam(granule, "gt1r")
    assert beam.calibration.from_granule
    assert beam.dead_time == pytest.approx(2.9)
    assert Fallback.DEAD_TIME not in beam.fallback


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("ffb_corr", np.full((2, 3, 4), 3.4e38)),
        ("ffb_corr", np.full((2, 3, 4), np.nan)),
        ("ffb_corr", np.zeros((4, 3, 2))),
        ("strength", np.tile([5.0, 5.0, 20.0], (2, 1))),
        ("width", np.zeros(7)),
    ],
)
def test_a_broken_table_of_cal_19_is_refused_not_looked_up(tmp_path, name, values):
    fault = fault_of(with_calibration(tmp_path / "a.h5", cal_19() | {name: values}, np.full(20, 3e-9)))
    assert fault.state is State.UNREADABLE
    assert "CAL-19" in str(fault)


def test_the_true_arctic_granule_is_read(real_data):
    with open_granule(real_data / ARCTIC) as granule:
        beam = read_beam(granule, "gt1l")
        assert beam.kind == "weak"
    assert beam.n_photons == 2909
    assert len(beam.reference_segments) == 40
    assert beam.fallback == Fallback.ORIENTATION | Fallback.DEAD_TIME
