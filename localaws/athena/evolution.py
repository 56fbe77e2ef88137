"""A partition's schema beside its table's: which columns its files have, and how they become the table's."""

from __future__ import annotations

from collections.abc import Sequence

from localaws.athena.failures import QueryFailed
from localaws.athena.files import INTEGERS
from localaws.athena.hivetypes import duckdb_type, hive_kind, quoted
from localaws.glue.catalog import Document


def file_columns(own: Document, table: Document) -> tuple[tuple[str, str], ...]:
    """The columns of a folder's files: as its own schema says, then those that only the table knows."""
    listed = {
        column["Name"].lower(): column.get("Type", "string")
        for descriptor in (table["StorageDescriptor"], own)
        for column in descriptor.get("Columns") or []
    }
    first = [column["Name"].lower() for column in own.get("Columns") or []]
    return tuple((name, listed[name]) for name in dict.fromkeys([*first, *listed]))


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
