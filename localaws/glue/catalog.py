"""The catalogue: databases, tables and partitions as durable documents in Glue's own shapes.

Names of databases and tables are folded to lower case, as Glue does. Every method is one atomic step.
"""

from __future__ import annotations

import json
import time
from typing import Any

from localaws.errors import AwsError
from localaws.world import World

Document = dict[str, Any]

DATABASES = "glue.database"
TABLE_INPUT = (
    "Description",
    "Owner",
    "LastAccessTime",
    "LastAnalyzedTime",
    "Retention",
    "StorageDescriptor",
    "PartitionKeys",
    "ViewOriginalText",
    "ViewExpandedText",
    "TableType",
    "Parameters",
    "TargetTable",
    "ViewDefinition",
)
PARTITION_INPUT = ("Values", "LastAccessTime", "StorageDescriptor", "Parameters", "LastAnalyzedTime")


def not_found(what: str) -> AwsError:
    """Glue's answer for an entity that is not there."""
    return AwsError("EntityNotFoundException", f"{what} not found.")


class Catalog:
    """The Data Catalog of the one account there is."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = world.store

    # Databases

    def create_database(self, body: Document) -> None:
        """Add a database.

        Raises:
            AwsError: AlreadyExistsException.
        """
        name = body["Name"].lower()
        document = {**body, "Name": name, "CreateTime": time.time(), "CatalogId": self.world.account}
        if not self.store.create(DATABASES, name, document):
            raise AwsError("AlreadyExistsException", "Database already exists.")

    def database(self, name: str) -> Document:
        """One database.

        Raises:
            AwsError: EntityNotFoundException.
        """
        found = self.store.get(DATABASES, name.lower())
        if found is None:
            raise not_found(f"Database {name.lower()}")
        return found

    def databases(self) -> list[Document]:
        """Every database, by name."""
        return sorted(self.store.all(DATABASES), key=lambda body: str(body["Name"]))

    def update_database(self, name: str, body: Document) -> None:
        """Replace a database's description."""
        with self.store.transaction():
            old = self.database(name)
            kept = {key: old[key] for key in ("CreateTime", "CatalogId")}
            self.store.put(DATABASES, old["Name"], {**body, "Name": old["Name"], **kept})

    def delete_database(self, name: str) -> None:
        """Remove a database with its tables; the data stays."""
        with self.store.transaction():
            database = self.database(name)["Name"]
            for table in self.tables(database):
                self.delete_table(database, table["Name"])
            self.store.delete(DATABASES, database)

    # Tables

    def create_table(self, database: str, body: Document, created_by: str | None = None) -> None:
        """Add a table.

        Raises:
            AwsError: AlreadyExistsException, or EntityNotFoundException for the database.
        """
        now, name = time.time(), body["Name"].lower()
        document = {
            "Retention": 0,
            "PartitionKeys": [],
            **{key: body[key] for key in TABLE_INPUT if key in body},
            "Name": name,
            "DatabaseName": database.lower(),
            "CreateTime": now,
            "UpdateTime": now,
            "CreatedBy": created_by or f"arn:aws:sts::{self.world.account}:assumed-role/local/local",
            "IsRegisteredWithLakeFormation": False,
            "CatalogId": self.world.account,
            "VersionId": "0",
        }
        with self.store.transaction():
            self.database(database)
            if not self.store.create(_tables(database), name, document):
                raise AwsError("AlreadyExistsException", "Table already exists.")

    def table(self, database: str, name: str) -> Document:
        """One table.

        Raises:
            AwsError: EntityNotFoundException, naming the database when that is what is missing.
        """
        found = self.store.get(_tables(database), name.lower())
        if found is None:
            self.database(database)
            raise not_found(f"Table {name.lower()}")
        return found

    def has_table(self, database: str, name: str) -> bool:
        """Whether there is such a table."""
        return self.store.get(_tables(database), name.lower()) is not None

    def tables(self, database: str) -> list[Document]:
        """Every table of a database, by name.

        Raises:
            AwsError: EntityNotFoundException.
        """
        self.database(database)
        return sorted(self.store.all(_tables(database)), key=lambda body: str(body["Name"]))

    def update_table(
        self, database: str, body: Document, *, archive: bool = True, version: str | None = None
    ) -> None:
        """Replace a table's definition; its version counts up.

        Args:
            database: Its database.
            body: The new definition.
            archive: Whether the old one stays to be seen among the table's versions.
            version: The version that is to be replaced; None for whichever there is.

        Raises:
            AwsError: ConcurrentModificationException when there is another version by now.
        """
        with self.store.transaction():
            old = self.table(database, body["Name"])
            if version is not None and version != old["VersionId"]:
                message = "Update table failed due to concurrent modifications."
                raise AwsError("ConcurrentModificationException", message)
            if archive:
                self.store.put(table_versions(database, old["Name"]), old["VersionId"], old)
            kept = {key: value for key, value in old.items() if key not in TABLE_INPUT}
            given = {key: body[key] for key in TABLE_INPUT if key in body}
            version = str(int(old["VersionId"]) + 1)
            defaults: Document = {"Retention": 0, "PartitionKeys": []}
            document = defaults | kept | given | {"UpdateTime": time.time(), "VersionId": version}
            self.store.put(_tables(database), old["Name"], document)

    def delete_table(self, database: str, name: str) -> None:
        """Remove a table with its partitions; the data stays."""
        with self.store.transaction():
            table = self.table(database, name)
            kind = _partitions(database, name)
            for partition in self.store.all(kind):
                self.store.delete(kind, _key(partition["Values"]))
            for former in self.store.all(table_versions(database, name)):
                self.store.delete(table_versions(database, name), former["VersionId"])
            self.store.delete(_tables(database), table["Name"])

    # Partitions

    def create_partition(self, database: str, table: str, body: Document) -> None:
        """Add a partition.

        Raises:
            AwsError: AlreadyExistsException; InvalidInputException when the values do not fit the keys.
        """
        with self.store.transaction():
            keys = self.table(database, table).get("PartitionKeys", [])
            if len(keys) != len(body.get("Values", [])):
                message = "The number of partition keys do not match the number of partition values"
                raise AwsError("InvalidInputException", message)
            document = {
                **{key: body[key] for key in PARTITION_INPUT if key in body},
                "DatabaseName": database.lower(),
                "TableName": table.lower(),
                "CreationTime": time.time(),
                "CatalogId": self.world.account,
            }
            if not self.store.create(_partitions(database, table), _key(body["Values"]), document):
                raise AwsError("AlreadyExistsException", "Partition already exists.")

    def partition(self, database: str, table: str, values: list[str]) -> Document:
        """One partition, by its values in the order of the keys.

        Raises:
            AwsError: EntityNotFoundException.
        """
        found = self.store.get(_partitions(database, table), _key(values))
        if found is None:
            self.table(database, table)
            raise AwsError("EntityNotFoundException", "Cannot find partition.")
        return found

    def partitions(self, database: str, table: str) -> list[Document]:
        """Every partition of a table, by values.

        Raises:
            AwsError: EntityNotFoundException for the table.
        """
        self.table(database, table)
        found = self.store.all(_partitions(database, table))
        return sorted(found, key=lambda body: [str(value) for value in body["Values"]])

    def update_partition(self, database: str, table: str, values: list[str], body: Document) -> None:
        """Replace a partition, its values too if they differ."""
        with self.store.transaction():
            old = self.partition(database, table, values)
            kind = _partitions(database, table)
            new = {**body, "Values": body.get("Values") or values}
            if new["Values"] != values and self.store.get(kind, _key(new["Values"])) is not None:
                raise AwsError("AlreadyExistsException", "Partition already exists.")
            kept = {key: value for key, value in old.items() if key not in PARTITION_INPUT}
            self.store.delete(kind, _key(values))
            given = {key: new[key] for key in PARTITION_INPUT if key in new}
            self.store.put(kind, _key(new["Values"]), {**kept, **given})

    def delete_partition(self, database: str, table: str, values: list[str]) -> None:
        """Remove a partition; the data stays."""
        with self.store.transaction():
            self.partition(database, table, values)
            self.store.delete(_partitions(database, table), _key(values))


def table_versions(database: str, table: str) -> str:
    """The kind of document a table's former versions are."""
    return f"glue.tableversion:{database.lower()}:{table.lower()}"


def _tables(database: str) -> str:
    return f"glue.table:{database.lower()}"


def _partitions(database: str, table: str) -> str:
    return f"glue.partition:{database.lower()}:{table.lower()}"


def _key(values: list[str]) -> str:
    return json.dumps(values)
