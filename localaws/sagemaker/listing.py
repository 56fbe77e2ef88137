"""The answer of a List operation: filters, order and pages as SageMaker's lists have them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from localaws.sagemaker.refusals import invalid, not_implemented

DEFAULT_PAGE = 10
BOUNDS = {
    "CreationTimeAfter": ("CreationTime", 1),
    "CreationTimeBefore": ("CreationTime", -1),
    "CreatedAfter": ("CreationTime", 1),
    "CreatedBefore": ("CreationTime", -1),
    "LastModifiedTimeAfter": ("LastModifiedTime", 1),
    "LastModifiedTimeBefore": ("LastModifiedTime", -1),
}
SHAPING = {"NextToken", "MaxResults", "SortBy", "SortOrder", "NameContains", "StatusEquals"}


def page(
    documents: Sequence[dict[str, Any]],
    request: dict[str, Any],
    member: str,
    *,
    name: str,
    status: str = "",
    orders: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """One page of documents, newest first unless asked otherwise, and the token of the next.

    A page goes on after the last document of the one before it, whatever was created or deleted between.

    Args:
        documents: All there are, already narrowed by the resource's own filters (which are not in
            ``request``).
        request: NameContains, StatusEquals, the time bounds, SortBy, SortOrder, MaxResults, NextToken.
        member: The answer's member for the page.
        name: The documents' member with their name.
        status: The documents' member with their status, where they have one.
        orders: Further values of SortBy, and the member each sorts by.

    Raises:
        AwsError: A filter nobody implements, or a token nobody gave.
    """
    unknown = set(request) - SHAPING - set(BOUNDS)
    if unknown:
        raise not_implemented(f"the list filter {min(unknown)}")
    known = {"Name": name, "Status": status, "LastModifiedTime": "LastModifiedTime", **(orders or {})}
    by = known.get(request.get("SortBy", ""), "CreationTime")
    chosen = [document for document in documents if _matches(document, request, name, status)]
    descending = request.get("SortOrder", "Descending") == "Descending"
    chosen.sort(key=lambda document: _place(document, by, name), reverse=descending)
    if "NextToken" in request:
        last = _read_token(request["NextToken"])
        chosen = [
            d for d in chosen if (_place(d, by, name) < last if descending else _place(d, by, name) > last)
        ]
    size = request.get("MaxResults", DEFAULT_PAGE)
    answer: dict[str, Any] = {member: chosen[:size]}
    if len(chosen) > size:
        answer["NextToken"] = _token(_place(chosen[size - 1], by, name))
    return answer


def _matches(document: dict[str, Any], request: dict[str, Any], name: str, status: str) -> bool:
    if request.get("NameContains", "") not in document.get(name, ""):
        return False
    if "StatusEquals" in request and document.get(status) != request["StatusEquals"]:
        return False
    return all(
        sign * (document[when] - float(request[bound])) > 0
        for bound, (when, sign) in BOUNDS.items()
        if bound in request
    )


def _place(document: dict[str, Any], by: str, name: str) -> tuple[Any, str]:
    return document.get(by, ""), document.get(name, "")


def _token(place: tuple[Any, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _read_token(token: str) -> tuple[Any, str]:
    try:
        value, name = json.loads(base64.urlsafe_b64decode(token))
    except ValueError as error:
        raise invalid("The NextToken is not one this endpoint gave") from error
    return value, name
