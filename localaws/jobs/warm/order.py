"""What the pool asks of a zygote, as one JSON document."""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass

from localaws.jobs.entry import Entry
from localaws.jobs.warm.program import PythonProgram

READY, RETIRE, START = b"ready", b"retire", b"start"
NUMBER = struct.Struct("!q")  # a process id, then how it ended: an exit code, or a signal's negative


@dataclass(frozen=True)
class Order:
    """One program to start.

    Attributes:
        program: The command.
        environment: All of its variables.
        entry: The way into its host.
        descriptors: The numbers it expects open files under, besides 0, 1 and 2.
    """

    program: PythonProgram
    environment: dict[str, str]
    entry: Entry
    descriptors: tuple[int, ...] = ()

    def dumps(self) -> bytes:
        """As bytes."""
        document = asdict(self.program) | {"words": list(self.program.words)}
        return json.dumps(
            {
                "program": document,
                "environment": self.environment,
                "entry": self.entry.document(),
                "descriptors": self.descriptors,
            }
        ).encode()

    @classmethod
    def loads(cls, data: bytes) -> Order:
        """The order that bytes hold."""
        document = json.loads(data)
        program = document["program"]
        program["words"], program["arguments"] = tuple(program["words"]), tuple(program["arguments"])
        entry = Entry.read(document["entry"])
        return cls(PythonProgram(**program), document["environment"], entry, tuple(document["descriptors"]))
