"""The catalogue's tables as DuckDB views: which files, partitions and columns, and how many bytes."""

# ruff: noqa: S608  # makes SQL: its parts are quoted names and literals
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any

import pyarrow.parquet as pq

from localaws.athena.engine import Session
from localaws.athena.evolution import file_columns, in_table_type
from localaws.athena.failures import QueryFailed
from localaws.athena.files import FILE, Files
from localaws.athena.hivetypes import duckdb_type, literal, quoted
from localaws.athena.packing import compression_of
from localaws.athena.projections import is_projected, projected
from localaws.athena.serdes import PACKED_WITHIN, scan
from localaws.errors import AwsError
from localaws.glue import formats
from localaws.glue.catalog import Catalog, Document
from localaws.glue.expressions import NULL_PARTITION
from localaws.s3.blobs import StoredObject, split_uri

HIDDEN = ("$path", "$file_size", "$file_modified_time")  # columns every table has and no star shows
CHEAP_FOOTERS = 200  # Parquet files of which the footers are read to count the bytes of the columns used
Keep = Callable[[Sequence[str]], bool]


@dataclass(frozen=True)
class Wanted:
    """What a query wants of a table.

    Attributes:
        columns: The columns it names, lower case; None for all.
        hidden: Whether it names one of the hidden columns.
        keep: Whether it may need a partition of given values.
        asked: The values it names of partition keys, by ``=`` or IN.
    """

    columns: frozenset[str] | None = None
    hidden: bool = False
    keep: Keep = field(default=lambda values: True)
    asked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """A folder of a table: the table's own, or a partition's with its values."""

    descriptor: Document
    values: tuple[str, ...]
    objects: tuple[StoredObject, ...]


def columns_of(table: Document) -> dict[str, str]:
    """A table's columns and partition keys by lower-case name, with DuckDB's types."""
    listed = [*table.get("StorageDescriptor", {}).get("Columns", []), *(table.get("PartitionKeys") or [])]
    return {column["Name"].lower(): duckdb_type(column.get("Type", "string")) for column in listed}


def relation(table: Document, catalog: Catalog, session: Session, wanted: Wanted) -> tuple[str, int]:
    """The SELECT of a table's rows, and how many bytes Athena would scan for it.

    Args:
        table: The table's document.
        catalog: The catalogue, for its partitions.
        session: The query's connection.
        wanted: What is wanted of it.

    Raises:
        QueryFailed: The table cannot be read.
    """
    sources = [source for source in _sources(table, catalog, wanted) if source.objects]
    keys = [
        (key["Name"].lower(), duckdb_type(key.get("Type", "string")))
        for key in table.get("PartitionKeys") or []
    ]
    if not sources:
        return _nothing(table, wanted.hidden), 0
    selects, scanned = [], 0
    for files, group in _groups(table, sources):
        values = group[0][0].values
        names = [in_table_type(name, kind, table, values) for name, kind in files.columns]
        selects.append(
            _select(scan(files, session), names, files, group=group, keys=keys, hidden=wanted.hidden)
        )
        scanned += _bytes(files, group, wanted.columns)
    return " UNION ALL BY NAME ".join(selects), scanned


def objects_under(catalog: Catalog, location: str) -> tuple[StoredObject, ...]:
    """The files Hive sees under a location: not empty, not hidden by ``_`` or ``.``.

    Raises:
        QueryFailed: The bucket is not there.
    """
    try:
        bucket, prefix = split_uri(location)
        prefix = prefix if not prefix or prefix.endswith("/") else prefix + "/"
        found = catalog.world.objects.list(bucket, prefix)
    except AwsError as error:
        raise QueryFailed(f"HIVE_FILESYSTEM_ERROR: {error.message} (location {location})") from error
    return tuple(item for item in found if item.size and not _hidden(item.key[len(prefix) :]))


def _hidden(inner: str) -> bool:
    return inner.endswith("/") or any(part[:1] in ("_", ".") for part in inner.split("/"))


def _sources(table: Document, catalog: Catalog, wanted: Wanted) -> Iterable[Source]:
    descriptor = table.get("StorageDescriptor", {})
    if not table.get("PartitionKeys"):
        yield Source(descriptor, (), objects_under(catalog, descriptor.get("Location", "")))
    elif is_projected(table):
        yield from _projected_sources(table, catalog, wanted)
    else:
        for partition in catalog.partitions(table["DatabaseName"], table["Name"]):
            if wanted.keep(partition["Values"]):
                own = {**descriptor, **partition.get("StorageDescriptor", {})}
                yield Source(own, tuple(partition["Values"]), objects_under(catalog, own.get("Location", "")))


def _projected_sources(table: Document, catalog: Catalog, wanted: Wanted) -> Iterable[Source]:
    """The projected partitions that may be needed and have files, which are listed once for all of them."""
    now = datetime.now(UTC).replace(tzinfo=None)
    found = [part for part in projected(table, wanted.asked, now) if wanted.keep(part.values)]
    if not found:
        return
    folders = [part.location.rstrip("/") + "/" for part in found]
    ends = zip(min(folders), max(folders), strict=False)
    shared = "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], ends))
    by_folder: dict[str, list[StoredObject]] = {}
    depths = {folder.count("/") for folder in folders}
    for item in objects_under(catalog, shared[: shared.rindex("/") + 1]):
        parts = f"s3://{item.bucket}/{item.key}".split("/")
        for depth in depths:
            by_folder.setdefault("/".join(parts[:depth]) + "/", []).append(item)
    for part, folder in zip(found, folders, strict=True):
        yield Source(table["StorageDescriptor"], part.values, tuple(by_folder.get(folder, ())))


def _groups(
    table: Document, sources: list[Source]
) -> Iterable[tuple[Files, list[tuple[Source, StoredObject]]]]:
    """The files that can be read in one go, by all that decides how they are read."""
    groups: dict[tuple[Any, ...], list[tuple[Source, StoredObject]]] = {}
    for source in sources:
        own = source.descriptor
        serde = own.get("SerdeInfo", {}).get("SerializationLibrary", "")
        parameters = {**table.get("Parameters", {}), **own.get("SerdeInfo", {}).get("Parameters", {})}
        columns = file_columns(own, table, serde)
        for item in source.objects:
            packed = "none" if serde in PACKED_WITHIN else compression_of(item.key)
            key = (serde, columns, tuple(sorted(parameters.items())), packed)
            groups.setdefault(key, []).append((source, item))
    for (serde, columns, parameters, packed), group in groups.items():
        if not columns:
            raise QueryFailed(
                "SYNTAX_ERROR: line 1:8: SELECT * not allowed from relation that has no columns"
            )
        paths = tuple(item.path for _, item in group)
        uris = tuple(f"s3://{item.bucket}/{item.key}" for _, item in group)
        yield Files(paths, uris, columns, serde, dict(parameters), packed), group


def _select(
    rows: str,
    names: list[str],
    files: Files,
    *,
    group: list[tuple[Source, StoredObject]],
    keys: list[tuple[str, str]],
    hidden: bool,
) -> str:
    """The rows with the partition's values, and the hidden columns if they are wanted, joined by the file."""
    if not keys and not hidden:
        return f"SELECT {', '.join(names)} FROM ({rows})"
    listed = []
    for path, (source, item) in zip(files.paths, group, strict=True):
        facts = [literal(str(path)), *map(_partition_value, source.values)]
        if hidden:
            when = datetime.fromtimestamp(item.modified, UTC).isoformat(sep=" ", timespec="milliseconds")
            facts += [
                literal(f"s3://{item.bucket}/{item.key}"),
                f"CAST({item.size} AS BIGINT)",
                f"TIMESTAMPTZ {literal(when)}",
            ]
        listed.append(f"({', '.join(facts)})")
    labels = [FILE, *(name for name, _ in keys), *(HIDDEN if hidden else ())]
    facts_of = f"(VALUES {', '.join(listed)}) AS __facts({', '.join(map(quoted, labels))})"
    names = names + [f"CAST(__facts.{quoted(name)} AS {kind}) AS {quoted(name)}" for name, kind in keys]
    names += [f"__facts.{quoted(name)} AS {quoted(name)}" for name in (HIDDEN if hidden else ())]
    return (
        f"SELECT {', '.join(names)} FROM ({rows}) AS __rows JOIN {facts_of} ON __rows.{FILE} = __facts.{FILE}"
    )


def _partition_value(value: str) -> str:
    return "NULL" if value == NULL_PARTITION else literal(value)


def _nothing(table: Document, hidden: bool) -> str:
    columns = columns_of(table) | (dict.fromkeys(HIDDEN, "VARCHAR") if hidden else {})
    if not columns:
        raise QueryFailed("SYNTAX_ERROR: line 1:8: SELECT * not allowed from relation that has no columns")
    nulls = (f"CAST(NULL AS {kind}) AS {quoted(name)}" for name, kind in columns.items())
    return f"SELECT {', '.join(nulls)} WHERE false"


def _bytes(files: Files, group: list[tuple[Source, StoredObject]], wanted: frozenset[str] | None) -> int:
    """The bytes read: of Parquet those of the columns named, of anything else all."""
    whole = sum(item.size for _, item in group)
    if wanted is None or files.serde != formats.PARQUET or len(group) > CHEAP_FOOTERS:
        return whole
    return sum(_column_bytes(str(item.path), wanted) for _, item in group)


def _column_bytes(path: str, wanted: frozenset[str]) -> int:
    footer = pq.read_metadata(path)
    chunks = (
        footer.row_group(group).column(column)
        for group in range(footer.num_row_groups)
        for column in range(footer.num_columns)
    )
    return sum(
        chunk.total_compressed_size
        for chunk in chunks
        if chunk.path_in_schema.partition(".")[0].lower() in wanted
    )


def literal_rows(columns: Mapping[str, str], rows: Sequence[Sequence[str | None]]) -> str:
    """A SELECT of given rows of texts."""
    values = (", ".join("NULL" if cell is None else literal(cell) for cell in row) for row in rows)
    labels = ", ".join(map(quoted, columns))
    if not rows:
        return (
            "SELECT "
            + ", ".join(f"CAST(NULL AS VARCHAR) AS {quoted(name)}" for name in columns)
            + " WHERE false"
        )
    return f"SELECT * FROM (VALUES {', '.join(f'({row})' for row in values)}) AS t({labels})"
