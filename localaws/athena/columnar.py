"""Columns read as Athena reads them: Parquet as it lies, ORC and Avro by way of Parquet."""

# ruff: noqa: S608  # makes SQL: its parts are quoted names and literals
from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import orc

from localaws.athena.avro import avro_to_parquet
from localaws.athena.engine import Session
from localaws.athena.failures import QueryFailed
from localaws.athena.files import FILE, Files
from localaws.athena.hivetypes import duckdb_kind, duckdb_of, hive_kind, literal, quoted, trino_type


def parquet_rows(files: Files, session: Session) -> str:
    """The SELECT of Parquet files, columns found by name; those a file has not are NULL.

    Raises:
        QueryFailed: HIVE_BAD_DATA; a column's values are of another kind than the table's.
    """
    options = f"union_by_name = true, hive_partitioning = false, filename = {literal(FILE)}"
    rows = f"read_parquet({files.listed}, {options})"
    described = session.rows(f"DESCRIBE SELECT * FROM {rows}")
    found = {str(row[0]).lower(): (str(row[0]), str(row[1])) for row in described}
    columns = []
    for name, kind in files.columns:
        target = duckdb_of(hive_kind(kind))
        if name.lower() not in found:
            columns.append(f"CAST(NULL AS {target}) AS {quoted(name)}")
            continue
        spelled, has = found[name.lower()]
        _check_parquet(name, has, target, files)
        value = quoted(spelled) if has == target else f"CAST({quoted(spelled)} AS {target})"
        columns.append(f"{value} AS {quoted(name)}")
    return f"SELECT {', '.join([*columns, FILE])} FROM {rows}"


def _check_parquet(name: str, has: str, target: str, files: Files) -> None:
    """Refuse a column whose type in the files is another kind than the table's, as Athena does."""
    kinds = {"VARCHAR": "text", "BLOB": "text", "BOOLEAN": "boolean", "DATE": "date"}
    one, other = (kinds.get(kind, "array" if duckdb_kind(kind).parts else "number") for kind in (has, target))
    if one == other or {has[:9], target[:9]} <= {"TIMESTAMP", "DATE"}:
        return
    raise QueryFailed(
        f"HIVE_BAD_DATA: Field {name}'s type {has} in parquet file {files.uris[0]} is incompatible with type "
        f"{trino_type(target)} defined in table schema"
    )


def orc_rows(files: Files, session: Session) -> str:
    """The SELECT of ORC files, which are made Parquet first."""
    return parquet_rows(_as_parquet(files, session, _orc_to_parquet), session)


def avro_rows(files: Files, session: Session) -> str:
    """The SELECT of Avro files, which are made Parquet first."""
    return parquet_rows(_as_parquet(files, session, avro_to_parquet), session)


def _as_parquet(files: Files, session: Session, convert: Callable[[Path, Path], None]) -> Files:
    made = []
    for path, uri in zip(files.paths, files.uris, strict=True):
        session.check()
        target = session.folder / f"{uuid.uuid4().hex}.parquet"
        try:
            convert(path, target)
        except (pa.ArrowException, OSError, ValueError, EOFError) as error:
            raise QueryFailed(f"HIVE_BAD_DATA: Error opening {uri}: {error}") from error
        made.append(target)
    files.read_instead(made)
    return files


def _orc_to_parquet(source: Path, target: Path) -> None:
    file = orc.ORCFile(source)
    with pq.ParquetWriter(target, file.schema, compression="none") as writer:
        for stripe in range(file.nstripes):
            writer.write_batch(file.read_stripe(stripe))
