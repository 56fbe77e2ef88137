"""Pages of a list: opaque tokens that stay good while the list grows."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from localaws.errors import AwsError

Item = TypeVar("Item")


def page_of(
    items: Sequence[Item],
    key: Callable[[Item], str],
    request: Mapping[str, Any],
    *,
    size: int,
    code: str = "InvalidParameterException",
) -> tuple[list[Item], str | None]:
    """The page of a list a request asks for, and the next page's token, None on the last.

    Args:
        items: The whole list, in order.
        key: An item's name, unique in the list; the token holds the last one shown.
        request: With ``nextToken`` and ``limit``, both optional.
        size: Items of a page when the request does not say.
        code: The error code of a token that is none.

    Raises:
        AwsError: The token is not one of this list.
    """
    names = [key(item) for item in items]
    first = 0
    if token := request.get("nextToken"):
        try:
            first = names.index(base64.urlsafe_b64decode(token).decode()) + 1
        except (binascii.Error, ValueError):
            raise AwsError(code, "The specified nextToken is invalid.") from None
    last = first + request.get("limit", size)
    token = base64.urlsafe_b64encode(names[last - 1].encode()).decode() if last < len(items) else None
    return list(items[first:last]), token
