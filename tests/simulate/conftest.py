"""One short simulated granule and its truth, made once for all tests of the simulation."""

from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest

from leadline.simulate.granule import simulate_granule
from leadline.simulate.sentinel2 import SceneSettings
from leadline.simulate.truth import simulate_truth
from leadline.simulate.world import GranuleSettings, World, build_world

SETTINGS = GranuleSettings("20191104200000_90010510", 7, latitude=-74.0, longitude=-170.0, heading=200.0, length=4000.0)


class Simulated(NamedTuple):
    settings: GranuleSettings
    path: Path
    truth: pd.DataFrame


@pytest.fixture(scope="session")
def granule(tmp_path_factory) -> Simulated:
    folder = tmp_path_factory.mktemp("simulated")
    simulate_granule(folder / "ATL03.h5", SETTINGS)
    simulate_truth(folder / "truth.parquet", SETTINGS, segment_length=2.0)
    return Simulated(SETTINGS, folder / "ATL03.h5", pd.read_parquet(folder / "truth.parquet"))


@pytest.fixture(scope="session")
def world() -> World:
    return build_world(SETTINGS)


@pytest.fixture(scope="session")
def clear() -> SceneSettings:
    """A scene without cloud, drift or corner, taken a quarter of an hour later."""
    return SceneSettings(
        "S2_T02CNA_20191104T201500",
        SETTINGS,
        drift_x=0.0,
        drift_y=0.0,
        thin_cloud=0.0,
        thick_cloud=False,
        nodata_corner=False,
        offset=-1000,
        lag_minutes=15.0,
    )
