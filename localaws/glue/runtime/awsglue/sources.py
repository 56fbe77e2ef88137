"""Frames from S3 paths and from catalogue tables: which files, how parsed, with which columns."""

from __future__ import annotations

import fnmatch
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from awsglue import bookmarks, catalog, s3, staging
from awsglue.refusal import refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import DataFrame, SparkSession

INFERENCE = "spark.sql.sources.partitionColumnTypeInference.enabled"
CSV_OPTIONS = {"separator": "sep", "escaper": "escape", "multiLine": "multiLine", "multiline": "multiLine"}
UNUSED = {"groupFiles", "groupSize", "compressionType", "useS3ListImplementation", "optimizePerformance"}
Place = tuple[str, s3.Item, tuple[str, ...]]  # bucket, file, values of its partition
KNOWN = {"paths", "path", "recurse", "exclusions", "partitionPredicate", *UNUSED}


def from_options(
    spark: SparkSession,
    kind: str,
    options: dict[str, Any],
    *,
    form: str,
    form_options: dict[str, Any],
    context: str,
) -> DataFrame:
    """The frame of files in S3.

    Without a header CSV columns are called ``col0`` …; partition columns are strings.

    Raises:
        NotImplementedError: The connection type, the format or an option is not there.
    """
    if kind != "s3":
        raise refused(f"connection_type {kind!r}")
    for name in options.keys() - KNOWN:
        raise refused(f"connection option {name!r}")
    paths = options.get("paths") or [options["path"]]
    paths = [paths] if isinstance(paths, str) else paths
    places: list[Place] = []
    for path in paths:
        places += [(s3.split(path)[0], item, ()) for item in _files(path, options)]
    files = [file for group in _brought(places, context).values() for file in group]
    if not files:
        return _empty(spark)
    reader = spark.read
    if len(paths) == 1:
        bucket, key = s3.split(paths[0])
        folder = key if len(files) > 1 or not s3.is_object(bucket, key) else key.rpartition("/")[0]
        reader = reader.option("basePath", str(staging.stage() / bucket / folder))
    with _untyped_partitions(spark):
        return _parsed(reader, form, form_options, files)


def from_catalog(
    spark: SparkSession,
    database: str,
    name: str,
    *,
    predicate: str = "",
    expression: str = "",
    context: str = "",
) -> DataFrame:
    """The frame of a catalogue table, of the partitions that both predicates pick.

    Args:
        spark: The session.
        database: The table's database.
        name: The table's name.
        predicate: Spark SQL over the partition columns (``push_down_predicate``).
        expression: The catalogue's own kind (``catalogPartitionPredicate``).
        context: The source's name in the job's bookmark; empty reads everything.
    """
    table = catalog.table(database, name)
    keys = [(key["Name"], key.get("Type", "string")) for key in table.get("PartitionKeys", [])]
    if not keys:
        return _folder_frame(spark, table, [(table["StorageDescriptor"]["Location"], [])], [], context)
    places = [
        (partition["StorageDescriptor"]["Location"], partition["Values"])
        for partition in catalog.partitions(table, expression)
    ]
    if predicate and places:
        places = _picked(spark, places, keys, predicate)
    return _folder_frame(spark, table, places, keys, context)


def _folder_frame(
    spark: SparkSession,
    table: catalog.Table,
    folders: list[tuple[str, list[str]]],
    keys: list[tuple[str, str]],
    context: str,
) -> DataFrame:
    """One frame of several folders, each with its partition's values."""
    from pyspark.sql import functions as f

    places: list[Place] = []
    for location, values in folders:
        files = _files(location, {"recurse": True})
        places += [(s3.split(location)[0], item, tuple(values)) for item in files]
    frames = []
    for group, paths in _brought(places, context).items():
        frame = _table_frame(spark, table, paths)
        for (key, kind), value in zip(keys, group, strict=True):
            frame = frame.withColumn(key, f.lit(value).cast(kind))
        frames.append(frame)
    if not frames:
        return _empty(spark)
    whole = frames[0]
    for frame in frames[1:]:
        whole = whole.unionByName(frame, allowMissingColumns=True)
    return whole


def _brought(places: list[Place], context: str) -> dict[tuple[str, ...], list[str]]:
    """Local copies of the files that no committed run has read, by their partitions' values."""
    unread = set(bookmarks.current().unread(context, [item for _, item, _ in places]))
    groups: dict[tuple[str, ...], list[str]] = {}
    for bucket, item, values in places:
        if item in unread:
            groups.setdefault(values, []).extend(staging.mirror(bucket, [item]))
    return groups


def _table_frame(spark: SparkSession, table: catalog.Table, files: list[str]) -> DataFrame:
    """The frame of some files of a table; CSV and JSON take the catalogue's types, Parquet has its own."""
    form = catalog.format_of(table)
    if form == "parquet":
        return spark.read.parquet(*files)
    columns = table["StorageDescriptor"]["Columns"]
    schema = ", ".join(f"`{column['Name']}` {column['Type']}" for column in columns)
    reader = spark.read.schema(schema)
    if form == "json":
        return reader.json(files)
    return reader.options(**catalog.csv_options(table)).csv(files)


def _parsed(reader: Any, form: str, options: dict[str, Any], files: list[str]) -> DataFrame:
    """Files parsed by a format of ``from_options``."""
    if form in ("parquet", "glueparquet"):
        return reader.parquet(*files)
    if form == "json":
        if options.get("jsonPath"):
            raise refused("the format option 'jsonPath'")
        return reader.option("multiLine", str(bool(options.get("multiline", False))).lower()).json(files)
    if form == "orc":
        return reader.orc(files)
    if form != "csv":
        raise refused(f"the format {form!r}")
    for name, value in options.items():
        if name in CSV_OPTIONS:
            reader = reader.option(
                CSV_OPTIONS[name], str(value).lower() if isinstance(value, bool) else value
            )
    if "quoteChar" in options:
        reader = reader.option("quote", "" if options["quoteChar"] in (-1, "-1") else options["quoteChar"])
    headed = bool(options.get("withHeader"))
    frame: DataFrame = reader.option("header", str(headed).lower()).csv(files)
    names = frame.columns if headed else [_numbered(name) for name in frame.columns]
    return frame.toDF(*names)


def _numbered(name: str) -> str:
    """Spark's ``_c0`` as Glue calls it: ``col0``."""
    return f"col{name[2:]}" if name.startswith("_c") and name[2:].isdigit() else name


def _files(path: str, options: dict[str, Any]) -> list[s3.Item]:
    """The files under a path that a source reads.

    Not hidden ones nor folder markers; those in subfolders with ``recurse`` or under ``key=value`` folders.
    """
    bucket, key = s3.split(path)
    alone = bool(key) and s3.is_object(bucket, key)
    root = key if alone or not key.strip("/") else key.rstrip("/") + "/"
    excluded = options.get("exclusions") or []
    patterns = [_key_pattern(p) for p in (json.loads(excluded) if isinstance(excluded, str) else excluded)]
    found = []
    for item in [item for item in s3.listing(bucket, root) if item.key == key or not alone]:
        *folders, name = (item.key[len(root) :] or item.key.rpartition("/")[2]).split("/")
        if not name or not item.size or any(part[:1] in ("_", ".") for part in (*folders, name)):
            continue
        if not options.get("recurse") and not all("=" in folder for folder in folders):
            continue
        if not any(fnmatch.fnmatch(item.key, pattern) for pattern in patterns):
            found.append(item)
    return found


def _key_pattern(pattern: str) -> str:
    """An exclusion as a pattern for whole keys; with or without the bucket, and ``**`` is ``*`` here."""
    return s3.split(pattern)[1] if s3.is_uri(pattern) else f"*{pattern.lstrip('/')}"


def _picked(
    spark: SparkSession, places: list[tuple[str, list[str]]], keys: list[tuple[str, str]], predicate: str
) -> list[tuple[str, list[str]]]:
    """The partitions a Spark SQL predicate over their columns picks."""
    rows = [(number, *values) for number, (_, values) in enumerate(places)]
    schema = "n int, " + ", ".join(f"`{key}` string" for key, _ in keys)
    frame = spark.createDataFrame(rows, schema)
    typed = frame.selectExpr("n", *(f"cast(`{key}` as {kind}) as `{key}`" for key, kind in keys))
    return [places[row.n] for row in typed.where(predicate).collect()]


def _empty(spark: SparkSession) -> DataFrame:
    """What Glue gives when there is nothing to read: no rows and no columns."""
    from pyspark.sql.types import StructType

    return spark.createDataFrame([], StructType([]))


@contextmanager
def _untyped_partitions(spark: SparkSession) -> Iterator[None]:
    """Partition columns are strings for Glue; Spark would guess."""
    before = spark.conf.get(INFERENCE)
    spark.conf.set(INFERENCE, "false")
    try:
        yield
    finally:
        spark.conf.set(INFERENCE, before)
