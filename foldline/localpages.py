"""What the local endpoint shows a person, read as JSON from its pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from foldline.local import ask


def page(path: str, port: int | None = None, **query: str | None) -> dict[str, Any]:
    """The document of one page, such as ``jobs/training``.

    Args:
        path: The page's address below the pages' root.
        port: See `foldline.local.endpoint_port`.
        query: The page's own words; those that are None are left out.

    Raises:
        EnvironmentFault: No local endpoint runs there, or it has no such page.
    """
    words = urlencode({**{key: value for key, value in query.items() if value}, "format": "json"})
    found: dict[str, Any] = ask(f"ui/{quote(path, safe='/')}?{words}", port)
    return found
