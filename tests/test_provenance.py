import os
import subprocess
import sys
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


def test_a_script_is_stale_when_a_script_that_it_imports_changes(library):
    (library / "run_stage.py").write_text("from options import add_options\n")
    (library / "options.py").write_text("def add_options(): ...\n")
    before = provenance.code_digest(library / "run_stage.py")
    (library / "options.py").write_text("def add_options(): return 1\n")
    assert provenance.code_digest(library / "run_stage.py") != before


def test_a_module_that_a_script_does_not_use_leaves_it_fresh(library):
    before = provenance.code_digest(library / "run_stage.py")
    (library / "leadline" / "other.py").write_text("OTHER = 2\n")
    assert provenance.code_digest(library / "run_stage.py") == before


def test_comments_docstrings_and_layout_do_not_count(library):
    (library / "leadline" / "shared.py").write_text('"""What."""\nVALUE = 1\n"""Its meaning."""\n')
    before = provenance.code_digest(library / "run_stage.py")
    (library / "leadline" / "shared.py").write_text('"""Better said."""\n# why\nVALUE   =  1\n"""Its sense."""\n')
    assert provenance.code_digest(library / "run_stage.py") == before


def test_the_order_of_keys_does_not_change_a_config_digest():
    assert provenance.config_digest({"a": 1, "b": {"c": 2, "d": 3}}) == provenance.config_digest(
        {"b": {"d": 3, "c": 2}, "a": 1}
    )
    assert provenance.config_digest({"a": 1}) != provenance.config_digest({"a": 2})


def test_a_digest_is_the_same_in_every_process(library):
    """Modules of one name in two packages must not be ordered by chance, as hashes of texts are."""
    inner = library / "leadline" / "inner"
    inner.mkdir()
    for name in ("__init__", "shared", "stage"):
        (inner / f"{name}.py").write_text(f"NAME = {name!r}\n")
    (library / "run_stage.py").write_text(
        "from leadline import shared, stage\nimport leadline.inner.shared, leadline.inner.stage\n"
    )
    ask = (
        "import sys, pathlib; sys.path.insert(0, sys.argv[1]); from leadline import provenance as p;"
        "p.PACKAGE = pathlib.Path(sys.argv[2]) / 'leadline'; print(p.code_digest(p.PACKAGE.parent / 'run_stage.py'))"
    )
    scripts = Path(provenance.__file__).parents[1]
    digests = {
        subprocess.run(
            [sys.executable, "-c", ask, str(scripts), str(library)],
            env=os.environ | {"PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in range(6)
    }
    assert len(digests) == 1
