import os
import signal

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from granules import flat_photons, write_granule
from leadline import resampling
from leadline.accounts import State
from leadline.beam import Fallback, Selection
from leadline.errors import LeadlineError
from leadline.resampling import resample_granule
from leadline.segments import Resampling
from leadline.tables import SEGMENTS, read_table

NAME = "20191104200000_90010510"


def rough(seed: int) -> dict:
    datasets = flat_photons(n_references=100, per_reference=60)
    datasets["heights/h_ph"] += np.random.default_rng(seed).normal(0, 0.1, 6000).astype(np.float32)
    return datasets


@pytest.fixture
def granule(tmp_path):
    return write_granule(tmp_path / "a.h5", {"gt1r": rough(1), "gt2r": rough(2), "gt3r": rough(3)})


def run(path, folder, beams=("gt1r", "gt2r", "gt3r"), settings=None, **how):
    output = folder / "segments.parquet"
    account = resample_granule(path, NAME, list(beams), settings or Resampling(), output, **how)
    return read_table(output, SEGMENTS), account


def break_photons(path, beam: str, first: int) -> None:
    """Spoil the compressed bytes of the heights from a photon on."""
    with h5py.File(path, "a") as file:
        values = file[f"{beam}/heights/h_ph"][...]
        del file[f"{beam}/heights/h_ph"]
        dataset = file.create_dataset(f"{beam}/heights/h_ph", data=values, chunks=(500,), compression="gzip")
        dataset.id.write_direct_chunk((first - first % 500,), b"no deflate stream")


def test_pieces_and_processes_change_nothing(granule, tmp_path):
    whole, account = run(granule, tmp_path)
    for threads, photons in ((1, 700), (2, 700), (3, 2500)):
        table, other = run(granule, tmp_path, threads=threads, photons_per_piece=photons)
        pd.testing.assert_frame_equal(table, whole, check_exact=True)
        assert other == account
    assert whole["beam"].unique().tolist() == ["gt1r", "gt2r", "gt3r"]


@pytest.mark.parametrize("threads", [1, 2])
def test_a_beam_that_breaks_on_the_way_leaves_no_rows_and_the_others_are_whole(granule, tmp_path, threads):
    whole, _ = run(granule, tmp_path)
    break_photons(granule, "gt2r", 4000)
    table, account = run(granule, tmp_path, threads=threads, photons_per_piece=1000)
    expected = whole[whole["beam"] != "gt2r"].reset_index(drop=True)
    pd.testing.assert_frame_equal(table, expected, check_exact=True)
    assert [part.state for part in account.parts] == [State.OK, State.UNREADABLE, State.OK]
    assert "gt2r/heights/h_ph" in account.parts[1].reason
    assert "\n" not in account.parts[1].reason


def test_a_granule_that_cannot_be_used_gives_an_empty_table_and_a_named_state(tmp_path):
    (tmp_path / "page.h5").write_text("<html>please log in</html>")
    table, account = run(tmp_path / "page.h5", tmp_path)
    assert table.empty
    assert account.state is State.UNREADABLE


def test_a_beam_without_confident_photons_is_a_named_state(tmp_path):
    poor = rough(1)
    poor["heights/signal_conf_ph"][:, 2] = 1
    table, account = run(write_granule(tmp_path / "a.h5", {"gt1r": poor, "gt2r": rough(2)}), tmp_path, ["gt1r", "gt2r"])
    assert account.parts[0].state is State.NO_PHOTONS_KEPT
    assert account.parts[0].counts["photons_of_low_confidence"] == 6000
    assert set(table["beam"]) == {"gt2r"}


def test_what_stands_in_for_absent_datasets_is_in_every_row_and_in_the_account(tmp_path):
    datasets = rough(1)
    del datasets["geophys_corr/dac"]
    table, account = run(write_granule(tmp_path / "a.h5", {"gt1r": datasets}), tmp_path, ["gt1r"])
    assert (table["fallback"] & int(Fallback.DAC)).all()
    assert (table["dac"] == 0).all()
    assert account.parts[0].state is State.OK
    assert "dac is absent" in account.parts[0].reason


def test_the_mean_sea_surface_can_be_a_grid_of_the_users(granule, tmp_path):
    latitude, longitude = np.arange(-75, -72.9, 0.5), np.arange(-172, -167.9, 0.5)
    grid = xr.DataArray(
        np.full((latitude.size, longitude.size), 18.0),
        {"latitude": latitude, "longitude": longitude},
        ("latitude", "longitude"),
        attrs={"units": "m"},
    )
    grid.to_dataset(name="mss").to_netcdf(tmp_path / "mss.nc")
    own = Resampling(selection=Selection(mss=str(tmp_path / "mss.nc")))
    table, _ = run(granule, tmp_path, settings=own)
    given, _ = run(granule, tmp_path)
    assert (table["mss_flag"] == 2).all()
    # 18 m mean-tide, less geoid_free2mean of -0.24 m
    assert np.allclose(table["mss"], 18.24)
    assert np.allclose(table["height_mean"] - given["height_mean"], 1.0, atol=1e-5)


def test_a_process_that_is_killed_ends_in_one_line_that_tells_what_to_do(granule, tmp_path, monkeypatch):
    monkeypatch.setattr(resampling, "select", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(LeadlineError, match="more mem_mb"):
        run(granule, tmp_path, threads=2, photons_per_piece=1000)
    assert list(tmp_path.glob("*segments*")) == []
