"""What the tests of pages share: a browser that looks at them as a person would."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from browsers import chromium


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chrome]:
    """A new headless Chromium of 1280 x 900 that downloads to the test's folder."""
    with chromium(tmp_path) as browser:
        yield browser
