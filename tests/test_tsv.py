import pytest

from leadline.tsv import matches, read_tsv

COLUMNS = {"beam": (matches("gt[123][lr]"), "must be a beam"), "who": (str.strip, "must say who")}


def read(tmp_path, text: str):
    path = tmp_path / "table.tsv"
    path.write_text(text)
    faults = []
    table = read_tsv(path, COLUMNS, faults)
    return table, [fault.removeprefix(f"{path}: ") for fault in faults]


def test_cells_are_text_and_comments_are_passed_over(tmp_path):
    table, faults = read(tmp_path, "# a comment\nbeam\twho\ngt1r\t007\n")
    assert table.to_dict("list") == {"beam": ["gt1r"], "who": ["007"]}
    assert faults == []


def test_every_cell_that_is_not_allowed_is_told(tmp_path):
    _, faults = read(tmp_path, "beam\twho\ngt1r\tus\ngt4r\t \n")
    assert faults == ["row 2: beam: 'gt4r': must be a beam", "row 2: who: ' ': must say who"]


@pytest.mark.parametrize("text", ["", "beam who\n", "beam\twho\ngt1r\tus\tthem\textra\n"])
def test_another_form_is_told_and_the_table_is_empty(tmp_path, text):
    table, faults = read(tmp_path, text)
    assert table.empty and list(table.columns) == list(COLUMNS)
    assert len(faults) == 1 and "expected" in faults[0]
