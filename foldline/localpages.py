"""What the local endpoint shows a person, read as JSON from its pages."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote, urlencode

from foldline.errors import EnvironmentFault
from foldline.local import HOST, endpoint_port

SECONDS = 30


def page(path: str, port: int | None = None, **query: str | None) -> dict[str, Any]:
    """The document of one page, such as ``jobs/training``.

    Args:
        path: The page's address below the pages' root; percent-encoded where it is sent.
        port: See `foldline.local.endpoint_port`.
        query: The page's own words; those that are None are left out.

    Raises:
        EnvironmentFault: No local endpoint runs there, or it has no such page.
    """
    port = endpoint_port(port)
    words = urlencode({**{key: value for key, value in query.items() if value}, "format": "json"})
    url = f"http://{HOST}:{port}/_localaws/ui/{quote(path, safe='/')}?{words}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=SECONDS) as answer:
            found: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        raise EnvironmentFault(_message(error), where=url) from error
    except OSError as error:
        raise EnvironmentFault(
            f"no local endpoint runs on port {port}",
            cause=str(error),
            mend="foldline local start, or name its port with --port or AWS_ENDPOINT_URL",
        ) from error
    return found


def _message(error: urllib.error.HTTPError) -> str:
    """What a page that is not there says."""
    try:
        return str(json.loads(error.read())["message"])
    except (ValueError, KeyError, OSError):
        return f"the local endpoint answered {error.code}"
