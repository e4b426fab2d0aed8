"""Whole runs of the segments stage over ATL03 files with faults of every kind.

Two beams over a rough surface that is known in closed form; one of them is mangled. The outcome is a right table or a
named state, and the other beam is as it was.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from granules import FILL
from leadline.accounts import Account, State, read_account
from leadline.beam import Fallback, Selection
from leadline.resampling import resample_granule
from leadline.segments import Resampling
from leadline.tables import SEGMENTS, read_table
from places import ROOT
from plain_segments import plain_segments
from two_beams import (
    BEAMS,
    CAL_19,
    DEAD_TIME,
    EARTH_RADIUS,
    EMPTY_REFERENCE,
    FILLED_REFERENCES,
    LENGTH,
    LEVEL,
    MANGLED,
    N_REFERENCES,
    NAME,
    OTHER,
    PER_PIECE,
    START,
    Course,
    assert_refused,
    assert_same,
    calibrations_of,
    clean_rows,
    granule_of,
    index_of,
    outcome,
    reference_of,
    run,
    shuffled_within_references,
    sound,
    strong_beam,
    taken,
    unit_vectors,
    without,
    write,
)

fuzzed = settings(max_examples=3, deadline=None)
random_states = st.integers(0, 2**32 - 1).map(np.random.default_rng)

CANNOT_BE = {
    "h_ph": [np.nan, FILL, -FILL, np.inf, -np.inf, 1e5, -1e4, 1e30],
    "lat_ph": [np.nan, float(FILL), np.finfo(float).max, 90.0001, -91.0, -1e30, np.inf],
    "lon_ph": [np.nan, float(FILL), 180.0001, -181.0, 359.0, 1e30, -np.inf],
    "delta_time": [np.nan, float(FILL), -1.0, -1e9, np.inf, -np.inf, 1e30],
    "dist_ph_along": [np.nan, FILL, -FILL, np.inf, -25.0, 45.0, 1e6],
}
"""Values that no photon can have."""

BROKEN_CORRECTIONS = [np.nan, FILL, -FILL, np.inf, -np.inf, 1e30, -1e30, 1e6]


@pytest.mark.parametrize("name", CANNOT_BE)
@given(rng=random_states, n_broken=st.integers(1, 400))
@fuzzed
def test_photons_that_cannot_be_are_as_if_they_were_not_there(name, rng, n_broken):
    beam = sound()
    broken = np.zeros(beam["heights/h_ph"].size, bool)
    broken[rng.choice(broken.size, n_broken, replace=False)] = True
    expected = outcome(granule_of(without(beam, broken)))
    beam[f"heights/{name}"][broken] = rng.choice(CANNOT_BE[name], n_broken)
    made = outcome(granule_of(beam))
    assert made.account.counts["photons_broken"] == n_broken
    assert_same(made.rows, expected.rows)


@pytest.mark.parametrize("name", CANNOT_BE)
@given(data=st.data())
@settings(max_examples=2, deadline=None)
def test_a_beam_of_photons_that_cannot_be_has_none_to_keep(name, data):
    beam = sound()
    beam[f"heights/{name}"][:] = data.draw(st.sampled_from(CANNOT_BE[name]))
    made = outcome(granule_of(beam))
    assert_refused(made, "broken", State.NO_PHOTONS_KEPT)
    assert made.account.counts["photons_broken"] == made.account.counts["photons"]


@given(rng=random_states)
@fuzzed
def test_a_stray_photon_moves_nothing_but_what_tells_of_it(rng):
    beam = sound()
    signal = (beam["heights/signal_conf_ph"][:, 2] == 4) & (beam["heights/quality_ph"] == 0)
    number = np.floor((beam["geolocation/segment_dist_x"][reference_of(beam)] + beam["heights/dist_ph_along"]) / 2)
    bins, members = np.unique(number[signal], return_counts=True)
    strays = np.zeros(signal.size, bool)
    for one in rng.choice(bins[members > 3], 10, replace=False):
        strays[rng.choice(np.flatnonzero(signal & (number == one)))] = True
    expected = outcome(granule_of(without(beam, strays)))
    beam["heights/h_ph"][strays] = rng.choice([-900.0, -60.0, 10.0, 35.0, 300.0, 9000.0], 10)
    made = outcome(granule_of(beam))
    assert_same(made.rows, expected.rows, but=("trim_effect",))


@given(rng=random_states)
@fuzzed
def test_the_order_of_photons_in_the_file_does_not_matter(rng):
    beam = sound()
    made = outcome(granule_of(taken(beam, shuffled_within_references(beam, rng))))
    assert_same(made.rows, clean_rows()[MANGLED])


@given(rng=random_states)
@fuzzed
def test_times_out_of_order_do_not_move_heights(rng):
    beam = sound()
    beam["heights/delta_time"] = beam["heights/delta_time"][shuffled_within_references(beam, rng)]
    made = outcome(granule_of(beam))
    assert_same(made.rows, clean_rows()[MANGLED], but=("time", "background_rate", "background_counts", "photon_rate"))


@given(rng=random_states, n_copies=st.integers(1, 200))
@settings(max_examples=4, deadline=None)
def test_photons_that_are_there_twice_count_twice(rng, n_copies):
    beam = sound()
    copies = np.sort(np.append(np.arange(beam["heights/h_ph"].size), rng.integers(0, 800, n_copies)))
    count = np.bincount(reference_of(beam)[copies], minlength=N_REFERENCES)
    granule = granule_of(taken(beam, copies) | index_of(count))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "granule.h5"
        write(path, granule)
        expected = plain_segments(path, NAME, {MANGLED: 0}, Resampling())
    assert_same(outcome(granule).rows, expected, but=("height_error",))


def begins_late(begin, count, k):
    begin[k] += 1


def begins_early(begin, count, k):
    begin[k] -= 1


def begins_at_zero(begin, count, k):
    begin[k] = 0


def begins_before_the_file(begin, count, k):
    begin[k] = -begin[k]


def begins_after_the_file(begin, count, k):
    begin[k] = 2**62


def holds_one_more(begin, count, k):
    count[k] += 1


def holds_one_less(begin, count, k):
    count[k] -= 1


def holds_less_than_none(begin, count, k):
    count[k] = -count[k]


def holds_none(begin, count, k):
    count[k] = 0


def overlaps_the_next(begin, count, k):
    count[k] += 10
    count[EMPTY_REFERENCE] = 0
    begin[EMPTY_REFERENCE] = 0


def is_counted_from_zero(begin, count, k):
    begin[count > 0] -= 1


def is_that_of_a_larger_granule(begin, count, k):
    begin[count > 0] += 1_000_000


INDEX_FAULTS = [
    begins_late,
    begins_early,
    begins_at_zero,
    begins_before_the_file,
    begins_after_the_file,
    holds_one_more,
    holds_one_less,
    holds_less_than_none,
    holds_none,
    overlaps_the_next,
    is_counted_from_zero,
    is_that_of_a_larger_granule,
]


@given(fault=st.sampled_from(INDEX_FAULTS), k=st.sampled_from(FILLED_REFERENCES))
@settings(max_examples=12, deadline=None)
def test_an_index_that_does_not_fit_the_counts_is_refused(fault, k):
    beam = sound()
    fault(beam["geolocation/ph_index_beg"], beam["geolocation/segment_ph_cnt"], k)
    assert_refused(outcome(granule_of(beam)), "ph_index_beg")


@given(
    k=st.integers(1, N_REFERENCES - 1),
    distance=st.sampled_from([np.nan, float(FILL), np.inf, -np.inf, 1e30, -1e30, 1e12, "twice", "back", "far back"]),
)
@fuzzed
def test_reference_segments_that_do_not_grow_along_the_track_are_refused(k, distance):
    beam = sound()
    start = beam["geolocation/segment_dist_x"]
    start[k] = {"twice": start[k - 1], "back": start[k - 1] - 1e-3, "far back": 0}.get(distance, distance)
    assert_refused(outcome(granule_of(beam)), "segment_dist_x")


def test_reference_segments_of_unsigned_distance_that_do_not_grow_are_refused():
    beam = sound()
    start = beam["geolocation/segment_dist_x"].astype(np.uint32)
    start[[3, 4]] = start[[4, 3]]
    assert_refused(outcome(granule_of(beam | {"geolocation/segment_dist_x": start})), "segment_dist_x")


def test_a_track_may_begin_at_the_equator():
    beam = sound()
    beam["heights/dist_ph_along"] -= 1
    expected = outcome_at_the_equator(beam, 0.0)
    assert_same(outcome_at_the_equator(beam, 2000.0), expected.assign(x_atc=expected.x_atc + 2000))


def outcome_at_the_equator(beam: dict, start: float) -> pd.DataFrame:
    """Return the rows of a beam whose reference segments begin at a distance; its surface is not where it was."""
    distance = start + LENGTH * np.arange(N_REFERENCES)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "granule.h5"
        write(path, granule_of(beam | {"geolocation/segment_dist_x": distance}))
        _, table = run(path)
    return table[table.beam == MANGLED].reset_index(drop=True)


@given(
    latitude=st.sampled_from([-74.0, 88.0]) | st.floats(0, 1e-3).map(lambda degrees: 90 - degrees),
    longitude=st.sampled_from([-180.0, 180.0, 0.0]) | st.floats(-180, 180),
    azimuth=st.sampled_from([0.0, 90.0, 180.0, 270.0]) | st.floats(0, 360),
)
@settings(max_examples=12, deadline=None)
def test_segments_lie_where_they_are_over_the_pole_and_over_the_antimeridian(latitude, longitude, azimuth):
    course = Course(latitude, longitude, azimuth)
    rows = outcome(granule_of(sound(course))).rows
    assert len(rows) == len(clean_rows()[MANGLED])
    made = unit_vectors(rows.latitude.to_numpy(), rows.longitude.to_numpy())
    distance = EARTH_RADIUS * np.linalg.norm(made - course.place(rows.x_atc.to_numpy()), axis=1)
    assert distance.max() < 3.0


CORRECTIONS = ("tide_ocean", "tide_equilibrium", "dac", "dem_h", "geoid_free2mean", "geoid")


@given(
    faults=st.lists(
        st.tuples(st.sampled_from(CORRECTIONS), st.integers(0, N_REFERENCES - 1), st.sampled_from(BROKEN_CORRECTIONS)),
        min_size=1,
        max_size=8,
    )
)
@settings(max_examples=6, deadline=None)
def test_reference_segments_without_a_correction_are_left_out(faults):
    beam = sound()
    broken = pd.DataFrame(False, range(N_REFERENCES), CORRECTIONS)
    for name, k, value in faults:
        beam[f"geophys_corr/{name}"][k] = value
        broken.loc[k, name] = True
    mss_by_geoid = broken.dem_h | broken.geoid_free2mean
    dropped = broken.tide_ocean | broken.tide_equilibrium | broken.dac | (mss_by_geoid & broken.geoid)
    assume(not dropped[FILLED_REFERENCES].all())
    expected = outcome(granule_of(without(sound(), dropped.to_numpy()[reference_of(beam)])))
    made = outcome(granule_of(beam))
    assert made.account.counts["reference_segments_without_corrections"] == dropped.sum()
    assert_same(made.rows, expected.rows, but=("mss_flag", "geoid_free2mean"))
    assert set(made.rows.mss_flag) <= {0, 1}


@pytest.mark.parametrize("names", [("tide_ocean",), ("tide_equilibrium",), ("dac",), ("dem_h", "geoid")])
@given(value=st.sampled_from(BROKEN_CORRECTIONS))
@fuzzed
def test_a_beam_that_has_a_correction_nowhere_is_refused(names, value):
    beam = sound()
    for name in names:
        beam[f"geophys_corr/{name}"][:] = value
    made = outcome(granule_of(beam))
    assert made.account.state in (State.NO_SEA_ICE, State.MISSING_DATASET)


@given(rng=random_states)
@fuzzed
def test_background_rows_may_come_in_any_order(rng):
    beam = sound()
    order = rng.permutation(8)
    for name in ("delta_time", "bckgrd_counts", "bckgrd_rate"):
        beam[f"bckgrd_atlas/{name}"] = beam[f"bckgrd_atlas/{name}"][order]
    assert_same(outcome(granule_of(beam)).rows, clean_rows()[MANGLED])


@given(rng=random_states, time=st.sampled_from([np.nan, float(FILL), np.inf]))
@fuzzed
def test_background_rows_without_a_time_are_as_if_they_were_not_there(rng, time):
    beam = sound()
    places = rng.integers(0, 9, 4)
    for name, value in (("delta_time", time), ("bckgrd_counts", 9), ("bckgrd_rate", 9e6)):
        beam[f"bckgrd_atlas/{name}"] = np.insert(beam[f"bckgrd_atlas/{name}"], places, value)
    assert_same(outcome(granule_of(beam)).rows, clean_rows()[MANGLED])


@given(rng=random_states, rate=st.sampled_from([np.nan, FILL, -FILL, np.inf, -np.inf, 1e30, -1e30, -1.0]))
@fuzzed
def test_a_background_rate_that_cannot_be_is_unknown(rng, rate):
    beam = sound()
    beam["bckgrd_atlas/bckgrd_rate"][rng.choice(8, 3, replace=False)] = rate
    rows, clean = outcome(granule_of(beam)).rows, clean_rows()[MANGLED]
    assert_same(rows, clean, but=("background_rate", "photon_rate"))
    known = rows.background_rate.notna()
    assert_same(rows[known], clean[known])
    assert (rows.photon_rate[~known] > clean.photon_rate[~known]).all()
    assert (rows.photon_rate < clean.photon_rate + 0.1).all()


@pytest.mark.parametrize("broken", ["no rows", "no times"])
def test_without_a_row_of_background_it_is_said_to_be_absent(broken):
    beam = sound()
    for name in ("delta_time", "bckgrd_counts", "bckgrd_rate"):
        if broken == "no rows":
            beam[f"bckgrd_atlas/{name}"] = beam[f"bckgrd_atlas/{name}"][:0]
    beam["bckgrd_atlas/delta_time"][:] = np.nan
    made = outcome(granule_of(beam))
    assert_same(made.rows, clean_rows()[MANGLED], ("fallback", "background_rate", "background_counts", "photon_rate"))
    assert made.rows.background_rate.isna().all()
    assert set(made.rows.fallback) == {Fallback.BACKGROUND}


EVERY_NAME = [*(f"{MANGLED}/{name}" for name in strong_beam(Course())), *calibrations_of(MANGLED)]
"""The datasets that are read of a beam."""

FORMS = {
    "of bytes": lambda values: np.full(values.shape, b"none"),
    "of words": lambda values: np.full(values.shape, "none", object),
    "of truths": lambda values: values > 0,
    "of complex numbers": lambda values: values.astype(np.complex64),
    "of records": lambda values: np.zeros(values.shape, [("value", "f4"), ("error", "f4")]),
    "of one number": lambda values: values.ravel()[0],
    "of one axis more": lambda values: values[..., None],
    "of one axis more before": lambda values: values[None],
    "with a row less": lambda values: values[:-1],
    "with a row more": lambda values: np.concatenate([values, values[-1:]]),
    "without rows": lambda values: values[:0],
    "without a space": lambda values: h5py.Empty(values.dtype),
    "of more rows than memory has": lambda values: 10**15,
    "that is a group": lambda values: {},
}
"""Datasets that are not what ATL03 has in their place."""


@pytest.mark.parametrize("form", FORMS)
@given(name=st.sampled_from(EVERY_NAME))
@example(name=f"{CAL_19}/ffb_corr")
@example(name=f"{MANGLED}/heights/h_ph")
@settings(max_examples=1, deadline=None)
def test_a_dataset_of_another_form_is_refused(form, name):
    granule = granule_of(sound())
    # The dead times are a mean of channels, whatever their number.
    assume(name != DEAD_TIME or "row" not in form)
    granule[name] = FORMS[form](granule[name])
    # Of datasets whose shapes contradict each other none can be said to be the broken one.
    of_many = name.startswith(CAL_19) and ("row" in form or "axis" in form)
    assert_refused(outcome(granule), CAL_19 if of_many else name.split("/")[-1])


@pytest.mark.parametrize("columns", [1, 4, 6])
def test_a_confidence_of_other_surface_types_is_refused(columns):
    beam = sound()
    confidence = np.full((beam["heights/h_ph"].size, columns), 4, np.int8)
    assert_refused(outcome(granule_of(beam | {"heights/signal_conf_ph": confidence})), "signal_conf_ph")


@given(name=st.sampled_from(EVERY_NAME), data=st.data())
@settings(max_examples=8, deadline=None)
def test_the_same_numbers_in_another_type_give_the_same_table_or_are_refused(name, data):
    granule = granule_of(sound())
    values = granule[name]
    kinds = {"f": [">f4", ">f8", "f8", np.longdouble], "i": [">i8", "i8", ">f8", "f8", "u8", np.longdouble]}
    kind = data.draw(st.sampled_from(kinds[values.dtype.kind]))
    assume(np.array_equal(values.astype(kind).astype(values.dtype), values))
    granule[name] = values.astype(kind)
    made = outcome(granule)
    if made.account.state is State.OK:
        assert_same(made.rows, clean_rows()[MANGLED])
    else:
        assert_refused(made, name.split("/")[-1])


@pytest.mark.parametrize("quality", [256, -256, 2**31 - 256])
def test_a_quality_that_cannot_be_is_not_taken_for_nominal(quality):
    beam = sound()
    strays = np.arange(0, beam["heights/h_ph"].size, 7)
    expected = outcome(granule_of(beam | {"heights/quality_ph": marked(beam, strays, 1)}))
    made = outcome(granule_of(beam | {"heights/quality_ph": marked(beam, strays, quality).astype(np.int32)}))
    if made.account.state is State.OK:
        assert_same(made.rows, expected.rows)
    else:
        assert_refused(made, "quality_ph")


def marked(beam: dict, photons: np.ndarray, quality: int) -> np.ndarray:
    """Return the quality of photons, of which some have another."""
    marked = beam["heights/quality_ph"].astype(np.int64)
    marked[photons] = quality
    return marked


@pytest.mark.parametrize("group", ["heights", "geolocation", "geophys_corr", "bckgrd_atlas"])
def test_a_dataset_in_place_of_a_group_is_a_named_fault(group):
    beam = {name: values for name, values in sound().items() if not name.startswith(f"{group}/")}
    made = outcome(granule_of(beam | {group: np.arange(3.0)}))
    assert (made.account.state is State.OK) == (group == "bckgrd_atlas")


def test_a_dataset_in_place_of_a_beam_is_a_named_fault():
    assert_refused(outcome({MANGLED: np.arange(3.0)} | granule_of({})), MANGLED, State.MISSING_DATASET)


@pytest.mark.parametrize("groups", [["heights"], ["geolocation", "geophys_corr"], [""]])
def test_groups_without_rows_are_an_empty_beam(groups):
    beam = sound()
    for name in beam:
        if name.startswith(tuple(groups)):
            beam[name] = beam[name][:0]
    assert_refused(outcome(granule_of(beam)), MANGLED, State.EMPTY_BEAM)


@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_any_numbers_anywhere_give_a_table_that_can_be_or_a_named_state(data):
    granule = granule_of(sound())
    for name in data.draw(st.lists(st.sampled_from(EVERY_NAME), min_size=1, max_size=3, unique=True)):
        values = granule[name].ravel()
        places = data.draw(st.lists(st.integers(0, values.size - 1), min_size=1, max_size=4) | st.just(slice(None)))
        kind = values.dtype
        numbers = st.floats(width=8 * kind.itemsize)
        if kind.kind == "i":
            numbers = st.integers(np.iinfo(kind).min, np.iinfo(kind).max)
        values[places] = data.draw(numbers)
        granule[name] = values.reshape(granule[name].shape)
    outcome(granule, level=None)


PLACING = ("segment_dist_x", "ph_index_beg", "segment_ph_cnt")


@given(absent=st.sets(st.sampled_from(EVERY_NAME), min_size=1, max_size=6))
@settings(max_examples=8, deadline=None)
def test_absent_datasets_have_a_stand_in_or_are_named(absent):
    granule = granule_of(sound())
    for name in absent:
        del granule[name]
    leaves = {name.removeprefix(f"{MANGLED}/") for name in absent}
    off = {"tide_ocean": 0.30, "tide_equilibrium": -0.02, "dac": 0.05}
    made = outcome(granule, level=LEVEL - sum(off[name] for name in off if f"geophys_corr/{name}" in leaves))
    needed = {name for name in leaves if name.startswith("heights/") or name.split("/")[1] in PLACING}
    if needed:
        assert made.account.state is State.MISSING_DATASET
        assert any(name in made.account.reason for name in needed)
    elif made.account.state is not State.OK:
        assert made.account.state is State.MISSING_DATASET
        assert {"geophys_corr/geoid"} < leaves
    else:
        assert made.rows.height_error.notna().all()


def test_without_latitudes_of_reference_photons_the_geoid_stands_in_for_what_needs_them():
    beam = sound()
    del beam["geophys_corr/geoid_free2mean"], beam["geolocation/reference_photon_lat"]
    assert set(outcome(granule_of(beam)).rows.mss_flag) == {1}


MSS = xr.DataArray(
    np.full((41, 73), 19.0),
    {"lat": np.linspace(-90, -50, 41), "lon": np.linspace(-180, 180, 73)},
    name="mss",
    attrs={"units": "m"},
)
"""A grid of the user's that has the same mean sea surface as the granule."""


def run_with_own_mss(granule: dict) -> dict[str, tuple[Account, pd.DataFrame]]:
    """Return the account and rows of each beam above the user's mean sea surface."""
    with TemporaryDirectory() as folder:
        path, grid = Path(folder) / "granule.h5", Path(folder) / "mss.nc"
        write(path, granule)
        MSS.to_netcdf(grid)
        resampling = Resampling(selection=Selection(mss=str(grid)))
        account = resample_granule(path, NAME, BEAMS, resampling, Path(folder) / "segments.parquet", 1, PER_PIECE)
        table = read_table(Path(folder) / "segments.parquet", SEGMENTS)
    rows = {beam: table[table.beam == beam].reset_index(drop=True) for beam in BEAMS}
    assert_same(rows[OTHER], clean_rows()[OTHER], but=("mss_flag",))
    return {part.subject: (part, rows[part.subject]) for part in account.parts}


@given(
    axis=st.sampled_from(["lat", "lon"]),
    places=st.sets(st.sampled_from(FILLED_REFERENCES), min_size=1),
    value=st.sampled_from([np.nan, float(FILL), -float(FILL), np.inf, -np.inf, 1e30, 1e6]),
)
@fuzzed
def test_reference_photons_without_a_place_have_the_geoid_for_a_grid_of_the_users(axis, places, value):
    beam = sound()
    beam[f"geolocation/reference_photon_{axis}"][list(places)] = value
    account, rows = run_with_own_mss(granule_of(beam))[MANGLED]
    assert account.state is State.OK
    assert_same(rows, clean_rows()[MANGLED], but=("mss_flag",))
    of_geoid = np.isin((rows.x_atc - START) // LENGTH, list(places))
    assert np.array_equal(rows.mss_flag, np.where(of_geoid, 1, 2))


@pytest.mark.parametrize("axis", ["lat", "lon"])
def test_a_grid_of_the_users_needs_the_places_of_reference_photons(axis):
    beam = sound()
    del beam[f"geolocation/reference_photon_{axis}"]
    account, rows = run_with_own_mss(granule_of(beam))[MANGLED]
    if account.state is State.OK:
        assert set(rows.mss_flag) == {1}
    else:
        assert account.state is State.MISSING_DATASET
        assert f"reference_photon_{axis}" in account.reason


def flipped(stored: bytes, rng: np.random.Generator) -> bytes:
    place = int(rng.integers(len(stored)))
    return stored[:place] + bytes([stored[place] ^ int(rng.integers(1, 256))]) + stored[place + 1 :]


def cut(stored: bytes, rng: np.random.Generator) -> bytes:
    return stored[: int(rng.integers(4, len(stored)))]


def zeroed(stored: bytes, rng: np.random.Generator) -> bytes:
    return bytes(len(stored))


def replaced(stored: bytes, rng: np.random.Generator) -> bytes:
    return rng.bytes(len(stored))


DAMAGES = [flipped, cut, zeroed, replaced]


def break_chunk(path: Path, name: str, damage: Callable, rng: np.random.Generator) -> None:
    """Change the stored bytes of one chunk of a dataset."""
    with h5py.File(path, "r+") as file:
        dataset = file[name].id
        chunk = dataset.get_chunk_info(int(rng.integers(dataset.get_num_chunks())))
        filters, stored = dataset.read_direct_chunk(chunk.chunk_offset)
        dataset.write_direct_chunk(chunk.chunk_offset, damage(stored, rng), filters)


@given(name=st.sampled_from(EVERY_NAME), damage=st.sampled_from(DAMAGES), rng=random_states)
@settings(max_examples=8, deadline=None)
def test_a_chunk_that_does_not_match_its_checksum_is_named(name, damage, rng):
    made = outcome(granule_of(sound()), lambda path: break_chunk(path, name, damage, rng))
    assert_refused(made, name.split("/")[-1])


@given(name=st.sampled_from(EVERY_NAME), damage=st.sampled_from(DAMAGES), rng=random_states)
@settings(max_examples=8, deadline=None)
def test_a_broken_deflate_stream_without_checksum_is_named_or_does_no_harm(name, damage, rng):
    made = outcome(granule_of(sound()), lambda path: break_chunk(path, name, damage, rng), fletcher32=False)
    if made.account.state is State.OK:
        assert_same(made.rows, clean_rows()[MANGLED])
    else:
        assert_refused(made, name.split("/")[-1])


def test_a_chunk_that_breaks_in_a_process_of_the_pool_is_named():
    rng = np.random.default_rng(0)
    made = outcome(
        granule_of(sound()), lambda path: break_chunk(path, f"{MANGLED}/heights/h_ph", zeroed, rng), threads=2
    )
    assert_refused(made, "heights/h_ph")


def granule_outcome(granule: dict, damage: Callable[[Path], None] | None = None) -> tuple[Account, pd.DataFrame]:
    """Resample a granule that as a whole may be refused, in one line and without a row."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "granule.h5"
        write(path, granule)
        if damage:
            damage(path)
        account, table = run(path)
    if account.state is not State.OK:
        assert account.reason.startswith(str(path))
        assert "\n" not in account.reason
        assert table.empty
    return account, table


@given(share=st.floats(0, 1, exclude_max=True))
@settings(max_examples=6, deadline=None)
def test_a_file_that_is_cut_off_is_named(share):
    def cut_off(path: Path) -> None:
        whole = path.read_bytes()
        path.write_bytes(whole[: int(share * len(whole))])

    account, _ = granule_outcome(granule_of(sound()), cut_off)
    assert account.state is State.UNREADABLE


@pytest.mark.parametrize("seed", range(18))
def test_a_file_of_which_some_bytes_are_broken_is_named_or_gives_a_table(seed):
    def break_bytes(path: Path) -> None:
        content, rng = np.fromfile(path, np.uint8), np.random.default_rng(seed)
        content[rng.integers(0, content.size, rng.integers(1, 30))] ^= np.uint8(rng.integers(1, 256))
        path.write_bytes(content.tobytes())

    account, _ = granule_outcome(granule_of(sound()), break_bytes)
    for part in account.parts:
        assert part.state is State.OK or part.subject in part.reason
        assert "\n" not in part.reason


@given(content=st.binary(max_size=300), signature=st.booleans())
@settings(max_examples=8, deadline=None)
def test_a_file_of_something_else_is_named(content, signature):
    content = b"\x89HDF\r\n\x1a\n" * signature + content
    account, _ = granule_outcome({}, lambda path: path.write_bytes(content))
    assert account.state is State.UNREADABLE


@given(values=st.data())
@settings(max_examples=6, deadline=None)
def test_tables_of_first_photon_bias_that_are_none_are_refused(values):
    granule = granule_of(sound())
    name = values.draw(st.sampled_from(["dead_time", "strength", "width", "ffb_corr"]))
    table = granule[f"{CAL_19}/{name}"]
    place = tuple(values.draw(st.integers(0, size - 1)) for size in table.shape)
    table[place] = values.draw(st.sampled_from([np.nan, FILL, -FILL, np.inf, -np.inf, 1e30]))
    assert_refused(outcome(granule), name)


SHAPES = {
    "transposed": lambda table: np.ascontiguousarray(table.T),
    "flat": np.ravel,
    "one column less": lambda table: table[..., :-1],
    "one column": lambda table: table[..., :1],
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["strength", "width", "ffb_corr"])
def test_tables_of_first_photon_bias_that_do_not_fit_are_refused(name, shape):
    granule = granule_of(sound())
    granule[f"{CAL_19}/{name}"] = SHAPES[shape](granule[f"{CAL_19}/{name}"])
    assert_refused(outcome(granule), CAL_19)


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("broken", [False, True])
def test_a_table_of_first_photon_bias_with_one_value_of_an_axis_serves_or_is_refused(axis, broken):
    granule = granule_of(sound())
    name = ("dead_time", "strength", "width")[axis]
    granule[f"{CAL_19}/{name}"] = granule[f"{CAL_19}/{name}"][..., 1:2]
    granule[f"{CAL_19}/ffb_corr"] = np.take(granule[f"{CAL_19}/ffb_corr"], [1], axis)
    if axis == 0:
        for other in ("strength", "width"):
            granule[f"{CAL_19}/{other}"] = granule[f"{CAL_19}/{other}"][:1]
    if broken:
        granule[f"{CAL_19}/{name}"][:] = np.nan
    made = outcome(granule)
    if broken:
        assert_refused(made, name)
    elif axis == 0:
        assert_same(made.rows, clean_rows()[MANGLED])


BROKEN_DEAD_TIMES = [np.nan, FILL, -FILL, np.inf, -np.inf, 0.0, -3e-9, 3.0, 1e30]


@pytest.mark.parametrize("table", [True, False])
@given(value=st.sampled_from(BROKEN_DEAD_TIMES), channels=st.sets(st.integers(0, 19), min_size=1))
@settings(max_examples=6, deadline=None)
def test_dead_times_that_cannot_be_are_refused_or_passed_over(table, value, channels):
    granule = granule_of(sound())
    granule = {name: values for name, values in granule.items() if table or not name.startswith(CAL_19)}
    expected = outcome(granule)
    granule[DEAD_TIME][list(channels)] = value
    made = outcome(granule)
    if made.account.state is State.OK:
        assert_same(made.rows, expected.rows, but=("fallback",))
        allowed = {Fallback.NONE, Fallback.DEAD_TIME}
        if channels >= set(range(16)):
            allowed = {Fallback.DEAD_TIME}
        assert set(made.rows.fallback) <= allowed
    else:
        assert_refused(made, "dead_time")


@pytest.mark.parametrize("n_channels", [0, 1, 16, 19])
@pytest.mark.parametrize("beam", BEAMS)
def test_dead_times_of_too_few_channels_are_refused_or_passed_over(beam, n_channels):
    granule = granule_of(sound())
    name = DEAD_TIME.replace(MANGLED, beam)
    granule[name] = granule[name][:n_channels]
    account, table = granule_outcome(granule)
    part = next(part for part in account.parts if part.subject == beam)
    if part.state is State.OK:
        rows = table[table.beam == beam].reset_index(drop=True)
        assert_same(rows, clean_rows()[beam], but=("fallback",))
    else:
        assert part.state is State.UNREADABLE
        assert name in part.reason


def assert_same_or_named(granule: dict, stand_in: Fallback) -> None:
    """See that a granule is refused as a whole, or is as ever but for what it says stands in."""
    account, table = granule_outcome(granule)
    if account.state is State.OK:
        for part in account.parts:
            rows = table[table.beam == part.subject].reset_index(drop=True)
            if part.state is State.OK:
                assert_same(rows, clean_rows()[part.subject], but=("fallback",))
                assert set(rows.fallback) <= {Fallback.NONE, stand_in}
            else:
                assert rows.empty
                assert part.subject in part.reason


ODD = [
    np.array([], np.int8),
    np.array([np.nan]),
    np.array([0.5]),
    np.array([3]),
    np.array([2**63], np.uint64),
    np.array([b"\xff\xfe"]),
    np.array(["odd"], object),
    np.zeros((2, 2), bool),
    h5py.Empty("i1"),
    {},
    10**15,
]
"""What may stand where a file tells its release or orientation."""


@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
def test_an_odd_orientation_is_named_or_told_by_the_beam_types(value):
    assert_same_or_named(granule_of(sound()) | {"orbit_info/sc_orient": value}, Fallback.ORIENTATION)


@pytest.mark.parametrize("orientations", [[1, 2], [2, 1], [1, 0], [0, 1]])
def test_a_granule_in_which_the_spacecraft_turned_is_refused(orientations):
    account, _ = granule_outcome(granule_of(sound()) | {"orbit_info/sc_orient": np.array(orientations, np.int8)})
    assert account.state in (State.ORIENTATION_TRANSITION, State.ORIENTATION_CONFLICT)
    assert "sc_orient" in account.reason


def test_a_beam_that_cannot_be_told_strong_or_weak_does_not_spoil_the_other():
    granule = granule_of(sound())
    del granule["orbit_info/sc_orient"], granule[f"{MANGLED}@atlas_beam_type"]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "granule.h5"
        write(path, granule)
        account, table = run(path)
    states = {part.subject: part.state for part in account.parts}
    assert states == {OTHER: State.OK, MANGLED: State.MISSING_DATASET}
    assert_same(table, clean_rows()[OTHER], but=("fallback",))


@pytest.mark.parametrize(
    "place", [f"{MANGLED}", f"{MANGLED}/heights", f"{MANGLED}/geophys_corr", f"{MANGLED}/bckgrd_atlas"]
)
@pytest.mark.parametrize("link", [h5py.SoftLink("/nowhere"), h5py.ExternalLink("nowhere.h5", "/"), "itself"])
def test_a_link_that_leads_nowhere_does_not_spoil_the_other_beam(place, link):
    def cut_link(path: Path) -> None:
        with h5py.File(path, "r+") as file:
            del file[place]
            file[place] = h5py.SoftLink(f"/{place}") if link == "itself" else link

    made = outcome(granule_of(sound()), cut_link)
    if made.account.state is State.OK:
        assert set(made.rows.fallback) == {Fallback.BACKGROUND}


@pytest.mark.parametrize("value", [value for value in ODD if not isinstance(value, dict | int)])
def test_an_odd_beam_type_is_named_or_told_by_the_orientation(value):
    made = outcome(granule_of(sound()) | {f"{MANGLED}@atlas_beam_type": value})
    if made.account.state is State.OK:
        assert_same(made.rows, clean_rows()[MANGLED], but=("fallback",))
        assert set(made.rows.fallback) == {Fallback.ORIENTATION}


def with_saturated_returns() -> dict:
    """Return a granule in which photons of bad quality are marked as release 007 marks saturated returns of leads."""
    beam = sound()
    beam["heights/quality_ph"] *= 10
    return granule_of(beam)


RELEASES = [np.array([6]), np.array([6.0]), np.array([b"6"]), np.array([b"006 "]), np.array([b"odd"]), *ODD]


@pytest.mark.parametrize("release", RELEASES, ids=range(len(RELEASES)))
def test_an_odd_release_is_named_or_read_as_before_007(release):
    assert_same_or_named(with_saturated_returns() | {"ancillary_data/release": release}, Fallback.RELEASE)


@pytest.mark.parametrize("release", [np.array([b"007"]), np.array([7]), np.array([b"7"]), np.array(["007"], object)])
def test_release_007_keeps_saturated_returns_however_it_is_written(release):
    made = outcome(with_saturated_returns() | {"ancillary_data/release": release})
    assert made.account.counts["photons_of_bad_quality"] == 0


@pytest.mark.parametrize("name", ["ancillary_data/release", "orbit_info/sc_orient"])
def test_a_granule_that_cannot_be_told_is_named(name):
    rng = np.random.default_rng(0)
    account, _ = granule_outcome(granule_of(sound()), lambda path: break_chunk(path, name, zeroed, rng))
    assert account.state is State.UNREADABLE
    assert name in account.reason


def command_line(folder: Path) -> subprocess.CompletedProcess[str]:
    """Resample ``granule.h5`` of a folder as the workflow does."""
    options = {
        "granule": folder / "granule.h5",
        "name": NAME,
        "beams": " ".join(BEAMS),
        "window": 2.0,
        "minimum-confidence": 3,
        "quality-before-007": 0,
        "quality-from-007": "0 10 20",
        "podppd-flags": 0,
        "mss": "dem",
        "trim": 0.7,
        "surface-window": 2.5,
        "threads": 2,
        "output": folder / "segments.parquet",
        "account": folder / "segments.json",
    }
    words = [word for name, value in options.items() for word in (f"--{name}", *str(value).split(" "))]
    script = ROOT / "scripts" / "resample_segments.py"
    return subprocess.run([sys.executable, script, *words], capture_output=True, text=True, check=False)


def test_the_command_line_names_a_broken_beam_and_goes_on(tmp_path):
    write(tmp_path / "granule.h5", granule_of(sound()))
    break_chunk(tmp_path / "granule.h5", f"{MANGLED}/heights/lat_ph", zeroed, np.random.default_rng(0))
    done = command_line(tmp_path)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert f"{MANGLED}/heights/lat_ph" in done.stderr
    states = {part.subject: part.state for part in read_account(tmp_path / "segments.json").parts}
    assert states == {OTHER: State.OK, MANGLED: State.UNREADABLE}
    table = read_table(tmp_path / "segments.parquet", SEGMENTS)
    pd.testing.assert_frame_equal(table, clean_rows()[OTHER])


def test_the_command_line_names_a_file_that_is_cut_off(tmp_path):
    path = tmp_path / "granule.h5"
    write(path, granule_of(sound()))
    path.write_bytes(path.read_bytes()[:-100])
    done = command_line(tmp_path)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert str(path) in done.stderr
    assert read_account(tmp_path / "segments.json").state is State.UNREADABLE
    assert read_table(tmp_path / "segments.parquet", SEGMENTS).empty
