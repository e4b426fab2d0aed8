"""What tests share: the real data beside the project."""

import os
from pathlib import Path

import pytest

from places import ROOT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real granules, scenes, ATL07 and ATL10; the test is skipped where it is absent."""
    folder = Path(os.environ.get("LEADLINE_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the real data are not at {folder}; LEADLINE_REAL_DATA names another place")
    return folder
