"""How a process gets into a host's file system, as data, and the shell words that do it.

A new process enters by these words; a warm one, which is forked and not started, by system calls
(``warm/namespaces.py``). Both read the same ``Entry``. Standard library only.
"""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Mount:
    """One mount inside the namespaces; relative names count from the host's folder.

    Attributes:
        kind: ``overlay`` or ``bind``.
        source: What is bound; ``overlay`` for an overlay.
        target: Where it goes.
        options: The overlay's layers.
    """

    kind: str
    source: str
    target: str
    options: str = ""

    def words(self) -> list[str]:
        """The ``mount`` command."""
        if self.kind == "bind":
            return ["mount", "--bind", self.source, self.target]
        return ["mount", "-t", self.kind, self.source, "-o", self.options, self.target]


@dataclass(frozen=True)
class Entry:
    """The way into a host.

    Attributes:
        private: Whether the process gets a user and a mount namespace of its own.
        home: The host's real folder.
        mounts: What is mounted there, in order; none unless private.
        folder: The working folder, as seen inside.
    """

    private: bool
    home: str
    mounts: tuple[Mount, ...]
    folder: str

    def words(self, argv: list[str]) -> list[str]:
        """The command that runs another one inside the host.

        The shell adds PWD and OLDPWD to the environment, which is not the program's wish: they go.
        """
        steps = [["cd", self.home], *(mount.words() for mount in self.mounts), ["cd", self.folder]]
        script = " && ".join([*map(shlex.join, steps), "unset PWD OLDPWD", 'exec "$@"'])
        shell = ["sh", "-c", script, "sh", *argv]
        return ["unshare", "--user", "--map-root-user", "--mount", *shell] if self.private else shell

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    @classmethod
    def read(cls, document: dict[str, Any]) -> Entry:
        """The entry a document describes."""
        mounts = tuple(Mount(**mount) for mount in document["mounts"])
        return cls(document["private"], document["home"], mounts, document["folder"])
