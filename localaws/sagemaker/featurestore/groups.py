"""Feature groups: the resource and its status machine."""

from __future__ import annotations

import time
from typing import Any

from localaws.errors import AwsError
from localaws.glue.catalog import Catalog
from localaws.sagemaker.documents import Documents
from localaws.sagemaker.featurestore import layout
from localaws.sagemaker.featurestore.creation import Creation
from localaws.sagemaker.featurestore.kinds import KIND, need_group, online_config
from localaws.sagemaker.featurestore.offline import OfflineStore
from localaws.sagemaker.featurestore.rules import check_group, check_update
from localaws.sagemaker.listing import page
from localaws.sagemaker.refusals import invalid
from localaws.world import World


class FeatureGroups:
    """Creates, describes, lists, updates and deletes feature groups."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._groups = Documents(world, KIND)
        self._catalog = Catalog(world)
        self._creation = Creation(world)
        self._offline = OfflineStore(world)

    def start(self) -> None:
        """Go on with what an earlier server was making or deleting."""
        for group in self._groups.all():
            if group["FeatureGroupStatus"] == "Creating":
                self._creation.begin(group["FeatureGroupName"])
            elif group["FeatureGroupStatus"] == "Deleting":
                self._delete(group["FeatureGroupName"])

    def stop(self) -> None:
        """Wait for what is being made."""
        self._creation.wait()

    def CreateFeatureGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Store a group that is right, and begin to make its stores."""
        check_group(request)
        members: dict[str, Any] = {"FeatureGroupStatus": "Creating", "_Features": {}}
        if "OfflineStoreConfig" in request:
            members["OfflineStoreConfig"] = self._resolved(request)
        if "OnlineStoreConfig" in request:
            members["OnlineStoreConfig"] = {"StorageType": "Standard", **request["OnlineStoreConfig"]}
        group = self._groups.create(request, **members)
        self._creation.begin(group["FeatureGroupName"])
        return {"FeatureGroupArn": group["FeatureGroupArn"]}

    def _resolved(self, request: dict[str, Any]) -> dict[str, Any]:
        """The offline store's configuration with what Feature Store fills in."""
        name, offline = request["FeatureGroupName"], request["OfflineStoreConfig"]
        storage, created = offline["S3StorageConfig"], int(time.time())
        while self._catalog.has_table(layout.DATABASE, layout.generated_table(name, created)):
            created += 1  # a former group of the name was made this very second; its table stays
        uri = layout.resolved_uri(self._world, name, created, storage["S3Uri"])
        filled = {
            **offline,
            "S3StorageConfig": {**storage, "ResolvedOutputS3Uri": uri},
            "DisableGlueTableCreation": offline.get("DisableGlueTableCreation", False),
            "TableFormat": "Glue",
        }
        if not filled["DisableGlueTableCreation"]:
            filled.setdefault("DataCatalogConfig", layout.generated_catalog(name, created))
        return filled

    def DescribeFeatureGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """The group, with all its features in one page."""
        group = need_group(self._groups, request["FeatureGroupName"])
        if online_config(group):
            group["OnlineStoreTotalSizeBytes"] = self._world.features.size(group["FeatureGroupName"])
        return group

    def ListFeatureGroups(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of groups."""
        asked = dict(request)
        status = asked.pop("FeatureGroupStatusEquals", None)
        offline = asked.pop("OfflineStoreStatusEquals", None)
        found = []
        for group in self._groups.all():
            group["_Offline"] = group.get("OfflineStoreStatus", {}).get("Status", "")
            if status in (None, group["FeatureGroupStatus"]) and offline in (None, group["_Offline"]):
                found.append(group)
        orders = {"FeatureGroupStatus": "FeatureGroupStatus", "OfflineStoreStatus": "_Offline"}
        return page(found, asked, "FeatureGroupSummaries", name=KIND.name, orders=orders)

    def UpdateFeatureGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add features, or change the online store's time to live or storage, or the throughput."""
        with self._world.store.transaction():
            group = need_group(self._groups, request["FeatureGroupName"])
            check_update(request, group)
            changes: dict[str, Any] = {"LastUpdateStatus": {"Status": "Successful"}}
            if "FeatureAdditions" in request:
                now = time.time()
                group["FeatureDefinitions"] += request["FeatureAdditions"]
                changes["FeatureDefinitions"] = group["FeatureDefinitions"]
                changes["_Features"] = group["_Features"] | {
                    feature["FeatureName"]: {"CreationTime": now, "LastModifiedTime": now}
                    for feature in request["FeatureAdditions"]
                }
                self._update_table(group)
            if "OnlineStoreConfig" in request:
                changes["OnlineStoreConfig"] = _updated(
                    group["OnlineStoreConfig"], request["OnlineStoreConfig"]
                )
            if "ThroughputConfig" in request:
                changes["ThroughputConfig"] = group.get("ThroughputConfig", {}) | request["ThroughputConfig"]
            self._groups.update(group["FeatureGroupName"], **changes)
        return {"FeatureGroupArn": group["FeatureGroupArn"]}

    def _update_table(self, group: dict[str, Any]) -> None:
        offline = group.get("OfflineStoreConfig")
        if offline is None or offline["DisableGlueTableCreation"]:
            return
        database = offline["DataCatalogConfig"]["Database"]
        try:
            self._catalog.update_table(database, layout.table_input(group))
        except AwsError as error:
            message = f"The offline store's table cannot get the new features: {error.message}"
            raise invalid(message) from error

    def DeleteFeatureGroup(self, request: dict[str, Any]) -> None:
        """Write what is still to write offline, and forget the group; its files and its table stay."""
        name = request["FeatureGroupName"]
        with self._world.features.transaction(), self._world.store.transaction():  # amid no record's writing
            if self._groups.need(name)["FeatureGroupStatus"] == "Creating":
                raise AwsError(
                    "ResourceInUse", f"FeatureGroup {name} is Creating; it can be deleted once that is over"
                )
            self._groups.update(name, FeatureGroupStatus="Deleting")  # takes no more records
        self._delete(name)

    def _delete(self, name: str) -> None:
        self._offline.write(name)
        with self._world.features.writing:
            self._world.features.forget(name)
            self._groups.delete(name)


def _updated(online: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """The online store's configuration after a change; an empty time to live takes the old one away."""
    updated = {**online, **change}
    if not updated.get("TtlDuration"):
        updated.pop("TtlDuration", None)
    return updated
