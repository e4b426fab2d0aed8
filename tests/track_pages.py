"""Pages of simulated tracks for the tests that read them and those that look at them in a browser."""

from pathlib import Path

import numpy as np
import pandas as pd

from leadline.accounts import State
from leadline.freeboard import track_tables
from leadline.names import SurfaceClass
from leadline.netcdf import write_product
from leadline.pages.scene_strip import PIXEL, Strip
from leadline.pages.track_content import Product, TrackContent, content_of, read_product
from leadline.pages.track_photons import TrackPhotons
from leadline.sea_surface import SeaSurfaceSettings
from leadline.tables import LABELS
from tracks import BEAM, GRANULE, simulated_track

PROVENANCE = {
    "granule": GRANULE,
    "beam": BEAM,
    "release": "006",
    "source": "simulated",
    "segment_length": "2 m",
    "sea_surface_method": "nasa",
    "network": "lstm",
    "model_digest": "0123456789abcdef",
    "config_digest": "123456789abcdef0",
    "code_digest": "23456789abcdef01",
}
SCENE = "S2_T02CNA_20191104T202200"


def write_simulated_product(path: Path, segments: pd.DataFrame, state: State = State.OK, reason: str = "") -> Product:
    """Write the product of a simulated track, and read it."""
    tables = track_tables(segments, SeaSurfaceSettings())
    write_product(path, tables.freeboard, tables.leads, tables.sections, "EPSG:3976", PROVENANCE, state, reason)
    return read_product(path)


def labels_of(segments: pd.DataFrame) -> pd.DataFrame:
    """Return labels that are true, but for each tenth segment, which has none for it is in transition."""
    unknown = np.arange(len(segments)) % 10 == 0
    return segments[["x_atc"]].assign(
        granule=GRANULE,
        beam=BEAM,
        surface_class=np.where(unknown, SurfaceClass.UNKNOWN, segments["surface_class"]).astype(np.uint8),
        why=np.where(unknown, "transition", "scene"),
        confidence=np.float32(1),
        scene=SCENE,
        lag=np.float32(22),
        shift_x=np.float32(0),
        shift_y=np.float32(0),
    )[LABELS.names]


def photons_of(segments: pd.DataFrame, each: int = 5) -> TrackPhotons:
    """Return ``each`` photons of every segment around its height."""
    random = np.random.default_rng(2019)
    x = np.sort(np.repeat(segments["x_atc"].to_numpy(), each) + random.uniform(-1, 1, each * len(segments)))
    height = np.repeat(segments["height_mean"].to_numpy(), each) + random.normal(0, 0.1, x.size)
    confidence = random.choice([3, 4], x.size, p=[0.1, 0.9]).astype(np.int8)
    return TrackPhotons(x, height.astype(np.float32), confidence, 1, x.size)


def strip_of(segments: pd.DataFrame) -> Strip:
    """Return a strip that grows brighter along the track, but for its last fifth, which no scene shows."""
    start = PIXEL * np.floor(segments["x_atc"].iloc[0] / PIXEL)
    n = int((segments["x_atc"].iloc[-1] - start) / PIXEL)
    value = np.broadcast_to(np.linspace(50, 250, n).astype(np.uint8), (100, n)).copy()
    return Strip(value, np.broadcast_to(np.arange(n) < 0.8 * n, value.shape), start, (SCENE,))


def simulated_content(folder: Path, n_segments: int = 20_000) -> TrackContent:
    """Return what the page of a simulated track with all there can be holds."""
    segments, sea_surface, freeboard = simulated_track(n_segments)
    truth = segments[["granule", "beam", "x_atc", "surface_class"]].assign(freeboard=freeboard, sea_surface=sea_surface)
    product = write_simulated_product(folder / "product.nc", segments)
    return content_of(product, labels_of(segments), truth, photons_of(segments), strip_of(segments))
