"""What is to run exactly once: a piece of work, its name, and how it is asked for in each generation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from foldline.layout import of_generation
from foldline.names import Identity
from foldline.outcomes import Again, Kind

MAX_GENERATION = 2
"""A piece of work is started again at most this often after failures that are AWS's own."""


@dataclass
class Work:
    """One piece of work that is to run exactly once.

    Attributes:
        kind: Kind of job.
        identity: Who asks; gives the name.
        request: The create request without name and tags.
        budget: Seconds from a job's creation to its end.
        on_timeout: What a spent budget does; a job is never left running by a failed task.
        instances: Instance types to try, one after another, while AWS lacks capacity; empty: the request's.
        verify: What is wrong with a completed job's output, or the empty string.
    """

    kind: Kind
    identity: Identity
    request: dict[str, Any]
    budget: float = 86_400.0
    on_timeout: Literal["stop_then_fail", "keep_waiting"] = "stop_then_fail"
    instances: tuple[str, ...] = ()
    verify: Callable[[dict[str, Any]], str] = field(default=lambda description: "")
    generation: int = field(default=0, init=False)
    reasons: list[Again] = field(default_factory=list, init=False)
    created_at: float | None = field(default=None, init=False)
    spent_at: float | None = field(default=None, init=False)
    owned: set[str] = field(default_factory=set, init=False)
    adopted: bool = field(default=False, init=False)

    @property
    def name(self) -> str:
        """Name of the current generation's job."""
        return self.identity.name(self.generation, self.kind.name_limit)

    @property
    def instance(self) -> str | None:
        """The instance type of the current generation; None leaves the request's."""
        if not self.instances:
            return None
        return self.instances[min(self.reasons.count("capacity"), len(self.instances) - 1)]

    def create_request(self) -> dict[str, Any]:
        """The request as it is sent: name, identity tags, and the generation's folders and instance type."""
        tags = [{"Key": key, "Value": value} for key, value in self.identity.tags(self.generation).items()]
        request = {**of_generation(self.request, self.generation), self.kind.name_member: self.name}
        request["Tags"] = tags + self.request.get("Tags", [])
        if self.instance is not None:
            *path, last = self.kind.instance
            part = request
            for member in path:
                part = part[member]
            part[last] = self.instance
        return request

    def start_again(self, why: Again) -> None:
        """Go on with the next generation."""
        self.reasons.append(why)
        self.generation += 1
        self.created_at = self.spent_at = None
