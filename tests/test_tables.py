from pathlib import Path

import pytest

from leadline import tables
from leadline.beam import Fallback
from leadline.labels import WHYS

PAGE = (Path(__file__).parents[1] / "config" / "README.md").read_text()

ALL = [
    tables.SEGMENTS,
    tables.LABELS,
    tables.TRAINING_SET,
    tables.CLASSES,
    tables.LEADS,
    tables.SECTIONS,
    tables.FREEBOARD,
    tables.TRUTH,
]


@pytest.mark.parametrize("schema", ALL)
def test_every_column_has_a_unit_and_a_meaning(schema):
    assert len(set(schema.names)) == len(schema.names)
    for column in schema:
        assert column.metadata[b"unit"]
        assert column.metadata[b"meaning"]


@pytest.mark.parametrize("schema", ALL)
def test_a_table_reads_back_in_the_types_of_its_schema(tmp_path, schema):
    table = tables.empty_table(schema)
    tables.write_table(tmp_path / "table.parquet", table, schema)
    again = tables.read_table(tmp_path / "table.parquet", schema)
    assert again.dtypes.equals(table.dtypes)


def test_a_table_with_other_columns_is_refused(tmp_path):
    table = tables.empty_table(tables.TRUTH).assign(extra=1)
    with pytest.raises(ValueError, match="extra"):
        tables.write_table(tmp_path / "table.parquet", table, tables.TRUTH)


def test_a_track_is_read_alone_and_along_its_way(tmp_path):
    table = tables.empty_table(tables.TRUTH)
    rows = [("a", "gt1r", 3.0), ("a", "gt1r", 1.0), ("a", "gt2r", 1.0), ("b", "gt1r", 1.0)]
    for row, (granule, beam, x_atc) in enumerate(rows):
        table.loc[row] = [granule, beam, x_atc, 0, 0.3, 0.0]
    tables.write_table(tmp_path / "truth.parquet", table.astype({"surface_class": "uint8"}), tables.TRUTH)
    track = tables.read_track(tmp_path / "truth.parquet", tables.TRUTH, "a", "gt1r")
    assert track["x_atc"].tolist() == [1.0, 3.0]


def test_tables_written_one_after_the_other_are_one(tmp_path):
    table = tables.empty_table(tables.LEADS)
    table.loc[0] = ["a", "gt1r", 0.0, 6.0, 3, 0.1, 2.0, 0.1, 0.1, 0.01, 0.1, 0.02, 0.3, 0]
    one = tables.as_arrow(table, tables.LEADS)
    tables.write_tables(tmp_path / "leads.parquet", tables.LEADS, [one, one])
    assert tables.read_table(tmp_path / "leads.parquet", tables.LEADS)["granule"].tolist() == ["a", "a"]


def test_no_tables_are_an_empty_one(tmp_path):
    tables.write_tables(tmp_path / "leads.parquet", tables.LEADS, [])
    assert tables.read_table(tmp_path / "leads.parquet", tables.LEADS).empty


def test_a_table_that_breaks_on_the_way_leaves_no_file(tmp_path):
    def broken():
        yield tables.LEADS.empty_table()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        tables.write_tables(tmp_path / "leads.parquet", tables.LEADS, broken())
    assert list(tmp_path.iterdir()) == []


def rows_of_page(what: str) -> dict[str, str]:
    """Return what stands beside each name in the tables of a chapter."""
    lines = PAGE.split(f"## What a {what} holds")[1].split("\n## ")[0].splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")]
    return {name.strip(): row[1].strip() for row in rows if len(row) > 1 for name in row[0].split(",")}


def test_the_page_of_the_segments_lists_every_column_with_its_unit():
    units = {field.name: field.metadata[b"unit"].decode() for field in tables.SEGMENTS}
    assert units.items() <= rows_of_page("segment").items()


def test_the_page_of_the_segments_lists_every_fallback():
    numbers = {int(name) for name in rows_of_page("segment") if name.isdigit()}
    assert numbers == {int(fallback) for fallback in Fallback}


def test_the_page_of_the_labels_lists_every_column_and_every_reason():
    assert {*tables.LABELS.names, *WHYS} <= set(rows_of_page("label"))
