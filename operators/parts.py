"""One of several jobs of one task, and what its settings say of its machine. Knows no Airflow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from foldline.requests import Request
from foldline.steps.settings import OnTimeout


@dataclass(frozen=True)
class Part:
    """One of several jobs of one task.

    Attributes:
        label: What tells it from its siblings, such as ``trial-003/fold-001``.
        request: The create request without its name.
        trial: Trial it scores, or None.
        fold: Fold it validates on, or None.
        metric: Name of its score.
        direction: ``maximize`` or ``minimize``.
    """

    label: str
    request: Request
    trial: int | None = None
    fold: int | None = None
    metric: str = ""
    direction: str = "maximize"


class Machine(Protocol):
    """What a job's settings say of its machine and its limits."""

    @property
    def instance(self) -> tuple[str, ...]:
        """Instance types, in the order in which they are tried."""
        ...

    @property
    def longest(self) -> float:
        """Seconds from the job's creation until it must be over, time in the queue not counted."""
        ...

    @property
    def on_timeout(self) -> OnTimeout:
        """What a job that takes longer meets."""
        ...
