"""The web, spoken to politely: requests wait and try again where that helps, and end in one line where it does not."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from leadline.errors import LeadlineError

# Its warnings print addresses as they are signed.
logging.getLogger("urllib3").setLevel(logging.ERROR)

PASSING = (429, 500, 502, 503, 504)
"""Answers of a server that may be another one a little later."""

_REFUSALS = {
    401: "does not know you (401): the token or password is missing, mistyped or expired; make a new one, export it",
    403: "does not let you read this (403): accept its licence and its application in your account, then try again",
    404: "has no such thing (404): the archive may have replaced it; search again",
    429: "is asked too often (429), however long one waits; try again later, with fewer connections",
}


@dataclass(frozen=True)
class Patience:
    """How long a server is borne with."""

    tries: int = 6
    """Times that the same thing is asked for before it counts as refused."""
    back_off: float = 1.0
    """Seconds of the first wait; each further one is twice as long, unless the server says how long (Retry-After)."""
    stall: float = 60.0
    """Seconds without a byte after which a connection counts as broken."""
    longest_wait: int = 600
    """Seconds that are waited at most, whatever the server says."""

    def wait(self, failures: int) -> float:
        """Return the seconds to wait after so many failures."""
        return min(self.back_off * 2 ** (failures - 1), self.longest_wait)


PATIENCE = Patience()


def polite(session: requests.Session, patience: Patience = PATIENCE) -> requests.Session:
    """Return the session, in which each request now has patience with its server.

    What is asked for again: what the server could not answer yet (``PASSING``), and connections that are refused, reset
    or stalled; of answers that are streamed only before they come. A redirect to another host goes without the token,
    as always with requests.
    """
    for scheme in ("https://", "http://"):
        session.mount(scheme, _PatientAdapter(patience))
    return session


class _PatientAdapter(HTTPAdapter):
    """The retries of urllib3, also of answers that break off, and a time-out for callers who give none."""

    def __init__(self, patience: Patience) -> None:
        self.patience = patience
        retries = Retry(
            total=patience.tries - 1,
            allowed_methods=None,
            status_forcelist=PASSING,
            backoff_factor=patience.back_off,
            backoff_max=patience.longest_wait,
            retry_after_max=patience.longest_wait,
            raise_on_status=False,
        )
        super().__init__(max_retries=retries)

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        options["timeout"] = options.get("timeout") or self.patience.stall
        for failures in count(1):
            response = super().send(request, **options)
            try:
                if not options.get("stream"):
                    response.content  # noqa: B018 (requests reads it here, and keeps it)
                return response
            except requests.RequestException:
                if failures == self.patience.tries:
                    raise
                time.sleep(self.patience.wait(failures))


def refuse_unless_good(response: requests.Response, wanted: str) -> None:
    """Raise ``LeadlineError`` where the answer is no success, or a web page in the place of data."""
    host, status = urlsplit(response.url).hostname, response.status_code
    if status >= 400:
        saying = _REFUSALS.get(status, f"answers {status} {response.reason}; try again later")
        raise LeadlineError(f"{wanted}: {host} {saying}")
    if response.headers.get("Content-Type", "").startswith("text/html"):
        message = f"{wanted}: {host} sent a web page where data should be; is the token expired, or its licence new?"
        raise LeadlineError(f"{message} Log in there once with a browser")


@contextmanager
def in_one_line(wanted: str) -> Iterator[None]:
    """Turn what requests raise where a server cannot be spoken with into a ``LeadlineError`` of one line."""
    try:
        yield
    except requests.RequestException as error:
        raise LeadlineError(f"{wanted}: {reason(error)}; is the network there? Try again later") from None


def reason(error: requests.RequestException, url: str = "") -> str:
    """Return in words what became of a request (to ``url``, where the error does not say), without a signed address."""
    asked = error.request.url if error.request is not None and error.request.url else url
    host = urlsplit(asked).hostname or "the server"
    words = {
        requests.exceptions.ProxyError: "cannot be reached through the proxy",
        requests.exceptions.SSLError: "has a certificate that is not trusted",
        requests.exceptions.Timeout: "has fallen silent",
        requests.exceptions.ConnectionError: "cannot be reached or broke off",
        requests.exceptions.ChunkedEncodingError: "broke off in the middle",
        requests.exceptions.TooManyRedirects: "sends from address to address without end",
    }
    said = next((word for kind, word in words.items() if isinstance(error, kind)), type(error).__name__)
    return f"{host} {said}"
