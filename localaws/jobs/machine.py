"""This computer, playing SageMaker's fleet of instances."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from localaws.jobs.keeper.client import KeeperClient
from localaws.jobs.keeper.run import Ended
from localaws.jobs.leftovers import ProcessRecords
from localaws.jobs.sandbox import Instance, Sandbox, clear
from localaws.jobs.slots import Slots
from localaws.jobs.warm.pool import WarmPool
from localaws.world import World

RESUMED_KINDS = (
    "training",
    "processing",
)  # their jobs outlive the server; they clear their folders themselves
STOP_GRACE = 120.0  # seconds SageMaker leaves between SIGTERM and SIGKILL


class ServerStopping(Exception):
    """The server goes down: a run ends where it is and writes nothing more."""


@dataclass(frozen=True)
class Machine:
    """What jobs share: the world they belong to, the queue before the cores, the way into a sandbox.

    Attributes:
        keeper: Runs the programs of jobs, and outlives this server.
        records: The process groups that are this server's own children, for a server that starts after this
            one was killed.
        grace: Seconds between SIGTERM and SIGKILL when a job is stopped.
        closing: Set when the server goes down.
        warm: Starts model servers; jobs have the keeper's.
    """

    world: World
    slots: Slots
    sandbox: Sandbox
    keeper: KeeperClient
    records: ProcessRecords
    grace: float
    closing: threading.Event = field(default_factory=threading.Event)
    warm: WarmPool = field(default_factory=WarmPool)

    @classmethod
    def of(cls, world: World) -> Machine:
        """The machine under a state folder; what an earlier server's model servers left is ended and cleared.

        ``LOCALAWS_SLOTS`` overrides the number of cores, ``LOCALAWS_SANDBOX=none`` turns private mounts off,
        ``LOCALAWS_STOP_GRACE`` overrides the 120 seconds.
        """
        records = ProcessRecords(world.state / "processes")
        records.end_all()
        work = world.state / "work"
        work.mkdir(exist_ok=True)
        for folder in work.glob("*/*"):
            if not _belongs_to_a_job(folder):
                clear(folder)
        return cls(
            world,
            Slots(int(os.environ.get("LOCALAWS_SLOTS") or cores()), held=True),
            Sandbox.probe(work, os.environ.get("LOCALAWS_SANDBOX", "auto")),
            KeeperClient(world.state),
            records,
            float(os.environ.get("LOCALAWS_STOP_GRACE") or STOP_GRACE),
        )

    def start(self) -> None:
        """Let jobs start: every kind has put back into the queue what an earlier server left there."""
        self.slots.release()

    def stop(self) -> None:
        """Start no more jobs and end the programs of those that run."""
        self.closing.set()
        self.slots.close()
        self.warm.retire()  # model servers finish what they answer
        self.keeper.close()

    def check_open(self) -> None:
        """Go on only while the server does.

        Raises:
            ServerStopping: It goes down.
        """
        if self.closing.is_set():
            raise ServerStopping

    def folder(self, kind: str, name: str) -> Path:
        """The work folder of a job or a model server, new and empty; its owner clears it."""
        path = self.world.state / "work" / kind / name
        clear(path)
        path.mkdir(parents=True)
        return path

    def job_folder(self, kind: str, name: str, created: float) -> Path:
        """Where a job works: its own also when an older job of this name was deleted just before."""
        return self.world.state / "work" / kind / f"{name}.{int(created * 1000):x}"

    def clear_all_but(self, kind: str, kept: Iterable[Path]) -> None:
        """End what runs for jobs of one kind that have ended or are gone, and remove their work folders."""
        wanted = set(kept)
        for folder in (self.world.state / "work" / kind).glob("*"):
            if folder not in wanted:
                for run in self.keeper.kept():
                    if run.is_relative_to(folder):
                        self.keeper.stop(run, Ended.ON_REQUEST)
                clear(folder)

    def instances(self, folder: Path, count: int) -> list[Instance]:
        """The hosts ``algo-1 … algo-n`` of a job; with several, each finds the others by name."""
        names = [f"algo-{number}" for number in range(1, count + 1)]
        instances = [self.sandbox.instance(name, folder / name) for name in names]
        if count > 1:
            lines = ["127.0.0.1 localhost", *(f"127.0.0.{n} {name}" for n, name in enumerate(names, 1))]
            for instance in instances:
                (instance.folder / "hosts").write_text("\n".join(lines) + "\n")
        return instances


def _belongs_to_a_job(folder: Path) -> bool:
    """Whether a work folder may be that of a job that goes on; its kind knows which are."""
    return folder.parent.name in RESUMED_KINDS


def cores() -> int:
    """The cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
