"""Frames to S3 and to catalogue tables: always appended, in folders by partition, as Glue's sinks write."""

from __future__ import annotations

import time
from typing import Any

from awsglue import catalog, staging
from awsglue.refusal import refused

PARQUET = ("parquet", "glueparquet")
CSV_OPTIONS = {"separator": "sep", "escaper": "escape", "quoteChar": "quote"}


def to_options(
    frame: Any, kind: str, options: dict[str, Any], *, form: str, form_options: dict[str, Any]
) -> list[str]:
    """Write a frame to an S3 path; the partition folders written.

    A frame without rows writes nothing. CSV has a header unless ``writeHeader`` is off.

    Raises:
        NotImplementedError: The connection type or the format is not there.
    """
    if kind != "s3":
        raise refused(f"writing to connection_type {kind!r}")
    if form not in (*PARQUET, "csv", "json", "orc"):
        raise refused(f"writing the format {form!r}")
    data, keys = frame.toDF(), list(options.get("partitionKeys") or [])
    if not data.columns or data.isEmpty():
        return []
    writer = data.write.partitionBy(*keys) if keys else data.write
    if options.get("compression"):
        writer = writer.option("compression", options["compression"])
    if form == "csv":
        writer = writer.option("header", str(form_options.get("writeHeader", True)).lower())
        for name in CSV_OPTIONS.keys() & form_options.keys():
            writer = writer.option(CSV_OPTIONS[name], form_options[name])
    folder = staging.output_folder()
    writer.format("parquet" if form in PARQUET else form).save(str(folder))
    run = f"run-{time.time_ns() // 1_000_000}-part-r"

    def named(number: int, name: str) -> str:
        return f"{run}-{number:05d}.{name.partition('.c000.')[2] or form}"

    written: list[str] = staging.upload(folder, options["path"], "append", named=named)
    return written


def to_catalog(frame: Any, database: str, name: str, options: dict[str, Any]) -> None:
    """Append a frame to a catalogue table; with enableUpdateCatalog its new partitions are added."""
    table = catalog.table(database, name)
    form, location = catalog.format_of(table), table["StorageDescriptor"]["Location"]
    keys = options.get("partitionKeys") or [key["Name"] for key in table.get("PartitionKeys", [])]
    details: dict[str, Any] = {}
    if form == "csv":
        told = catalog.csv_options(table)
        details = {"separator": told["sep"], "writeHeader": told["header"] == "true"}
    written = to_options(
        frame, "s3", {"path": location, "partitionKeys": keys}, form=form, form_options=details
    )
    if options.get("enableUpdateCatalog"):
        replace = options.get("updateBehavior") == "UPDATE_IN_DATABASE"
        target = catalog.Target(database, name, location, form, keys, replace)
        catalog.update(target, frame.toDF().schema, written)


class Sink:
    """What ``GlueContext.getSink`` gives: a place, then a format, perhaps a table, then frames."""

    def __init__(self, kind: str, options: dict[str, Any]) -> None:
        self._kind = kind
        self._options = options
        self._form = "parquet"
        self._form_options: dict[str, Any] = {}
        self._table: tuple[str, str] | None = None

    def setFormat(self, format: str, **options: Any) -> None:
        """Choose the format."""
        self._form, self._form_options = format, options

    def setCatalogInfo(self, catalogDatabase: str, catalogTableName: str, **_: Any) -> None:
        """Choose the table that ``enableUpdateCatalog`` keeps up to date."""
        self._table = catalogDatabase, catalogTableName

    def writeFrame(self, dynamic_frame: Any, info: str = "") -> Any:
        """Write a frame; the frame."""
        written = to_options(
            dynamic_frame, self._kind, self._options, form=self._form, form_options=self._form_options
        )
        if self._options.get("enableUpdateCatalog"):
            self._update(dynamic_frame, written)
        return dynamic_frame

    write = writeFrame

    def _update(self, frame: Any, written: list[str]) -> None:
        form = "parquet" if self._form in PARQUET else self._form
        if self._table is None:
            raise ValueError(
                "enableUpdateCatalog needs setCatalogInfo(catalogDatabase=…, catalogTableName=…)"
            )
        if form not in catalog.HIVE:
            raise refused(f"enableUpdateCatalog with the format {form!r}")
        if not frame.toDF().columns:
            return
        replace = self._options.get("updateBehavior") == "UPDATE_IN_DATABASE"
        keys = self._options.get("partitionKeys") or []
        location = self._options["path"].rstrip("/") + "/"
        catalog.update(
            catalog.Target(*self._table, location, form, keys, replace), frame.toDF().schema, written
        )
