"""The review page served to the person at this machine, who changes the table of corrections with it.

Bound to 127.0.0.1. Every request must name this server as its host, come from its own page, and bear the token of the
address that was printed, so that no other page in the same browser, and no other person, reads or writes anything.
"""

import json
import logging
import secrets
from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from urllib.parse import parse_qs, urlsplit

from leadline.errors import LeadlineError
from leadline.hand_labels import read_corrections
from leadline.reviewed import change_corrections

logger = logging.getLogger("leadline.review")

HOST = "127.0.0.1"
PORT = 8753
"""The port where it is free, so that a browser finds what it remembers; any other where it is not."""
LARGEST = 10_000
"""Bytes of the largest request: a row is a few hundred."""
CELLS = 7


class ReviewServer(ThreadingHTTPServer):
    """Serves a page and changes a table of corrections, until its person is done."""

    daemon_threads = True

    def __init__(self, page: Path, corrections: Path, port: int = PORT) -> None:
        """Bind to the port, or to any where it is taken.

        Raises ``LeadlineError`` where the page is not there, or the table cannot be used.
        """
        read_corrections(corrections)
        try:
            self.page = Path(page).read_bytes()
        except OSError as error:
            raise LeadlineError(f"{page}: expected the page of the review: {error.strerror}; make it first") from None
        self.corrections = Path(corrections)
        self.token = secrets.token_urlsafe(16)
        self.changing = Lock()
        try:
            super().__init__((HOST, port), _Request)
        except OSError:
            super().__init__((HOST, 0), _Request)

    @property
    def hosts(self) -> list[str]:
        """The names that a browser on this machine may call the server by."""
        return [f"{name}:{self.server_port}" for name in (HOST, "localhost")]

    @property
    def address(self) -> str:
        """What the person opens."""
        return f"http://{self.hosts[0]}/?token={self.token}"

    def change(self, given: Sequence[str] | None, taken: Sequence[str] | None) -> str:
        """Change the table by a row, one request after the other, and return its text."""
        with self.changing:
            text = change_corrections(self.corrections, given, taken)
        for word, row in (("taken back", taken), ("set", given)):
            if row:
                logger.info("%s: %s %s, %s to %s m: %s", word, *row[:5])
        return text


class _Request(BaseHTTPRequestHandler):
    """One request of the page."""

    server: ReviewServer

    def do_GET(self) -> None:
        """Answer with the page, or with the table of corrections as it stands."""
        if not self._is_own():
            return
        if urlsplit(self.path).path == "/":
            self._answer(HTTPStatus.OK, self.server.page, "text/html")
        elif urlsplit(self.path).path == "/corrections":
            self._answer_table(self.server.corrections.read_text)
        else:
            self._answer_json(HTTPStatus.NOT_FOUND, {"error": "there is no such page; the review is at /"})

    def do_POST(self) -> None:
        """Change the table of corrections by a row, or end the review."""
        if not self._is_own():
            return
        path = urlsplit(self.path).path
        if path == "/corrections":
            self._change()
        elif path == "/done":
            self._answer_json(HTTPStatus.OK, {})
            Thread(target=self.server.shutdown).start()
        else:
            self._answer_json(HTTPStatus.NOT_FOUND, {"error": "there is nothing to write here"})

    def _change(self) -> None:
        try:
            change = json.loads(self.rfile.read(min(int(self.headers.get("Content-Length", 0)), LARGEST)))
            given, taken = (_row(change[name]) for name in ("given", "taken"))
        except (ValueError, KeyError, TypeError):
            error = "expected JSON of the rows given and taken, each of seven texts or null"
            self._answer_json(HTTPStatus.BAD_REQUEST, {"error": error})
            return
        self._answer_table(partial(self.server.change, given, taken))

    def _answer_table(self, text: Callable[[], str]) -> None:
        """Answer with the text of the table, or with what is wrong with it."""
        try:
            self._answer_json(HTTPStatus.OK, {"text": text()})
        except (LeadlineError, OSError, UnicodeError) as error:
            logger.warning("%s: %s", self.server.corrections, error)
            self._answer_json(HTTPStatus.CONFLICT, {"error": str(error)})

    def _is_own(self) -> bool:
        """Return whether the request comes from the page that was served to the person, or answer that it may not."""
        token = parse_qs(urlsplit(self.path).query).get("token", [""])[0]
        own = self.headers.get("Host") in self.server.hosts
        origin = self.headers.get("Origin")
        own &= origin is None or origin.removeprefix("http://") == self.headers.get("Host")
        own &= secrets.compare_digest(token.encode(), self.server.token.encode())
        if not own:
            error = "this is not for you: open the whole address that `snakemake review` printed, token and all"
            self._answer_json(HTTPStatus.FORBIDDEN, {"error": error})
        return own

    def _answer_json(self, status: HTTPStatus, content: dict) -> None:
        self._answer(status, json.dumps(content).encode(), "application/json")

    def _answer(self, status: HTTPStatus, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Frame-Options", "DENY")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of requests: what they change is logged."""


def _row(cells: object) -> list[str] | None:
    """Return the cells of a row. Raises ``ValueError`` where they are not seven texts."""
    if cells is not None and not (
        isinstance(cells, list) and len(cells) == CELLS and all(isinstance(cell, str) for cell in cells)
    ):
        raise ValueError(cells)
    return cells
