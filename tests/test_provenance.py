from pathlib import Path

import pytest

from leadline import provenance


@pytest.fixture
def library(tmp_path, monkeypatch) -> Path:
    """A small library: stage imports shared, other does not."""
    package = tmp_path / "leadline"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "shared.py").write_text("VALUE = 1\n")
    (package / "stage.py").write_text("from leadline.shared import VALUE\n")
    (package / "other.py").write_text("OTHER = 1\n")
    (tmp_path / "run_stage.py").write_text("from leadline import stage\n")
    monkeypatch.setattr(provenance, "PACKAGE", package)
    return tmp_path


def test_a_script_is_stale_when_a_module_behind_its_modules_changes(library):
    before = provenance.code_digest(library / "run_stage.py")
    (library / "leadline" / "shared.py").write_text("VALUE = 2\n")
    assert provenance.code_digest(library / "run_stage.py") != before


def test_a_module_that_a_script_does_not_use_leaves_it_fresh(library):
    before = provenance.code_digest(library / "run_stage.py")
    (library / "leadline" / "other.py").write_text("OTHER = 2\n")
    assert provenance.code_digest(library / "run_stage.py") == before


def test_comments_and_layout_do_not_count(library):
    before = provenance.code_digest(library / "run_stage.py")
    (library / "leadline" / "shared.py").write_text("# why\nVALUE   =  1\n")
    assert provenance.code_digest(library / "run_stage.py") == before


def test_the_order_of_keys_does_not_change_a_config_digest():
    assert provenance.config_digest({"a": 1, "b": {"c": 2, "d": 3}}) == provenance.config_digest(
        {"b": {"d": 3, "c": 2}, "a": 1}
    )
    assert provenance.config_digest({"a": 1}) != provenance.config_digest({"a": 2})
