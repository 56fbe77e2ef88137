"""Rows written as files: what UNLOAD, CREATE TABLE AS and INSERT have in common."""

# ruff: noqa: S608  # makes SQL: its parts are quoted names and literals
from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import orc

from localaws.athena.columns import ResultColumn, hive_select
from localaws.athena.engine import Session
from localaws.athena.failures import QueryFailed, refused
from localaws.athena.hivetypes import hive_type, literal, quoted
from localaws.glue.expressions import NULL_PARTITION

FILE_BYTES = 256 << 20  # a file is closed when it has grown to this
MOST_PARTITIONS = 100
COMPRESSIONS = {
    "PARQUET": ("GZIP", {"GZIP", "SNAPPY", "ZSTD", "LZ4", "NONE", "UNCOMPRESSED"}),
    "ORC": ("ZLIB", {"ZLIB", "SNAPPY", "ZSTD", "LZ4", "NONE"}),
    "TEXTFILE": ("GZIP", {"GZIP", "ZSTD", "NONE"}),
    "CSV": ("GZIP", {"GZIP", "ZSTD", "NONE"}),
    "JSON": ("GZIP", {"GZIP", "ZSTD", "NONE"}),
}
COLUMNAR = ("PARQUET", "ORC")
BUCKET = "__bucket"
ENDINGS = {"GZIP": ".gz", "ZSTD": ".zst", "NONE": ""}


@dataclass(frozen=True)
class Layout:
    """How rows become files.

    Attributes:
        format: ``PARQUET``, ``ORC``, ``TEXTFILE``, ``CSV`` or ``JSON``.
        compression: Hive's word; empty for the format's default.
        delimiter: TEXTFILE's field delimiter.
        partitions: The columns that become folders: the last ones of the query, in order.
        buckets: The columns whose values choose a row's file.
        bucket_count: How many files a folder has then; 0 for as many as the size asks for.
    """

    format: str = "PARQUET"
    compression: str = ""
    delimiter: str = "\x01"
    partitions: tuple[str, ...] = ()
    buckets: tuple[str, ...] = ()
    bucket_count: int = 0

    @classmethod
    def of(cls, options: dict[str, str | list[str]], statement: str) -> Layout:
        """The layout WITH properties ask for.

        Raises:
            QueryFailed: A format, compression or property that is not served.
        """
        known = {"format", "compression", "write_compression", "parquet_compression", "field_delimiter"}
        known |= {"partitioned_by", "compression_level", "orc_compression"}
        if statement != "UNLOAD":
            known |= {"bucketed_by", "bucket_count", "external_location", "is_external", "table_type"}
        if unknown := options.keys() - known:
            raise refused(f"{statement} with the property {sorted(unknown)[0]}")
        for name, served in (("table_type", "HIVE"), ("is_external", "TRUE")):
            if str(options.get(name, served)).upper() != served:
                raise refused(f"{statement} with {name} {options[name]}")
        format_ = str(options.get("format", "PARQUET")).upper()
        if format_ not in COMPRESSIONS:
            raise refused(f"{statement} with the format {format_}")
        names = ("compression", "write_compression", f"{format_.lower()}_compression")
        compression = next((str(options[name]).upper() for name in names if name in options), "")
        layout = cls(
            format_,
            compression,
            str(options.get("field_delimiter", "\x01")),
            tuple(name.lower() for name in options.get("partitioned_by", [])),
            tuple(name.lower() for name in options.get("bucketed_by", [])),
            int(str(options.get("bucket_count", 0))),
        )
        if bool(layout.buckets) != bool(layout.bucket_count):
            raise QueryFailed(
                "INVALID_TABLE_PROPERTY: bucketed_by and bucket_count must be specified together"
            )
        if layout.codec not in COMPRESSIONS[format_][1]:
            raise refused(f"{statement} with the compression {layout.codec} for {format_}")
        return layout

    @property
    def codec(self) -> str:
        """The compression, with the format's default filled in."""
        return self.compression or COMPRESSIONS[self.format][0]

    def copy_options(self) -> str:
        """COPY's options."""
        if self.format == "ORC":
            return "FORMAT parquet, COMPRESSION uncompressed"  # what is made ORC when it is there
        if self.format == "PARQUET":
            codec = "uncompressed" if self.codec in ("NONE", "UNCOMPRESSED") else self.codec.lower()
            return f"FORMAT parquet, COMPRESSION {codec}"
        codec = self.codec.lower() if self.codec != "NONE" else "none"
        if self.format == "JSON":
            return f"FORMAT json, COMPRESSION {codec}"
        if self.format == "CSV":
            return f"FORMAT csv, HEADER false, FORCE_QUOTE *, COMPRESSION {codec}"
        text = f"DELIMITER {literal(self.delimiter)}, QUOTE '', ESCAPE '', NULLSTR '\\N'"
        return f"FORMAT csv, HEADER false, {text}, COMPRESSION {codec}"


@dataclass(frozen=True)
class Written:
    """A file that was written: where it lies, its partition's values, the name it gets."""

    path: Path
    values: tuple[str, ...]
    key: str


def check_columns(columns: Sequence[ResultColumn], layout: Layout) -> None:
    """See that the columns can be a Hive table's.

    Raises:
        QueryFailed: A type Hive has not, two columns of one name, a partition column not among the last.
    """
    names = [column.name.lower() for column in columns]
    for column in columns:
        hive_type(column.type)
        if layout.format == "CSV" and column.type != "VARCHAR":
            raise QueryFailed(
                "NOT_SUPPORTED: Hive CSV storage format only supports VARCHAR (unbounded). "
                f"Unsupported columns: {column.name.lower()} {hive_type(column.type)}"
            )
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise QueryFailed(
            f"DUPLICATE_COLUMN_NAME: line 1:1: Column name '{twice[0]}' specified more than once"
        )
    if unknown := [name for name in layout.buckets if name not in names]:
        raise QueryFailed(
            f"INVALID_TABLE_PROPERTY: Bucketing column {unknown[0]} is not in the query's columns"
        )
    count = len(layout.partitions)
    if count and tuple(names[-count:]) != layout.partitions:
        raise QueryFailed(
            "HIVE_COLUMN_ORDER_MISMATCH: Partition keys must be the last columns in the table and in the "
            f"same order as the table properties: [{', '.join(layout.partitions)}]"
        )
    if count and count == len(names):
        raise QueryFailed("INVALID_TABLE_PROPERTY: Table contains only partition columns")


def write_rows(
    session: Session, sql: str, columns: list[ResultColumn], layout: Layout
) -> tuple[list[Written], int]:
    """Run a query into files of the session's folder.

    Args:
        session: The query's connection.
        sql: The query in DuckDB's terms.
        columns: Its columns.
        layout: How the files are written.

    Returns:
        The files, none when there are no rows, and the number of rows.

    Raises:
        QueryFailed: More partitions than Athena writes in one query.
    """
    folder = session.folder / "rows"
    options = [layout.copy_options(), "FILENAME_PATTERN 'f_{uuid}'"]
    folders = [*layout.partitions, *([BUCKET] if layout.buckets else [])]
    if folders:
        options.append(f"PARTITION_BY ({', '.join(map(quoted, folders))})")
    else:
        options.append(f"FILE_SIZE_BYTES {FILE_BYTES}")
    query = _for_text(hive_select(sql, columns), columns, layout)
    if layout.buckets:
        spread = f"hash({', '.join(map(quoted, layout.buckets))}) % {layout.bucket_count}"
        query = f"SELECT *, {spread} AS {BUCKET} FROM ({query})"
    [(rows,)] = session.rows(f"COPY ({query}) TO {literal(str(folder))} ({', '.join(options)})")
    if not rows:
        return [], 0
    stamp = (
        datetime.now(UTC).strftime("%Y%m%d_%H%M%S")
        + f"_{uuid.uuid4().int % 100000:05d}_{uuid.uuid4().hex[:5]}"
    )
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    written = [_written(path, folder, stamp, layout) for path in files]
    if len({item.values for item in written}) > MOST_PARTITIONS:
        limit = f"Exceeded limit of {MOST_PARTITIONS} open writers for partitions/buckets"
        raise QueryFailed(f"HIVE_TOO_MANY_OPEN_PARTITIONS: {limit}")
    return written, int(rows)


def _for_text(query: str, columns: list[ResultColumn], layout: Layout) -> str:
    """Times in text files have milliseconds, as Hive writes them."""
    times = [column for column in columns if column.type.startswith("TIMESTAMP")]
    if layout.format in COLUMNAR or not times:
        return query
    texts = (f"trino_text({quoted(c.name.lower())}) AS {quoted(c.name.lower())}" for c in times)
    return f"SELECT * REPLACE ({', '.join(texts)}) FROM ({query})"


def _written(path: Path, folder: Path, stamp: str, layout: Layout) -> Written:
    if layout.format == "ORC":
        path = _as_orc(path, layout)
    parts = list(path.relative_to(folder).parts[:-1])
    name = f"{stamp}_{uuid.uuid4()}"
    if layout.buckets:
        name = f"{stamp}_bucket-{int(parts.pop().partition('=')[2]):05d}"
    values = tuple(unquote(part.partition("=")[2]) for part in parts)
    ending = "" if layout.format in COLUMNAR else ENDINGS[layout.codec]
    inner = "".join(f"{part}/" for part in parts)
    return Written(path, values, f"{inner}{name}{ending}")


def _as_orc(path: Path, layout: Layout) -> Path:
    """A Parquet file made ORC."""
    made = path.with_suffix(".orc")
    codec = "uncompressed" if layout.codec == "NONE" else layout.codec.lower()
    with pq.ParquetFile(path) as source, orc.ORCWriter(made, compression=codec) as writer:
        for batch in source.iter_batches():
            writer.write(pa.Table.from_batches([batch]))
    path.unlink()
    return made


def partition_folder(names: Sequence[str], values: Sequence[str]) -> str:
    """``key=value/`` for each partition column."""
    return "".join(f"{name}={value or NULL_PARTITION}/" for name, value in zip(names, values, strict=True))
