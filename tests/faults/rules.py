"""Fault rules of the endpoint, in force for as long as a test says."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Faults:
    """The page ``/_localaws/faults`` of one endpoint."""

    url: str

    @contextmanager
    def rule(self, **members: Any) -> Iterator[Callable[[], int]]:
        """A rule in force inside the block; gives what tells how often it has struck."""
        name = self.add(**members)
        try:
            yield lambda: self.hits(name)
        finally:
            self._ask("DELETE", f"/{name}")

    def add(self, **members: Any) -> str:
        """A rule in force until :meth:`clear`; its id."""
        return str(self._ask("POST", body=members)["id"])

    def hits(self, name: str) -> int:
        """How often a rule has struck."""
        return next(int(rule["hits"]) for rule in self._ask("GET")["rules"] if rule["id"] == name)

    def clear(self) -> None:
        """Take every rule back."""
        self._ask("DELETE")

    def _ask(self, method: str, path: str = "", body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_localaws/faults{path}", data, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
