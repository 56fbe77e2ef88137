"""What a page is made of: a title, a template, and a document that is also its JSON form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from localaws.errors import AwsError
from localaws.services import Service
from localaws.world import World

PAGE = 25
"""Rows of a list."""


class NotThere(Exception):
    """No page of this address; the message says what is not there."""


@dataclass(frozen=True)
class View:
    """One page.

    Attributes:
        title: Its heading.
        template: The file in ``templates/``.
        data: What it shows; plain values, times as epoch seconds.
        live: Whether what it shows is under way: a browser then asks again by itself.
    """

    title: str
    template: str
    data: dict[str, Any] = field(default_factory=dict)
    live: bool = False


@dataclass(frozen=True)
class Asker:
    """The services, asked as a client would ask them but without the wire."""

    world: World
    services: Mapping[str, Service]

    def serves(self, service: str, operation: str) -> bool:
        """Whether an operation is there."""
        return service in self.services and operation in self.services[service].operations

    def ask(self, service: str, operation: str, **request: Any) -> dict[str, Any]:
        """The answer of an operation.

        Raises:
            AwsError: As its client would get it.
        """
        answer: dict[str, Any] = self.services[service].operations[operation](request) or {}
        return answer

    def listed(
        self, service: str, operation: str, member: str, **request: Any
    ) -> tuple[list[dict[str, Any]], str | None]:
        """A page of a list, and the next page's token; nothing where the operation is not there."""
        if not self.serves(service, operation):
            return [], None
        answer = self.ask(service, operation, **request)
        return list(answer.get(member) or []), answer.get("NextToken")

    def named(self, what: str, service: str, operation: str, **request: Any) -> dict[str, Any]:
        """One resource.

        Raises:
            NotThere: There is none of that name.
        """
        try:
            return self.ask(service, operation, **request)
        except AwsError as error:
            raise NotThere(f"{what}: {error.message}") from error


Maker = Callable[[Asker, tuple[str, ...], Mapping[str, str]], View]
"""A view's function: the services, the rest of the path, the query."""
