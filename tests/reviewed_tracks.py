"""A small simulated campaign for the tests of the label review: one track over a lead that a scene calls thin ice."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from rasterio.transform import from_origin

from drifts import drift
from granules import REFERENCE_LENGTH, X_START, flat_photons, write_granule
from leadline.class_raster import write_classes
from leadline.labels import places_in_scene
from leadline.names import SurfaceClass
from leadline.overlay import overlay, write_overlay
from leadline.segmentation import Quality, SceneClasses
from leadline.tables import FREEBOARD, LABELS, SEGMENTS, write_table
from places import ROOT

GRANULE, BEAM, SCENE = "20191104200000_90010510", "gt1r", "S2_T02CNB_20191104T202200"
TRACK = f"{GRANULE} {BEAM}"
PROJECTION, CRS = "EPSG:3976", "EPSG:32702"
START, N, LENGTH = X_START, 1500, 2.0
LEAD = (1000.0, 1120.0)
"""Where the scene says thin ice and the network open water, m from the start."""
BORDER = (2000.0, 2030.0)
"""Where the scene says nothing, for another class is near."""
UNSURE = (2500.0, 2540.0)
"""Where the network is not sure."""
ICE = 0.43
"""Height of the ice, and of the photons of ``granules.flat_photons``, m; that of the lead is 0."""
HEADER = "# Labels set by hand.\ngranule\tbeam\tx_start\tx_end\tclass\twho\twhy\n"
DARK, BRIGHT = 20, 230


def at(*places: float) -> list[float]:
    """Return distances along the track of places that are metres from its start."""
    return [START + place for place in places]


def track() -> pd.DataFrame:
    """Return the segments of the track, with the columns of ``review_sources.Batch.read``, certain of thick ice."""
    x = START + LENGTH * np.arange(N) + LENGTH / 2
    return pd.DataFrame(
        {
            "granule": GRANULE,
            "beam": BEAM,
            "x_atc": x,
            "latitude": -74 - (x - START) / 111_195,
            "longitude": -170.0,
            "surface_class": int(SurfaceClass.THICK_ICE),
            "probability_thick_ice": 1.0,
            "probability_thin_ice": 0.0,
            "probability_open_water": 0.0,
            "out_of_domain": False,
            "label": int(SurfaceClass.THICK_ICE),
            "why": "scene",
            "confidence": 1.0,
            "scene": SCENE,
        }
    )


def within(table: pd.DataFrame, stretch: tuple[float, float]) -> pd.Series:
    """Return which segments lie in a stretch that is told in metres from the start."""
    return table["x_atc"].between(*at(*stretch))


def doubtful_track() -> pd.DataFrame:
    """Return the track with its lead, its border, and where the network is not sure."""
    table = track()
    probabilities = [name for name in table if name.startswith("probability")]
    lead, border, unsure = (within(table, stretch) for stretch in (LEAD, BORDER, UNSURE))
    table.loc[lead, ["surface_class", "label"]] = int(SurfaceClass.OPEN_WATER), int(SurfaceClass.THIN_ICE)
    table.loc[lead, probabilities] = 0.05, 0.05, 0.9
    table.loc[border, ["label", "why"]] = int(SurfaceClass.UNKNOWN), "transition"
    table.loc[unsure, probabilities] = 0.6, 0.4, 0.0
    return table


def write_campaign(folder: Path, table: pd.DataFrame | None = None) -> list[str]:
    """Write the results that a review of a track is made of to a folder; return what tells them on the command line."""
    table = doubtful_track() if table is None else table
    rng = np.random.default_rng(1)
    water = table["surface_class"] == SurfaceClass.OPEN_WATER
    height = np.where(water, 0.0, ICE) + rng.normal(0, 0.03, N)
    tables = {
        "labels": (LABELS, {"surface_class": table["label"]}),
        "freeboard": (FREEBOARD, {"height_mean": height}),
        "segments": (
            SEGMENTS,
            {
                "height_median": height,
                "height_min": height - 0.2,
                "height_max": height + 0.3,
                "photon_rate": np.where(water, 1.0, 6.0),
            },
        ),
    }
    paths = {name: folder / name / f"{GRANULE}.parquet" for name in tables}
    for name, (schema, columns) in tables.items():
        full = table.assign(**columns)
        absent = {column: 0 for column in schema.names if column not in full}
        write_table(paths[name], full.assign(**absent)[schema.names], schema)
    laid = overlay(GRANULE, SCENE, 22.0, (0.0, 0.0), drift(), hand_error=10.0, ice_speed=0.3)
    write_overlay(folder / "overlay.json", laid)
    write_scene(folder / f"{SCENE}.tif", table)
    write_photons(folder / f"{GRANULE}.h5")
    (folder / "corrections.tsv").write_text(HEADER)
    return [
        *(word for name, path in paths.items() for word in (f"--{name}", str(path))),
        *("--photons", f"{GRANULE}={folder / GRANULE}.h5"),
        *("--scenes", str(folder / f"{SCENE}.tif"), "--overlays", str(folder / "overlay.json")),
        *("--corrections", str(folder / "corrections.tsv")),
    ]


def write_photons(path: Path) -> None:
    """Write the granule: ten photons a segment, all at the height of the ice but for those of the lead."""
    n_references = int(N * LENGTH / REFERENCE_LENGTH)
    photons = flat_photons(n_references, per_reference=100)
    x = np.repeat(photons["geolocation/segment_dist_x"], 100) + photons["heights/dist_ph_along"]
    photons["heights/h_ph"][(x >= START + LEAD[0]) & (x < START + LEAD[1])] -= np.float32(ICE)
    write_granule(path, {BEAM: photons})


def write_scene(path: Path, table: pd.DataFrame) -> None:
    """Write a scene that is bright but for a dark lead across the track; its last kilometre has no data."""
    x, y = places_in_scene(table["latitude"].to_numpy(), table["longitude"].to_numpy(), (0, 0), PROJECTION, CRS)
    transform = from_origin(np.floor(x.min()) - 600, np.ceil(y.max()) + 600, 10, 10)
    value = np.full((420, 140), BRIGHT, np.uint8)
    rows = np.floor((~transform @ (x, y))[1])
    lead = rows[within(table, LEAD)]
    value[int(lead.min()) : int(lead.max()) + 1] = DARK
    value[int(rows[within(table, (2000, 2002))].max()) :] = 0
    quality = np.where(value == 0, Quality.NODATA, 0).astype(np.uint8)
    write_classes(path, SceneClasses(np.zeros_like(value), quality, value, CRS, transform), {})


def write_page(folder: Path, *arguments: str) -> Path:
    """Write the review page of a campaign by its script, and return where it is."""
    page = folder / "review.html"
    settings = ["--segment-length", str(LENGTH), "--projection", PROJECTION, "--source", "simulated"]
    settings += ["--minimum-confidence", "3", "--quality-before-007", "0", "--quality-from-007", "0", "10", "20"]
    settings += ["--podppd-flags", "0", "--mss", "dem"]
    limit = [] if "--limit" in arguments else ["--limit", "200"]
    command = [sys.executable, ROOT / "scripts" / "write_review.py", *settings, "--digest", "a campaign", *limit]
    done = subprocess.run([*command, *arguments, "--output", page], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return page
