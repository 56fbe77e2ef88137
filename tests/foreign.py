"""Somebody else's AWS account: a server that says so when it is asked, and notes every call."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

ACCOUNT = "999999999999"
ANSWER = f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult><Account>{ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"""


@dataclass(frozen=True)
class Foreign:
    """The account's address, and each call it got: method, path and body."""

    url: str
    calls: list[str] = field(default_factory=list)


class _Handler(http.server.BaseHTTPRequestHandler):
    def __getattr__(self, name: str) -> object:
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode(errors="replace")
        self.server.calls.append(f"{self.command} {self.path} {body}")
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.end_headers()
        self.wfile.write(ANSWER.encode())

    def log_message(self, *arguments: object) -> None:
        """Nothing."""


@contextmanager
def foreign_account() -> Iterator[Foreign]:
    """The account, on a free port, for the length of a ``with`` block."""
    server = http.server.HTTPServer(("127.0.0.1", 0), _Handler)
    found = Foreign(f"http://127.0.0.1:{server.server_port}")
    server.calls = found.calls
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
