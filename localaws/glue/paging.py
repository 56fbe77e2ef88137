"""Opaque page tokens over lists that are at hand in full."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any, TypeVar

from localaws.errors import AwsError

Item = TypeVar("Item")


def page(
    items: Sequence[Item],
    request: dict[str, Any],
    *,
    limit: int,
    code: str,
    message: str = "Invalid continuation token provided.",
) -> tuple[list[Item], str | None]:
    """The page a request asks for, and the token of the next page (None after the last).

    Args:
        items: Everything, in a stable order.
        request: ``NextToken`` and ``MaxResults`` are read from it.
        limit: The page's size when the request names none.
        code: The service's error code for a bad token.
        message: Its text.

    Raises:
        AwsError: The token is not one of ours.
    """
    token = request.get("NextToken")
    start = offset_of(token, code, message) if token else 0
    end = start + int(request.get("MaxResults") or limit)
    return list(items[start:end]), token_of(end) if end < len(items) else None


def token_of(offset: int) -> str:
    """The opaque form of an offset."""
    return base64.urlsafe_b64encode(f"offset:{offset}".encode()).decode()


def offset_of(token: str, code: str, message: str) -> int:
    """The offset in a token.

    Raises:
        AwsError: The token is not one of ours.
    """
    try:
        word, _, number = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
        if word == "offset":
            return int(number)
    except (ValueError, binascii.Error):
        pass
    raise AwsError(code, message)
