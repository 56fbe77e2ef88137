"""A thread that looks after something about once a second while there is something, and sleeps otherwise."""

from __future__ import annotations

import threading
from collections.abc import Callable

EVERY_SECONDS = 1.0


class Watcher:
    """Calls a look again and again.

    Args:
        name: The thread's.
        look: Does what is due; whether there is anything to look after. When there is not, it is called
            again after the next ``wake``.
    """

    def __init__(self, name: str, look: Callable[[], bool]) -> None:
        self._look = look
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def start(self) -> None:
        """Begin, with what an earlier server left to look after."""
        self._wake.set()
        self._thread.start()

    def wake(self) -> None:
        """There may be something now."""
        self._wake.set()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _work(self) -> None:
        while not self._stopped.is_set():
            self._wake.wait()
            self._wake.clear()
            while not self._stopped.is_set() and self._look():
                self._stopped.wait(EVERY_SECONDS)
