"""One run of a crawler: look at the files, group them into tables, write those to the catalogue."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any

from localaws.errors import AwsError
from localaws.glue.catalog import Catalog, Document
from localaws.glue.classifiers import csv_rules
from localaws.glue.classify import classify
from localaws.glue.definitions import partition_input, table_input
from localaws.glue.walk import FoundFile, FoundTable, Grouping, tables_of, tree_of, visible
from localaws.s3.blobs import split_uri
from localaws.world import World

STATISTICS = ("averageRecordSize", "objectCount", "recordCount", "sizeKey", "CRAWL_RUN_ID")


class Cancelled(Exception):
    """The crawler was stopped while it ran."""


@dataclass
class Outcome:
    """The names of the tables a crawl made, changed and took away."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)


class Crawl:
    """A run of a crawler.

    Args:
        world: The world it runs in.
        crawler: The crawler's document.
        run: The run's id.
        say: Takes each line of the run's log.
        stopped: Whether the crawler was asked to stop; looked at between files.
    """

    def __init__(
        self,
        world: World,
        crawler: Document,
        run: str,
        say: Callable[[str], None],
        stopped: Callable[[], bool],
    ) -> None:
        self.world = world
        self.catalog = Catalog(world)
        self.crawler = crawler
        self.run = run
        self.say = say
        self.stopped = stopped
        self.outcome = Outcome()
        self.policy = crawler.get("SchemaChangePolicy") or {}

    def go(self) -> Outcome:
        """Crawl all targets.

        Raises:
            AwsError: A bucket or a classifier is not there.
            Cancelled: The crawler was stopped; what is written stays.
        """
        database = self.crawler["DatabaseName"]
        with self.world.store.transaction():
            if not any(found["Name"] == database.lower() for found in self.catalog.databases()):
                self.catalog.create_database({"Name": database})
        seen: set[str] = set()
        for target in self.crawler["Targets"]["S3Targets"]:
            bucket, tables = self._look(target)
            for table in tables:
                seen.add(self._write(table, bucket))
            self._retire(target, seen)
        return self.outcome

    def _look(self, target: Document) -> tuple[str, list[FoundTable]]:
        """The tables under one target."""
        bucket, prefix = target_place(target)
        prefix = prefix if not prefix or prefix.endswith("/") else prefix + "/"
        rules = csv_rules(self.world.store, self.crawler.get("Classifiers") or [])
        files = []
        for item in self.world.objects.list(bucket, prefix):
            if self.stopped():
                raise Cancelled
            if item.size and visible(item.key, prefix, target.get("Exclusions") or ()):
                files.append(FoundFile(item.key, item.size, classify(item.path, item.size, rules)))
        self.say(f"INFO : {len(files)} files to look at under {target['Path']}")
        return bucket, tables_of(tree_of(prefix, files), bucket, grouping(self.crawler.get("Configuration")))

    def _write(self, table: FoundTable, bucket: str) -> str:
        """Bring one found table into the catalogue; the name it got."""
        database = self.crawler["DatabaseName"]
        name = (self.crawler.get("TablePrefix") or "").lower() + table.name
        location = f"s3://{bucket}/{table.location}"
        with self.world.store.transaction():
            if self._taken(name, location):
                name = f"{name}_{md5(location.encode(), usedforsecurity=False).hexdigest()}"
            body = table_input(table, name, bucket, self.crawler["Name"], self.run)
            if not self.catalog.has_table(database, name):
                self.catalog.create_table(database, body, created_by=self.crawler["Role"])
                self.outcome.created.append(name)
                self.say(f"INFO : Created table {name} in database {database}")
            else:
                self._update(name, body)
            self._partitions(table, name, bucket)
        return name

    def _taken(self, name: str, location: str) -> bool:
        """Whether the name is another table's: one that lies elsewhere."""
        if not self.catalog.has_table(self.crawler["DatabaseName"], name):
            return False
        old = self.catalog.table(self.crawler["DatabaseName"], name)
        return str(old.get("StorageDescriptor", {}).get("Location", "")).rstrip("/") != location.rstrip("/")

    def _update(self, name: str, body: Document) -> None:
        database = self.crawler["DatabaseName"]
        old = self.catalog.table(database, name)
        changed = _essence(old) != _essence(body)
        if changed and self.policy.get("UpdateBehavior", "UPDATE_IN_DATABASE") == "LOG":
            self.say(f"INFO : Table {name} has changed; the change is logged only (UpdateBehavior LOG)")
            return
        self.catalog.update_table(database, body)
        if changed:
            self.outcome.updated.append(name)
            self.say(f"INFO : Updated table {name} in database {database}")

    def _partitions(self, table: FoundTable, name: str, bucket: str) -> None:
        """Make the catalogue's partitions those that were found."""
        if not table.keys:
            return
        database = self.crawler["DatabaseName"]
        known = {tuple(body["Values"]) for body in self.catalog.partitions(database, name)}
        found = set()
        for number, partition in enumerate(table.partitions):
            found.add(partition.values)
            body = partition_input(table, number, bucket)
            if partition.values in known:
                self.catalog.update_partition(database, name, list(partition.values), body)
            else:
                self.catalog.create_partition(database, name, body)
        if self.policy.get("DeleteBehavior") == "DELETE_FROM_DATABASE":
            for values in known - found:
                self.catalog.delete_partition(database, name, list(values))

    def _retire(self, target: Document, seen: set[str]) -> None:
        """Treat the tables this crawler made under a target and did not find again as its policy says."""
        behaviour = self.policy.get("DeleteBehavior", "DEPRECATE_IN_DATABASE")
        database = self.crawler["DatabaseName"]
        for table in self.catalog.tables(database):
            parameters, name = table.get("Parameters", {}), table["Name"]
            location = str(table.get("StorageDescriptor", {}).get("Location", ""))
            mine = parameters.get("UPDATED_BY_CRAWLER") == self.crawler["Name"]
            if (
                not mine
                or name in seen
                or not location.startswith("s3://" + "/".join(target_place(target)).rstrip("/") + "/")
            ):
                continue
            if behaviour == "DELETE_FROM_DATABASE":
                self.catalog.delete_table(database, name)
                self.outcome.deleted.append(name)
            elif behaviour == "DEPRECATE_IN_DATABASE" and "DEPRECATED_BY_CRAWLER" not in parameters:
                marked = {**parameters, "DEPRECATED_BY_CRAWLER": self.crawler["Name"]}
                self.catalog.update_table(database, {**table, "Parameters": marked})
                self.outcome.updated.append(name)
            self.say(f"INFO : Table {name} was not found again ({behaviour})")


def grouping(configuration: str | None) -> Grouping:
    """The grouping a crawler's configuration (JSON text) asks for.

    Raises:
        AwsError: InvalidInputException; it is not JSON, or asks for what is not served.
    """
    if not configuration:
        return Grouping()
    try:
        body = json.loads(configuration)
    except ValueError as error:
        raise AwsError("InvalidInputException", f"Configuration is not JSON: {error}") from error
    wanted = body.get("Grouping") or {}
    return Grouping(
        combine=wanted.get("TableGroupingPolicy") == "CombineCompatibleSchemas",
        level=wanted.get("TableLevelConfiguration"),
    )


def _essence(table: Document) -> Any:
    """What of a table makes it another one; statistics do not."""
    descriptor = table.get("StorageDescriptor", {})
    parameters = {key: value for key, value in table.get("Parameters", {}).items() if key not in STATISTICS}
    return descriptor.get("Columns"), descriptor.get("SerdeInfo"), table.get("PartitionKeys"), parameters


def target_place(target: Document) -> tuple[str, str]:
    """Bucket and prefix of an S3 target, whose path may leave ``s3://`` out.

    Raises:
        AwsError: It is no place in S3.
    """
    path = target["Path"]
    return split_uri(path if "://" in path else f"s3://{path.lstrip('/')}")
