"""Leads, sea surface and freeboard on one core, in segments a second, beside a plain loop that does less."""

from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import pandas as pd

from leadline.benchmarks.executors import kept_to_one_processor
from leadline.benchmarks.freeboard import READ, end_to_end
from leadline.benchmarks.plain_freeboard import METHODS, plain_freeboard
from leadline.errors import LeadlineError
from leadline.freeboard import track_tables
from leadline.sea_surface import SeaSurfaceSettings
from leadline.spark.shares import SHARE
from leadline.tables import CLASSES, read_table

ROUNDING = 1e-5
"""By how much the answers may differ, m: heights of leads and sections are of 32 bits, their sums of 64."""


def measure_kernel(segments: Path, classes: Path, rounds: int) -> dict[str, float]:
    """Return how fast a track's tables are made on one core, and how much faster than by the plain loop, by medians.

    The loop takes the first beam of a simulated granule as it is; the kernel takes it laid end to end until it is as
    long as a share of Spark's. Each round times both. Raises ``LeadlineError`` where their answers differ.
    """
    settings = SeaSurfaceSettings(refsurf_3pt_smoother=0)
    track = read_table(segments, READ).join(read_table(classes, CLASSES, CLASSES.names[3:]))
    track = track[track["beam"] == track["beam"].iloc[0]]
    long = end_to_end(track, max(SHARE // len(track), 1), settings)
    times = {"kernel": [], "loop": []}
    with kept_to_one_processor():
        for _ in range(rounds):
            begin = perf_counter()
            track_tables(long, settings)
            between = perf_counter()
            plain = plain_freeboard(track, settings)
            times["kernel"].append(between - begin)
            times["loop"].append(perf_counter() - between)
    compared = _compared(track, plain, settings)
    kernel, loop = len(long) / median(times["kernel"]), len(track) / median(times["loop"])
    return {
        "segments": len(long),
        "segments_per_second_and_core": kernel,
        "plain_loop_segments": len(track),
        "plain_loop_segments_compared": compared,
        "plain_loop_segments_per_second": loop,
        "times_plain_loop": kernel / loop,
    }


def _compared(track: pd.DataFrame, plain: pd.DataFrame, settings: SeaSurfaceSettings) -> int:
    """Return at how many segments the plain loop tells an answer; raise where the kernel tells another."""
    freeboard = track_tables(track, settings).freeboard
    names = [*(f"sea_surface_{method}" for method in METHODS), "freeboard_raw"]
    told = plain[names].notna().to_numpy()
    difference = np.abs(freeboard[names].to_numpy() - plain[names].to_numpy())[told]
    if not told.any() or not (difference < ROUNDING).all():
        raise LeadlineError(f"the plain loop and the kernel differ by up to {np.max(difference, initial=0):g} m")
    return int(told.all(axis=1).sum())
