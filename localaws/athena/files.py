"""Files of a table that are read alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from localaws.athena.hivetypes import literal

FILE = "__file"  # the reader's column with a row's file
LINE_BYTES = 16 << 20
INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")


@dataclass
class Files:
    """Files of one table that are read alike.

    Attributes:
        paths: What is read: the blobs, or what was made of them.
        uris: Their ``s3://`` names, for error texts.
        columns: (name, Hive type) of the columns in the files, in order.
        serde: The SerDe's class.
        parameters: The SerDe's and the table's parameters.
        compression: ``none``, ``gzip`` or ``zstd``: what DuckDB unpacks itself.
    """

    paths: tuple[Path, ...]
    uris: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    serde: str
    parameters: Mapping[str, str]
    compression: str = "none"

    @property
    def listed(self) -> str:
        """The paths as a DuckDB list."""
        return "[" + ", ".join(literal(str(path)) for path in self.paths) + "]"

    def read_instead(self, made: Sequence[Path]) -> None:
        """Read other files in place of these, in the same order."""
        self.paths = tuple(made)
