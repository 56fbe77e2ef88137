"""One program to start inside a host, and what is known of it once it runs.

Read by the server, which describes programs, and by the keeper, which starts them; standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from localaws.jobs.sandbox import Instance


@dataclass(frozen=True)
class Launch:
    """One program of a job.

    Attributes:
        argv: Its words, as seen inside its host.
        environment: All of its environment; nothing is inherited.
        instance: The host it runs in.
        folder: The working folder, as the program sees it.
    """

    argv: tuple[str, ...]
    environment: dict[str, str]
    instance: Instance
    folder: str

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "argv": list(self.argv),
            "environment": self.environment,
            "host": self.instance.name,
            "host_folder": str(self.instance.folder),
            "mount_point": self.instance.mount_point,
            "folder": self.folder,
        }

    @classmethod
    def read(cls, document: dict[str, Any]) -> Launch:
        """The launch a document describes."""
        host = Instance(document["host"], Path(document["host_folder"]), document["mount_point"])
        return cls(tuple(document["argv"]), document["environment"], host, document["folder"])


class Started(Protocol):
    """A running program: the leader of a session, and so of a process group, of its own."""

    @property
    def pid(self) -> int:
        """Its process id, as the keeper sees it; also its process group's."""

    def wait(self) -> int:
        """Wait for its end; the exit code, negative for a signal. Called once, by a thread of its own."""
