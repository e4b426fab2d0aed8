"""A file on the web that is read where it stands, by ranges: h5py opens it like a file on disk."""

import io
import re
from itertools import groupby
from urllib.parse import urlsplit

import requests

from leadline.archives.web import PATIENCE, Patience, in_one_line, polite, refuse_unless_good
from leadline.errors import LeadlineError

BLOCK = 1 << 14
"""Bytes that are kept or fetched together."""
SMALL = 4096
"""Longest read by which HDF5 looks up where things are, bytes; longer ones are of chunks of data."""
NEAR, FAR = 4, 24
"""Blocks that a small read and a longer one fetch at least (64 and 384 KiB): what is looked up is scattered, while the
chunks of a stretch of track follow each other."""


class RemoteFile(io.RawIOBase):
    """A file on the web, read by blocks that are fetched once and kept until ``forget``.

    ``session`` carries the token, and becomes ``polite``. An archive answers with the signed address of its store: that
    one is asked from then on, without the token, until it expires. Every read raises ``LeadlineError`` where the server
    refuses, serves no ranges, or has another file than before.
    """

    def __init__(self, url: str, session: requests.Session, patience: Patience = PATIENCE) -> None:
        """Ask for the beginning of the file, which tells its length."""
        super().__init__()
        self.url, self.name = url, urlsplit(url).path.rpartition("/")[2]
        self.session = polite(session, patience)
        self.size: int | None = None
        self.fetched = 0
        """Bytes that have come."""
        self.requests = 0
        """Requests that they took."""
        self._place, self._version = url, None
        self._position, self._blocks = 0, {}
        self._fetch(0, NEAR)

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return where the next read begins."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to where the next read begins."""
        self._position = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        return self._position

    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer as far as the file goes, and return how far."""
        start, stop = self._position, min(self._position + len(buffer), self.size)
        if start >= stop:
            return 0
        first, last = start // BLOCK, (stop - 1) // BLOCK + 1
        if any(block not in self._blocks for block in range(first, last)):
            self._load(first, max(last, first + (NEAR if len(buffer) <= SMALL else FAR)))
        held = b"".join(self._blocks[block] for block in range(first, last))
        buffer[: stop - start] = held[start - first * BLOCK : stop - first * BLOCK]
        self._position = stop
        return stop - start

    def forget(self) -> None:
        """Let go of the blocks."""
        self._blocks.clear()

    def _load(self, first: int, last: int) -> None:
        """Fetch what is missing of these blocks, in one request for those that follow each other.

        By one connection: other threads may have to let go of objects of h5py, which waits for this read.
        """
        wanted = [block for block in range(first, min(last, -(-self.size // BLOCK))) if block not in self._blocks]
        for _, run in groupby(enumerate(wanted), lambda numbered: numbered[1] - numbered[0]):
            blocks = [block for _, block in run]
            self._fetch(blocks[0], blocks[-1] + 1)

    def _fetch(self, first: int, last: int) -> None:
        start, stop = first * BLOCK, last * BLOCK if self.size is None else min(last * BLOCK, self.size)
        content = self._part(start, stop)
        for block in range(first, last):
            self._blocks[block] = content[(block - first) * BLOCK : (block - first + 1) * BLOCK]

    def _part(self, start: int, stop: int) -> bytes:
        with in_one_line(self.name):
            response = self._ask({"Range": f"bytes={start}-{stop - 1}", "Accept-Encoding": "identity"})
        refuse_unless_good(response, self.name)
        told = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", response.headers.get("Content-Range", ""))
        if response.status_code != requests.codes.partial_content or not told:
            host = urlsplit(response.url).hostname
            raise LeadlineError(f"{self.name}: {host} serves no parts of files; set acquire.download: whole")
        version = int(told[3]), response.headers.get("ETag")
        if self._version is None:
            self.size, self._version = version[0], version
        stop = min(stop, self.size)
        came = int(told[1]), int(told[2]) + 1, len(response.content)
        if version != self._version or came != (start, stop, stop - start):
            raise LeadlineError(f"{self.name}: the file changed at the archive while it was read; run it again")
        self.fetched += stop - start
        self.requests += 1
        return response.content

    def _ask(self, headers: dict[str, str]) -> requests.Response:
        """Ask the store, where the archive has said where that is and it still lets one in, or else the archive."""
        if self._place != self.url:
            response = self.session.get(self._place, headers=headers | {"Authorization": None})
            if response.status_code not in (401, 403):
                return response
        response = self.session.get(self.url, headers=headers)
        if urlsplit(response.url).hostname != urlsplit(self.url).hostname:
            self._place = response.url
        return response
