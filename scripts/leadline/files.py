"""Files written aside and renamed when whole, so that a half file is never taken for a whole one."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a path beside ``path`` to write a file or folder to; rename it to ``path`` when all went well.

    The name beside keeps the ending of ``path``, for writers that go by it. A failure leaves neither.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.stem}.partial-{os.getpid()}{path.suffix}")
    try:
        yield aside
        if path.is_dir():
            shutil.rmtree(path)
        aside.replace(path)
    finally:
        if aside.is_dir():
            shutil.rmtree(aside)
        aside.unlink(missing_ok=True)
