"""The benchmark of a scene measures what it says; how long it takes is not tested."""

import json
import subprocess
import sys

import numpy as np
import pytest
import rasterio

from leadline.accounts import read_account
from leadline.scene import open_scene
from places import ROOT

SIZE = 1200


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory):
    """The folder of a small run with its tile, what it wrote and what it said."""
    folder = tmp_path_factory.mktemp("benchmark")
    command = [sys.executable, ROOT / "scripts" / "benchmark_scene.py", "--size", str(SIZE), "--rounds", "1"]
    command += ["--folder", folder, "--output", folder / "scene.json"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return folder, json.loads((folder / "scene.json").read_text()), said


def test_a_run_writes_every_figure(benchmark):
    folder, results, said = benchmark
    assert results["source"] == "simulated"
    assert results["machine"]["cores_used"] == 2
    assert results["pixels"] == [SIZE, SIZE]
    assert results["peak_bytes"] > 50 * 2**20
    assert all(figure["name"] in said for figure in results["figures"])
    assert [figure["at_most"] for figure in results["figures"]] == [90, None, 2]
    assert results["counts"] == read_account(folder / "account.json").counts


def test_the_simulated_tile_is_stored_as_real_ones_are(benchmark):
    folder, results, _ = benchmark
    (path,) = folder.glob("pixels_*/*.SAFE")
    with open_scene(path) as scene:
        assert (scene.shape, scene.level, scene.processing_baseline) == ((SIZE, SIZE), "L1C", "05.09")
        reflectance = scene.reflectance()
    assert np.median(reflectance[0]) > 0.3 and reflectance[:3].min() > -0.05
    # The 60 m bands of the real product take 10.4 bits a pixel of sea ice.
    assert 8 < results["bytes"] * 8 / reflectance.size < 12
    with rasterio.open(next(path.rglob("*_B02.jp2"))) as dataset:
        assert dataset.block_shapes == [(1024, 1024)]
        assert len(dataset.overviews(1)) >= 4
