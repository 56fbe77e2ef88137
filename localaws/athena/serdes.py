"""Which reader a table's SerDe names; a reader gives the SELECT of the table's columns from its files."""

from __future__ import annotations

from collections.abc import Callable

from localaws.athena.columnar import avro_rows, orc_rows, parquet_rows
from localaws.athena.engine import Session
from localaws.athena.failures import refused
from localaws.athena.files import Files
from localaws.athena.jsonserde import json_rows
from localaws.athena.packing import unpacked
from localaws.athena.textserdes import lazy_simple_rows, open_csv_rows, regex_rows
from localaws.glue import formats

READERS: dict[str, Callable[[Files, Session], str]] = {
    formats.LAZY_SIMPLE: lazy_simple_rows,
    formats.OPEN_CSV: open_csv_rows,
    formats.PARQUET: parquet_rows,
    formats.ORC: orc_rows,
    formats.AVRO: avro_rows,
    **dict.fromkeys(formats.REGEX_SERDES, regex_rows),
    **dict.fromkeys(formats.JSON_SERDES, json_rows),
}
PACKED_WITHIN = (formats.PARQUET, formats.ORC, formats.AVRO)  # their files' names say nothing of it


def scan(files: Files, session: Session) -> str:
    """The SELECT of a table's columns from its files, with the file's path as ``__file``.

    Raises:
        QueryFailed: The SerDe is not known, or the files are not what the table says.
    """
    if files.serde not in READERS:
        raise refused(f"tables with the SerDe {files.serde or '(none)'}")
    return READERS[files.serde](unpacked(files, session), session)
