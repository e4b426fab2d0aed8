"""The command line that writes a track's page, with the files that a campaign has."""

import sys

import numpy as np
import pytest
from rasterio.transform import from_bounds

import write_track_page
from drifts import drift
from granules import flat_photons, write_granule
from leadline.class_raster import write_classes
from leadline.labels import bounds_of
from leadline.overlay import ESTIMATED, Overlay, write_overlay
from leadline.projections import to_projection
from leadline.segmentation import SceneClasses
from leadline.tables import LABELS, TRUTH, write_table
from track_pages import SCENE, labels_of, write_simulated_product
from tracks import BEAM, GRANULE, simulated_track

PROJECTION = "EPSG:3976"
SELECTION = "--minimum-confidence 3 --quality-before-007 0 --quality-from-007 0 10 20 --podppd-flags 0 --mss dem"


@pytest.fixture
def folder(tmp_path):
    """A folder with a product, labels, truth, photons and a scene of one track."""
    segments, sea_surface, freeboard = simulated_track(3000)
    write_simulated_product(tmp_path / "product.nc", segments)
    write_table(tmp_path / "labels.parquet", labels_of(segments), LABELS)
    truth = segments[["granule", "beam", "x_atc", "surface_class"]].assign(freeboard=freeboard, sea_surface=sea_surface)
    write_table(tmp_path / "truth.parquet", truth, TRUTH)
    write_granule(tmp_path / "photons.h5", {BEAM: flat_photons()})
    x, y = to_projection(segments["latitude"].to_numpy(), segments["longitude"].to_numpy(), PROJECTION)
    plane = np.full((200, 200), 200, np.uint8)
    transform = from_bounds(*bounds_of(x, y, 1000), 200, 200)
    scene = SceneClasses(np.zeros_like(plane), np.zeros_like(plane), plane, PROJECTION, transform)
    write_classes(tmp_path / "scene.tif", scene, {})
    write_overlay(tmp_path / "drift.json", Overlay(GRANULE, SCENE, 22.0, 120.0, -90.0, 7.0, ESTIMATED, drift()))
    return tmp_path


def write(folder, monkeypatch, *scenes):
    words = f"write --product {folder}/product.nc --photons {folder}/photons.h5 --labels {folder}/labels.parquet"
    words += f" --truth {folder}/truth.parquet {SELECTION} --projection {PROJECTION} --output {folder}/page.html"
    monkeypatch.setattr(sys, "argv", [*words.split(), *scenes])
    write_track_page.main()
    return (folder / "page.html").read_text()


def test_the_page_of_a_campaigns_track_holds_photons_scene_labels_and_truth(folder, monkeypatch):
    html = write(folder, monkeypatch, "--overlays", f"{folder}/drift.json", "--scenes", f"{folder}/scene.tif")
    assert "2,000 of the confidence and quality that segments are made of; all on this page" in html
    assert f"{SCENE}, 22 min after the track; laid estimated, by 120 m and -90 m" in html
    assert "image/png;base64" in html
    assert "Simulated truth" in html


def test_a_granule_that_is_gone_leaves_a_page_without_photons_that_says_so(folder, monkeypatch):
    (folder / "photons.h5").unlink()
    html = write(folder, monkeypatch)
    assert "The photons cannot be shown:" in html and "there is no such file" in html
    assert "No scene shows this track" in html
