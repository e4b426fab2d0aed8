"""Granules cut behind a server: the segments are those of the whole granule, and little of it is moved."""

import resource
from dataclasses import replace

import h5py
import numpy as np
import pandas as pd
import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.archives.remote_file import BLOCK, RemoteFile
from leadline.archives.remote_granule import cut_granule, rows_in_box
from leadline.archives.web import Patience
from leadline.atl03 import DATASETS, open_granule, read_beam
from leadline.benchmarks.long_beam import write_long_granule
from leadline.benchmarks.range_server import part_of, served
from leadline.errors import InputDataError, LeadlineError
from leadline.resampling import resample_granule
from leadline.segments import Resampling
from leadline.simulate.granule import simulate_granule
from leadline.simulate.world import GranuleSettings
from leadline.tables import SEGMENTS, read_table
from services.earthdata import ARCHIVE, STORE, TOKEN, earthdata_hosts
from services.internet import Internet

STRETCH = GranuleSettings("20191104200000_90010510", 1, -74.0, -170.0, heading=350.0, length=8703.0)
BEAMS = ["gt1r", "gt2l"]
QUICK = Patience(tries=3, back_off=0.01, stall=0.5)
NAME = "ATL03_20191104200000_90010510_006_01.h5"
URL = f"https://{ARCHIVE}/nsidc-cumulus-prod-protected/ATLAS/ATL03/006/2019/11/04/{NAME}"
# The mean spacing of shots is that of the track that is there, so that what it scales differs in the fifth digit.
SPACED = ["n_shots", "photon_rate", "high_confidence_rate", "return_strength", "first_photon_bias", "height_error"]
HEIGHTS = ["height_mean", "height_median", "height_min", "height_max"]
OF_PHOTONS = [name for name in SEGMENTS.names if name not in (*SPACED, *HEIGHTS)]
EVERYWHERE = (-180, -90, 180, 90)


@pytest.fixture(scope="module")
def granule(tmp_path_factory):
    """A simulated granule of 61 km with two beams."""
    folder = tmp_path_factory.mktemp("archive")
    simulate_granule(folder / "stretch.h5", STRETCH)
    write_long_granule(folder / "stretch.h5", folder / NAME, BEAMS, DATASETS, 7)
    return folder / NAME


@pytest.fixture(scope="module")
def box(granule):
    """A region that holds 10 km in the middle of the track."""
    with h5py.File(granule) as file:
        places = {name: file[f"gt1r/geolocation/reference_photon_{name}"][:] for name in ("lat", "lon")}
    middle = len(places["lat"]) // 2
    south, north = sorted(places["lat"][[middle - 250, middle + 250]])
    return (places["lon"].min() - 1, south, places["lon"].max() + 1, north)


@pytest.fixture
def internet(granule, monkeypatch):
    with Internet(earthdata_hosts([], {NAME: granule})) as internet:
        for name, value in internet.environment.items():
            monkeypatch.setenv(name, value)
        yield internet


@pytest.fixture
def session():
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {TOKEN}"
        yield session


def segments(granule, folder, beams=BEAMS):
    folder.mkdir()
    account = resample_granule(granule, STRETCH.name, beams, Resampling(), folder / "segments.parquet", 1)
    return read_table(folder / "segments.parquet", SEGMENTS), account


def test_a_cut_gives_the_segments_that_the_whole_granule_gives(internet, session, granule, box, tmp_path):
    remote = RemoteFile(URL, session)
    cut_granule(remote, tmp_path / "cut.h5", BEAMS, box)
    of_cut, account = segments(tmp_path / "cut.h5", tmp_path / "cut")
    of_whole, _ = segments(granule, tmp_path / "whole")
    assert all(part.state == "ok" for part in account.everything())
    for beam in BEAMS:
        with h5py.File(granule) as file:
            reference = file[beam]["geolocation"]
            rows = rows_in_box(reference["reference_photon_lat"][:], reference["reference_photon_lon"][:], box)
            begin, end = reference["segment_dist_x"][:][[rows.start, rows.stop - 1]]
        cut, whole = (
            table[(table["beam"] == beam) & table["x_atc"].between(begin, end)].reset_index(drop=True)
            for table in (of_cut, of_whole)
        )
        assert 0.9 * 5000 < len(whole) <= 5001
        pd.testing.assert_frame_equal(cut[OF_PHOTONS], whole[OF_PHOTONS], check_exact=True)
        pd.testing.assert_frame_equal(cut[SPACED], whole[SPACED], rtol=1e-4)
        pd.testing.assert_frame_equal(cut[HEIGHTS], whole[HEIGHTS], rtol=0, atol=1e-5)


def test_a_cut_moves_little_more_than_its_share_of_the_granule(internet, session, granule, box, tmp_path):
    remote = RemoteFile(URL, session)
    cut_granule(remote, tmp_path / "cut.h5", BEAMS[:1], box)
    assert sum(one.sent for one in internet.requests(STORE)) == remote.fetched
    assert remote.requests == len(internet.requests(STORE))
    with h5py.File(granule) as file:
        photons = sum(file["gt1r/heights"][name].id.get_storage_size() for name in file["gt1r/heights"])
        around = file.id.get_filesize() - sum(
            one.id.get_storage_size() for beam in BEAMS for group in file[beam].values() for one in group.values()
        )
    assert remote.fetched < 10 / 61 * photons + 0.5 * photons / 61 * 10 + around
    assert (tmp_path / "cut.h5").stat().st_size < remote.fetched


def test_a_cut_is_an_atl03_file_of_the_stretch(internet, session, granule, box, tmp_path):
    cut_granule(RemoteFile(URL, session), tmp_path / "cut.h5", ["gt1r", "gt3l"], box)
    with open_granule(tmp_path / "cut.h5") as cut, open_granule(granule) as whole:
        assert cut.beams == ("gt1r",)
        assert (cut.release, cut.orientation) == (whole.release, whole.orientation)
        of_cut, of_whole = read_beam(cut, "gt1r"), read_beam(whole, "gt1r")
        assert of_cut.fallback == of_whole.fallback and of_cut.dead_time == of_whole.dead_time
        assert (of_cut.calibration.correction == of_whole.calibration.correction).all()
        assert len(of_cut.reference_segments) == pytest.approx(500, abs=40)
        name = "gt1r/heights/h_ph"
        assert cut.file[name].chunks == whole.file[name].chunks
        assert cut.file[name].attrs["units"] == whole.file[name].attrs["units"]
        assert NAME in cut.file.attrs["subset"]


def test_the_token_stays_at_the_archive_and_the_store_is_found_once(internet, session, box, tmp_path):
    cut_granule(RemoteFile(URL, session), tmp_path / "cut.h5", BEAMS, box)
    assert len(internet.requests(ARCHIVE)) == 1
    assert not any("Authorization" in one.request.headers for one in internet.requests(STORE))
    assert all("Range" in one.request.headers for one in internet.requests(STORE))


def test_a_cut_survives_a_server_that_fails_and_a_signature_that_expires(internet, session, granule, box, tmp_path):
    remote = RemoteFile(URL, session, replace(QUICK, tries=9))
    for kind in (503, 429, "reset", "short", "stall", 403):
        internet.fault(STORE, kind, after=100)
    cut_granule(remote, tmp_path / "cut.h5", BEAMS, box)
    assert len(internet.requests(ARCHIVE)) == 2
    assert not any(fault.times for fault in internet.faults)
    cut_granule(RemoteFile(URL, session), tmp_path / "again.h5", BEAMS, box)
    with h5py.File(tmp_path / "cut.h5") as cut, h5py.File(tmp_path / "again.h5") as again:
        for name in (f"{beam}/{name}" for beam in BEAMS for name in DATASETS):
            np.testing.assert_array_equal(cut[name][...], again[name][...])


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("html", "sent a web page"),
        (404, "search again"),
        (503, "answers 503"),
        ("reset", "cannot be reached"),
        ("shrunk", "serves no parts of files|changed at the archive"),
    ],
)
@pytest.mark.parametrize("early", [True, False])
def test_a_server_that_refuses_is_one_line_and_leaves_no_file(internet, session, box, tmp_path, fault, words, early):
    remote = None if early else RemoteFile(URL, session, QUICK)
    internet.fault(STORE, fault, times=99)
    with pytest.raises(LeadlineError, match=words) as caught:
        cut_granule(remote or RemoteFile(URL, session, QUICK), tmp_path / "cut.h5", BEAMS, box)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_server_without_ranges_is_one_line(internet, session):
    internet.fault(STORE, "whole")
    with pytest.raises(LeadlineError, match="serves no parts of files; set acquire"):
        RemoteFile(URL, session)


def test_a_file_that_changes_while_it_is_read_is_one_line(internet, session, granule, tmp_path):
    files = {NAME: tmp_path / "served.h5"}
    files[NAME].write_bytes(granule.read_bytes())
    internet.hosts |= earthdata_hosts([], files)
    remote = RemoteFile(URL, session)
    files[NAME].write_bytes(granule.read_bytes()[::-1])
    with pytest.raises(LeadlineError, match="changed at the archive"):
        cut_granule(remote, tmp_path / "cut.h5", BEAMS, EVERYWHERE)


@pytest.mark.parametrize("cut_off", [0.1, 0.9])
def test_a_granule_that_is_cut_off_is_one_line(internet, session, granule, tmp_path, cut_off):
    files = {NAME: tmp_path / "served.h5"}
    content = granule.read_bytes()
    files[NAME].write_bytes(content[: int(cut_off * len(content))])
    internet.hosts |= earthdata_hosts([], files)
    with pytest.raises(InputDataError, match="expected ATL03 data") as caught:
        cut_granule(RemoteFile(URL, session), tmp_path / "cut.h5", BEAMS, EVERYWHERE)
    assert "\n" not in str(caught.value)


def test_a_region_that_the_granule_misses_is_one_line(internet, session, tmp_path):
    with pytest.raises(InputDataError, match="none of gt1r, gt2l is in the region"):
        cut_granule(RemoteFile(URL, session), tmp_path / "cut.h5", BEAMS, (0, 60, 10, 70))


def test_a_full_disk_is_one_line_and_leaves_no_file(internet, session, tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, hard))
    try:
        with pytest.raises(LeadlineError, match="the disk is full"):
            cut_granule(RemoteFile(URL, session), tmp_path / "cut.h5", BEAMS, EVERYWHERE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_the_region_everywhere_gives_the_whole_beam(internet, session, granule, tmp_path):
    cut_granule(RemoteFile(URL, session), tmp_path / "cut.h5", ["gt2l"], EVERYWHERE)
    with h5py.File(granule) as whole, h5py.File(tmp_path / "cut.h5") as cut:
        for name in DATASETS:
            np.testing.assert_array_equal(cut["gt2l"][name][...], whole["gt2l"][name][...])


def test_a_box_may_lie_across_the_antimeridian():
    latitude, longitude = np.full(5, -75.0), np.array([170.0, 179.0, -179.5, -170.0, -150.0])
    assert rows_in_box(latitude, longitude, (175, -80, -165, -70)) == slice(1, 4)
    assert rows_in_box(latitude, longitude, (-180, -80, -140, -70)) == slice(2, 5)
    assert rows_in_box(latitude, longitude, (-180, -80, 180, -70)) == slice(0, 5)
    assert rows_in_box(latitude, longitude, (-180, -70, 180, -60)) == slice(0, 0)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5 * BLOCK), st.integers(0, 3 * BLOCK)), min_size=1, max_size=6))
def test_a_remote_file_reads_as_the_file_does(tmp_path_factory, reads):
    path = tmp_path_factory.mktemp("served") / "file"
    content = np.random.default_rng(3).bytes(4 * BLOCK + 77)
    path.write_bytes(content)
    with served(path) as traffic, requests.Session() as session:
        remote = RemoteFile(traffic.url, session)
        for start, n in reads:
            remote.seek(start)
            assert remote.read(n) == content[start : start + n]
        assert (remote.fetched, remote.requests) == (traffic.bytes_sent, traffic.requests)
        assert remote.fetched <= len(content)


@pytest.mark.parametrize(
    ("header", "part"),
    [("bytes=0-9", range(10)), ("bytes=90-", range(90, 100)), ("bytes=-5", range(95, 100)), ("bytes=200-", range(0))],
)
def test_ranges_are_those_of_http(header, part):
    assert part_of(header, 100) == part
