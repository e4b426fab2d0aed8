"""Measure the estimate of drift on simulated coincidences whose drift is known, and on such as must be refused.

With the defaults it takes about half an hour on two cores, and 2 GB of the folder.
"""

import argparse
import json
import logging
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from leadline.beam import Selection
from leadline.benchmarks.coincidences import draw_coincidences, even_stretch, mostly_cloud, scene_of, segments_of
from leadline.benchmarks.measures import machine
from leadline.config import read_yaml
from leadline.drift import Drift, estimate_drift
from leadline.files import written_whole
from leadline.log import run
from leadline.scene import open_scene
from leadline.scene_classes import SETTINGS, classes_of_scene
from leadline.segmentation import SceneClasses
from leadline.segments import Resampling
from leadline.simulate.sentinel2 import SceneSettings
from leadline.simulate.world import PROJECTION, lay_track
from leadline.tables import SEGMENTS, read_table

logger = logging.getLogger("leadline.benchmarks")

SCRIPTS = Path(__file__).resolve().parent
WRONG = 50.0
"""An error that an estimate must not have unless it is refused, m."""
SPOILT = 2
"""Scenes of a granule that are also laid on what must not be trusted: even ice, another day's track, under cloud."""


def main() -> None:
    """Parse the command line, measure, write a row a coincidence and what they come to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7001, help="seed of the worlds and scenes")
    parser.add_argument("--places", type=int, default=6, help="places, of two granules each")
    parser.add_argument("--scenes", type=int, default=5, help="scenes of each granule")
    parser.add_argument("--processes", type=int, default=2, help="places measured at a time")
    parser.add_argument("--folder", type=Path, help="keep granules and scenes here, and use those that are here")
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks/drift.json"), help="what it comes to")
    args = parser.parse_args()
    with TemporaryDirectory() as temporary, ProcessPoolExecutor(args.processes) as pool:
        measure_place = partial(measure, args.folder or Path(temporary), args.seed, args.scenes)
        rows = pd.DataFrame([row for rows in pool.map(measure_place, range(args.places)) for row in rows])
    results = {
        "source": "simulated",
        "machine": machine(args.processes),
        "seed": args.seed,
        "kinds": {kind: summary(of_kind) for kind, of_kind in rows.groupby("kind", sort=False)},
    }
    with written_whole(args.output) as aside:
        aside.write_text(json.dumps(results, indent=2) + "\n")
    with written_whole(args.output.with_suffix(".tsv")) as aside:
        rows.to_csv(aside, sep="\t", index=False, float_format="%.6g")
    sys.stdout.write(json.dumps(results["kinds"], indent=2) + "\n")


def measure(folder: Path, seed: int, scenes: int, place: int) -> list[dict[str, Any]]:
    """Estimate the drift of all coincidences of a place; return a row for each."""
    settings = read_yaml(SCRIPTS.parent / "config" / "config.yaml")
    drawn = draw_coincidences(seed, place, scenes)
    tracks = {each.granule.name: _segments(folder, each, settings["segments"]) for each in drawn}
    rows = []
    for number, each in enumerate(drawn):
        scene_classes = _classes(scene_of(folder, each), settings["labels"])
        own = tracks[each.granule.name]
        (other,) = (track for name, track in tracks.items() if name != each.granule.name)
        right = (-each.drift_x, -each.drift_y)
        rows.append(_row("drifted", each, own, scene_classes, right))
        if number % scenes < SPOILT:
            rows.append(_row("even ice", each, even_stretch(own), scene_classes, right))
            rows.append(_row("mostly cloud", each, own, mostly_cloud(scene_classes, number), right))
            rows.append(_row("another day", each, other, scene_classes, None))
    return rows


def summary(rows: pd.DataFrame) -> dict[str, Any]:
    """Return what the rows of one kind come to: errors in m, of the accepted; z is error over standard error."""
    accepted = rows[rows["accepted"]]
    result = {
        "coincidences": len(rows),
        "refused": int((~rows["accepted"]).sum()),
        "highest_peak_ratio": float(rows["peak_ratio"].max()),
        "median_seconds": float(rows["seconds"].median()),
        "largest_seconds": float(rows["seconds"].max()),
    }
    if rows["error"].isna().all():
        return result
    result |= {
        f"wrong_by_{WRONG:g}_m": int((rows["error"] > WRONG).sum()),
        f"wrong_by_{WRONG:g}_m_and_accepted": int((accepted["error"] > WRONG).sum()),
    }
    if accepted.empty:
        return result
    for name in ("error", "error_along", "error_across"):
        size = accepted[name].abs()
        result[name] = {"median": size.median(), "share_95": size.quantile(0.95), "largest": size.max()}
    for way in ("along", "across"):
        z = accepted[f"error_{way}"] / accepted[f"uncertainty_{way}"]
        result[f"z_{way}"] = {
            "root_mean_square": float(np.sqrt((z**2).mean())),
            "median_size": z.abs().median(),
            "within_1": float((z.abs() < 1).mean()),
            "within_2": float((z.abs() < 2).mean()),
        }
    result["error_within_uncertainty"] = float((accepted["error"] < accepted["uncertainty"]).mean())
    result["error_within_2_uncertainties"] = float((accepted["error"] < 2 * accepted["uncertainty"]).mean())
    return result


def _segments(folder: Path, coincidence: SceneSettings, settings: dict[str, Any]) -> pd.DataFrame:
    keeps = ("minimum_confidence", "quality_before_007", "quality_from_007", "podppd_flags", "mss")
    others = ("window", "trim", "surface_window")
    resampling = Resampling(*(settings[name] for name in others), Selection(*(settings[name] for name in keeps)))
    return read_table(segments_of(folder, coincidence.granule, resampling), SEGMENTS)


def _classes(path: Path, settings: dict[str, Any]) -> SceneClasses:
    with open_scene(path) as scene:
        return classes_of_scene(scene, **{name: settings[name] for name in SETTINGS})[0]


def _row(
    kind: str,
    coincidence: SceneSettings,
    segments: pd.DataFrame,
    scene_classes: SceneClasses,
    right: tuple[float, float] | None,
) -> dict[str, Any]:
    """Estimate one drift; return it beside the right one, if there is one."""
    begin = time.monotonic()
    drift = estimate_drift(segments, scene_classes, PROJECTION)
    seconds = time.monotonic() - begin
    error = np.subtract((drift.shift_x, drift.shift_y), (np.nan, np.nan) if right is None else right)
    track = lay_track(coincidence.granule)
    said = drift.reason or f"said {drift.uncertainty:.1f} m"
    logger.info("%s, %s: wrong by %.1f m; %s", kind, coincidence.name, np.hypot(*error), said)
    return {
        "kind": kind,
        "granule": coincidence.granule.name,
        "scene": coincidence.name,
        "length": coincidence.granule.length,
        "thin_cloud": coincidence.thin_cloud,
        "right_x": np.nan if right is None else right[0],
        "right_y": np.nan if right is None else right[1],
        "error": float(np.hypot(*error)),
        "error_along": float(error @ track.along),
        "error_across": float(error @ track.across),
        **_plain(drift),
        "seconds": seconds,
    }


def _plain(drift: Drift) -> dict[str, Any]:
    """Return the numbers of an estimate that fit a row."""
    after = {f"{name}_after": drift.after[name] for name in drift.after if name.startswith(("n_", "info", "corr"))}
    nested = ("beams", "before", "after", "given")
    return {name: value for name, value in asdict(drift).items() if name not in nested} | after


if __name__ == "__main__":
    run(main)
