"""The statistics of cells, in cases whose answers are known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.footprint import FOOTPRINT
from leadline.maps.gridding import added, distribution_by_cell, medians, placed, statistics, sums_by_cell
from leadline.maps.grids import GRIDS, places_of
from leadline.names import SurfaceClass
from mapped import BEAM, ERRORS, GRANULE, segments_at

GRID = GRIDS["EASE2_S25km"]
LENGTH = 2.0
LATITUDE, LONGITUDE = (degrees.ravel() for degrees in places_of(GRID))
HERE = 200 * GRID.n_columns + 350
THICK, THIN, WATER, UNKNOWN = SurfaceClass
OTHER_GRANULE = "20191126182014_09290510"


def at(cell: int, **columns) -> pd.DataFrame:
    """Return segments in the middle of a cell."""
    return segments_at(LATITUDE[cell], LONGITUDE[cell], **columns)


def cells_of(*parts: pd.DataFrame, length: float = LENGTH) -> pd.DataFrame:
    """Return the statistics of parts of tracks, each summed by itself."""
    found = [placed(part, GRID) for part in parts]
    sums = pd.concat([sums_by_cell(part) for part in found])
    return statistics(sums, pd.concat([distribution_by_cell(part) for part in found]), length)


def test_one_segment_is_the_mean_and_the_median_of_its_cell_and_has_no_spread():
    cells = cells_of(at(HERE, freeboard_raw=0.3))
    assert list(cells.index) == [HERE]
    (cell,) = cells.itertuples()
    assert cell.freeboard == cell.freeboard_with_water == pytest.approx(0.3, abs=1e-7)
    assert cell.freeboard_median == pytest.approx(0.3, abs=1e-12)
    assert np.isnan(cell.freeboard_std)
    assert (cell.n_segments, cell.n_freeboard, cell.n_tracks, cell.n_unknown, cell.n_without_freeboard) == (
        1,
        1,
        1,
        0,
        0,
    )
    assert (cell.lead_fraction, cell.thick_ice_fraction, cell.thin_ice_fraction) == (0, 1, 0)


@pytest.mark.parametrize("length", [2.0, 11.0, 30.0])
@pytest.mark.parametrize("n", [1, 7, 400])
def test_a_constant_field_keeps_its_mean_and_the_sea_surface_error_does_not_shrink_along_a_track(n, length):
    cell = cells_of(at(HERE, freeboard_raw=np.full(n, 0.25)), length=length).loc[HERE]
    assert cell["freeboard"] == pytest.approx(0.25)
    independent = max(1, FOOTPRINT / length)
    assert cell["freeboard_random_error"] == pytest.approx(ERRORS["height_error"] * np.sqrt(independent / n), rel=1e-6)
    together = np.hypot(ERRORS["sea_surface_error"], ERRORS["correlated_error"])
    assert cell["freeboard_sea_surface_error"] == pytest.approx(together, rel=1e-6)
    assert cell["freeboard_error"] == pytest.approx(np.hypot(cell["freeboard_random_error"], together), rel=1e-6)
    if n > 1:
        assert cell["freeboard_std"] == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize(
    ("tracks", "leads", "strays"),
    [
        ([(GRANULE, "gt1r")], 1, 1),
        ([(GRANULE, "gt1r"), (GRANULE, "gt2r")], 1 / 2, 1),
        ([(GRANULE, "gt1r"), (OTHER_GRANULE, "gt1r")], 1 / 2, 1 / 2),
        ([(GRANULE, "gt1r"), (GRANULE, "gt2r"), (OTHER_GRANULE, "gt1r"), (OTHER_GRANULE, "gt2r")], 1 / 4, 1 / 2),
    ],
)
def test_beams_share_how_far_the_sea_surface_strays_and_granules_share_nothing(tracks, leads, strays):
    parts = [at(HERE, freeboard_raw=np.full(50, 0.25), granule=granule, beam=beam) for granule, beam in tracks]
    cell = cells_of(*parts).loc[HERE]
    variance = leads * ERRORS["sea_surface_error"] ** 2 + strays * ERRORS["correlated_error"] ** 2
    assert cell["freeboard_sea_surface_error"] == pytest.approx(np.sqrt(variance), rel=1e-6)
    assert cell["n_tracks"] == len(tracks)


def test_the_error_of_the_mean_is_the_spread_of_means_whose_errors_are_drawn_as_it_takes_them():
    random = np.random.default_rng(2019)
    n, draws = {("a", "1"): 90, ("a", "2"): 30, ("b", "1"): 60}, 20_000
    errors = np.zeros(draws)
    strays = {granule: random.normal(0, ERRORS["correlated_error"], draws) for granule in "ab"}
    for (granule, _), number in n.items():
        of_leads = random.normal(0, ERRORS["sea_surface_error"], draws)
        of_heights = random.normal(0, ERRORS["height_error"], (draws, number)).sum(axis=1)
        errors += number * (strays[granule] + of_leads) + of_heights
    parts = [
        at(HERE, freeboard_raw=np.full(number, 0.3), granule=granule, beam=beam)
        for (granule, beam), number in n.items()
    ]
    stated = cells_of(*parts, length=FOOTPRINT).loc[HERE, "freeboard_error"]
    assert np.std(errors / sum(n.values())) == pytest.approx(stated, rel=0.02)


def test_negatives_stay_in_the_mean_of_ice_and_are_0_with_open_water():
    freeboard = np.array([-0.1, 0.3, 0.4, 0.02, -0.05])
    kinds = np.array([THIN, THIN, THICK, WATER, WATER])
    cell = cells_of(at(HERE, freeboard_raw=freeboard, surface_class=kinds)).loc[HERE]
    assert cell["freeboard"] == pytest.approx(0.2, abs=1e-7)
    assert cell["freeboard_median"] == pytest.approx(0.3, abs=1e-12)
    assert cell["freeboard_std"] == pytest.approx(np.std(freeboard[:3], ddof=1), rel=1e-6)
    assert cell["freeboard_with_water"] == pytest.approx(0.7 / 5, abs=1e-7)
    assert cell["lead_fraction"] == pytest.approx(2 / 5)
    assert (cell["thick_ice_fraction"], cell["thin_ice_fraction"]) == pytest.approx((1 / 5, 2 / 5))


def test_segments_without_class_or_sea_surface_are_counted_and_in_no_mean():
    freeboard = np.array([0.2, 9.0, np.nan, np.nan, np.nan])
    kinds = np.array([THICK, UNKNOWN, THICK, WATER, UNKNOWN])
    cell = cells_of(at(HERE, freeboard_raw=freeboard, surface_class=kinds)).loc[HERE]
    assert cell["freeboard"] == cell["freeboard_with_water"] == pytest.approx(0.2)
    assert (cell["n_segments"], cell["n_freeboard"], cell["n_without_freeboard"], cell["n_unknown"]) == (5, 1, 1, 2)
    assert cell["lead_fraction"] == pytest.approx(1 / 3)


def test_a_cell_of_open_water_has_a_lead_fraction_and_no_freeboard_of_ice():
    cell = cells_of(at(HERE, freeboard_raw=np.full(3, 0.01), surface_class=WATER)).loc[HERE]
    assert cell["lead_fraction"] == 1
    assert cell["freeboard_with_water"] == 0
    assert cell.filter(regex="^freeboard(_median|_std|_.*error)?$").isna().all()
    assert (cell["n_freeboard"], cell["n_tracks"]) == (0, 0)


def test_a_cell_of_nothing_that_is_known_is_nan_but_counted():
    cell = cells_of(at(HERE, freeboard_raw=np.full(3, np.nan), surface_class=UNKNOWN)).loc[HERE]
    assert cell["n_segments"] == cell["n_unknown"] == 3
    assert cell.drop(list(cell.filter(like="n_").index)).isna().all()


freeboards = st.lists(st.floats(-0.5, 5, width=32), min_size=1, max_size=60)


@settings(max_examples=50, deadline=None)
@given(freeboards)
def test_the_median_is_exact_to_half_a_millimetre(freeboard):
    cell = cells_of(at(HERE, freeboard_raw=np.array(freeboard))).loc[HERE]
    assert cell["freeboard_median"] == pytest.approx(np.median(freeboard), abs=0.0005 + 1e-9)
    assert cell["freeboard"] == pytest.approx(np.mean(freeboard), abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_two_batches_are_as_good_as_one(data):
    n = data.draw(st.integers(1, 40))

    def drawn(values) -> np.ndarray:
        return np.array(data.draw(st.lists(values, min_size=n, max_size=n)))

    there = np.array([HERE, HERE + 1, HERE + GRID.n_columns])[drawn(st.integers(0, 2))]
    whole = segments_at(
        LATITUDE[there],
        LONGITUDE[there],
        freeboard_raw=drawn(st.one_of(st.just(np.nan), st.floats(-0.2, 2))),
        surface_class=drawn(st.sampled_from(list(SurfaceClass))),
        sea_surface_error=drawn(st.floats(0.01, 0.1)),
    )
    whole["granule"] = np.where(drawn(st.booleans()), GRANULE, OTHER_GRANULE)
    whole["beam"] = np.where(drawn(st.booleans()), BEAM, "gt2r")
    first = drawn(st.booleans())
    apart = cells_of(*(part for part in (whole[first], whole[~first]) if len(part)))
    together = cells_of(whole)
    pd.testing.assert_frame_equal(apart, together, rtol=1e-9, atol=1e-12)
    assert together["n_segments"].sum() == n


def test_sums_of_parts_of_a_track_add_up_to_one_row():
    track = placed(at(HERE, freeboard_raw=np.linspace(0, 1, 10)), GRID)
    parts = added(pd.concat([sums_by_cell(track.iloc[:4]), sums_by_cell(track.iloc[4:])]))
    pd.testing.assert_frame_equal(parts, sums_by_cell(track))


def test_no_segments_give_no_cells():
    assert cells_of(at(HERE).iloc[:0]).empty


def test_the_median_of_a_distribution_lies_between_its_two_middle_values():
    distribution = pd.DataFrame({"cell": [1, 1, 1, 2], "step": [100, 300, 100, 7], "n": [1, 3, 2, 5]})
    assert dict(medians(distribution)) == pytest.approx({1: 0.2, 2: 0.007})
