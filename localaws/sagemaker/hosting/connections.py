"""Kept-alive HTTP connections to model servers on this computer."""

from __future__ import annotations

import http.client
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

HOST = "127.0.0.1"
MAX_IDLE = 32  # connections kept for each server


class ServerGone(Exception):
    """No answer: nothing listens, or the server ended before it answered."""


@dataclass(frozen=True)
class Answer:
    """A model server's answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        """What the model says its answer is."""
        return self.header("content-type") or "application/octet-stream"

    def header(self, name: str) -> str | None:
        """A header, whatever the case of its name."""
        return next((value for key, value in self.headers.items() if key.lower() == name), None)


class Connections:
    """A pool of connections by port; any thread may call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[int, list[http.client.HTTPConnection]] = defaultdict(list)

    def request(
        self, port: int, method: str, path: str, content: bytes, headers: Mapping[str, str], *, timeout: float
    ) -> Answer:
        """Send a request and read the answer.

        Raises:
            ServerGone: There was no answer.
            TimeoutError: It took too long.
        """
        connection = self._take(port)
        reused = connection.sock is not None
        try:
            response, body = _exchange(connection, method, path, content, headers, timeout=timeout)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            if isinstance(error, TimeoutError):
                raise
            if reused:  # the server may have closed it while it was idle
                self.forget(port)
                return self.request(port, method, path, content, headers, timeout=timeout)
            raise ServerGone(f"the model server on port {port} gave no answer: {error!r}") from error
        self._put_back(port, connection, closing=response.will_close)
        return Answer(response.status, dict(response.headers.items()), body)

    def forget(self, port: int) -> None:
        """Close the idle connections to a server that ends."""
        with self._lock:
            idle = self._idle.pop(port, [])
        for connection in idle:
            connection.close()

    def _take(self, port: int) -> http.client.HTTPConnection:
        with self._lock:
            idle = self._idle[port]
            return idle.pop() if idle else http.client.HTTPConnection(HOST, port)

    def _put_back(self, port: int, connection: http.client.HTTPConnection, *, closing: bool) -> None:
        with self._lock:
            if not closing and len(self._idle[port]) < MAX_IDLE:
                self._idle[port].append(connection)
                return
        connection.close()


def _exchange(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    content: bytes,
    headers: Mapping[str, str],
    *,
    timeout: float,
) -> tuple[http.client.HTTPResponse, bytes]:
    connection.timeout = timeout
    if connection.sock is not None:
        connection.sock.settimeout(timeout)
    connection.request(method, path, content, dict(headers))
    response = connection.getresponse()
    return response, response.read()
