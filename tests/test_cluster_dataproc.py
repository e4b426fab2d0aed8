"""The commands of a Dataproc cluster: what they say to gcloud, word for word, and what they run on the cluster."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from places import ROOT
from standalone import ENVIRONMENT, SPARK, standalone_cluster
from test_spark import Batch

CLUSTER = ROOT / "scripts" / "cluster"
GCLOUD = Path(__file__).with_name("documented_gcloud.py")
"""A gcloud that knows the documented flags, notes what it is told, and refuses what the true one would refuse."""


@pytest.fixture
def gcloud(tmp_path):
    """Give a function that runs a command beside the noting gcloud, and returns what that was told."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "gcloud").write_text(f'#!/bin/sh\nexec {sys.executable} {GCLOUD} "$@"\n')
    (tmp_path / "bin" / "gcloud").chmod(0o755)
    notes = tmp_path / "notes"

    def run(*words: object, fails: bool = False, **variables: str) -> list[list[str]]:
        path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "GCLOUD_NOTES": str(notes), **variables}
        ended = subprocess.run(list(map(str, words)), env=environment, cwd=tmp_path, capture_output=True, text=True)
        assert (ended.returncode != 0) == fails, ended.stdout + ended.stderr
        return [json.loads(line) for line in notes.read_text().splitlines()] if notes.exists() else []

    return run


in_git = pytest.mark.skipif(
    not (ROOT / ".git").exists(), reason="the project is sent as git archives it; here is no git"
)


@in_git
def test_a_cluster_is_created_with_its_environment_and_this_project(gcloud):
    place = "gs://bucket/leadline"
    *copied, created = gcloud(CLUSTER / "create_dataproc.sh", "ice", "europe-west4", place, "--num-workers=5")
    assert copied == [
        ["storage", "cp", "-", f"{place}/setup/leadline.tar.gz"],
        ["storage", "cp", "scripts/cluster/install_on_node.sh", f"{place}/setup/"],
    ]
    assert created[:5] == ["dataproc", "clusters", "create", "ice", "--region=europe-west4"]
    assert {
        "--image-version=2.3-debian12",
        f"--initialization-actions={place}/setup/install_on_node.sh",
        f"--metadata=leadline-place={place}",
        "--properties=spark:spark.pyspark.python=/opt/leadline/.venv/bin/python",
    } <= set(created)
    assert created[-1] == "--num-workers=5", "a flag of one's own comes last and wins"


@in_git
def test_a_flag_that_is_not_documented_is_refused(gcloud):
    """So the test above can fail."""
    *_, refused = gcloud(CLUSTER / "create_dataproc.sh", "ice", "europe-west4", "gs://b/f", "--workers=5", fails=True)
    assert refused[-1] == "--workers=5"


def test_results_are_copied_to_the_bucket_before_a_cluster_is_deleted(gcloud):
    told = gcloud(CLUSTER / "delete_dataproc.sh", "ice", "europe-west4", "gs://b/f")
    assert [words[:3] for words in told] == [
        ["dataproc", "clusters", "describe"],
        ["compute", "ssh", "ice-m"],
        ["storage", "rsync", "/srv/leadline/results"],
        ["dataproc", "clusters", "delete"],
    ]
    assert told[2][3] == "gs://b/f/results"


def test_a_cluster_whose_results_cannot_be_copied_is_not_deleted(gcloud):
    told = gcloud(
        CLUSTER / "delete_dataproc.sh", "ice", "europe-west4", "gs://b/f", fails=True, GCLOUD_FAILS_AT="storage rsync"
    )
    assert not [words for words in told if words[:3] == ["dataproc", "clusters", "delete"]]


@pytest.mark.parametrize("name", ["create_dataproc.sh", "delete_dataproc.sh"])
def test_a_command_without_its_words_does_nothing(gcloud, name):
    assert gcloud(CLUSTER / name, "ice", fails=True) == []


@pytest.mark.places
def test_a_script_submitted_from_outside_makes_the_same_table(gcloud, tmp_path):
    """The noting gcloud hands the driver to a real cluster, from an empty folder, with what it was told to send."""
    batch = Batch(tmp_path)
    subprocess.run([sys.executable, *batch.command("local")], check=True, capture_output=True)
    script, *arguments = [word.replace(f"{tmp_path}/", "") for word in batch.command("sent")]
    with standalone_cluster(tmp_path / "work") as cluster:
        submit = [sys.executable, ROOT / "scripts" / "submit_spark.py", "--cluster", "ice", "--region", "europe-west4"]
        submission = f"{SPARK / 'spark-submit'} --master {cluster.master} --executor-memory 1g"
        (told,) = gcloud(*submit, script, *arguments, **ENVIRONMENT, GCLOUD_SUBMITS_BY=submission)
    assert told[:6] == ["dataproc", "jobs", "submit", "pyspark", str(CLUSTER / "driver.py"), "--cluster=ice"]
    assert told[told.index("--") + 1 :] == [str(tmp_path), "label_tracks", *arguments]
    assert pq.read_table(tmp_path / "sent.parquet").equals(pq.read_table(tmp_path / "local.parquet"))


def test_a_submitted_script_that_fails_is_told_in_one_line(gcloud, tmp_path):
    submit = [sys.executable, ROOT / "scripts" / "submit_spark.py", "--cluster", "ice", "--region", "europe-west4"]
    script = ROOT / "scripts" / "label_tracks.py"
    gcloud(*submit, script, fails=True, GCLOUD_FAILS_AT="dataproc jobs submit pyspark")
