"""Glue tables that are swapped whole: one call lets all readers see new files in place of the old ones.

Glue's UpdateTable replaces a table's columns and location together, so a reader plans with the old version or
with the new one, never with half of each; a view would do the same for Athena alone, and Spark and Redshift
could not read it. This needs a table without partitions, which have entries of their own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from foldline.errors import JobConflict
from foldline.layout import S3Uri
from foldline.remote.calls import Clock, call, error_code, find

OWNER, KEPT, KEY = "foldline:owner", "foldline:kept", "foldline:key"
"""Parameters of a table that is ours: who swaps it, where earlier versions lie, who wrote this one."""
DELETED_AT_ONCE = 1000


@dataclass(frozen=True)
class Version:
    """One written version of a table.

    Attributes:
        staged: The catalogue's name under which it was written.
        location: Where its files lie.
        rows: How many it has.
    """

    staged: str
    location: S3Uri
    rows: int


@dataclass(frozen=True)
class Swaps:
    """Puts versions in the place of a table.

    Attributes:
        glue: boto3 Glue client without retries of its own.
        s3: boto3 S3 client.
        clock: Time.
        account: Account that must own the bucket.
        root: Prefix below which the versions of the table lie; nothing outside it is ever deleted.
    """

    glue: Any
    s3: Any
    clock: Clock
    account: str
    root: S3Uri

    def current(self, database: str, table: str, owner: str) -> dict[str, Any] | None:
        """The table that readers see, or None.

        Raises:
            JobConflict: It is not ours to swap.
        """
        found = find(self.glue.get_table, self.clock, DatabaseName=database, Name=table)
        if found is None:
            return None
        there: dict[str, Any] = found["Table"]
        theirs = there.get("Parameters", {}).get(OWNER)
        if theirs != owner:
            raise JobConflict(
                f"table {database}.{table} exists and is not this step's",
                where=f"glue table {database}.{table}",
                cause=f"its parameter {OWNER} is {theirs!r}, this step's is {owner!r}",
                mend="name another `table`, or remove that one if nobody needs it",
            )
        return there

    def swap(self, database: str, table: str, version: Version, *, key: str, owner: str, keep: int) -> bool:
        """Let readers see ``version``; whether that was to be done.

        A version that is or was in place stays as it is: a replay changes nothing, also after a later run's
        swap. Files of versions beyond the ``keep`` last ones go before the call that forgets them.
        """
        current = self.current(database, table, owner)
        earlier = kept_locations(current) if current is not None else []
        here = str(version.location)
        if here in earlier:
            self.forget(database, version.staged)
            return False
        for location in earlier[keep:]:
            self.remove(S3Uri.parse(location))
        staged = call(self.glue.get_table, self.clock, DatabaseName=database, Name=version.staged)["Table"]
        ours = {OWNER: owner, KEY: key, KEPT: json.dumps(earlier[:keep])}
        body = table_input(staged, table, version, ours)
        change = self.glue.create_table if current is None else self.glue.update_table
        try:
            call(change, self.clock, DatabaseName=database, TableInput=body)
        except Exception as error:
            # A lost answer of our own create, or a twin's: the next look finds the version in place.
            if current is not None or error_code(error) != "AlreadyExistsException":
                raise
            return self.swap(database, table, version, key=key, owner=owner, keep=keep)
        self.forget(database, version.staged)
        return True

    def forget(self, database: str, staged: str) -> None:
        """Take a staged name out of the catalogue; its files stay."""
        if find(self.glue.get_table, self.clock, DatabaseName=database, Name=staged) is not None:
            find(self.glue.delete_table, self.clock, DatabaseName=database, Name=staged)

    def remove(self, location: S3Uri) -> None:
        """Delete all files of a version.

        Raises:
            ValueError: It lies elsewhere than this table's versions.
        """
        if location.bucket != self.root.bucket or not location.key.startswith(self.root.key):
            raise ValueError(f"{location} is not below {self.root}")
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=location.bucket, Prefix=location.key, ExpectedBucketOwner=self.account
        )
        keys = [{"Key": item["Key"]} for page in pages for item in page.get("Contents", ())]
        for start in range(0, len(keys), DELETED_AT_ONCE):
            self.s3.delete_objects(
                Bucket=location.bucket,
                Delete={"Objects": keys[start : start + DELETED_AT_ONCE], "Quiet": True},
                ExpectedBucketOwner=self.account,
            )


def kept_locations(table: dict[str, Any]) -> list[str]:
    """Where a table's versions lie, the one in place first, then from new to old."""
    earlier: list[str] = json.loads(table.get("Parameters", {}).get(KEPT, "[]"))
    return [folder(table["StorageDescriptor"]["Location"]), *earlier]


def folder(location: str) -> str:
    """A location as prefixes are written: with a final slash."""
    return location.rstrip("/") + "/"


def table_input(staged: dict[str, Any], table: str, version: Version, ours: dict[str, str]) -> dict[str, Any]:
    """The table that readers see: the staged one's columns and files, under its own name."""
    storage = {**staged["StorageDescriptor"], "Location": str(version.location)}
    return {
        "Name": table,
        "TableType": "EXTERNAL_TABLE",
        "StorageDescriptor": storage,
        "PartitionKeys": [],
        "Parameters": {
            "EXTERNAL": "TRUE",
            "classification": "parquet",
            "recordCount": str(version.rows),
            **ours,
        },
    }
