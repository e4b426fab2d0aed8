import pytest

from leadline.files import written_whole


def test_a_file_stands_under_its_name_only_when_it_is_whole(tmp_path):
    path = tmp_path / "made" / "table.parquet"
    with written_whole(path) as aside:
        aside.write_text("whole")
        assert not path.exists()
        assert aside.suffix == ".parquet"
    assert path.read_text() == "whole"
    assert [entry.name for entry in path.parent.iterdir()] == ["table.parquet"]


def test_a_failure_leaves_the_old_file_and_no_half_one(tmp_path):
    path = tmp_path / "table.parquet"
    path.write_text("old")
    with pytest.raises(RuntimeError), written_whole(path) as aside:
        aside.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["table.parquet"]


def test_a_folder_replaces_a_folder(tmp_path):
    path = tmp_path / "labels.parquet"
    for part in ("old", "new"):
        with written_whole(path) as aside:
            aside.mkdir()
            (aside / part).write_text(part)
    assert [entry.name for entry in path.iterdir()] == ["new"]
