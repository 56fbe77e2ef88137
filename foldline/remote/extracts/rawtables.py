"""The Glue table over extracted rows: readers see whole extracts only.

Without windows a table has one location, which one UpdateTable changes (`foldline.remote.warehouse.swaps`).
With windows each run's rows are one partition, which one CreatePartition adds or one UpdatePartition
replaces.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from foldline.errors import DataError
from foldline.layout import S3Uri
from foldline.remote.calls import call, error_code, find
from foldline.remote.warehouse.swaps import OWNER, Swaps, Version

PARTITION = "extract"
"""Column that tells which run's window a row came in."""
Columns = list[list[str]]
"""Name and Glue type of each column."""


@dataclass(frozen=True)
class RawTable:
    """One table of ours.

    Attributes:
        swaps: Puts versions in place; also knows Glue and the clock.
        database: Glue database; made when it is not there.
        name: The table.
        owner: Which step of which environment may change it.
    """

    swaps: Swaps
    database: str
    name: str
    owner: str

    def check(self, windows: bool) -> None:
        """Refuse a table that is not ours or of the other form, before anything is read.

        Raises:
            JobConflict: Somebody else made it.
            DataError: It was made with windows and is to have none, or the reverse.
        """
        current = self.swaps.current(self.database, self.name, self.owner)
        if current is not None and bool(current.get("PartitionKeys")) != windows:
            made = "windows (`since`)" if not windows else "no windows"
            raise DataError(
                f"table {self.database}.{self.name} was made with {made}",
                mend="name another `table`, or remove that one if nobody needs it",
            )

    def show(self, columns: Columns, location: S3Uri, rows: int, *, key: str, keep: int) -> None:
        """Let readers see the rows at ``location`` in place of those before."""
        self._ensure_database()
        staged = f"{self.name}__{key}"
        body = table_input(staged, columns, location, {OWNER: self.owner})
        self._create(body)
        version = Version(staged, location, rows)
        self.swaps.swap(self.database, self.name, version, key=key, owner=self.owner, keep=keep)

    def add(self, columns: Columns, root: S3Uri, window: str, location: S3Uri) -> None:
        """Let readers see one more window, or another version of it.

        Args:
            columns: Of the rows.
            root: Prefix of all windows.
            window: What tells it from all others; the same one again replaces it.
            location: Where its rows are.
        """
        self._ensure_database()
        current = self.swaps.current(self.database, self.name, self.owner)
        if current is None:
            body = table_input(self.name, columns, root, {OWNER: self.owner})
            self._create({**body, "PartitionKeys": [{"Name": PARTITION, "Type": "string"}]})
        elif new := _new_columns(current, columns):
            self._widen(current, new)
        storage = table_input(self.name, columns, location, {})["StorageDescriptor"]
        partition = {"Values": [window], "StorageDescriptor": storage}
        where = {"DatabaseName": self.database, "TableName": self.name}
        glue, clock = self.swaps.glue, self.swaps.clock
        try:
            call(glue.create_partition, clock, **where, PartitionInput=partition)
        except Exception as error:
            if error_code(error) != "AlreadyExistsException":
                raise
            call(glue.update_partition, clock, **where, PartitionValueList=[window], PartitionInput=partition)

    def _widen(self, current: dict[str, Any], new: list[dict[str, str]]) -> None:
        storage = current["StorageDescriptor"]
        body = {
            "Name": self.name,
            "TableType": "EXTERNAL_TABLE",
            "StorageDescriptor": {**storage, "Columns": [*storage["Columns"], *new]},
            "PartitionKeys": current["PartitionKeys"],
            "Parameters": current["Parameters"],
        }
        call(self.swaps.glue.update_table, self.swaps.clock, DatabaseName=self.database, TableInput=body)

    def _ensure_database(self) -> None:
        glue, clock = self.swaps.glue, self.swaps.clock
        if find(glue.get_database, clock, Name=self.database) is None:
            _unless_there(glue.create_database, clock, DatabaseInput={"Name": self.database})

    def _create(self, body: dict[str, Any]) -> None:
        _unless_there(
            self.swaps.glue.create_table, self.swaps.clock, DatabaseName=self.database, TableInput=body
        )


def _unless_there(create: Any, clock: Any, **request: Any) -> None:
    try:
        call(create, clock, **request)
    except Exception as error:
        if error_code(error) != "AlreadyExistsException":
            raise


def _new_columns(current: dict[str, Any], columns: Columns) -> list[dict[str, str]]:
    known = {column["Name"] for column in current["StorageDescriptor"]["Columns"]}
    return [{"Name": name.lower(), "Type": kind} for name, kind in columns if name.lower() not in known]


def table_input(name: str, columns: Columns, location: S3Uri, ours: dict[str, str]) -> dict[str, Any]:
    """The input of CreateTable for Parquet files."""
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "StorageDescriptor": {
            "Columns": [{"Name": column.lower(), "Type": kind} for column, kind in columns],
            "Location": str(location),
            "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
            "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
            "SerdeInfo": {
                "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
            },
        },
        "PartitionKeys": [],
        "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet", **ours},
    }
