"""What a query that succeeded leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Outcome:
    """The end of a successful query.

    Attributes:
        columns: The result's ``ColumnInfo`` list.
        body: The result: a CSV file, or the text of a ``.txt``; None for a statement without one.
        objects: Files to be stored when the query is known to have ended well: (bucket, key, file).
        update: What it changed, in the words of ``.metadata``: ``INSERT``, ``CREATE TABLE``.
        rows: How many rows it wrote.
        scanned: Bytes scanned.
        planning: Seconds it took to compile.
        running: Seconds it ran, the compilation among them.
        manifest: Whether the files written are listed in a manifest.
        metadata: Whether a ``.metadata`` object is written.
        commit: Changes the catalogue, in the transaction that makes the query SUCCEEDED.
    """

    columns: list[dict[str, Any]] = field(default_factory=list)
    body: Path | str | None = None
    objects: list[tuple[str, str, Path]] = field(default_factory=list)
    update: str | None = None
    rows: int | None = None
    scanned: int = 0
    planning: float = 0.0
    running: float = 0.0
    manifest: bool = False
    metadata: bool = True
    commit: Callable[[], None] | None = None
