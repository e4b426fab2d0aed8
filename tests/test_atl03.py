import numpy as np
import pytest

from granules import FILL, flat_photons, write_granule
from leadline.accounts import State
from leadline.atl03 import open_granule, read_beam
from leadline.errors import InputDataError


def fault_of(path, beam="gt1r") -> InputDataError:
    with pytest.raises(InputDataError) as caught, open_granule(path) as granule:
        read_beam(granule, beam)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_beam_is_read_with_its_types_release_and_fills_as_nan(tmp_path):
    datasets = flat_photons()
    datasets["geophys_corr/tide_ocean"][3] = FILL
    with open_granule(write_granule(tmp_path / "a.h5", {"gt1r": datasets, "gt1l": datasets})) as granule:
        beam = read_beam(granule, "gt1r")
        assert granule.release == "006"
        assert granule.beam_types == {"gt1l": "weak", "gt1r": "strong"}
    assert len(beam.photons) == 2000
    assert np.flatnonzero(beam.reference_segments["tide_ocean"].isna()).tolist() == [3]
    assert not beam.calibration.from_granule


def test_without_the_attribute_the_orientation_tells_strong_from_weak(tmp_path):
    beams = {"gt1r": flat_photons(), "gt1l": flat_photons()}
    with open_granule(write_granule(tmp_path / "a.h5", beams, sc_orient=0, beam_types=False)) as granule:
        assert granule.beam_types == {"gt1l": "strong", "gt1r": "weak"}


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


@pytest.mark.parametrize(
    "name", ["heights/h_ph", "heights/signal_conf_ph", "geophys_corr/dac", "bckgrd_atlas/bckgrd_rate"]
)
def test_a_missing_dataset_is_named(tmp_path, name):
    datasets = flat_photons()
    del datasets[name]
    fault = fault_of(write_granule(tmp_path / "a.h5", {"gt1r": datasets}))
    assert fault.state is State.MISSING_DATASET
    assert f"gt1r/{name}" in str(fault)


def test_an_empty_beam_is_named(tmp_path):
    datasets = {name: values[:0] for name, values in flat_photons().items()}
    assert fault_of(write_granule(tmp_path / "a.h5", {"gt1r": datasets})).state is State.EMPTY_BEAM


def test_datasets_of_different_lengths_are_refused(tmp_path):
    datasets = flat_photons()
    datasets["heights/lat_ph"] = datasets["heights/lat_ph"][:-1]
    assert fault_of(write_granule(tmp_path / "a.h5", {"gt1r": datasets})).state is State.UNREADABLE


def test_a_turning_spacecraft_is_refused(tmp_path):
    fault = fault_of(write_granule(tmp_path / "a.h5", {"gt1r": flat_photons()}, sc_orient=2))
    assert fault.state is State.ORIENTATION_TRANSITION


def test_the_true_arctic_granule_is_read(real_data):
    with open_granule(real_data / "atl03" / "ATL03_20181014002445_02350104_006_02_gt1l_sea_ice.h5") as granule:
        beam = read_beam(granule, "gt1l")
        assert granule.beam_types == {"gt1l": "weak"}
    assert len(beam.photons) == 2909
    assert len(beam.reference_segments) == 40
