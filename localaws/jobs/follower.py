"""A program's output file, followed into its log stream while it is written, by one server after another."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from localaws.jobs.loglines import LogLines, Observer
from localaws.logstore import LogStore

PIECE = 1 << 20  # bytes read at a time


class Follower:
    """Reads one output file from its beginning; the stream gets each line once.

    Args:
        path: The file; it need not be there yet.
        logs: Where lines go.
        group: The log group.
        stream: The log stream, this program's alone: the events it holds are the file's first lines.
        observe: Hears of each line, also of those the stream holds already.
    """

    def __init__(
        self,
        path: Path,
        logs: LogStore,
        group: str,
        stream: str,
        observe: Observer | None = None,
    ) -> None:
        self._path = path
        self._offset = 0
        self._lines = LogLines(logs, group, stream, observe, logs.count(group, stream))

    @property
    def tail(self) -> tuple[str, ...]:
        """The last lines read."""
        return tuple(self._lines.tail)

    def read(self) -> bool:
        """Take what is new; whether there was anything."""
        before = self._offset
        with suppress(FileNotFoundError), self._path.open("rb") as file:
            file.seek(self._offset)
            while piece := file.read(PIECE):
                self._offset += len(piece)
                self._lines.take(piece)
                self._lines.flush()
        return self._offset > before

    def finish(self) -> None:
        """Take the rest: the program has ended. The stream is there afterwards, if it is empty."""
        self.read()
        self._lines.finish()
