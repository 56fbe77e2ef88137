"""This computer, playing SageMaker's fleet of instances."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from localaws.jobs.leftovers import ProcessRecords
from localaws.jobs.sandbox import Instance, Sandbox, clear
from localaws.jobs.slots import Slots
from localaws.world import World

STOP_GRACE = 120.0  # seconds SageMaker leaves between SIGTERM and SIGKILL


@dataclass(frozen=True)
class Machine:
    """What jobs share: the world they belong to, the queue before the cores, the way into a sandbox.

    Attributes:
        records: The process groups that run, for a server that starts after this one was killed.
        grace: Seconds between SIGTERM and SIGKILL when a job is stopped.
    """

    world: World
    slots: Slots
    sandbox: Sandbox
    records: ProcessRecords
    grace: float

    @classmethod
    def of(cls, world: World) -> Machine:
        """The machine under a state folder, after ending and clearing what an earlier server left there.

        ``LOCALAWS_SLOTS`` overrides the number of cores, ``LOCALAWS_SANDBOX=none`` turns private mounts off,
        ``LOCALAWS_STOP_GRACE`` overrides the 120 seconds.
        """
        records = ProcessRecords(world.state / "processes")
        records.end_all()
        work = world.state / "work"
        for folder in work.glob("*/*"):
            clear(folder)
        work.mkdir(exist_ok=True)
        return cls(
            world,
            Slots(int(os.environ.get("LOCALAWS_SLOTS") or cores())),
            Sandbox.probe(work, os.environ.get("LOCALAWS_SANDBOX", "auto")),
            records,
            float(os.environ.get("LOCALAWS_STOP_GRACE") or STOP_GRACE),
        )

    def folder(self, kind: str, name: str) -> Path:
        """The work folder of a job or a model server, new and empty; its owner clears it."""
        path = self.world.state / "work" / kind / name
        clear(path)
        path.mkdir(parents=True)
        return path

    def instances(self, folder: Path, count: int) -> list[Instance]:
        """The hosts ``algo-1 … algo-n`` of a job; with several, each finds the others by name."""
        names = host_names(count)
        instances = [self.sandbox.instance(name, folder / name) for name in names]
        if count > 1:
            lines = ["127.0.0.1 localhost", *(f"127.0.0.{n} {name}" for n, name in enumerate(names, 1))]
            for instance in instances:
                (instance.folder / "hosts").write_text("\n".join(lines) + "\n")
        return instances


def host_names(count: int) -> list[str]:
    """What SageMaker calls the hosts of a job."""
    return [f"algo-{number}" for number in range(1, count + 1)]


def cores() -> int:
    """The cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
