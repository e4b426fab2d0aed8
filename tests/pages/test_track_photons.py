import numpy as np
import pytest

from granules import flat_photons, write_granule
from leadline.accounts import State
from leadline.beam import Selection
from leadline.errors import InputDataError
from leadline.pages import track_photons as module
from leadline.pages.track_photons import signal_photons


@pytest.fixture(scope="module")
def content():
    content = flat_photons(n_references=60, per_reference=50)
    confidence = np.random.default_rng(3).integers(0, 5, content["heights/h_ph"].size)
    content["heights/signal_conf_ph"][:, 2] = confidence
    return content


@pytest.fixture(scope="module")
def path(content, tmp_path_factory):
    return write_granule(tmp_path_factory.mktemp("granule") / "a.h5", {"gt2r": content})


def test_signal_photons_come_along_the_track_with_heights_above_the_mean_sea_surface(content, path):
    photons = signal_photons(path, "gt2r", 2.0, Selection())
    confidence = content["heights/signal_conf_ph"][:, 2]
    x = np.repeat(content["geolocation/segment_dist_x"], 50) + content["heights/dist_ph_along"]
    order = np.argsort(x[confidence >= 3], kind="stable")
    assert photons.x == pytest.approx(x[confidence >= 3][order])
    assert photons.confidence.tolist() == confidence[confidence >= 3][order].tolist()
    # 20 m less an MSS of 19.24 m, tides of 0.28 m and a DAC of 0.05 m
    assert photons.height == pytest.approx(np.full(order.size, 0.43), abs=0.005)
    assert (photons.every, photons.n_signal) == (1, order.size)


def test_pieces_share_no_photon_and_lose_none(path, monkeypatch):
    whole = signal_photons(path, "gt2r", 2.0, Selection())
    monkeypatch.setattr(module, "PIECE", 333)
    pieces = signal_photons(path, "gt2r", 2.0, Selection())
    assert pieces.x.tolist() == whole.x.tolist()
    assert pieces.n_signal == whole.n_signal


def test_of_too_many_every_second_third_and_so_on_is_taken_across_pieces(path, monkeypatch):
    whole = signal_photons(path, "gt2r", 2.0, Selection())
    monkeypatch.setattr(module, "PIECE", 333)
    some = signal_photons(path, "gt2r", 2.0, Selection(), most=500)
    assert some.every == 6
    assert some.x.tolist() == whole.x[::6].tolist()
    assert some.n_signal == whole.n_signal


def test_a_beam_that_is_not_there_says_so(path):
    with pytest.raises(InputDataError, match="expected this beam") as raised:
        signal_photons(path, "gt1r", 2.0, Selection())
    assert raised.value.state is State.MISSING_BEAM
