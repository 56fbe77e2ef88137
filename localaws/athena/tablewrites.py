"""UNLOAD, CREATE TABLE AS SELECT and INSERT INTO."""

# ruff: noqa: S608  # makes SQL: its parts are quoted names and literals
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from localaws.athena.columns import ResultColumn, column_info
from localaws.athena.compiler import Compiled
from localaws.athena.failures import QueryFailed, refused
from localaws.athena.hivetypes import hive_type, quoted, trino_type
from localaws.athena.outcomes import Outcome
from localaws.athena.relations import columns_of
from localaws.athena.writes import Layout, Written, check_columns, write_rows
from localaws.glue import formats
from localaws.glue.catalog import Catalog, Document
from localaws.s3.blobs import split_uri

if TYPE_CHECKING:
    from localaws.athena.executions import Execution

ROWS = [column_info("rows", "bigint", 19)]
FORMAT_OF = {
    formats.PARQUET: "PARQUET",
    formats.ORC: "ORC",
    formats.LAZY_SIMPLE: "TEXTFILE",
    formats.OPEN_CSV: "CSV",
    **dict.fromkeys(formats.JSON_SERDES, "JSON"),
}
NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE")


def unload(run: Execution, query: Compiled, columns: list[ResultColumn]) -> Outcome:
    """Write a query's rows to a prefix that must be empty.

    Raises:
        QueryFailed: HIVE_PATH_ALREADY_EXISTS and whatever :func:`check_columns` finds.
    """
    statement = run.statement
    layout = Layout.of(statement.options, "UNLOAD")
    bucket, prefix = _folder(statement.location)
    _see_empty(run.catalog, bucket, prefix, run)
    check_columns(columns, layout)
    files, rows = write_rows(run.session, query.sql, columns, layout)
    return Outcome(ROWS, objects=_placed(files, bucket, prefix), update="UNLOAD", rows=rows, manifest=True)


def create_table_as(run: Execution, query: Compiled, columns: list[ResultColumn]) -> Outcome:
    """Write a query's rows to a new folder and make a table of it.

    Raises:
        QueryFailed: The table exists, the folder is not empty, a column cannot be stored.
    """
    statement, catalog = run.statement, run.catalog
    database, name = statement.target[0] or run.database, statement.target[1]
    hint = _clean_up_hint(run)
    if catalog.store.get("glue.database", database) is None:
        raise QueryFailed(f"SCHEMA_NOT_FOUND: line 1:1: Schema '{database}' does not exist{hint}")
    if catalog.has_table(database, name):
        if statement.if_not_exists:
            return Outcome(ROWS, update="CREATE TABLE", rows=0)
        message = f"Destination table 'awsdatacatalog.{database}.{name}' already exists{hint}"
        raise QueryFailed(f"TABLE_ALREADY_EXISTS: line 1:1: {message}")
    for number, column in enumerate(columns):
        if column.name == f"_col{number}":
            raise QueryFailed(
                f"MISSING_COLUMN_NAME: line 1:1: Column name not specified at position {number + 1}{hint}"
            )
    layout = Layout.of(statement.options, "CREATE TABLE AS")
    location = str(statement.options.get("external_location") or run.results_folder())
    bucket, prefix = _folder(location)
    _see_empty(catalog, bucket, prefix, run, table=f"{database}.{name}")
    check_columns(columns, layout)
    files, rows = write_rows(run.session, query.sql, columns, layout)
    table = _table(name, columns, layout, f"s3://{bucket}/{prefix}")

    def commit() -> None:
        catalog.create_table(database, table)
        _add_partitions(catalog, database, name, files)

    objects = _placed(files, bucket, prefix)
    return Outcome(ROWS, objects=objects, update="CREATE TABLE", rows=rows, manifest=True, commit=commit)


def insert_into(run: Execution, query: Compiled, columns: list[ResultColumn]) -> Outcome:
    """Append a query's rows to a table as new files, in the table's format and partitions.

    Raises:
        QueryFailed: The columns do not fit the table's.
    """
    statement, catalog = run.statement, run.catalog
    database, name = statement.target[0] or run.database, statement.target[1]
    if not catalog.has_table(database, name):
        where = f"line 1:1: Table 'awsdatacatalog.{database}.{name}' does not exist"
        raise QueryFailed(f"TABLE_NOT_FOUND: {where}")
    table = catalog.table(database, name)
    wanted = columns_of(table)
    given = statement.columns or tuple(wanted)
    _see_fitting(given, wanted, columns)
    keys = tuple(key["Name"].lower() for key in table.get("PartitionKeys") or [])
    layout = _layout_of(table, keys)
    select = _as_table(query.sql, given, wanted, columns)
    stored = [ResultColumn(column, kind) for column, kind in wanted.items()]
    files, rows = write_rows(run.session, select, stored, layout)
    bucket, prefix = _folder(table["StorageDescriptor"]["Location"])
    objects = _placed(files, bucket, prefix)
    commit = _adder(catalog, database, name, files)
    return Outcome(ROWS, objects=objects, update="INSERT", rows=rows, manifest=bool(rows), commit=commit)


def _folder(location: str) -> tuple[str, str]:
    bucket, prefix = split_uri(location)
    return bucket, prefix if not prefix or prefix.endswith("/") else prefix + "/"


def _see_empty(catalog: Catalog, bucket: str, prefix: str, run: Execution, table: str = "") -> None:
    if not catalog.world.objects.bucket_exists(bucket):
        raise QueryFailed(f"HIVE_WRITER_OPEN_ERROR: The specified bucket does not exist: {bucket}")
    if catalog.world.objects.list(bucket, prefix):
        what = f"Target directory for table '{table}'" if table else "Target directory"
        raise QueryFailed(
            f"HIVE_PATH_ALREADY_EXISTS: {what} already exists: s3://{bucket}/{prefix}{_clean_up_hint(run)}"
        )


def _clean_up_hint(run: Execution) -> str:
    if run.statement.name == "UNLOAD":
        where = (
            f"If a data manifest file was generated at '{run.prefix}{run.query_id}-manifest.csv', you may "
        )
        where += "need to manually clean the data from locations specified in the manifest."
    else:
        where = "You may need to manually clean the data at location "
        where += f"'{run.prefix}tables/{run.query_id}' before retrying."
    return f". {where} Athena will not delete data in your account."


def _placed(files: list[Written], bucket: str, prefix: str) -> list[tuple[str, str, Any]]:
    return [(bucket, f"{prefix}{item.key}", item.path) for item in files]


def _table(name: str, columns: list[ResultColumn], layout: Layout, location: str) -> Document:
    kept = columns[: len(columns) - len(layout.partitions)]
    serde = formats.FORMATS[layout.format.lower()]
    parameters = {"field.delim": layout.delimiter} if layout.format == "TEXTFILE" else {}

    def listed(chosen: Sequence[ResultColumn]) -> list[Document]:
        return [{"Name": column.name.lower(), "Type": hive_type(column.type)} for column in chosen]

    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {
            "EXTERNAL": "TRUE",
            "has_encrypted_data": "false",
            "classification": layout.format.lower(),
        },
        "PartitionKeys": listed(columns[len(kept) :]),
        "StorageDescriptor": {
            "Columns": listed(kept),
            "Location": location,
            "InputFormat": serde.input_format,
            "OutputFormat": serde.output_format,
            "BucketColumns": list(layout.buckets),
            "NumberOfBuckets": layout.bucket_count or -1,
            "SerdeInfo": {
                "SerializationLibrary": serde.serde,
                "Parameters": {"serialization.format": "1", **parameters},
            },
        },
    }


def _add_partitions(catalog: Catalog, database: str, name: str, files: list[Written]) -> None:
    table = catalog.table(database, name)
    if not table.get("PartitionKeys"):
        return
    known = {tuple(body["Values"]) for body in catalog.partitions(database, name)}
    root = table["StorageDescriptor"]["Location"].rstrip("/")
    folders = {item.values: item.key.rpartition("/")[0] for item in files}  # escaped, as the files lie
    for values, folder in folders.items():
        if values not in known:
            body = {**table["StorageDescriptor"], "Location": f"{root}/{folder}/"}
            catalog.create_partition(database, name, {"Values": list(values), "StorageDescriptor": body})


def _adder(catalog: Catalog, database: str, name: str, files: list[Written]) -> Callable[[], None]:
    return lambda: _add_partitions(catalog, database, name, files)


def _see_fitting(given: Sequence[str], wanted: dict[str, str], columns: list[ResultColumn]) -> None:
    """See that the query gives a value of a fitting type for each column named."""
    for name in given:
        if name not in wanted:
            raise QueryFailed(f"COLUMN_NOT_FOUND: Insert column name does not exist in target table: {name}")
    fits = len(given) == len(columns) and all(
        _fits(column.type, wanted[name]) for name, column in zip(given, columns, strict=True)
    )
    if not fits:
        table = ", ".join(trino_type(wanted[name]) for name in given)
        query = ", ".join(trino_type(column.type) for column in columns)
        raise QueryFailed(
            f"TYPE_MISMATCH: Insert query has mismatched column types: Table: [{table}], Query: [{query}]"
        )


def _fits(source: str, target: str) -> bool:
    if source in (target, '"NULL"') or (source.startswith("DECIMAL") and target in ("DOUBLE", "FLOAT")):
        return True
    if source in NUMBERS and target in NUMBERS:
        wide = {"HUGEINT": 3}.get(source, NUMBERS.index(source)) <= NUMBERS.index(target)
        return wide or (source == "INTEGER" and target in ("SMALLINT", "TINYINT"))
    if target.startswith("DECIMAL"):
        return source.startswith("DECIMAL") or source in NUMBERS[:5]
    return source == "DATE" and target == "TIMESTAMP"


def _as_table(sql: str, given: Sequence[str], wanted: dict[str, str], columns: list[ResultColumn]) -> str:
    """The query's rows as the table's: its columns in its order and types, those not given NULL."""
    places = {name: f"c{number}" for number, name in enumerate(given)}
    parts = (f"CAST({places.get(name, 'NULL')} AS {kind}) AS {quoted(name)}" for name, kind in wanted.items())
    labels = ", ".join(f"c{number}" for number in range(len(columns)))
    return f"SELECT {', '.join(parts)} FROM ({sql}) AS __i({labels})"


def _layout_of(table: Document, keys: tuple[str, ...]) -> Layout:
    """The layout of a table that exists."""
    descriptor = table["StorageDescriptor"]
    serde = descriptor.get("SerdeInfo", {})
    library = serde.get("SerializationLibrary", "")
    if library not in FORMAT_OF:
        raise refused(f"INSERT INTO tables with the SerDe {library or '(none)'}")
    if library == formats.OPEN_CSV:
        raise refused("INSERT INTO tables with OpenCSVSerde (nor does Athena)")
    if table.get("Parameters", {}).get("skip.header.line.count", "0") != "0":
        raise QueryFailed(
            "NOT_SUPPORTED: Inserting into Hive table with skip.header.line.count property not supported"
        )
    parameters = {**table.get("Parameters", {}), **serde.get("Parameters", {})}
    packed = (
        parameters.get("parquet.compression")
        or parameters.get("orc.compress")
        or parameters.get("write.compression")
        or ""
    )
    if descriptor.get("BucketColumns"):
        raise refused("INSERT INTO bucketed tables (nor does Athena)")
    return Layout(FORMAT_OF[library], packed.upper(), parameters.get("field.delim", "\x01"), keys)
