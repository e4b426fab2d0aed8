import logging

import numpy as np
import pandas as pd
import pytest

from leadline.errors import ConfigError
from leadline.hand_labels import NO_CORRECTIONS, correct, match, read_corrections
from leadline.labels import label_segments
from leadline.names import SurfaceClass
from leadline.tables import LABELS, SEGMENTS, write_table

GRANULE, OTHER = "20191104195311_05940510", "20191126182014_09290510"
HEADER = "granule\tbeam\tx_start\tx_end\tclass\twho\twhy\n"


def table(tmp_path, *rows: str):
    path = tmp_path / "corrections.tsv"
    path.write_text("# Labels set by hand.\n" + HEADER + "".join("\t".join(row.split("|")) + "\n" for row in rows))
    return path


def segments(n: int = 100) -> pd.DataFrame:
    """Return segments 2 m apart, the first centred at 1 m."""
    places = {"latitude": -75.0 + 1e-5 * np.arange(n), "longitude": -170.0}
    return pd.DataFrame({"granule": GRANULE, "beam": "gt1r", "x_atc": 1.0 + 2 * np.arange(n), **places})


@pytest.fixture
def files(tmp_path):
    path = tmp_path / f"{GRANULE}.parquet"
    absent = {name: 0 for name in SEGMENTS.names if name not in segments()}
    write_table(path, segments().assign(**absent)[SEGMENTS.names], SEGMENTS)
    return [path]


def test_a_correction_sets_the_class_from_its_start_to_before_its_end(tmp_path):
    path = table(tmp_path, f"{GRANULE}|gt1r|11|21|thin_ice|the test|a refrozen lead under haze")
    labels = label_segments(segments(), [], "EPSG:3976")
    found = correct(labels, read_corrections(path))
    assert found.schema == labels.schema
    found, before = (each.cast(LABELS).to_pandas() for each in (found, labels))
    corrected = found["why"] == "manual"
    assert found.loc[corrected, "x_atc"].tolist() == [11, 13, 15, 17, 19]
    assert set(found.loc[corrected, "surface_class"]) == {SurfaceClass.THIN_ICE}
    assert set(found.loc[corrected, "confidence"]) == {1}
    pd.testing.assert_frame_equal(found[~corrected], before[~corrected])


def test_a_label_can_be_taken_away_by_hand(tmp_path):
    path = table(tmp_path, f"{GRANULE}|gt1r|0|1000|unknown|the test|the scene is a day too late")
    found = correct(label_segments(segments(), [], "EPSG:3976"), read_corrections(path)).to_pandas()
    assert set(found["surface_class"]) == {SurfaceClass.UNKNOWN} and set(found["why"]) == {"manual"}


def test_without_corrections_the_labels_are_the_same_table():
    labels = label_segments(segments(), [], "EPSG:3976")
    assert correct(labels, NO_CORRECTIONS) is labels


def test_a_table_of_no_rows_corrects_nothing(tmp_path, files):
    corrections = read_corrections(table(tmp_path))
    assert list(corrections.columns) == list(NO_CORRECTIONS.columns)
    assert match(corrections, files).empty


def test_corrections_are_said_in_the_log_and_those_of_other_granules_left_to_them(tmp_path, files, caplog):
    path = table(
        tmp_path,
        f"{OTHER}|gt1r|0|10|open_water|the test|elsewhere",
        f"{GRANULE}|gt1r|0|10|open_water|the test|a lead below haze",
    )
    with caplog.at_level(logging.INFO, "leadline"):
        assert match(read_corrections(path), files)["granule"].tolist() == [GRANULE]
    assert [record.message for record in caplog.records] == [
        f"{path}: row 2: 5 segments are open_water by hand (the test: a lead below haze)"
    ]


def test_every_correction_that_matches_no_segment_is_an_error_with_its_row(tmp_path, files):
    path = table(
        tmp_path,
        f"{GRANULE}|gt1r|0|10|open_water|the test|a lead",
        f"{GRANULE}|gt1r|200|300|open_water|the test|beyond the end",
        f"{GRANULE}|gt3r|0|10|open_water|the test|no such beam",
    )
    with pytest.raises(ConfigError) as caught:
        match(read_corrections(path), files)
    assert caught.value.faults == [
        f"{path}: row 2: no segment of {GRANULE} gt1r lies from 200.0 to 300.0 m; mend the row",
        f"{path}: row 3: no segment of {GRANULE} gt3r lies from 0.0 to 10.0 m; mend the row",
    ]


def test_all_malformed_cells_are_told_at_once(tmp_path):
    path = table(tmp_path, "20191104|gt1r|0|10|open_water|A|b", f"{GRANULE}|gt4r|ten|10|lead| |")
    with pytest.raises(ConfigError) as caught:
        read_corrections(path)
    told = [fault.removeprefix(f"{path}: ").rsplit(": must", 1)[0] for fault in caught.value.faults]
    assert told == [
        "row 1: granule: '20191104'",
        "row 2: beam: 'gt4r'",
        "row 2: x_start: 'ten'",
        "row 2: class: 'lead'",
        "row 2: who: ' '",
        "row 2: why: ''",
    ]


def test_overlapping_corrections_must_agree(tmp_path):
    rows = [f"{GRANULE}|gt1r|{x}|{y}|{word}|A|b" for x, y, word in ((0, 20, "thin_ice"), (10, 30, "thin_ice"))]
    assert len(read_corrections(table(tmp_path, *rows, f"{GRANULE}|gt1r|30|40|open_water|A|b"))) == 3
    path = table(tmp_path, *rows, f"{GRANULE}|gt1r|25|40|open_water|A|b", f"{GRANULE}|gt2r|0|40|open_water|A|b")
    with pytest.raises(ConfigError) as caught:
        read_corrections(path)
    assert caught.value.faults == [
        f"{path}: row 3: overlaps {path}: row 2, which says thin_ice where it says open_water; keep one"
    ]


def test_a_correction_that_ends_where_it_begins_is_an_error(tmp_path):
    path = table(tmp_path, f"{GRANULE}|gt1r|20|20|thin_ice|A|b")
    with pytest.raises(ConfigError, match=r"row 1: x_end: 20.0: must be beyond x_start 20.0"):
        read_corrections(path)


@pytest.mark.parametrize(
    ("text", "told"),
    [(None, "there is no such table"), ("a\tb\n1\t2\n", "columns a, b: expected granule"), ("", "expected tab")],
)
def test_a_file_that_is_no_table_of_corrections_is_an_error(tmp_path, text, told):
    path = tmp_path / "corrections.tsv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match=told):
        read_corrections(path)
