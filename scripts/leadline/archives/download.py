"""Bytes from the web into a whole file: resumed, retried, checked, and only then given its name."""

import errno
import hashlib
import logging
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from tqdm import tqdm

from leadline.archives.web import PATIENCE, Patience, in_one_line, polite, reason, refuse_unless_good
from leadline.errors import LeadlineError

logger = logging.getLogger("leadline.archives.download")

PIECE = 1 << 16
"""Bytes that are written at once, and at most lost where a connection breaks."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says where no more fits on a disk, into a quota or into a file."""


@dataclass(frozen=True)
class Checksum:
    """What a catalogue says of a file's bytes."""

    algorithm: str
    """As catalogues spell it: MD5, SHA-256, sha512 ..."""
    value: str
    """In hexadecimal."""

    def differs_from(self, path: Path) -> bool:
        """Tell whether a file has other bytes; an algorithm that Python lacks tells nothing, and is logged."""
        name = self.algorithm.lower().replace("-", "")
        if name not in hashlib.algorithms_guaranteed:
            logger.info("%s: its %s checksum is not verified: no such algorithm here", path.name, self.algorithm)
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, name).hexdigest() != self.value.lower()


class _BrokenError(Exception):
    """A transfer that ended too early: what has come is kept, and the rest asked for."""


class _UnsoundError(Exception):
    """A file that came to its end and is not what was asked for: all of it is asked for once more."""


def download(
    url: str,
    path: Path,
    *,
    session: requests.Session,
    size: int | None = None,
    checksum: Checksum | None = None,
    check: Callable[[Path], None] | None = None,
    patience: Patience = PATIENCE,
) -> None:
    """Download a file whole, or leave no file of that name.

    ``size`` (bytes) and ``checksum`` are the catalogue's, where it has them. ``check`` looks into the file before it
    gets its name, and raises ``LeadlineError`` where it is not what was asked for. ``session`` carries the token; it
    becomes ``polite``. What a broken transfer left (``.name.partial`` beside the file) is gone on with, in this run or
    the next, as long as the server still has the same file.

    Raises ``LeadlineError`` where the server refuses, where patience with it ends, where the file is not what the
    catalogue says even when it is fetched twice, and where the disk is full.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    transfer = _Transfer(url, path, polite(session, patience), size)
    begun = time.monotonic()
    for again in (True, False):
        try:
            transfer.run(patience)
            transfer.verify(checksum, check)
            break
        except _UnsoundError as error:
            transfer.forget()
            if not again:
                raise LeadlineError(f"{path.name}: {error}, twice; search again, or tell the archive") from None
            logger.warning("%s: %s; fetching it once more", path.name, error)
    transfer.partial.replace(path)
    transfer.forget()
    seconds, megabytes = time.monotonic() - begun, path.stat().st_size / 1e6
    logger.info("%s: %.1f MB in %.0f s, %.1f MB/s", path.name, megabytes, seconds, megabytes / max(seconds, 1e-3))


class _Transfer:
    """A file on its way: what has come, which version of it the server said it was, and how long that is."""

    def __init__(self, url: str, path: Path, session: requests.Session, size: int | None) -> None:
        self.url, self.name, self.session = url, path.name, session
        self.partial, self.version = (path.with_name(f".{path.name}.{end}") for end in ("partial", "version"))
        self.total = self.size = size

    def run(self, patience: Patience) -> None:
        """Get all of it, going on where it breaks off; patience is lost with what brings nothing more."""
        failures, farthest = 0, self._have()
        while True:
            try:
                return self._go_on()
            except _BrokenError as error:
                failures = failures + 1 if self._have() <= farthest else 1
                farthest = max(farthest, self._have())
                if failures >= patience.tries:
                    message = f"{self.name}: {error}, {failures} times; run it again later, it goes on from there"
                    raise LeadlineError(message) from None
                logger.warning("%s: %s after %.1f MB; going on from there", self.name, error, self._have() / 1e6)
                time.sleep(patience.wait(failures))

    def verify(self, checksum: Checksum | None, check: Callable[[Path], None] | None) -> None:
        """Raise ``_UnsoundError`` where the whole file is not what the catalogue or the check expects."""
        if self.total is not None and self._have() != self.total:
            raise _UnsoundError(f"expected {self.total:,} bytes, {self._have():,} came")
        if checksum and checksum.differs_from(self.partial):
            raise _UnsoundError(f"its bytes do not have the {checksum.algorithm} checksum of the catalogue")
        if check:
            try:
                check(self.partial)
            except LeadlineError as error:
                raise _UnsoundError(str(error)) from None

    def forget(self) -> None:
        """Leave nothing of the transfer beside the file."""
        for path in (self.partial, self.version):
            path.unlink(missing_ok=True)

    def _have(self) -> int:
        return self.partial.stat().st_size if self.partial.exists() else 0

    def _go_on(self) -> None:
        have, headers = self._have(), {"Accept-Encoding": "identity"}
        if have and self.version.exists():
            headers |= {"Range": f"bytes={have}-", "If-Range": self.version.read_text()}
        with in_one_line(self.name):
            response = self.session.get(self.url, headers=headers, stream=True)
        with response, self._room_on_disk():
            self.total = _total(response) or self.size
            if response.status_code == requests.codes.requested_range_not_satisfiable:
                return
            refuse_unless_good(response, self.name)
            if self.size not in (None, self.total):
                raise _UnsoundError(f"the catalogue says {self.size:,} bytes, the server has {self.total:,}")
            have = self._gone_on_from(response, have)
            self._keep_version(response)
            self._refuse_without_room(have)
            self._write(response, have)

    def _gone_on_from(self, response: requests.Response, have: int) -> int:
        """Return where in the file the answer begins: where the last one broke off, or at 0."""
        if response.status_code != requests.codes.partial_content:
            return 0
        if not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            self.forget()
            raise _BrokenError("another part came than was asked for")
        return have

    def _keep_version(self, response: requests.Response) -> None:
        """Note the version that comes, for If-Range, which takes no weak ETag; without one all begins anew."""
        tag = response.headers.get("ETag", "W/")
        version = response.headers.get("Last-Modified", "") if tag.startswith("W/") else tag
        self.version.write_text(version) if version else self.version.unlink(missing_ok=True)

    def _write(self, response: requests.Response, have: int) -> None:
        bar = {"unit": "B", "unit_scale": True, "desc": self.name, "disable": None}
        with self.partial.open("ab" if have else "wb") as file, tqdm(total=self.total, initial=have, **bar) as shown:
            try:
                for piece in response.iter_content(PIECE):
                    file.write(piece)
                    shown.update(len(piece))
            except requests.RequestException as error:
                raise _BrokenError(reason(error, response.url)) from None

    def _refuse_without_room(self, have: int) -> None:
        free = shutil.disk_usage(self.partial.parent).free
        if self.total and self.total - have > free:
            message = f"{self.name}: {(self.total - have) / 1e9:.2f} GB are to come, {free / 1e9:.2f} GB are free"
            raise LeadlineError(f"{message}; make room and run it again")

    @contextmanager
    def _room_on_disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno not in FULL:
                raise
            message = f"{self.name}: the disk is full after {self._have() / 1e6:.1f} MB; make room and run it again"
            raise LeadlineError(f"{message}, it goes on from there") from None


def _total(response: requests.Response) -> int | None:
    """Return the length of the whole file, as far as an answer tells it."""
    length = response.headers.get("Content-Range", "").rpartition("/")[2]
    if response.status_code == requests.codes.ok:
        length = response.headers.get("Content-Length", "")
    return int(length) if length.isdigit() else None
