"""What a campaign costs: each stage linear in the photons, segments or pixels of a job, with a fixed start.

Pure functions over tables. The measured jobs are those of campaigns that ran (``benchmarks.jobs`` reads them); what is
planned is counted from the campaign's own tables.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from leadline.catalog import Campaign

GIB = 2**30
HOUR = 3600
COSTS = ("cpu_seconds", "memory_bytes", "written_bytes")
"""What is measured of a job: on all cores, the most it held, and what it left on disk."""
ON_GPU = ("train_model", "classify_segments")
"""Rules that a profile with GPUs runs on them."""
FETCHES = ("fetch_granule", "fetch_product", "fetch_scene")
"""Rules that download, of so many bytes each; what they leave on disk is that."""
LIKE = 1.5
"""Sizes within this factor are alike: a start cannot be told from growth, and a prediction is no extrapolation."""


def fit(measured: pd.DataFrame) -> pd.DataFrame:
    """Return what a job of each rule costs: ``{cost}_start`` and ``{cost}_each``, by least squares of relative errors.

    ``measured`` has a row a job: rule, unit, size (in that unit) and the columns ``COSTS``, NaN where not known. No
    start and no growth is negative. Where all jobs of a rule are of a like size all cost is taken for growth, which is
    too much for larger jobs, and ``one_size`` is true. ``smallest`` and ``largest`` are the sizes measured.
    """
    return pd.DataFrame({rule: _fit_rule(jobs) for rule, jobs in measured.groupby("rule")}).T.infer_objects()


def predict(jobs: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """Return what planned jobs cost in sum, a row a rule: jobs, unit, size and the sums of ``COSTS``.

    ``jobs`` has rule, jobs (how many of one size) and size of each; ``costs`` is what ``fit`` returned. Memory is that
    of the largest job. ``times_measured`` is how many times larger than the largest measured it is, and
    ``extrapolated`` whether that is much. A rule that was not measured costs NaN: it is not known.
    """
    known = jobs.join(costs, on="rule")
    of_each = {name: known[f"{name}_start"] + known[f"{name}_each"] * known["size"] for name in COSTS}
    known = known.assign(
        **{name: values * (1 if name == "memory_bytes" else known["jobs"]) for name, values in of_each.items()},
        total=known["size"] * known["jobs"],
        times_measured=known["size"] / known["largest"],
    )
    sums = known.groupby("rule", sort=False).agg(
        unit=("unit", "first"),
        jobs=("jobs", "sum"),
        size=("total", "sum"),
        cpu_seconds=("cpu_seconds", _sum),
        memory_bytes=("memory_bytes", "max"),
        written_bytes=("written_bytes", _sum),
        times_measured=("times_measured", "max"),
        one_size=("one_size", "first"),
    )
    return sums.assign(extrapolated=~(sums["times_measured"] <= LIKE))


def planned_jobs(
    campaign: Campaign, sizes: Mapping[str, float], source: str, alike: Mapping[str, int], pages: bool
) -> pd.DataFrame:
    """Return the jobs of a campaign as rule, jobs and size, from its tables and what its config adds.

    ``sizes`` holds track_length (m), segment_length (m), photons_per_segment, pixels_per_scene, epochs and, of files
    that are fetched whole, granule_bytes, product_bytes and scene_bytes. ``source`` is acquire.source. ``alike`` tells
    how many jobs there are of rules whose jobs all cost the same, ``pages`` whether each track gets its zoomable page,
    and sizes["grids"] on how many grids freeboard is summed.
    """
    of_track = sizes["track_length"] / sizes["segment_length"]
    tracks = pd.Series(of_track, index=range(len(campaign.tracks)))
    segments = campaign.granules["beams"].map(len) * of_track
    photons = segments * sizes["photons_per_segment"]
    batches = segments.groupby(campaign.granules["batch"]).sum()
    whole = pd.Series([segments.sum()])
    coincident = segments.loc[campaign.coincidences["granule"]]
    scenes = campaign.coincidences["scene"].unique()
    pixels = pd.Series(float(sizes["pixels_per_scene"]), index=scenes)
    not_given = campaign.products[campaign.products["file"] == "-"]
    labelled = {role: segments.loc[campaign.labelled(role, source)].sum() for role in ("train", "test")}
    networks = pd.Series(1.0, index=["lstm", "mlp"])
    of_rules = {
        "resample_segments": photons,
        "segment_scene": pixels,
        "estimate_drift": coincident,
        "label_tracks": batches,
        "build_training_set": pd.Series(labelled),
        "train_model": labelled["train"] * sizes["epochs"] * networks,
        "evaluate_model": labelled["test"] * networks,
        "classify_segments": segments,
        "compute_freeboard": batches,
        "write_product": tracks,
        "write_tracks": whole,
        "compare_products": segments.loc[campaign.products["granule"]],
        "draw_track": tracks,
        "draw_on_scene": tracks,
        "sum_cells": pd.concat([batches] * int(sizes["grids"])),
        "summarise_campaign": whole,
    }
    of_rules |= {rule: pd.Series(1.0, index=range(number)) for rule, number in alike.items()}
    if pages:
        of_rules["write_track_page"] = tracks
    if source == "simulated":
        of_rules |= {
            "simulate_granule": photons,
            "simulate_truth": segments,
            "simulate_scene": pixels,
            "simulate_product": photons.loc[not_given["granule"].unique()],
        }
    if source == "earthdata":
        of_rules |= {
            "fetch_granule": pd.Series(float(sizes["granule_bytes"]), index=segments.index),
            "fetch_product": pd.Series(float(sizes["product_bytes"]), index=not_given.index),
            "fetch_scene": pd.Series(float(sizes["scene_bytes"]), index=scenes),
        }
    counted = {rule: of_jobs.round().value_counts() for rule, of_jobs in of_rules.items()}
    return pd.concat(
        [pd.DataFrame({"rule": rule, "jobs": n.to_numpy(), "size": n.index}) for rule, n in counted.items()],
        ignore_index=True,
    )


def estimate(predicted: pd.DataFrame, settings: Mapping[str, float]) -> pd.DataFrame:
    """Return core hours, GPU hours, GiB and money of each rule, and the sum of what is known in the last row.

    ``settings`` holds core_hour, gpu_hour, stored_gib_month and download_gib (money), months (that results are kept)
    and cores_per_gpu: how many of the measured cores a GPU is taken to be worth, for none was measured. What runs on
    GPUs is paid as such, not as cores.
    """
    core_hours = predicted["cpu_seconds"] / HOUR
    on_gpu, fetches = predicted.index.isin(ON_GPU), predicted.index.isin(FETCHES)
    rows = predicted.assign(
        unit=predicted["unit"].mask(fetches, "bytes"),
        core_hours=core_hours,
        paid_core_hours=core_hours.mask(on_gpu, 0),
        gpu_hours=np.where(on_gpu, core_hours / settings["cores_per_gpu"], 0),
        memory_gib=predicted["memory_bytes"] / GIB,
        disk_gib=predicted["written_bytes"].mask(fetches, predicted["size"]) / GIB,
        download_gib=predicted["size"].where(fetches, 0) / GIB,
    )
    summed = ["core_hours", "paid_core_hours", "gpu_hours", "disk_gib", "download_gib"]
    rows.loc["total", summed] = rows[summed].sum(min_count=1)
    rows["money"] = (
        rows["paid_core_hours"] * settings["core_hour"]
        + rows["gpu_hours"] * settings["gpu_hour"]
        + rows["disk_gib"] * settings["stored_gib_month"] * settings["months"]
        + rows["download_gib"] * settings["download_gib"]
    )
    rows.loc["total", "memory_gib"] = rows["memory_gib"].max()
    rows.loc["total", "extrapolated"] = predicted["extrapolated"].any()
    columns = ["unit", "jobs", "size", "core_hours", "gpu_hours", "memory_gib", "disk_gib", "download_gib", "money"]
    return rows[[*columns, "times_measured", "one_size", "extrapolated"]]


def _fit_rule(jobs: pd.DataFrame) -> dict[str, float | str | bool]:
    smallest, largest = jobs["size"].min(), jobs["size"].max()
    one_size = largest < LIKE * smallest
    found = {"unit": jobs["unit"].iloc[0], "smallest": smallest, "largest": largest, "one_size": one_size}
    for name in COSTS:
        known = jobs.dropna(subset=name)
        size, value = (known[column].to_numpy(float) for column in ("size", name))
        start, each = _line(size / largest, np.maximum(value, 1e-9), one_size)
        found |= {f"{name}_start": start, f"{name}_each": each / largest}
    return found


def _line(size: np.ndarray, value: np.ndarray, through_zero: bool) -> tuple[float, float]:
    """Return start and growth that fit with the least relative errors; sizes are shares of the largest."""
    columns = np.column_stack([np.zeros_like(size) if through_zero else np.ones_like(size), size])
    start, each = nnls(columns / value[:, None], np.ones_like(value))[0]
    return float(start), float(each)


def _sum(values: pd.Series) -> float:
    return values.sum(skipna=False)
