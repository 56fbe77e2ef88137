"""Runs programs the way the keeper does, cold and warm, in hosts of a temporary folder."""

from __future__ import annotations

import time
from pathlib import Path

from localaws.containers.images import Image
from localaws.jobs.keeper.programs import Cold
from localaws.jobs.launch import Launch, Started
from localaws.jobs.sandbox import Instance, Sandbox
from localaws.jobs.warm.pool import Warm, WarmPool

WARM_UP_SECONDS = 60


class Bed:
    """A pool and a sandbox; each run gets a new host whose ``code`` folder holds the given files."""

    def __init__(self, folder: Path, pool: WarmPool, sandbox: Sandbox) -> None:
        self.folder = folder
        self.pool = pool
        self.sandbox = sandbox
        self.output = folder / "output"
        self._count = 0

    def launch(self, files: dict[str, str], *words: str, **variables: str) -> Launch:
        """A program in a new host."""
        self._count += 1
        instance = self.sandbox.instance("algo-1", self.folder / f"run-{self._count}" / "algo-1")
        (instance.root / "code").mkdir()
        for name, text in files.items():
            path = instance.root / "code" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return Launch(words, self.variables(instance) | variables, instance, f"{instance.seen}/code")

    def variables(self, instance: Instance) -> dict[str, str]:
        """The variables of a job's program, as far as they matter here; the same for each host."""
        return {
            "PATH": f"{Path(Image('any').python).parent}:/usr/bin:/bin",
            "HOME": "/tmp/localaws-nobody",
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_NUM_THREADS": "1",
            "OMP_WAIT_POLICY": "PASSIVE",
        }

    def cold(self, launch: Launch) -> tuple[int, str]:
        """The exit code and the output of a program in a new interpreter."""
        return self._run(launch, warm=False)

    def warm(self, launch: Launch) -> tuple[int, str]:
        """The exit code and the output of a program forked from a zygote, which is waited for."""
        return self._run(launch, warm=True)

    def start_warm(self, launch: Launch, descriptors: tuple[int, ...] = ()) -> Warm:
        """A running warm program."""
        with self.output.open("ab") as output:
            deadline = time.monotonic() + WARM_UP_SECONDS
            while time.monotonic() < deadline:
                started = self.pool.launch(launch, output.fileno(), descriptors)
                if started is not None:
                    return started
                time.sleep(0.02)
        raise TimeoutError("no zygote became ready")

    def _run(self, launch: Launch, *, warm: bool) -> tuple[int, str]:
        self.output.unlink(missing_ok=True)
        if warm:
            started: Started = self.start_warm(launch)
        else:
            with self.output.open("ab") as output:
                started = Cold(launch, output.fileno())
        return started.wait(), self.output.read_text().replace(str(launch.instance.folder), "HOST")


def is_warm() -> str:
    """A program's lines that print whether it was forked from a zygote."""
    return (
        "import os\n"
        "print('warm' if 'zygote.py' in open(f'/proc/{os.getppid()}/cmdline').read() else 'cold')\n"
    )
