import numpy as np
import pandas as pd
import pytest
import rasterio
import rasterio.transform
import rasterio.warp

from leadline.freeboard import track_tables
from leadline.labels import Look, label_segments
from leadline.names import SurfaceClass
from leadline.scene import read_classes
from leadline.sea_surface import SeaSurfaceSettings
from leadline.spark.freeboard import compute_freeboard
from leadline.spark.labels import label_tracks
from leadline.tables import CLASSES, FREEBOARD, LABELS, LEADS, SECTIONS, SEGMENTS, read_table, read_track, write_table
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
    return [*made, without_leads]


def write_granules(folder, made: list[pd.DataFrame]) -> tuple[list, list]:
    """Write the tracks as segments and classes, a file a granule."""
    segments, classes = [], []
    for granule, track in pd.concat(made).groupby("granule"):
        absent = {name: 0 for name in SEGMENTS.names if name not in track}
        for paths, schema, kind in ((segments, SEGMENTS, "segments"), (classes, CLASSES, "classes")):
            paths.append(folder / f"{granule}_{kind}.parquet")
            write_table(paths[-1], track.assign(**absent)[schema.names], schema)
    return segments, classes


def test_freeboard_of_many_tracks_is_that_of_each_alone(tmp_path):
    made = tracks()
    segments, classes = write_granules(tmp_path, made)
    settings = SeaSurfaceSettings()
    leads, sections, freeboard = (tmp_path / f"{name}.parquet" for name in ("leads", "sections", "freeboard"))
    counts = compute_freeboard(segments, classes, settings, leads, sections, freeboard)
    assert counts["count"].sum() == sum(map(len, made))
    for track in made:
        key = track["granule"].iloc[0], track["beam"].iloc[0]
        stored = track.astype({name: np.float32 for name in ("height_mean", "height_error")})
        alone = track_tables(stored, settings)
        assert alone.freeboard["freeboard"].isna().all() == (key[1] == "gt3r")
        for path, schema, expected in zip(
            (leads, sections, freeboard), (LEADS, SECTIONS, FREEBOARD), alone, strict=True
        ):
            found = read_track(path, schema, *key)
            expected = expected.astype(found.dtypes.to_dict()).reset_index(drop=True)
            pd.testing.assert_frame_equal(found, expected, rtol=1e-6, atol=1e-6)


@pytest.fixture
def scene_classes(tmp_path):
    """Write the classes of a scene that lies across the tracks: stripes of 200 m over the middle of them."""
    path = tmp_path / "S2_T02CNA_20191104T194529.tif"
    rows = np.arange(1500)[:, np.newaxis]
    classes = np.broadcast_to((rows // 20 % 3).astype(np.uint8), (1500, 400))
    middle = tracks()[0].iloc[4000]
    x, y = rasterio.warp.transform("EPSG:4326", "EPSG:32702", [middle["longitude"]], [middle["latitude"]])
    transform = rasterio.transform.from_origin(x[0] - 2000, y[0] + 7500, 10, 10)
    profile = {"driver": "GTiff", "width": 400, "height": 1500, "count": 2, "dtype": "uint8", "crs": "EPSG:32702"}
    with rasterio.open(path, "w", transform=transform, **profile) as raster:
        raster.write(classes, 1)
        raster.write(np.zeros_like(classes), 2)
    return path


def test_labels_of_many_tracks_are_those_of_each_alone(tmp_path, scene_classes):
    made = tracks()
    segments, _ = write_granules(tmp_path, made)
    granule = made[0]["granule"].iloc[0]
    coincidences = pd.DataFrame(
        [(granule, scene_classes.stem, 22.0, 30.0, -40.0, str(scene_classes))],
        columns=["granule", "scene", "lag", "shift_x", "shift_y", "path"],
    )
    counts = label_tracks(segments, coincidences, "EPSG:3976", 0.7, tmp_path / "labels.parquet")
    labels = read_table(tmp_path / "labels.parquet", LABELS)
    assert counts["count"].sum() == len(labels) == sum(map(len, made))
    look = Look(scene_classes.stem, 22.0, 30.0, -40.0, read_classes(scene_classes))
    for track in made:
        key = track["granule"].iloc[0], track["beam"].iloc[0]
        expected = label_segments(track, [look] if key[0] == granule else [], "EPSG:3976", 0.7)
        found = read_track(tmp_path / "labels.parquet", LABELS, *key)
        pd.testing.assert_frame_equal(found, expected)
    assert set(labels.loc[labels["granule"] == granule, "surface_class"]) == {0, 1, 2, 255}
    assert set(labels.loc[labels["granule"] != granule, "why"]) == {"no_scene"}
