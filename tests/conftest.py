"""What tests share: the project's root and the real data beside it."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real granules, scenes, ATL07 and ATL10; the test is skipped where it is absent."""
    folder = Path(os.environ.get("LEADLINE_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the real data are not at {folder}; LEADLINE_REAL_DATA names another place")
    return folder
