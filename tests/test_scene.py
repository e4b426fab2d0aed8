import hashlib
import json
import re
import shutil
from contextlib import ExitStack
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from rasterio.transform import from_origin
from rasterio.windows import Window

from leadline.accounts import State
from leadline.errors import InputDataError
from leadline.products.product import BANDS
from leadline.products.safe import metadata_file
from leadline.scene import open_scene
from leadline.simulate.safe_folder import write_band, write_manifest
from scenes import (
    CRS,
    TAGS,
    TILE,
    TIME,
    TRANSFORM,
    bands_of,
    lead_scene,
    write_safe_scene,
    write_scene,
    write_stac_scene,
)

NAME = "S2_T02CNA_20191104T194529"
COUNT = 1 / 10_000
"""Reflectance of one digital number."""


def surface(size=64):
    return bands_of(lead_scene(size=size)[1])


def geotiff(folder, bands=None, **options):
    return write_scene(folder / f"{NAME}.tif", surface() if bands is None else bands, **options)


def earth_search(folder, bands=None, baseline="05.09", stated=-0.1, offset=-1000, properties=None):
    """The layout of Element84's catalogue."""
    raster = [{"nodata": 0, "data_type": "uint16", "scale": 0.0001, "offset": stated}]
    assets = {
        name: {"eo:bands": [{"name": name, "common_name": name}], "raster:bands": raster}
        for name in ("blue", "green", "red", "nir")
    }
    properties = {"s2:processing_baseline": baseline, "grid:code": "MGRS-02CNA", **(properties or {})}
    return write_stac_scene(folder, surface() if bands is None else bands, properties, assets, offset)


def planetary_computer(folder, bands, baseline="05.09", offset=-1000):
    assets = {name: {"eo:bands": [{"name": name}], "gsd": 10.0} for name in BANDS}
    properties = {"s2:processing_baseline": baseline, "s2:mgrs_tile": "02CNA", "proj:epsg": 32702}
    return write_stac_scene(folder, bands, properties, assets, offset)


def data_space(folder, bands, baseline="05.09", offset=-1000):
    """The layout of the Copernicus Data Space: every resolution is an asset of its own."""
    assets = {f"{name}_10m": {"bands": [{"name": name}], "gsd": 10, "raster:offset": -0.1} for name in BANDS}
    assets |= {"B02_20m": {"bands": [{"name": "B02"}], "gsd": 20, "href": "B03_10m.tif"}}
    properties = {"processing:version": baseline, "processing:level": "L2A", "proj:code": "EPSG:32702"}
    return write_stac_scene(folder, bands, properties, assets, offset)


def refused(path, state=State.UNREADABLE):
    """What is said of a scene that cannot be used: one line."""
    with pytest.raises(InputDataError) as error, open_scene(path) as scene:
        scene.reflectance()
    assert error.value.state == state
    assert "\n" not in str(error.value)
    return str(error.value)


def rewritten(folder, name, old, new):
    """The folder with something else in a file of metadata."""
    path = next(folder.rglob(name))
    text = path.read_text()
    assert re.search(old, text)
    path.write_text(re.sub(old, new, text))
    return folder


def band_file(folder, band):
    return next(folder.rglob(f"*_{band}*.jp2"))


def test_reflectance_follows_from_the_tags_of_the_file(tmp_path):
    bands = surface()
    with open_scene(geotiff(tmp_path, bands)) as scene:
        np.testing.assert_allclose(scene.reflectance(), bands, atol=0.6 * COUNT)
        assert (scene.name, scene.crs, scene.transform, scene.shape) == (NAME, CRS, TRANSFORM, (64, 64))
        assert scene.sensing_time == TIME
        assert (scene.absent_bands, scene.remarks, scene.level) == ((), (), "")
        assert set(scene.offsets.values()) == {-1000}


def test_a_scene_of_an_old_baseline_has_no_offset(tmp_path):
    with open_scene(geotiff(tmp_path, np.full((4, 3, 3), 0.5), tags={**TAGS, "ADD_OFFSET": "0"})) as scene:
        assert scene.reflectance() == pytest.approx(0.5)


def test_tags_that_contradict_their_baseline_are_remarked(tmp_path):
    with open_scene(geotiff(tmp_path, tags={**TAGS, "PROCESSING_BASELINE": "02.08"})) as scene:
        assert len(scene.remarks) == 1
        assert "ADD_OFFSET is -1000 and is used; processing baseline 02.08 would have 0" in scene.remarks[0]


def test_a_water_pixel_below_the_offset_is_not_nodata(tmp_path):
    bands = np.full((4, 3, 3), -0.01)
    bands[:, 0, 0] = np.nan
    with open_scene(geotiff(tmp_path, bands)) as scene:
        reflectance = scene.reflectance()
    assert reflectance[:, 1, 1] == pytest.approx(-0.01)
    assert np.count_nonzero(np.isnan(reflectance)) == 4


def test_bands_are_found_by_their_description_in_any_order_and_among_others(tmp_path):
    bands = np.stack([np.full((3, 3), value) for value in (0.8, 0.4, 0.3, 0.1, 0.2)])
    with open_scene(geotiff(tmp_path, bands, descriptions=("B08", "B04", "B03", "B01", "B02"))) as scene:
        assert scene.reflectance()[:, 0, 0].tolist() == pytest.approx([0.2, 0.3, 0.4, 0.8])


def test_four_bands_without_description_are_taken_in_order(tmp_path):
    bands = np.stack([np.full((3, 3), value) for value in (0.1, 0.2, 0.3, 0.4)])
    with open_scene(geotiff(tmp_path, bands, descriptions=(None,) * 4)) as scene:
        assert scene.reflectance()[:, 0, 0].tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4])


@pytest.mark.parametrize("zero", [True, False])
def test_an_absent_or_empty_b08_is_named(tmp_path, zero):
    bands = np.full((4 if zero else 3, 3, 3), 0.5)
    bands[3:] = np.nan
    with open_scene(geotiff(tmp_path, bands, descriptions=BANDS[: len(bands)])) as scene:
        assert scene.absent_bands == ("B08",)
        assert scene.provenance["absent_bands"] == "B08"
        reflectance = scene.reflectance()
    assert np.isnan(reflectance[3]).all()
    assert np.isfinite(reflectance[:3]).all()


@pytest.mark.parametrize(("band", "name"), [(0, "B02"), (1, "B03"), (2, "B04")])
def test_an_empty_visible_band_is_a_missing_band(tmp_path, band, name):
    bands = np.full((4, 3, 3), 0.5)
    bands[band] = np.nan
    assert f"{NAME}.tif: {name} missing or all zero" in refused(geotiff(tmp_path, bands), State.MISSING_BAND)


def test_one_pixel_in_a_far_corner_is_data(tmp_path):
    bands = np.full((4, 700, 600), np.nan)
    bands[:, 699, 599] = 0.5
    with open_scene(geotiff(tmp_path, bands)) as scene:
        assert scene.absent_bands == ()


def test_a_described_file_without_a_visible_band_misses_it(tmp_path):
    path = geotiff(tmp_path, np.full((3, 3, 3), 0.5), descriptions=("B02", "B04", "B08"))
    assert "B03 missing" in refused(path, State.MISSING_BAND)


def test_three_bands_without_description_are_not_guessed(tmp_path):
    path = geotiff(tmp_path, np.full((3, 3, 3), 0.5), descriptions=(None,) * 3)
    assert "expected the four bands B02, B03, B04, B08, found 3" in refused(path, State.MISSING_BAND)


def test_a_scene_of_nodata_ends_in_a_named_state(tmp_path):
    assert "every pixel is nodata" in refused(geotiff(tmp_path, np.full((4, 3, 3), np.nan)), State.ALL_NODATA)


def test_a_file_that_is_no_tiff_is_unreadable(tmp_path):
    path = tmp_path / "scene.tif"
    path.write_text("no scene")
    assert "expected a whole raster" in refused(path)


def test_a_geotiff_that_is_cut_off_is_unreadable(tmp_path):
    path = geotiff(tmp_path, np.random.default_rng(0).uniform(0, 1, (4, 200, 200)))
    path.write_bytes(path.read_bytes()[:100_000])
    assert "expected a whole raster" in refused(path)


def test_a_cog_that_is_cut_off_names_the_band_and_the_block_that_is_missing(tmp_path):
    item = earth_search(tmp_path, np.random.default_rng(0).uniform(0, 1, (4, 600, 600)))
    path = tmp_path / "green.tif"
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    assert re.search(r"green.tif: B03 in rows \d+ to \d+, columns \d+ to \d+: expected a whole raster", refused(item))


def test_a_file_that_is_not_there_is_missing(tmp_path):
    assert "there is no such file" in refused(tmp_path / "scene.tif", State.MISSING_FILE)


def test_a_folder_without_metadata_says_what_was_expected(tmp_path):
    assert "expected MTD_MSIL1C.xml or MTD_MSIL2A.xml, or the STAC item" in refused(tmp_path)


def test_a_scene_without_projection_is_unreadable(tmp_path):
    assert "expected a projection" in refused(geotiff(tmp_path, crs=None))


@pytest.mark.parametrize("tag", TAGS)
def test_a_scene_without_a_tag_says_which(tmp_path, tag):
    tags = {name: text for name, text in TAGS.items() if name != tag}
    assert f"expected the tag {tag}, found none" in refused(geotiff(tmp_path, tags=tags))


@pytest.mark.parametrize("level", ["L1C", "L2A"])
@pytest.mark.parametrize("baseline", ["02.07", "03.01", "04.00", "05.11"])
def test_both_levels_and_all_baselines_give_the_same_reflectance(tmp_path, level, baseline):
    bands = surface()
    with open_scene(write_safe_scene(tmp_path, bands, level, baseline)) as scene:
        np.testing.assert_allclose(scene.reflectance(), bands, atol=0.6 * COUNT)
        assert (scene.level, scene.processing_baseline, scene.tile) == (level, baseline, TILE)
        assert (scene.crs, scene.transform, scene.sensing_time) == (CRS, TRANSFORM, TIME)
        offset = "0" if baseline < "04.00" else "-1000"
        assert scene.provenance["add_offset"] == offset
        assert scene.name.startswith(f"S2A_MSI{level}_20191104T194529_N")


@pytest.mark.parametrize("catalogue", [earth_search, planetary_computer, data_space])
@pytest.mark.parametrize(("baseline", "offset"), [("03.01", 0), ("05.09", -1000)])
def test_the_cogs_of_each_catalogue_give_the_same_reflectance(tmp_path, catalogue, baseline, offset):
    bands = surface()
    item = catalogue(tmp_path, bands, baseline=baseline, offset=offset)
    for path in (item, tmp_path):
        with open_scene(path) as scene:
            np.testing.assert_allclose(scene.reflectance(), bands, atol=0.6 * COUNT)
            assert (scene.name, scene.processing_baseline) == ("S2A_02CNA_20191104_0", baseline)
            assert scene.sensing_time == datetime(2019, 11, 4, 19, 45, 29, 24_000, UTC)


def test_each_band_has_its_own_offset(tmp_path):
    folder = write_safe_scene(tmp_path, np.full((4, 8, 8), 0.5))
    rewritten(folder, "MTD_MSIL1C.xml", r'band_id="2">-1000', 'band_id="2">-900')
    with open_scene(folder) as scene:
        assert scene.reflectance()[:, 0, 0].tolist() == pytest.approx([0.5, 0.51, 0.5, 0.5])
        assert scene.provenance["add_offset"] == "B02 -1000 B03 -900 B04 -1000 B08 -1000"


def test_a_new_baseline_without_stated_offsets_is_refused(tmp_path):
    folder = write_safe_scene(tmp_path, np.full((4, 8, 8), 0.5), baseline="03.01")
    rewritten(folder, "MTD_MSIL1C.xml", "03.01", "04.00")
    assert "expected a number as RADIO_ADD_OFFSET of each 10 m band in processing baseline 04.00" in refused(folder)


def test_the_baseline_wins_over_what_the_catalogue_says_of_the_offset(tmp_path):
    bands = surface()
    with open_scene(earth_search(tmp_path, bands, stated=0)) as scene:
        np.testing.assert_allclose(scene.reflectance(), bands, atol=0.6 * COUNT)
        assert len(scene.remarks) == 1
        assert "raster:bands states the offset 0, processing baseline 05.09 has -1000" in scene.remarks[0]


@pytest.mark.parametrize(
    ("baseline", "applied", "told"),
    [("05.09", True, 1), ("05.09", False, 0), ("02.08", True, 0), ("02.08", False, 0)],
)
def test_an_offset_that_the_catalogue_claims_to_have_applied_is_remarked(tmp_path, baseline, applied, told):
    offset = -1000 if baseline > "04.00" else 0
    properties = {"earthsearch:boa_offset_applied": applied}
    item = earth_search(tmp_path, None, baseline, offset / 10_000, offset, properties)
    with open_scene(item) as scene:
        assert len(scene.remarks) == told
        assert all("earthsearch:boa_offset_applied is true" in remark for remark in scene.remarks)


def test_an_item_without_baseline_is_taken_by_its_offset(tmp_path):
    bands = surface()
    with open_scene(earth_search(tmp_path, bands, baseline=None)) as scene:
        np.testing.assert_allclose(scene.reflectance(), bands, atol=0.6 * COUNT)


def test_an_item_with_neither_baseline_nor_offset_is_refused(tmp_path):
    assert "expected a processing baseline, or the offset" in refused(earth_search(tmp_path, None, None, None))


def test_an_item_whose_band_was_not_downloaded_misses_it(tmp_path):
    item = earth_search(tmp_path)
    (tmp_path / "red.tif").unlink()
    assert "B04 missing" in refused(item, State.MISSING_BAND)


def test_an_item_without_b08_is_read(tmp_path):
    item = earth_search(tmp_path)
    (tmp_path / "nir.tif").unlink()
    with open_scene(item) as scene:
        assert scene.absent_bands == ("B08",)


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"type": "Feature"}', '{"type": "Feature", "properties": {}, "assets": []}']
)
def test_a_broken_item_is_unreadable(tmp_path, text):
    path = tmp_path / "item.json"
    path.write_text(text)
    assert "expected a whole STAC item" in refused(path)


@pytest.mark.parametrize(("old", "new"), [("NROWS>64", "NROWS>32"), ("NCOLS>64", "NCOLS>128")])
def test_a_scene_of_another_size_than_stated_is_refused(tmp_path, old, new):
    folder = rewritten(write_safe_scene(tmp_path, surface()), "MTD_TL.xml", old, new)
    assert re.search(r"expected B02 of \d+ x \d+ pixels, as stated, found 64 x 64", refused(folder))


def test_a_scene_in_another_projection_than_stated_is_refused(tmp_path):
    folder = rewritten(write_safe_scene(tmp_path, surface()), "MTD_TL.xml", "EPSG:32702", "EPSG:32602")
    assert "expected the projection EPSG:32602, as stated, found EPSG:32702" in refused(folder)


def test_bands_of_different_sizes_are_refused(tmp_path):
    item = earth_search(tmp_path)
    write_scene(tmp_path / "green.tif", np.full((1, 32, 32), 0.5), descriptions=("B03",))
    assert "expected B03 of 64 x 64 pixels, as stated, found 32 x 32" in refused(item)


def test_bands_of_different_places_are_refused(tmp_path):
    folder = write_safe_scene(tmp_path, surface())
    path = band_file(folder, "B04")
    path.unlink()
    write_band(path, np.ones((64, 64), np.uint16), CRS, from_origin(0, 0, 10, 10))
    write_manifest(folder)
    assert "expected B04 in the projection and place of B02" in refused(folder)


@pytest.mark.parametrize("element", ["PROCESSING_LEVEL", "PROCESSING_BASELINE", "QUANTIFICATION_VALUE"])
def test_product_metadata_without_an_element_say_which(tmp_path, element):
    folder = rewritten(write_safe_scene(tmp_path, surface()), "MTD_MSIL1C.xml", f"<{element}>.*?</{element}>", "")
    assert f"MTD_MSIL1C.xml: expected the element {element}, found none" in refused(folder)


@pytest.mark.parametrize(
    ("element", "text", "expected"),
    [
        ("QUANTIFICATION_VALUE", "0", "a positive number"),
        ("QUANTIFICATION_VALUE", "nan", "a positive number"),
        ("SENSING_TIME", "yesterday", "a time"),
        ("NROWS", "many", "a whole number"),
    ],
)
def test_metadata_with_a_value_of_another_kind_say_which(tmp_path, element, text, expected):
    folder = write_safe_scene(tmp_path, surface())
    name = "MTD_MSIL1C.xml" if element == "QUANTIFICATION_VALUE" else "MTD_TL.xml"
    rewritten(folder, name, f"<{element}>[^<]*", f"<{element}>{text}")
    assert re.search(f"{name}: expected {expected} as .*{element}, found '{text}'", refused(folder))


def test_broken_metadata_are_unreadable(tmp_path):
    folder = rewritten(write_safe_scene(tmp_path, surface()), "MTD_TL.xml", "</n1:General_Info>", "")
    assert "expected whole XML metadata" in refused(folder)


def test_a_tile_that_cannot_be_decoded_is_named_with_its_band(tmp_path):
    """Without a manifest; the file is cut off in the third of four tiles, and GDAL's own threads would not say so."""
    bands = np.random.default_rng(0).uniform(0.1, 1, (4, 1100, 1100)).astype(np.float32)
    folder = write_safe_scene(tmp_path, bands)
    (folder / "manifest.safe").unlink()
    path = band_file(folder, "B03")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 96 // 100])
    with open_scene(folder) as scene:
        for step in (1, 8):
            with pytest.raises(InputDataError, match="B03 in rows 1024 to 1099, columns 0 to 1023: expected a whole"):
                scene.reflectance(step=step)


def test_a_file_that_differs_from_the_manifest_is_refused_though_it_can_be_decoded(tmp_path):
    """JPEG 2000 bears no checksum: zeros in the middle of a tile are decoded to something else without complaint."""
    folder = write_safe_scene(tmp_path, surface())
    path = band_file(folder, "B03")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    assert "B03 is not as manifest.safe describes it (MD5); fetch the product again" in refused(folder)


def test_checksums_of_new_products_are_of_another_kind(tmp_path):
    folder = write_safe_scene(tmp_path, surface())
    digest = hashlib.sha3_256(band_file(folder, "B02").read_bytes()).hexdigest()
    new = f'checksumName="SHA3-256">{digest.upper()}<'
    rewritten(folder, "manifest.safe", r'(?<=_B02\.jp2"/><checksum )checksumName="MD5">\w+<', new)
    with open_scene(folder) as scene:
        assert scene.absent_bands == ()
    rewritten(folder, "manifest.safe", digest.upper(), digest.upper()[::-1])
    assert "B02 is not as manifest.safe describes it (SHA3-256)" in refused(folder)


def test_a_safe_folder_without_a_visible_band_misses_it(tmp_path):
    assert "B03 missing" in refused(write_safe_scene(tmp_path, surface(), names=("B02", "B04")), State.MISSING_BAND)


def test_a_safe_folder_without_b08_is_read(tmp_path):
    with open_scene(write_safe_scene(tmp_path, surface(), names=("B02", "B03", "B04"))) as scene:
        assert scene.absent_bands == ("B08",)


@pytest.mark.parametrize(("crs", "left"), [("EPSG:32601", 300_000), ("EPSG:32660", 499_980), ("EPSG:32760", 499_980)])
def test_a_scene_across_the_antimeridian_is_read_as_any_other(tmp_path, crs, left):
    """At 71 degrees, on the corners of real tiles; simulated, of pixels of 2 km."""
    bands = np.full((4, 30, 130), 0.5, np.float32)
    top = 7_900_020 if crs.startswith("EPSG:326") else 2_100_020
    transform = from_origin(left, top, 2000, 2000)
    with open_scene(write_safe_scene(tmp_path, bands, crs=crs, transform=transform)) as scene:
        (west, top), (east, _) = (scene.transform @ corner for corner in ((0, 0), (scene.shape[1], 0)))
        longitude, _ = Transformer.from_crs(scene.crs, "EPSG:4326", always_xy=True).transform([west, east], [top, top])
        assert longitude[0] > 0 > longitude[1]
        assert scene.reflectance() == pytest.approx(0.5, abs=COUNT)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """The same surface, with nodata in it, as a SAFE folder, as COGs and as a GeoTIFF."""
    folder = tmp_path_factory.mktemp("scenes")
    bands = bands_of(lead_scene(size=1100)[1])[:, :, :1050]
    bands[:, 300:500, 200:1000] = np.nan
    stac = earth_search(folder / "stac", bands)
    return [write_safe_scene(folder, bands), stac, geotiff(folder, bands)]


@pytest.fixture(scope="module")
def open_scenes(scenes):
    """Each of the scenes, open, and all of its reflectance."""
    with ExitStack() as stack:
        opened = [stack.enter_context(open_scene(path)) for path in scenes]
        yield [(scene, scene.reflectance()) for scene in opened]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2), st.integers(0, 1000), st.integers(0, 1000), st.integers(1, 1100), st.integers(1, 1100))
def test_a_window_holds_what_the_whole_scene_has_there(open_scenes, kind, row, column, height, width):
    scene, whole = open_scenes[kind]
    height, width = min(height, scene.shape[0] - row), min(width, scene.shape[1] - column)
    window = scene.reflectance(Window(column, row, width, height))
    np.testing.assert_array_equal(window, whole[:, row : row + height, column : column + width])


def test_strips_cover_the_scene_once(open_scenes):
    for scene, whole in open_scenes:
        strips = list(scene.strips())
        assert all(strip.row_off % 1024 == 0 for strip in strips)
        parts = [scene.reflectance(strip) for strip in strips]
        np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)


def test_a_thinned_out_scene_is_like_the_scene(open_scenes):
    for scene, whole in open_scenes:
        look = scene.reflectance(step=8)
        assert look.shape == (4, 138, 132)
        assert np.nanmedian(look) == pytest.approx(np.nanmedian(whole), abs=0.01)
        assert np.isnan(look).mean() == pytest.approx(np.isnan(whole).mean(), abs=0.02)


def real_safe(real_data, tmp_path):
    """A copy of the metadata of the real product."""
    (folder,) = real_data.glob("sentinel2/S2A_MSIL1C_*.SAFE")
    copy = tmp_path / folder.name
    shutil.copytree(
        folder, copy, ignore=shutil.ignore_patterns("*.jp2", "*.xsd", "HTML"), copy_function=shutil.copyfile
    )
    for path in copy.rglob("*"):
        path.chmod(0o755)
    return copy


def test_the_real_product_without_its_10_m_bands_misses_them(real_data):
    (folder,) = real_data.glob("sentinel2/S2A_MSIL1C_*.SAFE")
    assert "B02, B03, B04 missing" in refused(folder, State.MISSING_BAND)


def test_simulated_bands_in_the_real_product_have_its_time_place_and_reflectance(real_data, tmp_path):
    """The metadata are real, of baseline 02.07; the bands are simulated, so the manifest and the size are not kept."""
    folder = real_safe(real_data, tmp_path)
    transform = from_origin(300_000, 7_900_020, 10, 10)
    text = metadata_file(folder).read_text()
    for band, reflectance in zip(BANDS, (0.1, 0.2, 0.3, 0.4), strict=True):
        image = re.search(rf"<IMAGE_FILE>(.*_{band})</IMAGE_FILE>", text).group(1)
        numbers = np.full((64, 64), round(reflectance * 10_000), np.uint16)
        path = folder / f"{image}.jp2"
        path.parent.mkdir(exist_ok=True)
        write_band(path, numbers, "EPSG:32601", transform)
    assert "B02 is not as manifest.safe describes it" in refused(folder)
    (folder / "manifest.safe").unlink()
    assert "expected B02 of 10980 x 10980 pixels, as stated, found 64 x 64" in refused(folder)
    rewritten(folder, "MTD_TL.xml", ">10980<", ">64<")
    with open_scene(folder) as scene:
        assert scene.reflectance()[:, 5, 5].tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4])
        assert (scene.level, scene.processing_baseline, scene.tile) == ("L1C", "02.07", "T01WCU")
        assert set(scene.offsets.values()) == {0}
        assert scene.sensing_time == datetime(2019, 3, 1, 23, 56, 37, 773_352, UTC)
        assert (scene.crs, scene.transform) == ("EPSG:32601", transform)


def test_the_real_clips_are_read_with_plausible_reflectance(real_data):
    without_b08 = []
    for path in sorted((real_data / "pairs").glob("*/S2_*.tif")):
        with open_scene(path) as scene:
            reflectance = scene.reflectance()
            without_b08 += [scene.name] if scene.absent_bands == ("B08",) else []
        brightest = reflectance[:3, np.isfinite(reflectance[:3]).all(axis=0)].max(axis=0)
        assert brightest.min() > 0
        assert 0.7 < np.quantile(brightest, 0.99) < 1.1
    assert without_b08 == ["S2_T20XNS_20210628T193909", "S2_T10XER_20210704T232129"]


def test_windows_of_a_real_clip_are_those_of_the_whole(real_data):
    (path,) = real_data.glob("pairs/*/S2_T20XNS_20190622T194909.tif")
    with open_scene(path) as scene:
        whole = scene.reflectance()
        for window in (Window(0, 0, 100, 100), Window(17, 255, 300, 300)):
            rows, columns = window.toslices()
            np.testing.assert_array_equal(scene.reflectance(window), whole[:, rows, columns])


def test_an_item_is_told_from_other_json(tmp_path):
    item = earth_search(tmp_path)
    (tmp_path / "a.json").write_text(json.dumps({"type": "FeatureCollection"}))
    (tmp_path / "b.json").write_text("[1]")
    with open_scene(item.parent) as scene:
        assert scene.tile == TILE
