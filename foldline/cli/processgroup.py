"""Programs with processes of their own: started as one group, ended as one."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

PATIENCE = 30.0
"""Seconds a group has to end after it was told to."""
LOOK = 0.05
"""Seconds between two looks whether it has."""


def run_as_group(command: Sequence[str], variables: Mapping[str, str]) -> None:
    """Run a program until it ends; when this process is interrupted, end it with all that it started.

    The program does not get the terminal's Ctrl-C itself: whoever started this process in the background, or
    ends it by SIGTERM, ends the same processes as a person at the terminal.

    Raises:
        KeyboardInterrupt: This process was interrupted; the group has ended.
    """
    child = subprocess.Popen(command, env=dict(variables), start_new_session=True)
    try:
        child.wait()
    finally:
        end_group(child)


def end_group(child: subprocess.Popen[bytes], patience: float = PATIENCE) -> None:
    """End a group by its first process: told at once, killed when it is there after ``patience`` seconds."""
    deadline = time.monotonic() + patience
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
        while time.monotonic() < deadline:
            child.poll()  # one that has ended counts as there until it is asked for
            os.killpg(child.pid, 0)
            time.sleep(LOOK)
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
