"""The segments that the library makes are those of the plain implementation, and do not depend on how it works."""

import shutil
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from granules import FILL
from leadline.accounts import Account
from leadline.beam import Fallback, Selection
from leadline.names import BEAMS
from leadline.resampling import resample_granule
from leadline.segments import Resampling
from leadline.simulate.granule import simulate_granule
from leadline.simulate.world import GranuleSettings
from leadline.tables import SEGMENTS, read_table
from plain_segments import plain_segments

NAME = "20191104200000_90010510"
TRUE = "atl03/ATL03_20181014002445_02350104_006_02_gt1l_sea_ice.h5"
PAIR = "pairs/ATL03_20190622202251_13070304_006_02/ATL03_20190622202251_13070304_006_02.h5"
PAIR_WITH_GAPS = "pairs/ATL03_20210704231644_01731204_006_01/ATL03_20210704231644_01731204_006_01.h5"
REAL = {
    TRUE: dict.fromkeys(["gt1l"], Fallback.ORIENTATION | Fallback.DEAD_TIME),
    PAIR: dict.fromkeys(["gt1l", "gt1r", "gt2l", "gt3l"], Fallback.DEAD_TIME),
    PAIR_WITH_GAPS: dict.fromkeys(["gt1l", "gt1r", "gt2l", "gt3l", "gt3r"], Fallback.DEAD_TIME),
}
"""All beams of the real granules, strong and weak, and what stands in for what these do not tell."""


@pytest.fixture(scope="module")
def simulated(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("simulated") / "ATL03.h5"
    simulate_granule(path, GranuleSettings(NAME, 7, latitude=-74.0, longitude=-170.0, heading=200.0, length=2000.0))
    return path


@pytest.fixture(scope="module")
def spoilt(simulated) -> Path:
    """The simulated granule, spoilt in two beams."""
    path = simulated.with_name("spoilt.h5")
    shutil.copy(simulated, path)
    with h5py.File(path, "r+") as file:
        for seed, beam in enumerate(("gt1l", "gt1r")):
            spoil(file[beam], np.random.default_rng(seed))
    return path


def spoil(beam: h5py.Group, rng: np.random.Generator) -> None:
    """Break photons and reference segments, thin the end of the track out, and lay it over the antimeridian."""

    def put(name: str, values: list, share: float) -> None:
        spoilt = beam[name][...]
        hit = rng.random(spoilt.size) < share
        spoilt[hit] = rng.choice(values, hit.sum())
        beam[name][...] = spoilt

    longitude = beam["heights/lon_ph"][...]
    beam["heights/lon_ph"][...] = (longitude - np.median(longitude)) % 360 - 180
    confidence = beam["heights/signal_conf_ph"][...]
    thinned = np.arange(len(confidence)) > 0.6 * len(confidence)
    confidence[thinned & (rng.random(len(confidence)) < 0.999)] = 1
    beam["heights/signal_conf_ph"][...] = confidence
    beam["bckgrd_atlas/delta_time"][...] += 0.1
    put("heights/h_ph", [np.nan, FILL, -1001, 10_001], 0.01)
    put("heights/lat_ph", [np.nan, FILL, -91, 91], 0.01)
    put("heights/lon_ph", [np.nan, FILL, -181, 181], 0.01)
    put("heights/delta_time", [np.nan, FILL, -1], 0.01)
    put("heights/dist_ph_along", [np.nan, FILL, -21, -19, 39, 41], 0.02)
    put("heights/quality_ph", [1, 2, 3], 0.05)
    put("geolocation/podppd_flag", [1, 4], 0.05)
    put("geophys_corr/dem_flag", [0, 2], 0.05)
    for correction in ("dem_h", "tide_ocean", "tide_equilibrium", "dac"):
        put(f"geophys_corr/{correction}", [FILL], 0.05)
    put("geophys_corr/geoid", [FILL], 0.2)


def resampled(path: Path, beams: list[str], folder: Path, settings: Resampling, **how) -> tuple[pd.DataFrame, Account]:
    account = resample_granule(path, NAME, beams, settings, folder / "segments.parquet", **how)
    return read_table(folder / "segments.parquet", SEGMENTS), account


def assert_same_as_plain(path: Path, fallback: dict[str, Fallback], folder: Path, settings: Resampling) -> pd.DataFrame:
    """Compare the whole table, in which a sum over photons may be taken in another order."""
    plain = plain_segments(path, NAME, fallback, settings)
    table = resampled(path, list(fallback), folder, settings)[0][plain.columns]
    assert_frame_equal(table.select_dtypes(exclude="floating"), plain.select_dtypes(exclude="floating"))
    for kind, precision in ((np.float64, 1e-14), (np.float32, np.finfo(np.float32).eps)):
        assert_frame_equal(table.select_dtypes(kind), plain.select_dtypes(kind), rtol=precision, atol=1e-12)
    return plain


@pytest.mark.parametrize("granule", REAL, ids=["true", "pair", "pair with gaps"])
def test_segments_of_a_real_granule_are_those_of_the_plain_implementation(granule, real_data, tmp_path):
    assert_same_as_plain(real_data / granule, REAL[granule], tmp_path, Resampling())


def test_segments_of_a_simulated_granule_are_those_of_the_plain_implementation(simulated, tmp_path):
    assert_same_as_plain(simulated, dict.fromkeys(BEAMS, Fallback.NONE), tmp_path, Resampling())


@pytest.mark.parametrize(
    "settings",
    [
        Resampling(window=0.5, trim=0.3, surface_window=1.0),
        Resampling(window=30.0, selection=Selection(minimum_confidence=4, mss="geoid")),
        Resampling(selection=Selection(minimum_confidence=1, quality_before_007=(0, 2), podppd_flags=(0, 4))),
    ],
    ids=["short", "long", "lenient"],
)
def test_segments_of_a_spoilt_granule_are_those_of_the_plain_implementation(settings, spoilt, tmp_path):
    assert_same_as_plain(spoilt, dict.fromkeys(("gt1l", "gt1r"), Fallback.NONE), tmp_path, settings)


def test_the_spoilt_granule_has_what_measured_ones_seldom_have(spoilt, tmp_path):
    plain = assert_same_as_plain(spoilt, dict.fromkeys(("gt1l", "gt1r"), Fallback.NONE), tmp_path, Resampling())
    assert set(plain.first_photon_bias_flag) >= {0, 4, 5}
    assert set(plain.mss_flag) == {0, 1}
    assert set(np.sign(plain.longitude)) == {-1, 1}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    ("granule", "beam"),
    [(TRUE, "gt1l"), (PAIR_WITH_GAPS, "gt1r"), ("spoilt", "gt1r")],
    ids=["true", "pair with gaps", "spoilt"],
)
def test_a_track_cut_at_every_awkward_place_gives_the_same_table(granule, beam, threads, request, tmp_path):
    """A piece of one photon is a reference segment long, for pieces are whole ones."""
    path = request.getfixturevalue("spoilt") if granule == "spoilt" else request.getfixturevalue("real_data") / granule
    with h5py.File(path) as file:
        n = len(file[beam]["heights/h_ph"])
        of_a_reference_segment = int(file[beam]["geolocation/segment_ph_cnt"][...].max())
    whole, account = resampled(path, [beam], tmp_path, Resampling())
    for photons in (1, of_a_reference_segment, 997, 10_007, n // 2, n - 1, n, n + 1):
        table, of_pieces = resampled(path, [beam], tmp_path, Resampling(), threads=threads, photons_per_piece=photons)
        assert_frame_equal(table, whole, check_exact=True, obj=f"segments of pieces of {photons} photons")
        assert of_pieces == account
