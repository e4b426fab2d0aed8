"""Who one is to an archive of scenes: a token of an account, a signature of each address, or nobody in particular."""

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from leadline.archives.web import PATIENCE, Patience, in_one_line, polite, refuse_unless_good
from leadline.errors import LeadlineError

USERNAME, PASSWORD = "COPERNICUS_USERNAME", "COPERNICUS_PASSWORD"
CLIENT = "cdse-public"
"""The client of the Copernicus Data Space for people's own accounts."""
RENEWED_AFTER = 300.0
"""s; a token of the Copernicus Data Space is good for 600."""


def open_session(
    archive: Mapping[str, Any], level: str, environment: Mapping[str, str], patience: Patience = PATIENCE
) -> requests.Session:
    """Return a session in which the assets of an archive's scenes are to be had.

    Where the archive has a ``login`` (the token endpoint of its OpenID provider), ``COPERNICUS_USERNAME`` and
    ``COPERNICUS_PASSWORD`` of the environment are asked for, and the token goes to hosts of the provider's domain
    alone. Where it has a ``sign`` (of which the Planetary Computer gives signatures for each collection), addresses
    are signed. Raises ``LeadlineError`` where the account is not told.
    """
    session = polite(requests.Session(), patience)
    if "login" in archive:
        absent = [name for name in (USERNAME, PASSWORD) if not environment.get(name)]
        if absent:
            raise LeadlineError(
                f"{urlsplit(archive['login']).hostname}: {' and '.join(absent)} not set; export those of your account"
            )
        session.auth = _Login(archive["login"], environment[USERNAME], environment[PASSWORD])
    elif "sign" in archive:
        session.auth = _Signature(f"{archive['sign']}/{archive['collections'][level]}")
    return session


class _Login(AuthBase):
    """A token, got anew before it expires, for the hosts of the provider's domain."""

    def __init__(self, address: str, username: str, password: str) -> None:
        self.address = address
        self.domain = urlsplit(address).hostname.partition(".")[2]
        self.account = {"username": username, "password": password}
        self.token, self.until = "", 0.0

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        host = urlsplit(request.url).hostname
        if host.endswith(f".{self.domain}"):
            if time.monotonic() >= self.until:
                self.token, self.until = self._log_in(), time.monotonic() + RENEWED_AFTER
            request.headers["Authorization"] = f"Bearer {self.token}"
        return request

    def _log_in(self) -> str:
        wanted = f"{USERNAME}, {PASSWORD}"
        asked = {"client_id": CLIENT, "grant_type": "password", **self.account}
        with in_one_line(wanted):
            answer = polite(requests.Session()).post(self.address, data=asked)
        refuse_unless_good(answer, wanted)
        return answer.json()["access_token"]


class _Signature(AuthBase):
    """A signature, got once, that is appended to addresses."""

    def __init__(self, address: str) -> None:
        self.address, self.signature = address, ""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if not self.signature:
            with in_one_line(self.address):
                answer = polite(requests.Session()).get(self.address)
            refuse_unless_good(answer, self.address)
            self.signature = answer.json()["token"]
        request.prepare_url(request.url, self.signature)
        return request
