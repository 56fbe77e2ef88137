"""The fault rules in force: kept in the document store, asked by every call and every job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from localaws.store import Store


@dataclass(frozen=True)
class JobFault:
    """What strikes a job.

    Attributes:
        effect: ``capacity`` and ``internal`` end it before its programs start; ``spot`` interrupts a managed
            spot job; ``bad_container`` replaces its program by one that exits with code 127.
        after: Seconds into the running program (``spot``), else 0.
    """

    effect: Literal["capacity", "internal", "spot", "bad_container"]
    after: float = 0.0


class Faults:
    """The rules of one endpoint."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def on_job(self, kind: str, name: str) -> JobFault | None:
        """What strikes a job, None when nothing does; a run asks once, before its programs start.

        Args:
            kind: ``training``, ``processing``, ``transform`` or ``glue``.
            name: The job's name.
        """
        return None
