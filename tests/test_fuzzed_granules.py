"""Whole runs of the segments stage over ATL03 files with faults of every kind.

Two beams over a rough surface that is known in closed form; one of them is mangled. The outcome is a right table or a
named state, and the other beam is as it was.
"""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from granules import FILL, SPEED
from leadline.accounts import Account, State, read_account
from leadline.beam import Fallback, Selection
from leadline.resampling import resample_granule
from leadline.segments import Resampling
from leadline.tables import SEGMENTS, read_table
from places import ROOT
from plain_segments import plain_segments

NAME = "20191104200000_90010510"
MANGLED, OTHER = "gt1r", "gt1l"
BEAMS = [OTHER, MANGLED]
PER_PIECE = 600
"""Photons of a piece: the beam that is mangled has two."""

N_REFERENCES = 12
LENGTH = 20.0
EMPTY_REFERENCE = 5
FILLED_REFERENCES = [k for k in range(N_REFERENCES) if k != EMPTY_REFERENCE]
EARTH_RADIUS = 6_371_000.0
START = 9_000_000.0
TIME = 60_000_000.0
LEVEL = 19.24 + 0.30 - 0.02 + 0.05
"""What is taken off the heights: MSS, tides and DAC. The MSS by dem_h and by the geoid is the same."""

fuzzed = settings(max_examples=3, deadline=None)
random_states = st.integers(0, 2**32 - 1).map(np.random.default_rng)


@dataclass(frozen=True)
class Course:
    """A great circle on a sphere: its place and azimuth, in degrees, in the middle of the track."""

    latitude: float = -74.0
    longitude: float = -170.0
    azimuth: float = 190.0

    def place(self, x: np.ndarray) -> np.ndarray:
        """Return the unit vectors to places along the track, shape (n, 3)."""
        middle = unit_vectors(self.latitude, self.longitude)
        north = unit_vectors(self.latitude + 90, self.longitude)
        east = unit_vectors(0, self.longitude + 90)
        azimuth = np.radians(self.azimuth)
        forward = np.cos(azimuth) * north + np.sin(azimuth) * east
        angle = (np.asarray(x)[:, None] - START - N_REFERENCES * LENGTH / 2) / EARTH_RADIUS
        return np.cos(angle) * middle + np.sin(angle) * forward

    def degrees(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return latitudes and longitudes of places along the track."""
        x, y, z = self.place(x).T
        return np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))


def unit_vectors(latitude: np.ndarray | float, longitude: np.ndarray | float) -> np.ndarray:
    latitude, longitude = np.radians(latitude), np.radians(longitude)
    parts = np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)
    return np.stack(np.broadcast_arrays(*parts), axis=-1)


def surface(x: np.ndarray) -> np.ndarray:
    """Return the height of the surface above WGS-84 in metres."""
    return 20 + 0.4 * np.sin(2 * np.pi * x / 90)


def beam_content(seed: int, course: Course, most_photons: int) -> dict:
    """Return the datasets of a beam; the photons of a reference segment are in the order of time, not of place."""
    rng = np.random.default_rng(seed)
    count = rng.integers(most_photons // 2, most_photons, N_REFERENCES)
    count[EMPTY_REFERENCE] = 0
    start = START + LENGTH * np.arange(N_REFERENCES)
    reference = np.repeat(np.arange(N_REFERENCES), count)
    along = np.concatenate([rng.choice(20_000, n, replace=False) * 1e-3 for n in count]).astype(np.float32)
    shot = np.floor((start[reference] + along + rng.normal(0, 2.75, along.size) - START) / SPEED / 1e-4)
    order = np.lexsort([shot, reference])
    along, shot = along[order], shot[order]
    x = start[reference] + along
    signal = rng.random(x.size) < 0.8
    height = surface(x) + np.where(signal, rng.normal(0, 0.06, x.size), rng.uniform(-15, 15, x.size))
    latitude, longitude = course.degrees(x)
    reference_latitude, reference_longitude = course.degrees(start + LENGTH / 2)
    confidence = np.full((x.size, 5), -1, np.int8)
    confidence[:, 2] = np.where(signal, 4, 0)
    return {
        "heights/h_ph": height.astype(np.float32),
        "heights/lat_ph": latitude,
        "heights/lon_ph": longitude,
        "heights/delta_time": TIME + shot * 1e-4,
        "heights/dist_ph_along": along,
        "heights/quality_ph": (rng.random(x.size) < 0.03).astype(np.int8),
        "heights/signal_conf_ph": confidence,
        "geolocation/segment_dist_x": start,
        "geolocation/delta_time": TIME + (start - START) / SPEED,
        "geolocation/reference_photon_lat": reference_latitude,
        "geolocation/reference_photon_lon": reference_longitude,
        **index_of(count),
        "geolocation/podppd_flag": np.zeros(N_REFERENCES, np.int8),
        "geolocation/solar_elevation": np.full(N_REFERENCES, 15, np.float32),
        "geophys_corr/tide_ocean": np.full(N_REFERENCES, 0.30, np.float32),
        "geophys_corr/tide_equilibrium": np.full(N_REFERENCES, -0.02, np.float32),
        "geophys_corr/dac": np.full(N_REFERENCES, 0.05, np.float32),
        "geophys_corr/dem_h": np.full(N_REFERENCES, 19.0, np.float32),
        "geophys_corr/dem_flag": np.full(N_REFERENCES, 3, np.int8),
        "geophys_corr/geoid": np.full(N_REFERENCES, 19.24, np.float32),
        "geophys_corr/geoid_free2mean": np.full(N_REFERENCES, -0.24, np.float32),
        "bckgrd_atlas/delta_time": TIME + 0.005 * np.arange(8),
        "bckgrd_atlas/bckgrd_counts": np.arange(100, 108, dtype=np.int32),
        "bckgrd_atlas/bckgrd_rate": np.linspace(1e6, 2e6, 8).astype(np.float32),
    }


def index_of(count: np.ndarray) -> dict:
    begin = np.where(count > 0, 1 + np.cumsum(count) - count, 0)
    return {
        "geolocation/ph_index_beg": begin.astype(np.int64),
        "geolocation/segment_ph_cnt": count.astype(np.int32),
    }


def without(beam: dict, dropped: np.ndarray) -> dict:
    """Return a beam that never had the photons for which ``dropped`` is true."""
    reference = reference_of(beam)
    kept = {name: values[~dropped] if name.startswith("heights/") else values for name, values in beam.items()}
    return kept | index_of(np.bincount(reference[~dropped], minlength=N_REFERENCES))


def taken(beam: dict, order: np.ndarray) -> dict:
    """Return a beam with its photons in another order."""
    return {name: values[order] if name.startswith("heights/") else values for name, values in beam.items()}


def reference_of(beam: dict) -> np.ndarray:
    """Return the reference segment of each photon."""
    return np.repeat(np.arange(N_REFERENCES), beam["geolocation/segment_ph_cnt"])


def shuffled_within_references(beam: dict, rng: np.random.Generator) -> np.ndarray:
    return np.lexsort([rng.random(beam["heights/h_ph"].size), reference_of(beam)])


def calibrations_of(beam: str) -> dict:
    strength = np.geomspace(0.05, 40, 6)
    width = np.geomspace(0.3, 60, 7)
    correction = 40 * strength[:, None] / (1 + width / 3) * np.array([0.5, 1.0, 1.5])[:, None, None]
    root = f"ancillary_data/calibrations/first_photon_bias/{beam}"
    return {
        f"ancillary_data/calibrations/dead_time/{beam}/dead_time": np.full(20, 3e-9, np.float32),
        f"{root}/dead_time": np.array([2.9, 3.0, 3.1], np.float32),
        f"{root}/strength": np.tile(strength, (3, 1)).astype(np.float32),
        f"{root}/width": np.tile(width, (3, 1)).astype(np.float32),
        f"{root}/ffb_corr": correction.astype(np.float32),
    }


CAL_19 = f"ancillary_data/calibrations/first_photon_bias/{MANGLED}"
DEAD_TIME = f"ancillary_data/calibrations/dead_time/{MANGLED}/dead_time"
KINDS = {f"{MANGLED}@atlas_beam_type": np.bytes_(b"strong"), f"{OTHER}@atlas_beam_type": np.bytes_(b"weak")}


@cache
def strong_beam(course: Course) -> dict:
    return beam_content(1, course, most_photons=120)


@cache
def weak_beam() -> dict:
    return beam_content(2, Course(), most_photons=30)


def sound(course: Course | None = None) -> dict:
    """Return the datasets of the beam that is to be mangled, free to be changed."""
    return {name: values.copy() for name, values in strong_beam(course or Course()).items()}


def granule_of(beam: dict) -> dict:
    """Return a granule by the paths of its datasets: a beam to be tried, and one that is as it should be."""
    return {
        "ancillary_data/release": np.array([b"006"]),
        "orbit_info/sc_orient": np.array([1], np.int8),
        **calibrations_of(MANGLED),
        **calibrations_of(OTHER),
        **{f"{OTHER}/{name}": values for name, values in weak_beam().items()},
        **{f"{MANGLED}/{name}": values for name, values in beam.items()},
        **KINDS,
    }


def write(path: Path, granule: dict, fletcher32: bool = True) -> None:
    """Write a granule in chunks; a dict as value makes a group, an int a dataset of so many rows that none wrote."""
    filters = {"compression": "gzip", "shuffle": True, "fletcher32": fletcher32}
    with h5py.File(path, "w") as file:
        for name, values in granule.items():
            if "@" in name:
                beam, attribute = name.split("@")
                file[beam].attrs[attribute] = values
            elif isinstance(values, dict):
                file.require_group(name)
            elif isinstance(values, int):
                file.create_dataset(name, (values,), np.float64, chunks=(1000,))
            elif np.size(values) and np.ndim(values) and values.dtype != object:
                chunks = (min(128, len(values)), *np.shape(values)[1:])
                file.create_dataset(name, data=values, chunks=chunks, **filters)
            else:
                file[name] = values


@dataclass(frozen=True)
class Outcome:
    """What a run made of the mangled beam."""

    account: Account
    rows: pd.DataFrame


def outcome(
    granule: dict,
    damage: Callable[[Path], None] | None = None,
    fletcher32: bool = True,
    threads: int = 1,
    level: float | None = LEVEL,
) -> Outcome:
    """Resample a granule, and return what came of its mangled beam; the other beam must be as ever.

    ``damage`` changes the file once it is written; ``level`` is what must have been taken off the heights of the
    surface, None where numbers that can be are not those of the surface.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "granule.h5"
        write(path, granule, fletcher32)
        if damage:
            damage(path)
        account, table = run(path, threads)
    assert account.state is State.OK, account.reason
    of = {part.subject: part for part in account.parts}
    assert list(of) == BEAMS
    rows = {beam: table[table.beam == beam].reset_index(drop=True) for beam in BEAMS}
    assert of[OTHER].state is State.OK
    pd.testing.assert_frame_equal(rows[OTHER], clean_rows()[OTHER])
    check(path, of[MANGLED], rows[MANGLED])
    if level is not None and of[MANGLED].state is State.OK:
        check_surface(rows[MANGLED], level)
    return Outcome(of[MANGLED], rows[MANGLED])


def run(path: Path, threads: int = 1) -> tuple[Account, pd.DataFrame]:
    """Resample a granule; nothing but its table may be left beside it."""
    output = path.parent / "segments.parquet"
    account = resample_granule(path, NAME, BEAMS, Resampling(), output, threads, PER_PIECE)
    assert {entry.name for entry in path.parent.iterdir()} == {path.name, output.name}
    table = read_table(output, SEGMENTS)
    assert table.beam.isin(BEAMS).all()
    return account, table


@cache
def clean_rows() -> dict[str, pd.DataFrame]:
    """Return the rows of both beams of a granule without faults."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "granule.h5"
        write(path, granule_of(sound()))
        account, table = run(path)
    assert [part.state for part in account.parts] == [State.OK, State.OK]
    return {beam: table[table.beam == beam].reset_index(drop=True) for beam in BEAMS}


def check(path: Path, account: Account, rows: pd.DataFrame) -> None:
    """See that a beam is named as broken and has no rows, or that its counts add up and its numbers can be."""
    assert "\n" not in account.reason
    if account.state is not State.OK:
        assert account.reason.startswith(f"{path} {MANGLED}") or account.reason.startswith(f"{path} ancillary_data/")
        assert MANGLED in account.reason
        assert rows.empty
        return
    counts = account.counts
    dropped = ("of_dropped_segments", "broken", "of_bad_quality", "of_low_confidence", "kept")
    assert counts["photons"] == sum(counts[f"photons_{name}"] for name in dropped)
    assert counts["segments"] == len(rows) > 0
    trimmed = counts["photons_trimmed_above"] + counts["photons_trimmed_below"]
    assert rows.n_photons.sum() == counts["photons_kept"] - trimmed
    assert (np.diff(rows.x_atc) > 0).all()
    assert (rows.n_photons > 0).all()
    unknown = ("background_rate", "background_counts", "solar_elevation", "geoid_free2mean")
    known = rows.drop(columns=["granule", "beam", *unknown])
    assert not known.columns[~np.isfinite(known).all()].tolist()
    assert rows.latitude.between(-90, 90).all()
    assert rows.longitude.between(-180, 180).all()
    assert rows.x_atc.abs().max() < 1e8
    assert rows.time.between(0, 1e10).all()
    assert rows.first_photon_bias.abs().max() < 20
    assert rows[["height_min", "height_mean", "height_median", "height_max"]].abs().max(axis=None) < 11_000


def check_surface(rows: pd.DataFrame, level: float) -> None:
    """See that each segment is at the height of the surface, and of its time."""
    assert rows.first_photon_bias.between(0, 0.5).all()
    x = rows.x_atc.to_numpy()
    heights = rows[["height_mean", "height_median", "height_min", "height_max"]].add(rows.first_photon_bias, axis=0)
    above = heights.sub(surface(x) - level, axis=0)
    assert above[["height_mean", "height_median"]].abs().max(axis=None) < 0.3
    assert above.abs().max(axis=None) < 0.8
    assert rows.time.to_numpy() == pytest.approx(TIME + (x - START) / SPEED, abs=0.005)


def assert_same(rows: pd.DataFrame, expected: pd.DataFrame, but: tuple[str, ...] = ()) -> None:
    """See that two tables are the same to a micrometre, but for some columns."""
    but = list(but)
    pd.testing.assert_frame_equal(rows.drop(columns=but), expected.drop(columns=but), rtol=1e-6, atol=1e-6)


def assert_refused(made: Outcome, name: str, state: State = State.UNREADABLE) -> None:
    """See that a beam was refused for a dataset, named in the reason."""
    assert made.account.state is state, made.account
    assert name in made.account.reason


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
