"""The library as it goes to a cluster."""

import os
import shutil
import subprocess
import sys
from zipfile import ZipFile

from leadline.spark.archive import write_archive
from places import ROOT


def test_the_library_is_the_same_zip_whenever_and_wherever_it_is_made(tmp_path):
    copy = tmp_path / "copy" / "scripts" / "leadline"
    shutil.copytree(ROOT / "scripts" / "leadline", copy, ignore=shutil.ignore_patterns("__pycache__"))
    for path in copy.rglob("*.py"):
        os.utime(path, (1e9, 1e9))
    write_archive(tmp_path / "here.zip")
    code = "import sys; from leadline.spark.archive import write_archive; write_archive(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, tmp_path / "there.zip"], cwd=copy.parent, check=True)
    assert (tmp_path / "here.zip").read_bytes() == (tmp_path / "there.zip").read_bytes()
    with ZipFile(tmp_path / "here.zip") as archive:
        assert archive.testzip() is None
        assert {"leadline/__init__.py", "leadline/spark/session.py"} <= set(archive.namelist())
        assert all(name.endswith(".py") for name in archive.namelist())
