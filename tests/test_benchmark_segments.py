"""The benchmark of the segments measures what it says; how long anything takes is not tested."""

import json
import subprocess
import sys

import h5py
import numpy as np
import pandas as pd
import pytest

from leadline.atl03 import PHOTONS, open_granule, read_beam, read_photons
from leadline.benchmarks.long_beam import write_long_beam
from leadline.benchmarks.measures import Time, Way, compare, exponent, peak_memory, ratio, seconds
from leadline.benchmarks.rivals import read_plainly
from leadline.benchmarks.targets import Figure, against_targets, as_text
from leadline.errors import LeadlineError
from places import ROOT

BEAM = "gt1r"
MIB = 2**20


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory):
    """The folder of a small run with its beams, what it wrote and what it said."""
    folder = tmp_path_factory.mktemp("benchmark")
    command = [sys.executable, ROOT / "scripts" / "benchmark_segments.py", "--photons", "200000", "--rounds", "1"]
    command += ["--sizes", "200000", "1000000", "--folder", folder, "--output", folder / "results" / "segments.json"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return folder, json.loads((folder / "results" / "segments.json").read_text()), said


def whole_beam(path):
    with open_granule(path) as granule:
        beam = read_beam(granule, BEAM)
        return granule.beams, beam, read_photons(granule, BEAM, slice(0, beam.n_photons))


def test_a_run_writes_every_figure(benchmark):
    _, results, said = benchmark
    assert {row["way"] for row in results["times"]} == {"read", "stage", "pandas"}
    assert all(row["seconds"] > row["seconds_inside"] for row in results["times"])
    of_beam, of_longer = results["memory"]
    assert of_longer["photons"] == pytest.approx(5 * of_beam["photons"], rel=0.4)
    assert all(row["bytes"] > 50 * MIB for row in results["memory"])
    assert [row["photons"] for row in results["cost"]] == sorted(row["photons"] for row in results["cost"])
    assert len(results["cost"]) == 3 and all(len(row["seconds"]) == 1 for row in results["cost"])
    assert all(figure["name"] in said for figure in results["figures"])
    assert {figure["at_most"] for figure in results["figures"]} >= {1.3, 1.5}
    assert results["source"] == "simulated"
    assert results["machine"]["cores_used"] == 2
    assert " --threads 2 " in results["command"]


def test_the_stage_and_pandas_keep_the_same_photons_and_find_the_same_heights(benchmark):
    folder, results, _ = benchmark
    by_hand = pd.read_parquet(folder / "pandas.parquet")
    by_stage = pd.read_parquet(folder / "photons_200000.parquet")
    kept = results["kept"]
    assert kept["pandas"]["segments"] == len(by_hand) == pytest.approx(kept["stage"]["segments"], rel=1e-3)
    assert kept["pandas"]["photons"] == pytest.approx(kept["stage"]["photons"], rel=0.01)
    both = by_hand.merge(by_stage, on="x_atc", suffixes=("_by_hand", ""))
    # Trimmed about the median or about the mode: mostly the same photons.
    alike = both[both["n_photons_by_hand"] == both["n_photons"]]
    assert len(alike) > 0.9 * len(by_stage)
    height = alike["height_mean"] + alike["first_photon_bias"]
    assert np.abs(height - alike["height_mean_by_hand"]).median() < 1e-5
    assert np.abs(alike["background_rate"] / alike["background_rate_by_hand"] - 1).max() < 1e-5


def test_a_long_beam_is_an_atl03_beam_that_goes_on_along_the_track(benchmark):
    folder, results, _ = benchmark
    beams, beam, photons = whole_beam(folder / "photons_1000000.h5")
    _, stretch, photons_of_stretch = whole_beam(folder / "stretch.h5")
    assert beams == (BEAM,) and beam.kind == "strong"
    assert beam.n_photons == results["cost"][-1]["photons"]
    assert 1_000_000 <= beam.n_photons < 1_000_000 + stretch.n_photons
    assert beam.n_photons % stretch.n_photons == 0
    reference = beam.reference_segments
    assert np.diff(reference["segment_dist_x"]) == pytest.approx(20.0058, abs=1e-4)
    filled = reference[reference["segment_ph_cnt"] > 0]
    assert (filled["ph_index_beg"] == 1 + filled["segment_ph_cnt"].cumsum().shift(fill_value=0)).all()
    assert np.diff(beam.background["delta_time"]) == pytest.approx(0.005, abs=1e-6)
    shots = np.unique(np.round((photons["delta_time"] - photons["delta_time"][0]) / 1e-4).astype(int))
    assert shots[-1] == pytest.approx(len(beam.background) * 50, abs=50)
    assert np.abs(np.diff(photons["lat_ph"])).max() < 60 / 111_000
    assert photons["lat_ph"][-1] > photons_of_stretch["lat_ph"][-1] + 0.5
    for name in ("h_ph", "signal_conf_ph", "dist_ph_along"):
        assert (photons[name].reshape(-1, stretch.n_photons) == photons_of_stretch[name]).all()


def test_a_long_beam_is_packed_as_the_stretch_is(benchmark):
    folder, _, _ = benchmark
    with h5py.File(folder / "photons_1000000.h5") as long, h5py.File(folder / "stretch.h5") as stretch:
        for name in PHOTONS:
            of_long, of_stretch = long[BEAM]["heights"][name], stretch[BEAM]["heights"][name]
            for packing in ("dtype", "chunks", "compression", "compression_opts", "shuffle"):
                assert getattr(of_long, packing) == getattr(of_stretch, packing)
            bytes_a_photon = [each.id.get_storage_size() / len(each) for each in (of_long, of_stretch)]
            assert bytes_a_photon[0] == pytest.approx(bytes_a_photon[1], rel=0.1)


def test_a_beam_that_would_go_beyond_the_pole_is_refused(benchmark, tmp_path):
    folder, _, _ = benchmark
    names = ["heights/h_ph", "heights/lat_ph", "geolocation/reference_photon_lat"]
    with pytest.raises(LeadlineError, match="beyond the pole"):
        write_long_beam(folder / "stretch.h5", tmp_path / "long.h5", BEAM, names, 10**9)
    assert not list(tmp_path.iterdir())


def test_plain_reading_gives_whole_datasets(benchmark):
    folder, _, _ = benchmark
    read = read_plainly(folder / "stretch.h5", BEAM, ["heights/h_ph", "heights/signal_conf_ph"])
    _, _, photons = whole_beam(folder / "stretch.h5")
    assert (read["heights/h_ph"] == photons["h_ph"]).all()
    assert (read["heights/signal_conf_ph"][:, 2] == photons["signal_conf_ph"]).all()


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_each_round_begins_with_another_way():
    nothing = Way(python(""), python(""))
    times = compare({"a": nothing, "b": nothing}, 3)
    assert [(time.round, time.way) for time in times] == [(0, "a"), (0, "b"), (1, "b"), (1, "a"), (2, "a"), (2, "b")]


def test_processor_time_is_that_of_all_cores():
    two_busy = "import os, time; child = os.fork()\nwhile time.process_time() < 0.4: pass\nchild and os.wait()"
    (time,) = compare({"a": Way(python(two_busy), python(""))}, 1)
    assert 0.8 <= time.cpu_seconds < 1.2


def test_a_ratio_is_the_median_over_the_rounds():
    times = [Time(number, "a", 6.0, 5.0, 6.0) for number in range(3)]
    times += [Time(number, "b", whole, whole - 1, whole) for number, whole in enumerate((1.0, 2.0, 3.0))]
    assert ratio(times, "a", "b") == 3
    assert ratio(times[1:3] + times[4:], "b", "a", "seconds_inside") == pytest.approx((1 / 5 + 2 / 5) / 2)


@pytest.mark.parametrize("power", [0.8, 1.0, 1.3])
def test_the_exponent_of_a_power_law_over_a_fixed_cost_is_found(power):
    n_photons = np.array([100_000, 1_000_000, 5_000_000, 20_000_000])
    found = exponent(list(n_photons), list(2.0 + (n_photons - n_photons[0]) ** power / 1e6))
    assert found == pytest.approx(power)


def test_there_is_no_exponent_without_two_beams_that_took_longer():
    assert exponent([1, 2, 3], [1.0, 0.9, 2.0]) is None


def test_memory_is_that_of_a_process_and_of_those_below_it_together():
    child = "x = bytearray(100 << 20); import time; time.sleep(1)"
    parent = f"import subprocess, sys; x = bytearray(100 << 20); subprocess.run([sys.executable, '-c', {child!r}])"
    assert 200 * MIB < peak_memory(python(parent)) < 260 * MIB


def test_memory_that_processes_share_counts_once():
    forked = "import os, time; x = bytearray(200 << 20); os.fork(); time.sleep(1)"
    assert 200 * MIB < peak_memory(python(forked)) < 260 * MIB


def test_a_command_that_fails_is_named_with_its_last_words():
    with pytest.raises(LeadlineError, match=r"ended with 1: no room"):
        seconds(python("import sys; sys.exit('no room')"))


def test_targets_are_met_or_not():
    assert Figure("a", 1.3, at_most=1.3).met is True
    assert Figure("a", 1.9, at_least=2.0).met is False
    assert Figure("a", None, at_most=1.0).met is False
    assert Figure("a", 1.0).met is None
    times = [Time(0, way, whole, whole - 1, whole) for way, whole in (("read", 4.0), ("stage", 5.0), ("pandas", 20.0))]
    figures = against_targets(times, {20: 2**30, 100: 2**31}, 1.0)
    assert [figure.met for figure in figures] == [True, None, True, None, True, False, None, True]
    assert "GiB for 100 photons                           2.00  at most 1.5   not met\n" in as_text(figures)
