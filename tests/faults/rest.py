"""Airflow's REST API as a user's program calls it; standard library only."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

SECONDS = 30


class Refused(Exception):
    """The API answered with an error."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"HTTP {status}: {text[:2000]}")
        self.status = status


@dataclass
class Rest:
    """One API server.

    Attributes:
        url: Its base.
    """

    url: str
    _token: str = ""

    def get(self, path: str) -> Any:
        """A document below ``/api/v2``."""
        return self.ask("GET", path)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer of one call below ``/api/v2``.

        Raises:
            Refused: It is an error.
            OSError: There is no answer.
        """
        if not self._token:
            self._token = self._send("GET", "/auth/token", None)["access_token"]
        try:
            return self._send(method, f"/api/v2/{path}", body)
        except Refused as error:
            if error.status != 401:
                raise
            self._token = ""
            return self.ask(method, path, body)

    def _send(self, method: str, path: str, body: Any) -> Any:
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise Refused(error.code, error.read().decode(errors="replace")) from error
        return json.loads(text) if text else None


def quoted(*parts: str) -> str:
    """Path parts, each percent-encoded."""
    return "/".join(urllib.parse.quote(part, safe="") for part in parts)
