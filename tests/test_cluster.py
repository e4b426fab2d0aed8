"""Spark jobs on a cluster that loses a machine: minutes, and so no part of `make test` but of `make places`."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from leadline.tables import CLASSES, FREEBOARD, LABELS, LEADS, SECTIONS, SEGMENTS, read_table, write_table
from places import ROOT
from standalone import ENVIRONMENT, SPARK, Cluster, standalone_cluster
from test_spark import Batch
from tracks import simulated_track

pytestmark = pytest.mark.places
KEYS = ["granule", "beam"]


@pytest.fixture
def cluster(tmp_path):
    with standalone_cluster(tmp_path) as cluster:
        yield cluster


def run_here(words: list[str]) -> None:
    ended = subprocess.run([sys.executable, *words], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-4000:]


def run_on_breaking(cluster: Cluster, log: Path, words: list[str]) -> None:
    """Submit a script to a cluster that loses a Worker in the middle of a task, and check that the job met that."""
    limits = ["--executor-memory", "1g", "--conf", "spark.driver.memory=1g", "--conf", "spark.ui.enabled=false"]
    command = [SPARK / "spark-submit", "--master", cluster.master, *limits, *words]
    with log.open("w") as stream:
        job = subprocess.Popen(command, env={**os.environ, **ENVIRONMENT}, stderr=stream)
        cluster.kill_a_worker_of(job)
        job.wait()
    said = log.read_text()
    assert job.returncode == 0, said[-4000:]
    assert "while it was being computed, its executor exited" in said


def test_labels_outlive_a_worker(tmp_path, cluster):
    batch = Batch(tmp_path)
    run_here(batch.command("whole"))
    run_on_breaking(cluster, tmp_path / "log", batch.command("broken"))
    assert pq.read_table(tmp_path / "broken.parquet").equals(pq.read_table(tmp_path / "whole.parquet"))
    assert len(read_table(tmp_path / "whole.parquet", LABELS)) == 900_000
    assert (tmp_path / "broken.json").read_text() == (tmp_path / "whole.json").read_text()


def write_long_tracks(folder: Path) -> tuple[Path, Path]:
    """Write the segments and classes of a granule of six beams, 864,000 segments: more than one task takes."""
    beams = []
    for number, beam in enumerate(("gt1l", "gt1r", "gt2l", "gt2r", "gt3l", "gt3r")):
        track, *_ = simulated_track(n_segments=8000, seed=number)
        step = 2 * len(track)
        pieces = [track.assign(beam=beam, x_atc=track["x_atc"] + piece * step) for piece in range(18)]
        beams.append(pd.concat(pieces))
    table = pd.concat(beams, ignore_index=True)
    table = table.assign(**{name: 0 for name in SEGMENTS.names if name not in table})
    for name, schema in (("segments", SEGMENTS), ("classes", CLASSES)):
        write_table(folder / f"{name}.parquet", table[schema.names], schema)
    return folder / "segments.parquet", folder / "classes.parquet"


def test_freeboard_outlives_a_worker(tmp_path, cluster):
    segments, classes = write_long_tracks(tmp_path)
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    settings = {"segment_length": config["segments"]["window"], **config["freeboard"], "batch": "all"}

    def words(name: str) -> list[str]:
        outputs = {each: tmp_path / f"{name}_{each}.parquet" for each in ("leads", "sections", "output")}
        options = {
            "segments": segments,
            "classes": classes,
            **settings,
            **outputs,
            "account": tmp_path / f"{name}.json",
        }
        pairs = [(f"--{option.replace('_', '-')}", str(value)) for option, value in options.items()]
        return [str(ROOT / "scripts" / "compute_freeboard.py"), *(word for pair in pairs for word in pair)]

    run_here(words("whole"))
    run_on_breaking(cluster, tmp_path / "log", words("broken"))
    for each, schema in (("leads", LEADS), ("sections", SECTIONS), ("output", FREEBOARD)):
        found, expected = (in_order(tmp_path / f"{name}_{each}.parquet", schema) for name in ("broken", "whole"))
        assert found.equals(expected) and found.num_rows > 0, each
    assert (tmp_path / "broken.json").read_text() == (tmp_path / "whole.json").read_text()


def in_order(path: Path, schema: pa.Schema) -> pa.Table:
    """Read a table with its rows sorted, whatever part of the folder each is in."""
    table = read_table(path, schema)
    return pa.Table.from_pandas(table.sort_values(list(table.columns), ignore_index=True))
