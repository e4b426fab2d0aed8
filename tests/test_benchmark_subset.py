"""The benchmark of subsets measures what it says; how long anything takes is not tested."""

import json
import subprocess
import sys

import pytest

from places import ROOT


def test_a_run_writes_what_moved_and_shows_it(tmp_path):
    output = tmp_path / "results" / "subset.json"
    command = [sys.executable, ROOT / "scripts" / "benchmark_subset.py", "--stretches", "2", "--length", "2000"]
    command += ["--latency", "0", "0.001", "--folder", tmp_path, "--output", output]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    results = json.loads(output.read_text())
    assert results["source"] == "simulated"
    at_once, late = results["cuts"]
    assert (at_once["latency"], late["latency"]) == (0, 0.001)
    assert at_once["moved"] == late["moved"] and at_once["requests"] == late["requests"]
    assert at_once["granule"] == (tmp_path / "stretches_2.h5").stat().st_size
    assert at_once["written"] < at_once["moved"] < at_once["granule"]
    assert [float(line.split()[0]) for line in said.splitlines()] == [
        pytest.approx(at_once["moved"] / 1e6, abs=0.1)
    ] * 2
