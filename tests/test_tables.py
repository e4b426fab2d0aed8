import pytest

from leadline import tables

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
