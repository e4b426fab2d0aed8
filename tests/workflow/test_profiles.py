"""The places of work: each profile from a fresh copy, what it asks of the place, and the place where it can be had."""

import re

import pytest
from workflow_words import NOTHING, memory

DEMO = ("--configfile", "config/demo.yaml")
NAMED = ["dgx", "dgx-slurm", "dataproc"]
"""Profiles that ``snakemake --profile`` finds by their name alone."""


def jobs_in(said: str) -> dict[str, str]:
    """Return what a dry run says of the jobs: the text of the last one of each rule."""
    return dict(re.findall(r"^(?:local)?rule (\w+):\n(.*?)(?=\n\n|\Z)", said, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("profile", [*NAMED, *(f"profiles/{name}" for name in [*NAMED, "dataproc-outside"])])
def test_a_profile_resolves_by_its_name_and_dry_runs(checkout, profile):
    assert checkout.jobs("--profile", profile, *DEMO)["write_product"] == 9


@pytest.mark.parametrize("profile", [*NAMED, "profiles/dataproc-outside"])
def test_a_profile_moves_the_work_and_makes_nothing_stale(finished, small, profile):
    assert NOTHING in finished.snakemake("--dry-run", "--profile", profile, *small)


@pytest.mark.parametrize("profile", ["dgx", "dgx-slurm"])
def test_on_a_dgx_eight_ranks_take_all_gpus_and_spark_half_of_the_cores(finished, small, profile):
    said = finished.snakemake("--dry-run", "--forceall", "--printshellcmds", "--profile", profile, *small)
    jobs = jobs_in(said)
    for rule in ("train_model", "classify_segments"):
        assert f"horovodrun -np 8 -H localhost:8 --gloo python $SCRIPTS/{rule}.py" in jobs[rule]
        assert re.search(r"resources: .*\bgpu=8\b", jobs[rule])
    for rule in ("label_tracks", "compute_freeboard"):
        assert re.search(rf"'--master local\[\d+\] --driver-memory \d+g pyspark-shell' python \$SCRIPTS/{rule}", said)


def test_on_dataproc_only_the_rules_of_spark_go_to_yarn(finished, small):
    said = finished.snakemake("--dry-run", "--forceall", "--printshellcmds", "--profile", "dataproc", *small)
    submitted = set(re.findall(r"spark-submit --master \S+yarn\S+ --deploy-mode client \$SCRIPTS/(\w+)\.py", said))
    assert submitted == {"label_tracks", "compute_freeboard"}


def test_memory_follows_the_size_of_the_input(again, small):
    target = ("results/model/train_set.parquet", "--force", "--dry-run", *small)
    (before,) = memory(again.snakemake(*target), "build_training_set")
    (path, *_) = sorted((again.folder / "results" / "segments").glob("*.parquet"))
    with path.open("ab") as file:
        file.truncate(path.stat().st_size + 200 * 2**20)
    (after,) = memory(again.snakemake(*target, "--rerun-triggers", "params"), "build_training_set")
    assert after > before + 1000
