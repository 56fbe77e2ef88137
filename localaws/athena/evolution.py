"""A partition's schema beside its table's: which columns its files have, and how they become the table's."""

from __future__ import annotations

from collections.abc import Sequence

from localaws.athena.failures import QueryFailed
from localaws.athena.files import INTEGERS
from localaws.athena.hivetypes import duckdb_type, hive_kind, quoted
from localaws.glue import formats
from localaws.glue.catalog import Document

BY_NAME = (formats.PARQUET, formats.ORC, formats.AVRO, *formats.JSON_SERDES)


def file_columns(own: Document, table: Document, serde: str) -> tuple[tuple[str, str], ...]:
    """The table's columns with the types they have in a folder's files, as the folder's schema says.

    Text knows its columns by their places, every other format by their names; a column the folder's schema
    has not is of the table's type.

    Args:
        own: The descriptor of the table or of a partition.
        table: The table's document.
        serde: How the files are read.
    """
    listed = [(column["Name"].lower(), column.get("Type", "string")) for column in own.get("Columns") or []]
    known = dict(listed)
    found = []
    for number, column in enumerate(table["StorageDescriptor"].get("Columns") or []):
        name, kind = column["Name"].lower(), column.get("Type", "string")
        if serde in BY_NAME:
            kind = known.get(name, kind)
        elif number < len(listed):
            kind = listed[number][1]
        found.append((name, kind))
    return tuple(found)


def in_table_type(name: str, kind: str, table: Document, values: Sequence[str]) -> str:
    """A file's column as the table's type; as it is when the table does not know it.

    Raises:
        QueryFailed: HIVE_PARTITION_SCHEMA_MISMATCH; the one type is not to be had from the other.
    """
    listed = table["StorageDescriptor"].get("Columns", [])
    wanted = {column["Name"].lower(): str(column.get("Type", "string")) for column in listed}.get(name, kind)
    source, target = duckdb_type(kind), duckdb_type(wanted)
    if source == target:
        return quoted(name)
    wider = (*INTEGERS, "VARCHAR"), ("FLOAT", "DOUBLE"), ("FLOAT", "VARCHAR"), ("DOUBLE", "VARCHAR")
    nested = hive_kind(kind).parts and hive_kind(wanted).parts
    decimals = source.startswith("DECIMAL") and target.startswith("DECIMAL")
    fits = any(source in row and target in row and row.index(source) < row.index(target) for row in wider)
    if not (fits or nested or decimals):
        keys = [key["Name"] for key in table.get("PartitionKeys") or []]
        partition = "/".join(f"{key}={value}" for key, value in zip(keys, values, strict=False))
        raise QueryFailed(
            "HIVE_PARTITION_SCHEMA_MISMATCH: There is a mismatch between the table and partition schemas. "
            f"The types are incompatible and cannot be coerced. The column '{name}' in table "
            f"'{table['DatabaseName']}.{table['Name']}' is declared as type '{wanted}', but partition "
            f"'{partition}' declared column '{name}' as type '{kind}'."
        )
    return f"CAST({quoted(name)} AS {target}) AS {quoted(name)}"
