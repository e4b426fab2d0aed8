from pathlib import Path

import h5py
import numpy as np
import pytest

from leadline.accounts import State
from leadline.errors import InputDataError
from leadline.names import BEAMS
from leadline.nasa_products import LAYOUTS, read_product, require_pass

FILL = np.float32(3.4028235e38)
HEIGHTS = np.array([0.4, 0.1, FILL], np.float32)
FREEBOARDS = np.array([0.3, 0.0, FILL], np.float32)
OF_SEGMENTS = {
    "seg_dist_x": 1e7 + np.arange(3),
    "delta_time": np.ones(3),
    "latitude": np.ones(3),
    "longitude": np.ones(3),
}
OF_HEIGHTS = {
    "height_segment_height": HEIGHTS,
    "height_segment_length_seg": np.full(3, 15.0),
    "height_segment_type": np.array([1, 5, 0], np.int8),
    "height_segment_ssh_flag": np.array([0, 2, 0], np.int8),
}


def product(path: Path, short_name: str, layout: int, datasets: tuple[dict, dict]) -> Path:
    """Write a small product whose beam gt1r has datasets of a layout, by those of the segments and of the heights."""
    with h5py.File(path, "w") as file:
        file.attrs["short_name"] = np.bytes_(short_name.encode())
        file["orbit_info/rgt"], file["orbit_info/cycle_number"] = np.array([594]), np.array([5])
        file["ancillary_data/release"] = np.array([b"004   "])
        for group, part in zip(LAYOUTS[layout], datasets, strict=True):
            for name, values in part.items():
                file[f"gt1r/{group}/{name}"] = values
        file.create_group("gt2r/" + LAYOUTS[layout][0])
    return path


@pytest.mark.parametrize(("layout", "error"), [(1, "beam_fb_unc"), (2, "beam_fb_sigma")])
def test_both_layouts_of_atl10_give_the_same_columns(tmp_path, layout, error):
    segments = OF_SEGMENTS | {"beam_fb_height": FREEBOARDS, error: np.full(3, 0.02)}
    found = read_product(product(tmp_path / "a.h5", "ATL10", layout, (segments, OF_HEIGHTS)), "ATL10", ["gt1r"])
    assert (found.release, found.rgt, found.cycle) == ("004", 594, 5)
    table = found.segments
    assert table["height"].tolist() == pytest.approx([0.4, 0.1, np.nan], nan_ok=True)
    assert table["freeboard_error"].tolist() == [0.02] * 3
    assert table["sea_surface"].tolist() == pytest.approx([0.1, np.nan, np.nan], nan_ok=True)
    assert table["ssh_flag"].tolist() == [0, 2, 0]


def test_what_a_release_lacks_is_nan(tmp_path):
    path = product(tmp_path / "a.h5", "ATL07", 0, (OF_SEGMENTS, OF_HEIGHTS))
    table = read_product(path, "ATL07", ["gt1r"]).segments
    assert len(table) == 3
    assert table[["sigma", "freeboard", "freeboard_error", "sea_surface"]].isna().all(axis=None)


def test_beams_that_cannot_be_used_end_in_named_states(tmp_path):
    lacking = {name: values for name, values in OF_HEIGHTS.items() if name != "height_segment_type"}
    path = product(tmp_path / "a.h5", "ATL07", 0, (OF_SEGMENTS, lacking))
    found = read_product(path, "ATL07", ["gt1r", "gt2r", "gt3r"])
    assert [beam.state for beam in found.beams] == [State.MISSING_DATASET, State.EMPTY_BEAM, State.MISSING_BEAM]
    assert all(str(path) in beam.reason and "\n" not in beam.reason for beam in found.beams)
    assert found.segments.empty


def test_datasets_of_unequal_length_are_told(tmp_path):
    path = product(tmp_path / "a.h5", "ATL07", 0, (OF_SEGMENTS | {"latitude": np.ones(4)}, OF_HEIGHTS))
    (beam,) = read_product(path, "ATL07", ["gt1r"]).beams
    assert beam.state is State.UNREADABLE and "'latitude': 4" in beam.reason


def test_files_that_are_no_such_product_are_told(tmp_path, real_data):
    text = tmp_path / "text.h5"
    text.write_text("no HDF5")
    (atl03,) = (real_data / "atl03").glob("*sea_ice.h5")
    atl07 = product(tmp_path / "atl07.h5", "ATL07", 0, (OF_SEGMENTS, OF_HEIGHTS))
    for path, state in (
        (tmp_path / "absent.h5", State.MISSING_FILE),
        (text, State.UNREADABLE),
        (atl03, State.UNREADABLE),
        (atl07, State.UNREADABLE),
    ):
        with pytest.raises(InputDataError, match=path.name) as caught:
            read_product(path, "ATL10", ["gt1r"])
        assert caught.value.state is state


def test_a_file_that_tells_no_pass_is_told_unless_its_name_does(tmp_path):
    path = product(tmp_path / "a.h5", "ATL07", 0, (OF_SEGMENTS, OF_HEIGHTS))
    with h5py.File(path, "r+") as file:
        del file["orbit_info"]
    with pytest.raises(InputDataError, match="orbit_info/rgt") as caught:
        read_product(path, "ATL07", ["gt1r"])
    assert caught.value.state is State.MISSING_DATASET
    named = path.rename(tmp_path / "processed_ATL07-02_20191104185303_05940501_005_01.h5")
    found = read_product(named, "ATL07", ["gt1r"])
    assert (found.rgt, found.cycle) == (594, 5)


def test_a_pass_is_told_by_track_and_cycle_whatever_the_time_and_region(tmp_path):
    found = read_product(product(tmp_path / "a.h5", "ATL07", 0, (OF_SEGMENTS, OF_HEIGHTS)), "ATL07", ["gt1r"])
    require_pass(found, "20191104195311_05940510")
    for other in ("20191104195311_05950510", "20191104195311_05940610"):
        with pytest.raises(InputDataError, match="found RGT 0594 and cycle 05") as caught:
            require_pass(found, other)
        assert caught.value.state is State.WRONG_PASS


def test_the_real_atl10_gives_its_864_freeboards_and_their_reference(real_data):
    (path,) = (real_data / "atl10").glob("*20220107*.h5")
    found = read_product(path, "ATL10", list(BEAMS))
    assert (found.release, found.rgt, found.cycle) == ("006", 253, 14)
    assert found.segments["freeboard"].notna().sum() == 864
    sections = {beam: table["sea_surface"].dropna().round(4).unique() for beam, table in found.segments.groupby("beam")}
    assert sorted(sections["gt3l"]) == pytest.approx([-0.1956, -0.1896], abs=1e-4)
    assert (found.segments["freeboard"] >= 0).sum() == 864


def test_the_real_atl10_without_leads_has_heights_and_no_freeboard(real_data):
    (path,) = (real_data / "atl10").glob("*20220104*.h5")
    table = read_product(path, "ATL10", list(BEAMS)).segments
    assert table["height"].notna().all() and table["freeboard"].isna().all()


def test_the_real_atl07_of_release_003_give_heights_and_name_their_empty_beams(real_data):
    first, second = sorted((real_data / "atl07").glob("*.h5"))
    found = read_product(first, "ATL07", list(BEAMS))
    assert found.release == "003"
    assert [beam.state for beam in found.beams] == [State.OK] * 2 + [State.EMPTY_BEAM] * 4
    assert found.segments["height"].between(-2, 2).sum() > 1700
    assert read_product(second, "ATL07", list(BEAMS)).segments.groupby("beam").size().to_dict() == {
        "gt1l": 209,
        "gt1r": 11,
        "gt2l": 367,
        "gt2r": 92,
        "gt3l": 943,
        "gt3r": 641,
    }
