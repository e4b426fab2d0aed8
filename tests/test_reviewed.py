import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.errors import ConfigError
from leadline.hand_labels import read_corrections
from leadline.reviewed import change_corrections, with_row
from reviewed_tracks import BEAM, GRANULE, HEADER

ROW = [GRANULE, BEAM, "1000", "1120", "open_water", "reviewer", "a lead under haze"]
OTHER = [GRANULE, BEAM, "2000", "2030", "thin_ice", "someone", "nilas"]
TEXT = HEADER + "\t".join(OTHER) + "\n# the end, without a line's end"


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "corrections.tsv"
    path.write_text(TEXT)
    return path


def test_a_row_is_added_below_all_that_there_is_and_read_as_any_other(path):
    assert change_corrections(path, ROW, None) == path.read_text() == TEXT + "\n" + "\t".join(ROW) + "\n"
    assert read_corrections(path)["who"].tolist() == ["someone", "reviewer"]


def test_a_row_is_never_there_twice(path):
    once = change_corrections(path, ROW, None)
    assert change_corrections(path, ROW, None) == once
    assert change_corrections(path, OTHER, OTHER).count("nilas") == 1


def test_a_row_taken_back_leaves_the_rest_as_it_was(path):
    change_corrections(path, ROW, None)
    assert change_corrections(path, None, ROW) == TEXT + "\n"
    assert change_corrections(path, None, ROW) == TEXT + "\n"


def test_another_class_takes_the_place_of_the_first(path):
    change_corrections(path, ROW, None)
    change_corrections(path, [*ROW[:4], "thick_ice", *ROW[5:]], ROW)
    assert read_corrections(path)["surface_class"].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (
            [GRANULE, BEAM, "2020", "2040", "thick_ice", "reviewer", "ice"],
            "row 2: overlaps .* row 1, which says thin",
        ),
        ([*ROW[:5], " ", "why"], "row 2: who: ' ': must say who"),
        ([*ROW[:6], "two\nlines"], "a cell holds a tab, a line's end"),
        ([*ROW[:6], "lead #2"], "a cell holds a tab, a line's end, #"),
        ([*ROW[:6], '"quoted'], "or a quotation mark"),
        ([GRANULE, BEAM, "30", "20", "thick_ice", "reviewer", "ice"], "must be beyond x_start"),
    ],
)
def test_a_row_that_makes_a_fault_is_refused_in_words_and_changes_nothing(path, row, told):
    with pytest.raises(ConfigError, match=told) as caught:
        change_corrections(path, row, None)
    assert "partial" not in str(caught.value)
    assert path.read_text() == TEXT
    assert [file.name for file in path.parent.iterdir()] == ["corrections.tsv"]


cells = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\t\r\n"), max_size=5), min_size=7, max_size=7)


@given(st.lists(cells, max_size=5), cells)
def test_giving_a_new_row_and_taking_it_back_changes_nothing(rows, row):
    text = HEADER + "".join("\t".join(each) + "\n" for each in rows if each != row)
    assert with_row(with_row(text, given=row), taken=row) == text
