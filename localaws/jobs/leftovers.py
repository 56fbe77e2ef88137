"""Processes an earlier server left behind when it was killed: found by pid and start time, and ended."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path


class ProcessRecords:
    """A folder with one small file for each process group that runs for a job or an endpoint."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, pid: int) -> None:
        """Note a process group."""
        (self._folder / str(pid)).write_text(_identity(pid))

    def remove(self, pid: int) -> None:
        """Forget a process group that has ended."""
        (self._folder / str(pid)).unlink(missing_ok=True)

    def end_all(self) -> None:
        """Kill every noted process group that is still the one noted, and forget them."""
        for record in self._folder.iterdir():
            pid, noted = int(record.name), record.read_text()
            if noted and noted == _identity(pid):
                with suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
            self.remove(pid)


def _identity(pid: int) -> str:
    """The boot and the clock tick a process started at; empty where there is no /proc or no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
    return f"{boot} {stat.rpartition(')')[2].split()[19]}"
