"""What tests share: the real data beside the project, and how they are spread over processes."""

import os
from pathlib import Path

import pytest

from places import ROOT

FINISHED = "finished"
"""The fixture that costs most; whatever needs it runs in one process, and first, for it takes longest."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file in one process, and those of the finished campaign; see pytest-xdist's loadgroup."""
    items.sort(key=lambda item: FINISHED not in item.fixturenames)
    for item in items:
        item.add_marker(pytest.mark.xdist_group(FINISHED if FINISHED in item.fixturenames else item.path.name))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real granules, scenes, ATL07 and ATL10; the test is skipped where it is absent."""
    folder = Path(os.environ.get("LEADLINE_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the real data are not at {folder}; LEADLINE_REAL_DATA names another place")
    return folder
