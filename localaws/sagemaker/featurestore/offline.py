"""The offline store: the journal's entries become Parquet in S3 and partitions in the Glue catalogue.

A batch has its name and write time before its first file is written, so a server that died half-way is
followed by one that writes the very same files: each entry lands once.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from typing import Any

from localaws.errors import AwsError
from localaws.glue.catalog import Catalog
from localaws.s3.blobs import split_uri
from localaws.sagemaker.documents import Documents
from localaws.sagemaker.featurestore import layout
from localaws.sagemaker.featurestore.kinds import KIND
from localaws.sagemaker.featurestore.parquet import parquet_bytes
from localaws.sagemaker.featurestore.record_store import Batch, Entry
from localaws.world import World

log = logging.getLogger("localaws")
GATHER_SECONDS = 0.4  # how long the first of a batch waits for others
RETRY_SECONDS = 3.0  # between attempts to write where the bucket is gone or the disk is full
BATCH_ENTRIES = 50_000


class OfflineStore:
    """Writes what the journal has, group by group."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._store = world.features
        self._catalog = Catalog(world)
        self._groups = Documents(world, KIND)

    def write(self, name: str) -> bool:
        """Write all that a group's journal has; whether that went well (if not, the group says why)."""
        try:
            with self._store.writing:
                while batch := self._store.batch(name, BATCH_ENTRIES):
                    group = self._groups.find(name)
                    if group is not None:
                        self._write_batch(group, batch)
                    self._store.finish(name, batch)
        except AwsError as error:
            self._block(name, f"{error.code}: {error.message}")
            return False
        except (OSError, sqlite3.OperationalError) as error:  # a full disk; the journal keeps what it has
            log.warning("the offline store of %s cannot be written: %s", name, error)
            return False
        return True

    def _write_batch(self, group: dict[str, Any], batch: Batch) -> None:
        by_partition: dict[tuple[str, ...], list[Entry]] = {}
        for entry in batch.entries:
            by_partition.setdefault(layout.partition_of(entry.event), []).append(entry)
        root = group["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"]
        for partition, entries in by_partition.items():
            folder = f"{root}/{layout.folder_of(partition)}"
            latest = max(entry.event for entry in entries)
            bucket, key = split_uri(f"{folder}/{layout.file_name(latest, batch.name, partition)}")
            data = parquet_bytes(group["FeatureDefinitions"], entries, batch.written)
            self._world.objects.put_bytes(bucket, key, data)
            self._add_partition(group, partition, folder)
        if group.get("OfflineStoreStatus", {}).get("Status") == "Blocked":
            self._groups.update(group["FeatureGroupName"], OfflineStoreStatus={"Status": "Active"})

    def _add_partition(self, group: dict[str, Any], partition: tuple[str, ...], folder: str) -> None:
        """Tell the catalogue of a partition it does not know, if the group's table is ours to keep."""
        offline = group["OfflineStoreConfig"]
        if offline.get("DisableGlueTableCreation"):
            return
        place = offline["DataCatalogConfig"]
        database, table = place["Database"], place["TableName"]
        columns = layout.table_input(group)["StorageDescriptor"]["Columns"]
        body = {"Values": list(partition), "StorageDescriptor": layout.descriptor(columns, folder)}
        try:
            self._catalog.create_partition(database, table, body)
        except AwsError as error:
            if error.code != "AlreadyExistsException":
                raise
            known = self._catalog.partition(database, table, list(partition))
            if known["StorageDescriptor"].get("Columns") != columns:  # the group has got new features
                self._catalog.update_partition(database, table, list(partition), body)

    def _block(self, name: str, reason: str) -> None:
        """Say in the group's status why nothing lands offline."""
        status = {"Status": "Blocked", "BlockedReason": reason[:1024]}
        group = self._groups.find(name)
        if group is not None and group.get("OfflineStoreStatus") != status:
            log.warning("the offline store of %s is blocked: %s", name, reason)
            self._groups.update(name, OfflineStoreStatus=status)


class OfflineWriter:
    """The thread that keeps the journal short; served as a handler without operations."""

    def __init__(self, world: World) -> None:
        self._store = world.features
        self._offline = OfflineStore(world)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="offline store", daemon=True)

    def start(self) -> None:
        """Begin, with what an earlier server left."""
        self._store.appended.set()
        self._thread.start()

    def stop(self) -> None:
        """Write what there is, and end; what cannot be written waits for the next server."""
        self._stopped.set()
        self._store.appended.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._write_all()

    def _work(self) -> None:
        while not self._stopped.is_set():
            self._store.appended.wait()
            self._stopped.wait(GATHER_SECONDS)
            self._store.appended.clear()
            if not self._write_all() and not self._stopped.wait(RETRY_SECONDS):
                self._store.appended.set()

    def _write_all(self) -> bool:
        try:
            self._store.purge()
        except sqlite3.OperationalError as error:
            log.warning("expired records cannot be removed: %s", error)
        done = [self._offline.write(name) for name in self._store.pending()]
        return all(done)
