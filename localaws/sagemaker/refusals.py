"""Honest refusals: what a request asks for and is not there is named, never passed over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from localaws.errors import AwsError


def invalid(message: str) -> AwsError:
    """SageMaker's answer to a request whose members make no sense together."""
    return AwsError("ValidationException", message)


def not_implemented(what: str) -> AwsError:
    """The answer to what SageMaker can do and this endpoint cannot."""
    return AwsError("NotImplemented", f"localaws does not implement {what}", 501)


def refuse(where: str, members: Mapping[str, Any], names: Iterable[str]) -> None:
    """Refuse a structure that has one of some members.

    Raises:
        AwsError: NotImplemented, naming the member.
    """
    for name in names:
        if members.get(name):
            raise not_implemented(f"{where}.{name}")


def refuse_value(where: str, value: Any, allowed: Iterable[Any]) -> None:
    """Refuse a value that is none of those implemented.

    Raises:
        AwsError: NotImplemented, naming member and value.
    """
    known = list(allowed)
    if value not in known:
        raise not_implemented(f"{where} = {value!r} (only {', '.join(map(repr, known))})")
