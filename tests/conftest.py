"""What tests share: the real data beside the project, and how they are spread over processes."""

import os
import signal
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from places import ROOT

FINISHED = (
    "test_campaign.py",
    "test_bad_input.py",
    "test_dag.py",
    "test_profiles.py",
    "test_label_review.py",
    "test_report_page.py",
)
"""The files that need the finished campaign, the fixture that costs most: they share a process, and begin."""


# A shell that starts tests in the background has them ignore Ctrl-C, and all that they start: some tests send it.
signal.signal(signal.SIGINT, signal.default_int_handler)


class _ByFile(LoadFileScheduling):
    """Keeps the tests of a file in one process, and those of the finished campaign."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return FINISHED[0] if file.endswith(FINISHED) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """Spread tests over processes, whatever --dist says."""
    return _ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: the finished campaign, then the other workflows."""
    items.sort(key=lambda item: (not item.path.name.endswith(FINISHED), item.path.parent.name != "workflow"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real granules, scenes, ATL07 and ATL10; the test is skipped where it is absent."""
    folder = Path(os.environ.get("LEADLINE_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the real data are not at {folder}; LEADLINE_REAL_DATA names another place")
    return folder
