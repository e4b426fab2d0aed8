"""A local HTTP server that serves ranges of one file, as S3 does, and counts what it sends."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Traffic:
    """What the server was asked for."""

    url: str
    requests: int = 0
    bytes_sent: int = 0


def part_of(header: str, size: int) -> range:
    """Return the bytes that a ``Range`` header asks for of so many; empty where there are none."""
    first, last = re.fullmatch(r"bytes=(\d*)-(\d*)", header).groups()
    if not first:
        return range(max(size - int(last), 0), size)
    return range(int(first), min(int(last) + 1, size) if last else size)


@contextmanager
def served(path: Path, latency: float = 0.0) -> Iterator[Traffic]:
    """Serve a file, each answer ``latency`` seconds late, as those of a host far away are."""
    size, lock = path.stat().st_size, threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Send the part of the file that is asked for."""
            part = part_of(self.headers.get("Range", "bytes=0-"), size)
            with lock:
                traffic.requests += 1
                traffic.bytes_sent += len(part)
            time.sleep(latency)
            self.send_response(206)
            self.send_header("Content-Length", str(len(part)))
            self.send_header("Content-Range", f"bytes {part.start}-{part.stop - 1}/{size}")
            self.end_headers()
            with path.open("rb") as file:
                file.seek(part.start)
                self.wfile.write(file.read(len(part)))

        def log_message(self, *words: object) -> None:
            """Say nothing: the traffic is counted."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    traffic = Traffic(f"http://127.0.0.1:{server.server_port}/{path.name}")
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield traffic
    finally:
        server.shutdown()
        server.server_close()
