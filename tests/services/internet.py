"""The internet on this machine: a proxy behind which the hosts of NASA and others are served by functions of tests.

A process is led to it by its environment: HTTPS_PROXY names the proxy, and REQUESTS_CA_BUNDLE the certificate to trust.
So the code under test asks the real addresses through real TLS, as it would anywhere, and nothing of it is patched.
"""

import json
import re
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit

from leadline.benchmarks.range_server import part_of


@dataclass(frozen=True)
class Request:
    """What a client asks of a host."""

    method: str
    host: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    @property
    def url(self) -> str:
        """Host and path, as faults name them."""
        return self.host + self.path


@dataclass(frozen=True)
class Reply:
    """What a host answers; the body is sent in parts where the client asks for a range of it."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Path = b""

    @staticmethod
    def json(content: object, status: int = 200, **headers: str) -> "Reply":
        """Return an answer in JSON; underscores of the headers stand for dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Reply(status, {"Content-Type": "application/json", **named}, json.dumps(content).encode())


Host = Callable[[Request], Reply]

LOGIN_PAGE = Reply(200, {"Content-Type": "text/html; charset=utf-8"}, b"<html><title>Earthdata Login</title></html>")


@dataclass
class Fault:
    """What goes wrong, how often, with requests of an address."""

    where: re.Pattern
    kind: int | str
    """A status, or html, whole (no ranges), elsewhere (another range), reset, short, shrunk, corrupt, stall."""
    times: int
    after: int
    """Bytes of the body that are sent before."""
    headers: dict[str, str]


@dataclass(frozen=True)
class Seen:
    """One request that was answered, with the status and the bytes of the body that it got."""

    request: Request
    status: int
    sent: int


class Internet:
    """Hosts by name, served until the end of the ``with``; what is not a name here is not found."""

    def __init__(self, hosts: Mapping[str, Host]) -> None:
        self.hosts = dict(hosts)
        self.seen: list[Seen] = []
        self.faults: list[Fault] = []
        self.lock = threading.Lock()

    def __enter__(self) -> "Internet":
        self.folder = TemporaryDirectory()
        certificate, key = (Path(self.folder.name) / name for name in ("certificate.pem", "key.pem"))
        names = ",".join(f"DNS:{name}" for name in (*self.hosts, "localhost"))
        command = "openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 2 -subj /CN=tests"
        subprocess.run(
            [*command.split(), "-addext", f"subjectAltName={names}", "-keyout", key, "-out", certificate],
            check=True,
            capture_output=True,
        )
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(certificate, key)
        self.server = _Server(("127.0.0.1", 0), _Handler)
        self.server.internet = self
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        bundles = dict.fromkeys(("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"), str(certificate))
        proxies = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), self.url)
        self.environment = {**bundles, **proxies, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.folder.cleanup()

    def fault(self, where: str, kind: int | str, times: int = 1, after: int = 0, **headers: str) -> None:
        """Let so many requests whose host and path match ``where`` go wrong; faults wait for each other."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.faults.append(Fault(re.compile(where), kind, times, after, named))

    def answer(self, request: Request) -> tuple[Reply, Fault | None]:
        """Return what the host answers, and what is to go wrong with it."""
        with self.lock:
            fault = next((one for one in self.faults if one.times and one.where.search(request.url)), None)
            if fault:
                fault.times -= 1
        if fault and isinstance(fault.kind, int):
            return Reply(fault.kind, fault.headers, b"out of order"), None
        if fault and fault.kind == "html":
            return LOGIN_PAGE, None
        host = self.hosts.get(request.host)
        if fault and fault.kind == "elsewhere":
            request.headers.replace_header("Range", "bytes=0-9")
        reply = host(request) if host else Reply(404)
        return (reply if fault and fault.kind == "whole" else _part(request, reply)), fault

    def requests(self, where: str = "") -> list[Seen]:
        """Return what was asked of addresses that match."""
        return [one for one in self.seen if re.search(where, one.request.url)]


def _part(request: Request, reply: Reply) -> Reply:
    """Return the range of an answer that is asked for, as S3 does: with its length, its ETag, and If-Range."""
    if reply.status != 200 or request.method != "GET":
        return reply
    body, headers = reply.body, {"Accept-Ranges": "bytes", **reply.headers}
    if isinstance(body, Path):
        headers.setdefault("ETag", f'"{body.stat().st_mtime_ns:x}-{body.stat().st_size:x}"')
    size = body.stat().st_size if isinstance(body, Path) else len(body)
    wanted = request.headers.get("Range", "")
    if not wanted or request.headers.get("If-Range", headers.get("ETag")) != headers.get("ETag"):
        return Reply(200, headers, body)
    part = part_of(wanted, size)
    if not part:
        return Reply(416, {"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    return Reply(206, headers, _read(body, part))


def _read(body: bytes | Path, part: range) -> bytes:
    if isinstance(body, bytes):
        return body[part.start : part.stop]
    with body.open("rb") as file:
        file.seek(part.start)
        return file.read(len(part))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    internet: Internet

    def handle_error(self, *client: object) -> None:
        """Say nothing: clients and faults break connections."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    host = ""

    def do_CONNECT(self) -> None:
        self.host = self.path.rpartition(":")[0]
        self.send_response(200)
        self.end_headers()
        self.connection = self.server.internet.tls.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")
        self.close_connection = False

    def finish(self) -> None:
        super().finish()
        self.connection.close()

    def do_GET(self) -> None:
        internet, address = self.server.internet, urlsplit(self.path)
        host = self.host or self.headers.get("Host", "").partition(":")[0]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(self.command, host, address.path, parse_qs(address.query), self.headers, body)
        self.send(request, *internet.answer(request))

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.do_GET()

    def send(self, request: Request, reply: Reply, fault: Fault | None) -> None:
        content = reply.body.read_bytes() if isinstance(reply.body, Path) else reply.body
        if fault and fault.kind == "corrupt":
            content = content[: fault.after] + bytes(len(content) - fault.after)
        if fault and fault.kind == "shrunk":
            content = content[: fault.after]
        breaks = fault is not None and fault.kind in ("reset", "short", "stall")
        sent = content[: fault.after] if breaks else content if request.method != "HEAD" else b""
        self.server.internet.seen.append(Seen(request, reply.status, len(sent)))
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(content)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(sent)
        self.wfile.flush()
        if breaks:
            self.break_off(fault.kind)

    def break_off(self, kind: str) -> None:
        self.close_connection = True
        if kind == "stall":
            time.sleep(2.0)
        if kind == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def log_message(self, *words: object) -> None:
        """Say nothing: what was asked is in ``seen``."""
