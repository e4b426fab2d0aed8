"""Leads, sea surface and freeboard by Spark: the same tables, whatever the shares, as from each track alone."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from leadline.errors import InputDataError, LeadlineError
from leadline.freeboard import extent_of, freeboard_of_stretch
from leadline.leads import find_leads
from leadline.names import SurfaceClass
from leadline.sea_surface import SeaSurfaceSettings, estimate_sections
from leadline.spark.freeboard import compute_freeboard, read_steps
from leadline.spark.shares import Rows
from leadline.tables import (
    CLASSES,
    FREEBOARD,
    LEADS,
    SECTIONS,
    SEGMENTS,
    as_arrow,
    read_table,
    read_track,
    write_table,
    write_tables,
)
from spark_runs import benchmarked
from tracks import simulated_track


def tracks() -> list[pd.DataFrame]:
    """Return four tracks of two granules; the last has no lead, so neither sea surface nor freeboard."""
    names = [
        ("20191104200000_90010510", "gt1r"),
        ("20191104200000_90010510", "gt2r"),
        ("20191113193000_90020510", "gt1r"),
    ]
    made = []
    for seed, (granule, beam) in enumerate(names):
        track, *_ = simulated_track(n_segments=8000, seed=seed)
        made.append(track.assign(granule=granule, beam=beam))
    without_leads = made[0][made[0]["surface_class"] == SurfaceClass.THICK_ICE].assign(beam="gt3r")
    return [*made[:2], without_leads, made[2]]


def write_granules(folder, made: list[pd.DataFrame]) -> tuple[list, list]:
    """Write the tracks as segments and classes, a file a granule, in row groups that do not match."""
    segments, classes = [], []
    for granule, track in pd.concat(made).groupby("granule"):
        absent = {name: 0 for name in SEGMENTS.names if name not in track}
        track = track.assign(**absent)
        for paths, schema, kind, size in ((segments, SEGMENTS, "segments", 3000), (classes, CLASSES, "classes", 7001)):
            paths.append(folder / f"{granule}_{kind}.parquet")
            pieces = (track[schema.names].iloc[at : at + size] for at in range(0, len(track), size))
            write_tables(paths[-1], schema, [as_arrow(piece, schema) for piece in pieces])
    return segments, classes


class Freeboard:
    """The tracks' files, and their freeboard computed as one stretch a track."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tracks = tracks()
        self.segments, self.classes = write_granules(folder, self.tracks)
        self.counts = self.compute("whole")

    def compute(self, name: str) -> pd.DataFrame:
        return compute_freeboard(self.segments, self.classes, SeaSurfaceSettings(), *self.folders(name))

    def folders(self, name: str) -> list[Path]:
        return [self.folder / f"{name}_{each}.parquet" for each in ("leads", "sections", "freeboard")]


@pytest.fixture(scope="module")
def freeboard(tmp_path_factory) -> Freeboard:
    return Freeboard(tmp_path_factory.mktemp("freeboard"))


def test_freeboard_of_many_tracks_is_that_of_each_alone(freeboard):
    assert freeboard.counts["count"].sum() == sum(map(len, freeboard.tracks))
    for track in freeboard.tracks:
        key = track["granule"].iloc[0], track["beam"].iloc[0]
        stored = track.astype({name: np.float32 for name in ("height_mean", "height_error")})
        found = [
            read_track(path, schema, *key)
            for path, schema in zip(freeboard.folders("whole"), (LEADS, SECTIONS, FREEBOARD), strict=True)
        ]
        leads = find_leads(stored, SeaSurfaceSettings())
        leads = leads.astype(found[0].dtypes.to_dict())
        pd.testing.assert_frame_equal(found[0], leads.reset_index(drop=True))
        assert found[2]["freeboard"].isna().all() == (key[1] == "gt3r")
        measured = freeboard_of_stretch(stored, found[1], SeaSurfaceSettings()).astype(found[2].dtypes.to_dict())
        pd.testing.assert_frame_equal(found[2], measured.reset_index(drop=True))


def test_sections_are_those_of_all_beams_of_a_granule_together(freeboard):
    leads, sections, _ = freeboard.folders("whole")
    leads, sections = read_table(leads, LEADS), read_table(sections, SECTIONS)
    for granule, found in sections.groupby("granule"):
        own = [track for track in freeboard.tracks if track["granule"].iloc[0] == granule]
        extents = pd.concat([extent_of(track) for track in own], ignore_index=True)
        together = estimate_sections(leads[leads["granule"] == granule], extents, SeaSurfaceSettings())
        together = together.astype(sections.dtypes.to_dict())
        pd.testing.assert_frame_equal(found.reset_index(drop=True), together)


@pytest.mark.parametrize("size", [3_999, 700])
def test_one_stretch_or_fifty_give_the_same_tables(freeboard, monkeypatch, size):
    """Shares of some kilometres, less than a step of 5 km even: each table is the same, bit for bit."""
    monkeypatch.setattr("leadline.spark.shares.SHARE", size)
    counts = freeboard.compute(f"shares_of_{size}")
    pd.testing.assert_frame_equal(counts, freeboard.counts)
    for found, expected in zip(freeboard.folders(f"shares_of_{size}"), freeboard.folders("whole"), strict=True):
        assert pq.read_table(found).equals(pq.read_table(expected)), found
    parts = len(list(freeboard.folders(f"shares_of_{size}")[2].iterdir()))
    assert parts == -(-sum(map(len, freeboard.tracks)) // size)


@pytest.mark.parametrize("size", [399, 2_500, 2_501, 8_000, 23_000])
def test_shares_of_any_size_hold_each_step_once_and_whole(freeboard, size):
    for segments, classes in zip(freeboard.segments, freeboard.classes, strict=True):
        whole = read_table(segments, SEGMENTS)
        shares = [Rows(segments, first, size) for first in range(0, len(whole), size)]
        read = [read_steps(share, classes, SeaSurfaceSettings()) for share in shares]
        numbers = [share.groupby(["beam", share["x_atc"] // 5000], observed=True).size().to_dict() for share in read]
        assert sum(map(len, numbers)) == len({step for share in numbers for step in share})
        assert np.concatenate([share["x_atc"] for share in read]).tolist() == whole["x_atc"].tolist()


def test_classes_of_other_segments_are_told_in_one_line_and_leave_no_tables(freeboard, tmp_path):
    classes = tmp_path / "classes.parquet"
    table = read_table(freeboard.classes[1], CLASSES)
    write_table(classes, table.assign(x_atc=table["x_atc"] + 2), CLASSES)
    outputs = [tmp_path / f"{name}.parquet" for name in ("leads", "sections", "freeboard")]
    said = rf"^{re.escape(str(classes))}: expected a row for each segment [^\n]+ found others; classify again$"
    with pytest.raises(LeadlineError, match=said):
        compute_freeboard(freeboard.segments[1:], [classes], SeaSurfaceSettings(), *outputs)
    write_table(classes, table.iloc[:-1], CLASSES)
    with pytest.raises(InputDataError, match="found 7,999 rows for 8,000; classify again"):
        compute_freeboard(freeboard.segments[1:], [classes], SeaSurfaceSettings(), *outputs)
    assert [path.name for path in tmp_path.iterdir()] == [classes.name]


def test_granules_without_segments_give_tables_without_rows(tmp_path):
    paths = [tmp_path / f"{name}.parquet" for name in ("segments", "classes")]
    for path, schema in zip(paths, (SEGMENTS, CLASSES), strict=True):
        write_tables(path, schema, ())
    outputs = [tmp_path / f"{name}.parquet" for name in ("leads", "sections", "freeboard")]
    assert compute_freeboard(*([path] for path in paths), SeaSurfaceSettings(), *outputs).empty
    for path, schema in zip(outputs, (LEADS, SECTIONS, FREEBOARD), strict=True):
        assert read_track(path, schema, "20191104200000_90010510", "gt1r").empty


@pytest.mark.parametrize(
    ("spoilt", "settings", "said"),
    [
        (lambda table: table.iloc[[0, 2, 1, *range(3, 8000)]], {}, "gt1r: expected segments by beam and x_atc"),
        (lambda table: table.iloc[[0, 1, 1, *range(2, 8000)]], {}, "gt1r: expected segments by beam and x_atc"),
        (lambda table: table, {"segment_length": 10.0}, "expected segments 10 m apart or more"),
    ],
)
def test_segments_that_are_not_in_order_are_told_in_one_line(freeboard, tmp_path, spoilt, settings, said):
    paths = []
    for path, schema in ((freeboard.segments[1], SEGMENTS), (freeboard.classes[1], CLASSES)):
        paths.append(tmp_path / path.name)
        write_table(paths[-1], spoilt(read_table(path, schema)), schema)
    with pytest.raises(InputDataError, match=rf"^{re.escape(str(paths[0]))}.*{said}[^\n]+$"):
        read_steps(Rows(paths[0], 0, 1_000), paths[1], SeaSurfaceSettings(**settings))


def test_the_benchmark_of_freeboard_writes_those_of_table_v_and_beats_a_plain_loop(freeboard, tmp_path):
    figures = benchmarked(
        "freeboard",
        [(1, 1)],
        tmp_path / "freeboard.tsv",
        simulated_segments=freeboard.segments[0],
        simulated_classes=freeboard.classes[0],
    )
    assert figures["paper"] == [13, 25, 15.68]
    assert {"leads_s", "sections_s", "freeboard_s"} <= figures["times"][0].keys()
    kernel = figures["kernel"]
    assert kernel["plain_loop_segments_compared"] > kernel["plain_loop_segments"] / 2
    assert kernel["times_plain_loop"] > 10
