"""What the jobs of a campaign that has run cost, from Snakemake's benchmark files, and how large each was."""

import json
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
from pyarrow import dataset

from leadline.accounts import read_account
from leadline.errors import LeadlineError

MIB = 2**20
OFTEN, SELDOM = 15.0, 30.0
"""Snakemake measures a job twice a second for so many seconds, and from then on once in so many."""
JOBS = ["rule", "job", "unit", "size", "cpu_seconds", "memory_bytes", "written_bytes"]


def jobs_of(results: Path) -> pd.DataFrame:
    """Return a row for each job that the benchmark files under ``results`` tell, with the columns ``JOBS``.

    A job that was too short to be measured, or of a rule that no cost is modelled of, is left out. Raises
    ``LeadlineError`` where there is none.
    """
    rows = []
    for path in sorted((results / "benchmarks").rglob("*.tsv")):
        rule, job = (path.parent.name, path.stem) if path.parent.name != "benchmarks" else (path.stem, "")
        benchmark = pd.read_csv(path, sep="\t").iloc[0]
        if rule not in _SIZES or pd.isna(benchmark.get("cpu_time")) or not benchmark["cpu_time"]:
            continue
        unit, size, outputs = _SIZES[rule]
        rows.append(
            {
                "rule": rule,
                "job": job,
                "unit": unit,
                "size": size(results, job),
                "cpu_seconds": whole_cpu_seconds(benchmark["s"], benchmark["cpu_time"]),
                "memory_bytes": benchmark["max_rss"] * MIB,
                "written_bytes": sum(_bytes(results / pattern.format(job)) for pattern in outputs),
            }
        )
    if not rows:
        raise LeadlineError(f"{results}: expected benchmarks of finished jobs; run a campaign, as by make demo")
    return pd.DataFrame(rows)[JOBS]


def full_size_jobs(benchmarks: Path) -> pd.DataFrame:
    """Return a row, with the columns ``JOBS``, for each stage that a benchmark of its own has measured at full size.

    Their figures stand in ``benchmarks`` where ``scripts/benchmark_segments.py``, ``benchmark_scene.py`` and
    ``benchmark_spark.py`` write them; those that are not there are left out. What a benchmark does not measure is NaN.
    """
    rows = []
    for name, row_of in _BENCHMARKS.items():
        path = benchmarks / f"{name}.json"
        if path.exists():
            rows.append(dict.fromkeys(JOBS, np.nan) | {"job": path.name} | row_of(json.loads(path.read_text())))
    return pd.DataFrame(rows, columns=JOBS)


def whole_cpu_seconds(seconds: float, measured: float) -> float:
    """Return the processor time of a whole job that took so many seconds on the clock.

    Snakemake's ``cpu_time`` ends with its last measurement; the rest is taken to go on alike.
    """
    last = seconds if seconds < OFTEN else OFTEN + SELDOM * ((seconds - OFTEN) // SELDOM)
    return measured * seconds / last


def _bytes(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def _rows_of(pattern: str) -> Callable[[Path, str], float]:
    """Return what counts the rows of a Parquet table by a pattern of its place."""
    return lambda results, job: dataset.dataset(results / pattern.format(job)).count_rows()


def _count(stage: str, what: str) -> Callable[[Path, str], float]:
    """Return what reads a count in the account of a granule, over its beams or of the beam that the job names."""

    def count(results: Path, job: str) -> float:
        subject, _, beam = job.partition("_gt")
        account = read_account(results / stage / f"{subject}.json")
        return sum(each.counts.get(what, 0) for each in account.everything() if not beam or each.subject == f"gt{beam}")

    return count


def _of_granule(results: Path, job: str) -> float:
    """Return the segments of the granule that a job's name begins with."""
    return _rows_of("segments/{}.parquet")(results, job[: len("yyyymmddhhmmss_ttttccss")])


def _windows(results: Path, job: str) -> float:
    """Return how many windows a network was trained on, over all epochs."""
    history = pd.read_json(results / "model" / f"{job}.json", typ="series")["history"]
    return _rows_of("model/train_set.parquet")(results, job) * len(history)


def _one(_: Path, __: str) -> float:
    return 1.0


def _of_grid(results: Path, job: str) -> float:
    """Return the segments of the batch that a job sums on the grid that its name begins with."""
    return _rows_of("freeboard/{}.parquet")(results, job.split("_", 2)[2])


def _all_segments(results: Path, job: str) -> float:
    return sum(dataset.dataset(path).count_rows() for path in (results / "segments").glob("*.parquet"))


def _of_segments(figures: dict) -> dict[str, float | str]:
    photons = figures["beam"]["photons"]
    peaks = {each["photons"]: each["bytes"] for each in figures["memory"]}
    cpu_seconds = median(each["cpu_seconds"] for each in figures["times"] if each["way"] == "stage")
    return _row("resample_segments", "photons", photons, cpu_seconds, peaks[photons])


def _of_scene(figures: dict) -> dict[str, float | str]:
    cpu_seconds = median(each["cpu_seconds"] for each in figures["times"])
    return _row("segment_scene", "pixels", figures["counts"]["pixels"], cpu_seconds, figures["peak_bytes"])


def _of_spark(rule: str) -> Callable[[dict], dict[str, float | str]]:
    def row_of(figures: dict) -> dict[str, float | str]:
        cpu_seconds = median(each["load_cpu_s"] + each["reduce_cpu_s"] for each in figures["times"])
        return _row(rule, "segments", figures["segments"], cpu_seconds, np.nan)

    return row_of


def _row(rule: str, unit: str, size: float, cpu_seconds: float, memory_bytes: float) -> dict[str, float | str]:
    return {"rule": rule, "unit": unit, "size": size, "cpu_seconds": cpu_seconds, "memory_bytes": memory_bytes}


_SUMMARY = (
    *("summary.json", "metrics.tsv", "states.tsv", "counts.tsv", "drift.tsv"),
    *("confusion.png", "freeboard.png", "training.png"),
)
"""What a campaign is summed up in, below ``report``."""
_BENCHMARKS: dict[str, Callable[[dict], dict[str, float | str]]] = {
    "segments": _of_segments,
    "scene": _of_scene,
    "autolabel": _of_spark("label_tracks"),
    "freeboard": _of_spark("compute_freeboard"),
}
_ALIKE = {
    "draw_classifier": ("report/reliability.png", "report/groups.tsv"),
    "draw_map": ("report/map.png",),
    "draw_grid": ("report/maps/{}.png",),
    "write_grid": ("maps/{}.nc", "maps/{}.tif"),
    "write_stac": ("maps/stac",),
    "write_review": ("report/review.html",),
    "show_table": ("report/tables/{}.html",),
    "tabulate_paper": ("report/paper.tsv",),
    "tabulate_run": ("report/resources.tsv", "report/resources.png", "report/versions.tsv", "report/citations.tsv"),
}
"""Rules whose jobs all cost the same, and what they write."""
_SIZES: dict[str, tuple[str, Callable[[Path, str], float], tuple[str, ...]]] = {
    "simulate_granule": ("photons", _count("segments", "photons"), ("simulated/{}.h5",)),
    "simulate_truth": ("segments", _count("segments", "segments"), ("simulated/{}_truth.parquet",)),
    "simulate_scene": ("pixels", _count("labels", "pixels"), ("simulated/{}.tif",)),
    "simulate_product": ("photons", _count("segments", "photons"), ("simulated/{}_simulated_ATL10.h5",)),
    "resample_segments": ("photons", _count("segments", "photons"), ("segments/{}.parquet", "segments/{}.json")),
    "segment_scene": ("pixels", _count("labels", "pixels"), ("labels/{}.tif", "labels/{}.json")),
    "estimate_drift": ("segments", _of_granule, ("drift/{}.json",)),
    "label_tracks": ("segments", _rows_of("labels/{}.parquet"), ("labels/{}.parquet", "labels/{}.json")),
    "build_training_set": ("segments", _rows_of("model/{}_set.parquet"), ("model/{}_set.parquet",)),
    "train_model": ("windows", _windows, ("model/{}.keras", "model/{}.json")),
    "evaluate_model": ("segments", _rows_of("model/test_set.parquet"), ("model/{}_metrics.json",)),
    "classify_segments": ("segments", _rows_of("classes/{}.parquet"), ("classes/{}.parquet", "classes/{}.json")),
    "compute_freeboard": (
        "segments",
        _rows_of("freeboard/{}.parquet"),
        tuple(f"freeboard/{{}}{ending}" for ending in (".parquet", "_leads.parquet", "_sections.parquet", ".json")),
    ),
    "write_product": ("segments", _count("segments", "segments"), ("freeboard/{}.nc",)),
    "write_tracks": ("segments", _all_segments, ("freeboard/tracks.parquet",)),
    "compare_products": (
        "segments",
        _of_granule,
        tuple(f"comparison/{{}}{ending}" for ending in (".tsv", ".png", ".json")),
    ),
    "sum_cells": ("segments", _of_grid, ("maps/cells/{}_sums.parquet", "maps/cells/{}_distribution.parquet")),
    "draw_on_scene": ("segments", _count("segments", "segments"), ("report/tracks/{}_on_scene.png",)),
    "write_track_page": ("segments", _count("segments", "segments"), ("report/tracks/{}.html",)),
    "draw_track": ("segments", _count("segments", "segments"), ("report/tracks/{}.png",)),
    "summarise_campaign": ("segments", _all_segments, tuple(f"report/{name}" for name in _SUMMARY)),
}
_SIZES |= {rule: ("jobs", _one, outputs) for rule, outputs in _ALIKE.items()}
"""Of each rule: what its cost grows with, how to count that of a job, and what the job writes."""
