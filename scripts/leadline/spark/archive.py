"""The library as a zip, to go where its folder is not: to executors, and to a driver on another machine."""

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from leadline.provenance import PACKAGE


def write_archive(path: Path) -> None:
    """Write the modules of the library as a zip: the same bytes for the same code, whenever and wherever it is made."""
    with ZipFile(path, "w") as archive:
        for module in sorted(PACKAGE.rglob("*.py")):
            undated = ZipInfo(module.relative_to(PACKAGE.parent).as_posix())
            archive.writestr(undated, module.read_bytes(), ZIP_DEFLATED)
