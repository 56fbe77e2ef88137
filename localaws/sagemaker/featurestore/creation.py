"""What the making of a feature group does behind its status: looks for the bucket, makes the Glue table."""

from __future__ import annotations

import threading
from typing import Any

from localaws.errors import AwsError
from localaws.glue.catalog import Catalog
from localaws.s3.blobs import split_uri
from localaws.sagemaker.documents import Documents
from localaws.sagemaker.featurestore import layout
from localaws.sagemaker.featurestore.kinds import KIND
from localaws.world import World


class Creation:
    """Brings groups from Creating to Created or CreateFailed, each in a thread of its own."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._groups = Documents(world, KIND)
        self._catalog = Catalog(world)
        self._threads: dict[str, threading.Thread] = {}

    def begin(self, name: str) -> None:
        """Go on with a group that is Creating."""
        thread = threading.Thread(target=self._create, args=(name,), name=f"create {name}", daemon=True)
        self._threads[name] = thread
        thread.start()

    def wait(self) -> None:
        """Return when no group is being made; the pauses of a stopping server are over at once."""
        for thread in list(self._threads.values()):
            thread.join()

    def _create(self, name: str) -> None:
        self._world.pace.pause("featuregroup.Creating")
        try:
            with self._world.store.transaction():  # a table there is, and its group Creating: never both
                self._make(self._groups.need(name))
        except AwsError as error:
            self._groups.update(name, FeatureGroupStatus="CreateFailed", FailureReason=error.message[:1024])
        self._threads.pop(name, None)

    def _make(self, group: dict[str, Any]) -> None:
        status = {}
        if "OfflineStoreConfig" in group:
            self._require_bucket(group)
            self._make_table(group)
            status = {"OfflineStoreStatus": {"Status": "Active"}}
        self._groups.update(group["FeatureGroupName"], FeatureGroupStatus="Created", **status)

    def _require_bucket(self, group: dict[str, Any]) -> None:
        bucket, _ = split_uri(group["OfflineStoreConfig"]["S3StorageConfig"]["S3Uri"])
        if not self._world.objects.bucket_exists(bucket):
            message = f"The S3 bucket {bucket} of the offline store does not exist; create it first"
            raise AwsError("NoSuchBucket", message)

    def _make_table(self, group: dict[str, Any]) -> None:
        offline = group["OfflineStoreConfig"]
        if offline.get("DisableGlueTableCreation"):
            return
        place = offline["DataCatalogConfig"]
        if place["Database"] == layout.DATABASE:
            self._make_database()
        self._catalog.create_table(place["Database"], layout.table_input(group))

    def _make_database(self) -> None:
        try:
            self._catalog.create_database(
                {"Name": layout.DATABASE, "Description": "Offline stores of SageMaker Feature Store"}
            )
        except AwsError as error:
            if error.code != "AlreadyExistsException":
                raise
