"""The Glue catalogue as the shim needs it: tables and partitions to read, both to write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from awsglue.refusal import refused
from awsglue.s3 import client
from botocore.exceptions import ClientError

Table = dict[str, Any]
HIVE = {  # input format, output format, SerDe of what a sink writes
    "parquet": (
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
        "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
    ),
    "json": (
        "org.apache.hadoop.mapred.TextInputFormat",
        "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "org.openx.data.jsonserde.JsonSerDe",
    ),
    "csv": (
        "org.apache.hadoop.mapred.TextInputFormat",
        "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
    ),
}


@dataclass(frozen=True)
class Target:
    """A table that a sink keeps up to date.

    Attributes:
        form: ``csv``, ``json`` or ``parquet``.
        keys: The partition columns, in order.
        replace: Whether an existing table takes the frame's columns.
    """

    database: str
    name: str
    location: str
    form: str
    keys: list[str]
    replace: bool


def table(database: str, name: str) -> Table:
    """One table's definition; the catalogue's error when there is none."""
    found: Table = client("glue").get_table(DatabaseName=database, Name=name)["Table"]
    return found


def has_table(database: str, name: str) -> bool:
    """Whether there is such a table."""
    try:
        table(database, name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "EntityNotFoundException":
            return False
        raise
    return True


def partitions(table: Table, expression: str = "") -> list[Table]:
    """The partitions of a table, those a catalogue expression picks."""
    pages = (
        client("glue")
        .get_paginator("get_partitions")
        .paginate(DatabaseName=table["DatabaseName"], TableName=table["Name"], Expression=expression)
    )
    return [partition for page in pages for partition in page["Partitions"]]


def format_of(table: Table) -> str:
    """``csv``, ``json`` or ``parquet``, by the classification or the SerDe.

    Raises:
        NotImplementedError: It is another format, or a view.
    """
    if table.get("TableType") == "VIRTUAL_VIEW":
        raise refused(f"reading the view {table['Name']}")
    serde = table["StorageDescriptor"].get("SerdeInfo", {}).get("SerializationLibrary", "")
    told = table.get("Parameters", {}).get("classification") or table["StorageDescriptor"].get(
        "Parameters", {}
    ).get("classification")
    for name, words in (("parquet", ("parquet",)), ("json", ("json",)), ("csv", ("csv", "lazysimple"))):
        if told == name or any(word in serde.lower() for word in words):
            return name
    raise refused(f"a table of format {told or serde}")


def csv_options(table: Table) -> dict[str, str]:
    """Spark's options for a table of CSV."""
    descriptor = table["StorageDescriptor"]
    serde = descriptor.get("SerdeInfo", {}).get("Parameters", {})
    parameters = {**descriptor.get("Parameters", {}), **table.get("Parameters", {})}
    options = {
        "sep": serde.get("separatorChar") or serde.get("field.delim") or parameters.get("delimiter") or ",",
        "header": "true" if parameters.get("skip.header.line.count", "0") != "0" else "false",
        "enforceSchema": "true",
    }
    if serde.get("quoteChar"):
        options["quote"] = serde["quoteChar"]
    return options


def update(target: Target, schema: Any, written: list[str]) -> None:
    """Make the catalogue know what a sink wrote: the table if it is new, its columns, the partitions.

    Args:
        target: The table, and what it is made of.
        schema: The frame's Spark schema.
        written: Partition folders, such as ``a=1/b=2``.
    """
    database, name, location, keys = target.database, target.name, target.location, target.keys
    glue = client("glue")
    kinds = {field.name.lower(): field.dataType.simpleString() for field in schema.fields}
    columns = [{"Name": column, "Type": kind} for column, kind in kinds.items() if column not in keys]
    new = _table_input(
        name, location, target.form, columns, [{"Name": key, "Type": kinds[key]} for key in keys]
    )
    if not has_table(database, name):
        glue.create_table(DatabaseName=database, TableInput=new)
    elif target.replace:
        glue.update_table(DatabaseName=database, TableInput=new)
    inputs = [_partition_input(new, location, part) for part in written]
    for start in range(0, len(inputs), 100):
        answer = glue.batch_create_partition(
            DatabaseName=database, TableName=name, PartitionInputList=inputs[start : start + 100]
        )
        other = [e for e in answer["Errors"] if e["ErrorDetail"]["ErrorCode"] != "AlreadyExistsException"]
        if other:
            raise RuntimeError(f"partitions of {database}.{name} could not be added: {other[0]}")


def _table_input(
    name: str, location: str, form: str, columns: list[dict[str, str]], keys: list[dict[str, str]]
) -> Table:
    reads, writes, serde = HIVE[form]
    parameters = {"classification": form, "CreatedByJob": "localaws"}
    details = {"field.delim": ","} if form == "csv" else {"serialization.format": "1"}
    if form == "csv":
        parameters["skip.header.line.count"] = "1"
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": parameters,
        "PartitionKeys": keys,
        "StorageDescriptor": {
            "Columns": columns,
            "Location": location,
            "InputFormat": reads,
            "OutputFormat": writes,
            "SerdeInfo": {"SerializationLibrary": serde, "Parameters": details},
            "Parameters": parameters,
        },
    }


def _partition_input(table_input: Table, location: str, part: str) -> Table:
    values = [unquote(word.partition("=")[2]) for word in part.split("/")]
    descriptor = {**table_input["StorageDescriptor"], "Location": f"{location.rstrip('/')}/{part}/"}
    return {"Values": values, "StorageDescriptor": descriptor}
