"""The HTTP side: one port, keep-alive, a thread for each connection, the pages about itself."""

from __future__ import annotations

import ipaddress
import json
import logging
import os
import socket
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from localaws.errors import AwsError
from localaws.faults.control import FaultControl
from localaws.front import Front
from localaws.guard import refusal
from localaws.services import Service
from localaws.ui.web import Site
from localaws.wire import FileRange, Request, Response

log = logging.getLogger("localaws")
DRAIN_LIMIT = 64 << 20  # bytes of an unread body worth reading away to keep the connection
LINE_BREAKS = str.maketrans("\r\n", "  ")  # a header's value may come from a query string
IN_FLIGHT_SECONDS = 5.0  # how long a stop waits for answers under way


class Handler(BaseHTTPRequestHandler):
    """One connection's requests, in turn."""

    protocol_version = "HTTP/1.1"
    server_version = "localaws"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    server: Server

    def _serve(self) -> None:
        # Not self.path: its leading slashes have been folded, and a key may begin with one.
        target = self.requestline.split()[1]
        try:
            request, body = Request.read(self.command, target, self.headers, self.rfile)
        except AwsError as error:
            self.close_connection = True
            return self._send(Response(error.status, {"Connection": "close"}, error.message.encode()))
        if self.server.closed:
            self.close_connection = True
            return self._send(
                _json(503, {"__type": "ServiceUnavailable", "message": "the server has stopped"})
            )
        with self.server.in_flight:
            response = self.server.answer(self, request)
            try:
                if not body.drain(DRAIN_LIMIT):
                    self.close_connection = True
            except AwsError:
                self.close_connection = True
            self._send(response)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_OPTIONS = do_PATCH = _serve  # noqa: N815  # http.server's

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value.translate(LINE_BREAKS))
        if "Content-Length" not in response.headers and response.status not in (204, 304):
            self.send_header("Content-Length", str(response.length))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        body = response.body
        if isinstance(body, FileRange):
            with body.file:
                if self.command != "HEAD" and body.length:
                    self.wfile.flush()
                    self.connection.sendfile(body.file, body.start, body.length)
        elif self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def handle_expect_100(self) -> bool:
        """Ask for the body at once: left in the write buffer, this would cost boto3 a second per PUT."""
        answered = super().handle_expect_100()
        self.wfile.flush()
        return answered

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """One line for each request, when asked for."""
        log.debug("%s %s", self.address_string(), format % args)


class InFlight:
    """Counts the requests under way; a stop waits until there is none."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition()

    def __enter__(self) -> None:
        with self._changed:
            self._count += 1

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def wait_for_none(self, seconds: float) -> bool:
        """Whether all were answered in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._count, seconds)


class Server(ThreadingHTTPServer):
    """The listening socket and what answers on it; the front is set once the port is known."""

    daemon_threads = True
    request_queue_size = 128
    front: Front
    services: dict[str, Service]
    fault_control: FaultControl
    site: Site
    folder: Path

    def __init__(self, host: str, port: int) -> None:
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), Handler)
        self.loopback_only = ipaddress.ip_address(self.server_name).is_loopback
        self.state = "starting"
        self.closed = False
        self.pace = 0.0
        self.stopping = threading.Event()
        self.in_flight = InFlight()

    def server_bind(self) -> None:
        """Bind without the base class's look-up of the host's full name, which may ask a name server."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        host, self.server_port = self.server_address[:2]
        self.server_name = str(host)

    @property
    def url(self) -> str:
        """Its address, as programs of this machine reach it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.server_name, self.server_name)  # noqa: S104
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self.server_port}"

    def answer(self, handler: Handler, request: Request) -> Response:
        """The answer of an AWS service, or of a page about the server itself."""
        if self.loopback_only and (reason := refusal(request)):
            return _json(403, {"__type": "AccessDenied", "message": reason})
        if self.site.serves(request):
            return self.site.answer(request)
        if request.path.startswith("/_localaws/"):
            return self.about(handler, request)
        return self.front.answer(request)

    def about(self, handler: Handler, request: Request) -> Response:
        """A page about the server itself."""
        if request.path == "/_localaws/health" and request.method in ("GET", "HEAD"):
            return _json(200, self.health())
        if self.fault_control.serves(request):
            if request.method not in ("GET", "HEAD") and (reason := self._not_its_owner(handler, request)):
                return _json(403, {"message": reason})
            return self.fault_control.answer(request)
        if request.path == "/_localaws/stop" and request.method == "POST":
            if reason := self._not_its_owner(handler, request):
                return _json(403, {"message": reason})
            self.stopping.set()
            return _json(202, {"message": "stopping", "pid": os.getpid()})
        return _json(404, {"message": f"no page {request.method} {request.path}"})

    def _not_its_owner(self, handler: Handler, request: Request) -> str | None:
        """Why a request may change nothing about the server itself, None when it may."""
        what = "stop the server" if request.path.endswith("/stop") else "change its faults"
        if not ipaddress.ip_address(handler.client_address[0]).is_loopback:
            return f"only this machine may {what}"
        return f"a web page may not {what}" if "Origin" in request.headers else None

    def health(self) -> dict[str, Any]:
        """What the health page says."""
        return {
            "version": _version(),
            "pid": os.getpid(),
            "port": self.server_port,
            "state": "stopping" if self.stopping.is_set() else self.state,
            "services": sorted([*(service.name for service in self.services.values()), "s3"]),
            "folder": str(self.folder),
            "pace": self.pace,
        }

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no fault of ours; anything else goes to the log with its traceback."""
        gone = isinstance(sys.exception(), ConnectionError | TimeoutError)
        level = logging.DEBUG if gone else logging.ERROR
        log.log(level, "the connection of %s broke", client_address, exc_info=True)


def _json(status: int, body: dict[str, Any]) -> Response:
    headers = {"Content-Type": "application/json", "x-amzn-RequestId": str(uuid.uuid4())}
    return Response(status, headers, json.dumps(body).encode() + b"\n")


def _version() -> str:
    try:
        return version("foldline")
    except PackageNotFoundError:  # run from a checkout that was not installed
        return "unreleased"
