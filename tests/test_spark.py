import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyproj import Transformer
from rasterio.transform import from_origin

from drifts import drift
from leadline.accounts import read_account
from leadline.benchmarks import autolabel
from leadline.class_raster import read_classes, write_classes
from leadline.errors import ConfigError, LeadlineError
from leadline.hand_labels import NO_CORRECTIONS, correct, read_corrections
from leadline.labels import Look, label_segments
from leadline.names import SurfaceClass
from leadline.overlay import BY_HAND, Overlay, write_overlay
from leadline.segmentation import Quality, SceneClasses
from leadline.spark.labels import label_tracks
from leadline.spark.shares import read_rows, shares_of
from leadline.tables import (
    LABELS,
    SEGMENTS,
    read_table,
    read_track,
    write_table,
)
from places import ROOT
from spark_runs import benchmarked, launched
from standalone import SPARK, standalone_cluster

GRANULES = ("20191104200000_90010510", "20191113193000_90020510")
SCENE = "S2_T02CNA_20191104T194529"
LAID = (22.0, 30.0, -40.0, 18.0)
"""Lag, shift along x and y, and its uncertainty."""


class Batch:
    """Two granules of three beams, 900,000 segments: more than one task takes; a scene over some of the first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.segments = [self._write_segments(granule, seed) for seed, granule in enumerate(GRANULES)]
        self.scene = folder / f"{SCENE}.tif"
        self._write_scene()
        self.corrections = folder / "corrections.tsv"
        rows = [
            f"{granule}\tgt2r\t{30_000_001 + at}\t{30_000_201 + at}\tthin_ice\tthe test\thaze"
            for granule in GRANULES
            for at in (500, 70_000)
        ]
        self.corrections.write_text("\n".join(["granule\tbeam\tx_start\tx_end\tclass\twho\twhy", *rows, ""]))
        self.overlay = folder / "overlay.json"
        write_overlay(self.overlay, Overlay(GRANULES[0], SCENE, *LAID, BY_HAND, drift()))
        self.coincidences = pd.DataFrame(
            [(GRANULES[0], SCENE, *LAID, str(self.scene))],
            columns=["granule", "scene", "lag", "shift_x", "shift_y", "uncertainty", "path"],
        )

    def _write_segments(self, granule: str, seed: int) -> Path:
        n = 150_000
        way = 2.0 * np.arange(n)
        tracks = [
            pd.DataFrame(
                {
                    "granule": granule,
                    "beam": beam,
                    "x_atc": 30_000_001 + way,
                    "latitude": -75 - way / 111_500 + seed,
                    "longitude": -170 - 0.3 * way / 28_900 + 0.1 * number,
                }
            )
            for number, beam in enumerate(("gt1r", "gt2r", "gt3r"))
        ]
        path = self.folder / f"{granule}.parquet"
        table = pd.concat(tracks)
        absent = {name: 0 for name in SEGMENTS.names if name not in table}
        write_table(path, table.assign(**absent)[SEGMENTS.names], SEGMENTS)
        return path

    def _write_scene(self) -> None:
        """Write stripes of floes and leads under 110 km of the tracks, with a cloud and a zone of transition."""
        classes = np.zeros((6000, 4000), np.uint8)
        classes[np.arange(6000) // 40 % 3 == 1] = SurfaceClass.THIN_ICE
        classes[np.arange(6000) // 25 % 7 == 3] = SurfaceClass.OPEN_WATER
        quality = np.zeros_like(classes)
        quality[1500:1800], quality[2500:2550] = Quality.THICK_CLOUD, Quality.TRANSITION
        classes[1500:1800] = SurfaceClass.UNKNOWN
        x, y = Transformer.from_crs("EPSG:4326", "EPSG:32702", always_xy=True).transform(-170.0, -75.0)
        transform = from_origin(x - 25_000, y - 20_000, 10, 10)
        write_classes(self.scene, SceneClasses(classes, quality, np.zeros_like(classes), "EPSG:32702", transform), {})

    def command(self, name: str) -> list[str]:
        """Return the command line that labels the batch into the folder of this name."""
        options = {
            "scenes": self.scene,
            "overlays": self.overlay,
            "corrections": self.corrections,
            "projection": "EPSG:3976",
            "minimum-confidence": 0.7,
            "batch": "both",
            "output": self.folder / f"{name}.parquet",
            "account": self.folder / f"{name}.json",
        }
        words = [str(word) for option, value in options.items() for word in (f"--{option}", value)]
        return [str(ROOT / "scripts" / "label_tracks.py"), "--segments", *map(str, self.segments), *words]


@pytest.fixture(scope="module")
def batch(tmp_path_factory) -> Batch:
    return Batch(tmp_path_factory.mktemp("batch"))


@pytest.fixture(scope="module")
def counts(batch) -> pd.DataFrame:
    """Label the batch on all cores of this machine, and return the counts."""
    output = batch.folder / "local.parquet"
    corrections = read_corrections(batch.corrections)
    return label_tracks(batch.segments, batch.coincidences, corrections, "EPSG:3976", 0.7, output)


def test_labels_of_many_tracks_are_those_of_each_alone(batch, counts):
    """Shares and stretches, and windows of the scene, leave no trace: each track is as if labelled with all of it."""
    found = pq.read_table(batch.folder / "local.parquet")
    assert found.schema.equals(LABELS, check_metadata=True)
    look = Look(SCENE, *LAID, read_classes(batch.scene))
    corrections = read_corrections(batch.corrections)
    expected = []
    for path in batch.segments:
        for (granule, beam), track in read_table(path, SEGMENTS).groupby(["granule", "beam"], sort=False):
            labels = label_segments(track, [look] if granule == GRANULES[0] else [], "EPSG:3976", 0.7)
            own = corrections[(corrections["granule"] == granule) & (corrections["beam"] == beam)]
            expected.append(correct(labels, own).cast(LABELS).to_pandas())
    pd.testing.assert_frame_equal(found.to_pandas(), pd.concat(expected, ignore_index=True))
    whys = found.to_pandas().groupby("granule", observed=True)["why"].unique().map(set)
    assert whys[GRANULES[0]] == {"scene", "manual", "mixed", "transition", "drift", "off_scene", "cloud"}
    assert whys[GRANULES[1]] == {"no_scene", "manual"}


def test_the_counts_are_those_of_the_table(batch, counts):
    labels = read_table(batch.folder / "local.parquet", LABELS)
    kinds = ["granule", "beam", "surface_class", "why"]
    expected = labels.groupby(kinds).size().rename("count").reset_index()
    pd.testing.assert_frame_equal(counts.sort_values(kinds, ignore_index=True), expected, check_dtype=False)
    assert counts.loc[counts["why"] == "manual", "count"].sum() == 400


def submitted(batch: Batch, name: str, *options: str) -> None:
    settings = ["--conf", "spark.driver.memory=1g", "--conf", "spark.ui.enabled=false"]
    launched([SPARK / "spark-submit", *options, *settings, *batch.command(name)], PYSPARK_PYTHON=sys.executable)


@pytest.fixture
def cluster(tmp_path) -> Iterator[str]:
    """Start a standalone cluster, and give the Master's address."""
    with standalone_cluster(tmp_path) as cluster:
        yield cluster.master


def assert_same(batch: Batch, name: str) -> None:
    """Check the table of a launch against that of this machine, row for row and file for file."""
    found, expected = (batch.folder / f"{each}.parquet" for each in (name, "local"))
    assert [path.name for path in sorted(found.iterdir())] == [path.name for path in sorted(expected.iterdir())]
    assert len(list(found.iterdir())) == 2
    assert pq.read_table(found).equals(pq.read_table(expected))
    parts = {part.subject: part.counts for part in read_account(batch.folder / f"{name}.json").parts}
    assert parts[f"{GRANULES[0]} gt2r"]["corrected_by_hand"] == 200
    assert sum(n for part in parts.values() for what, n in part.items() if what.startswith("segments_")) == 900_000


def test_two_executors_of_a_local_cluster_make_the_same_table(batch, counts):
    submitted(batch, "local_cluster", "--master", "local-cluster[2,1,1024]")
    assert_same(batch, "local_cluster")


def test_a_standalone_cluster_makes_the_same_table(batch, counts, cluster):
    submitted(batch, "standalone", "--master", cluster, "--executor-memory", "1g")
    assert_same(batch, "standalone")


def test_a_broken_scene_is_told_in_one_line_and_leaves_no_labels(batch, tmp_path):
    whole = batch.scene.read_bytes()
    broken = tmp_path / f"{SCENE}.tif"
    broken.write_bytes(whole[: len(whole) // 2])
    coincidences = batch.coincidences.assign(path=str(broken))
    with pytest.raises(LeadlineError, match=rf"^{re.escape(str(broken))}: [^\n]+$"):
        label_tracks(batch.segments, coincidences, NO_CORRECTIONS, "EPSG:3976", 0.7, tmp_path / "labels.parquet")
    assert [path.name for path in tmp_path.iterdir()] == [broken.name]


def test_a_correction_of_no_segment_is_told_before_any_work(batch, tmp_path):
    path = tmp_path / "corrections.tsv"
    path.write_text(batch.corrections.read_text().replace("gt2r", "gt2l"))
    with pytest.raises(ConfigError, match=f"{path}: row 1: no segment"):
        label_tracks(
            batch.segments, batch.coincidences, read_corrections(path), "EPSG:3976", 0.7, tmp_path / "labels.parquet"
        )


@pytest.mark.parametrize("lengths", [[1_000_000], [1_000] * 40, [5, 0, 90_000, 7_000, 1, 350_000], [3], [0], []])
def test_long_and_short_granules_spread_evenly_over_the_tasks(tmp_path, lengths):
    paths = [tmp_path / f"{i}.parquet" for i in range(len(lengths))]
    for path, length in zip(paths, lengths, strict=True):
        pq.write_table(pa.table({"row": np.arange(length)}), path, row_group_size=60_000)
    shares = shares_of(paths, size=70_000)
    sizes = [sum(rows.number for rows in share) for share in shares]
    assert sum(sizes) == sum(lengths) and max(sizes) - min(sizes) <= 1 and max(sizes) <= 70_000
    assert len(sizes) == max(-(-sum(lengths) // 70_000), 1)
    found = [read_rows(rows, ["row"])["row"].to_numpy() for share in shares for rows in share]
    expected = np.concatenate([np.arange(length) for length in lengths] or [[]])
    np.testing.assert_array_equal(np.concatenate(found or [[]]), expected)


def test_a_load_is_the_simulated_track_laid_end_to_end_on_its_scene(batch, tmp_path):
    """2 km of a track over floes, in the middle of their scene: each copy of it is labelled like the first."""
    track = read_track(batch.segments[0], SEGMENTS, GRANULES[0], "gt1r").iloc[25_000:26_000]
    piece, cut = tmp_path / "piece.parquet", tmp_path / f"{SCENE}.tif"
    write_table(piece, track, SEGMENTS)
    look = Look(SCENE, 0.0, 0.0, 0.0, 0.0, read_classes(batch.scene))
    alone = label_segments(track, [look], "EPSG:3976").to_pandas()
    x, y = Transformer.from_crs("EPSG:4326", "EPSG:32702", always_xy=True).transform(
        track["longitude"].to_numpy(), track["latitude"].to_numpy()
    )
    write_classes(cut, read_classes(batch.scene, (x.min() - 50, y.min() - 50, x.max() + 50, y.max() + 50)), {})
    (tmp_path / "load").mkdir()
    load = autolabel.write_load(piece, cut, (0.0, 0.0), 0.0, 12_000, tmp_path / "load")
    assert load.n_segments == 15_000 and len(load.segments) == 3
    laid = Look(SCENE, 0.0, 0.0, 0.0, 0.0, read_classes(load.coincidences["path"].iloc[0]))
    for path, granule in zip(load.segments, load.coincidences["granule"], strict=True):
        table = pd.read_parquet(path)
        assert set(table["granule"]) == {granule} and set(np.diff(table["x_atc"])) == {2.0}
        labels = label_segments(table, [laid], "EPSG:3976").to_pandas()
        classes = labels["surface_class"].to_numpy().reshape(5, 1000)
        inner = slice(50, -50)  # within 100 m of its ends a copy lies over the one before
        assert np.mean(classes[:, inner] == alone["surface_class"].to_numpy()[inner]) > 0.999


def test_the_benchmark_of_labels_writes_the_columns_and_rows_of_table_ii(batch, tmp_path):
    figures = benchmarked(
        "autolabel",
        [(1, 1), (2, 1)],
        tmp_path / "autolabel.tsv",
        simulated_segments=batch.segments[0],
        simulated_classes=batch.scene,
    )
    assert figures["paper"] == [12, 24, 16.25]
