import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leadline.beam import Selection
from leadline.domain import Domain, fit
from leadline.features import known_classes
from leadline.names import KEY, SurfaceClass
from leadline.resampling import resample_granule
from leadline.segments import Resampling
from leadline.simulate.granule import simulate_granule
from leadline.simulate.truth import simulate_truth
from leadline.simulate.world import GranuleSettings
from leadline.tables import SEGMENTS, TRUTH, read_table

STRONG, WEAK = ("gt1r", "gt2r", "gt3r"), ("gt1l", "gt2l", "gt3l")
DAY = GranuleSettings("20191126183000_90030510", 1, -73.6, -164.0, 193, length=12_000.0)


def flown_over(settings: GranuleSettings, folder: Path) -> Path:
    simulate_granule(folder / "granule.h5", settings)
    return folder / "granule.h5"


def segments_of(granule: Path, beams: tuple[str, ...] = STRONG) -> pd.DataFrame:
    resampling = Resampling(2.0, 0.7, 2.5, Selection(3, (0,), (0, 10, 20), (0,), "dem"))
    resample_granule(granule, DAY.name, beams, resampling, granule.with_suffix(".parquet"), 1)
    return read_table(granule.with_suffix(".parquet"), SEGMENTS).sort_values(list(KEY), ignore_index=True)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory) -> Path:
    return flown_over(replace(DAY, seed=4), tmp_path_factory.mktemp("untouched"))


@pytest.fixture(scope="module")
def segments(untouched) -> pd.DataFrame:
    return segments_of(untouched)


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> pd.DataFrame:
    folder = tmp_path_factory.mktemp("trained")
    worlds = []
    for seed in (1, 2):
        settings = replace(DAY, seed=seed)
        simulate_truth(folder / "truth.parquet", settings, 2.0)
        world = segments_of(flown_over(settings, folder))
        classes = known_classes(world, read_table(folder / "truth.parquet", TRUTH))
        worlds.append(world.assign(granule=f"world {seed}", surface_class=classes))
    return pd.concat(worlds, ignore_index=True)


@pytest.fixture(scope="module")
def domain(trained) -> Domain:
    return fit(trained, np.flatnonzero(trained["surface_class"] != SurfaceClass.UNKNOWN))


def test_less_than_one_segment_in_a_hundred_of_an_untouched_granule_is_outside(domain, segments):
    assert domain.outside(segments).mean() < 0.01


def test_strong_beams_that_did_not_train_are_inside(trained, segments):
    middle = trained[trained["beam"] == "gt2r"].reset_index(drop=True)
    domain = fit(middle, np.flatnonzero(middle["surface_class"] != SurfaceClass.UNKNOWN))
    outer = segments[segments["beam"] != "gt2r"].reset_index(drop=True)
    assert domain.outside(outer).mean() < 0.02


@pytest.mark.parametrize(
    ("settings", "share"),
    [
        (replace(DAY, seed=4, name="20190620183000_90030510", background=0.005), 0.9),
        (replace(DAY, seed=4, signal=0.5), 0.5),
    ],
    ids=["night", "half the signal"],
)
def test_segments_under_another_sun_or_of_another_signal_are_outside(domain, tmp_path, settings, share):
    assert domain.outside(segments_of(flown_over(settings, tmp_path))).mean() > share


def test_segments_of_weak_beams_are_outside_where_strong_ones_trained(domain, untouched):
    assert domain.outside(segments_of(untouched, WEAK)).mean() > 0.9


def test_one_strange_segment_is_outside_and_its_neighbours_are_not(domain, segments):
    strange = segments.copy()
    strange.loc[3000, "height_std"] = np.float32(5)
    changed = domain.outside(strange) != domain.outside(segments)
    assert np.flatnonzero(changed).tolist() == [3000]


def test_a_domain_is_the_same_after_it_was_written(domain, segments):
    again = Domain.from_dict(json.loads(json.dumps(domain.as_dict())))
    assert again == domain
    assert not again.outside(segments.iloc[:0]).size
