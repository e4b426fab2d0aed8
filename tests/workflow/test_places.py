"""The places of work where they can be had: a cluster of Spark, a Slurm of one node, a container's Python, a lost rank.

They take a quarter of an hour and are not part of `make test`: `make places`.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest
from workflow_words import memory

from places import ROOT
from standalone import ENVIRONMENT, standalone_cluster

pytestmark = pytest.mark.places
BATCH = "all"
"""The only batch of the small campaign."""


def test_a_killed_rank_ends_the_job_and_its_retry_goes_on_from_the_checkpoint(again, small):
    """The second attempt asks for twice the memory, in case the first died of the lack of it."""
    (again.folder / "long.yaml").write_text("model: {presets: {quick: {epochs: 40}}}\n")
    run = subprocess.Popen(
        again.command("results/model/lstm.keras", *small, "long.yaml"),
        cwd=again.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    kill_a_rank(psutil.Process(run.pid), again.folder / "results" / "model" / "lstm.checkpoint.npz")
    said = run.communicate()[0]
    assert run.returncode == 0, said
    assert "Exit code: 137" in said and "Trying to restart job" in said
    first, second = memory(said, "train_model")
    assert second == 2 * first
    assert "going on after epoch" in (again.folder / "results" / "logs" / "train_model" / "lstm.log").read_text()
    description = json.loads((again.folder / "results" / "model" / "lstm.json").read_text())
    assert len(description["history"]) == 40


def kill_a_rank(run: psutil.Process, checkpoint: Path, patience: float = 300) -> None:
    """Kill rank 1 of the training that runs below a process, once there is a checkpoint."""
    end = time.monotonic() + patience
    while not checkpoint.exists():
        assert time.monotonic() < end, f"no checkpoint after {patience} s"
        time.sleep(0.1)
    ranks = [child for child in run.children(recursive=True) if child.environ().get("HOROVOD_RANK") == "1"]
    (rank,) = (child for child in ranks if Path(child.exe()).name.startswith("python"))
    rank.send_signal(signal.SIGKILL)


def same_tables(one: Path, other: Path, stage: str, names: list[str]) -> None:
    for name in names:
        found, expected = (pq.read_table(place / "results" / stage / f"{name}.parquet") for place in (one, other))
        order = [(column, "ascending") for column in found.column_names]
        assert found.sort_by(order).equals(expected.sort_by(order)) and found.num_rows > 0, name


def test_on_a_cluster_of_two_workers_the_rules_of_spark_make_the_same_tables(again, finished, small, tmp_path):
    """The profile of Dataproc, the master overridden, on a standalone cluster."""
    with standalone_cluster(tmp_path) as cluster:
        variables = {**ENVIRONMENT, "LEADLINE_SPARK_MASTER": cluster.master}
        for stage in ("freeboard", "labels"):
            again.snakemake(f"results/{stage}/{BATCH}.parquet", "--force", "--profile", "dataproc", *small, **variables)
    same_tables(again.folder, finished.folder, "labels", [BATCH])
    same_tables(again.folder, finished.folder, "freeboard", [BATCH, f"{BATCH}_leads", f"{BATCH}_sections"])


def put_on_path(folder: Path, name: str, code: str) -> str:
    """Write a program in Python into a folder, and return a PATH on which it comes first."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!{sys.executable}\n{code}")
    program.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def test_slurm_is_asked_for_one_process_that_sees_eight_gpus(again, small, tmp_path):
    """By the line that the plugin gives to sbatch; this sbatch notes it, and takes no job."""
    noted = tmp_path / "sbatch.json"
    code = f"""
import json, os, sys
with open("{noted}.part", "w") as file:
    json.dump(sys.argv[1:], file)
os.rename("{noted}.part", "{noted}")
"""
    variables = {**os.environ, "PATH": put_on_path(tmp_path / "bin", "sbatch", code)}
    partition = ("--default-resources", "slurm_partition=dgx")  # else Slurm is asked for one, and there is none
    arguments = ("results/model/lstm.keras", "--force", *partition, "--profile", "dgx-slurm", *small)
    run = subprocess.Popen(again.command(*arguments), cwd=again.folder, env=variables)
    while not noted.exists():
        assert run.poll() is None
        time.sleep(0.1)
    run.kill()
    run.wait()
    words = json.loads(noted.read_text())
    assert {"--gpus=8", "--cpus-per-task=64", "--nodes=1"} <= set(words)
    assert not [word for word in words if word.startswith("--ntasks")]
    assert int(words[words.index("--mem") + 1]) >= 64000


def test_in_a_real_slurm_of_one_node_the_rules_of_spark_and_horovod_make_the_same_tables(again, finished, small):
    if not shutil.which("slurmctld", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin"):
        pytest.skip("Slurm is not installed: apt-get install slurmctld slurmd slurm-client munge")
    profile = (again.folder / "profiles" / "dgx-slurm" / "config.yaml").read_text()
    ranks = "-np 8 -H localhost:8"
    assert ranks in profile
    (again.folder / "node").mkdir()
    (again.folder / "node" / "config.yaml").write_text(profile.replace(ranks, "-np 2"))
    slurm = ("--profile", "node", "--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "3")
    for target in (f"labels/{BATCH}.parquet", "model/mlp.keras"):
        words = again.command(f"results/{target}", "--force", *slurm, *small)
        script = ROOT / "scripts" / "cluster" / "one_node_slurm.sh"
        ended = subprocess.run([script, *words], cwd=again.folder, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert "SLURM jobid" in ended.stderr
    same_tables(again.folder, finished.folder, "labels", [BATCH])
    found, expected = (place.folder / "results" / "model" / "mlp.keras" for place in (again, finished))
    assert found.read_bytes() == expected.read_bytes()


def test_in_a_container_the_python_of_the_container_is_used(again, small, tmp_path):
    """By an apptainer that notes what it was asked for, and runs that as in a container."""
    (again.folder / "envs" / "leadline.sif").write_text("an image")
    inside, noted, used = tmp_path / "inside", tmp_path / "apptainer.json", tmp_path / "used"
    put_on_path(
        inside,
        "python",
        f"import os, sys; open({str(used)!r}, 'w'); os.execv({sys.executable!r}, [{sys.executable!r}, *sys.argv[1:]])",
    )
    code = f"""
import json, os, sys
if "--version" in sys.argv:
    sys.exit(print("apptainer version 1.4.0"))
json.dump(sys.argv[1:], open({str(noted)!r}, "w"))
os.environ.update(APPTAINER_CONTAINER="leadline.sif", PATH="{inside}:/usr/bin:/bin")
os.execvp("bash", ["bash", "-c", sys.argv[-1]])
"""
    path = put_on_path(tmp_path / "bin", "apptainer", code)
    (scene, *_) = sorted((again.folder / "results" / "labels").glob("S2_*.tif"))
    target = str(scene.relative_to(again.folder))
    again.snakemake(target, "--force", "--sdm", "apptainer", "--apptainer-args=--nv", *small, PATH=path)
    assert used.exists()
    words = json.loads(noted.read_text())
    assert words[0] == "exec" and "--nv" in words
