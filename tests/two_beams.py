"""ATL03 files of two beams over a rough surface that is known in closed form, one of them to be mangled; their runs."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np
import pandas as pd
import pytest

from granules import SPEED
from leadline.accounts import Account, State
from leadline.resampling import resample_granule
from leadline.segments import Resampling
from leadline.tables import SEGMENTS, read_table

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
