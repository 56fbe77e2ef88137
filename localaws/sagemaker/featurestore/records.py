"""The runtime's operations on single records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from localaws.errors import AwsError
from localaws.sagemaker.documents import Documents
from localaws.sagemaker.featurestore.event_time import iso
from localaws.sagemaker.featurestore.kinds import KIND, need_group, online_config, wrong
from localaws.sagemaker.featurestore.record_store import Record
from localaws.sagemaker.featurestore.values import (
    checked_record,
    checked_values,
    duration,
    event_time,
    listed,
)
from localaws.world import World

ONLINE, OFFLINE = "OnlineStore", "OfflineStore"
MAX_UPDATED = 100
MAX_PAGE = 100


class Records:
    """Writes, reads, updates, deletes and lists records."""

    def __init__(self, world: World) -> None:
        self._groups = Documents(world, KIND)
        self._store = world.features

    def PutRecord(self, request: dict[str, Any]) -> None:
        """Write a record: offline always, online if its event time is later than what is there."""
        with self._store.transaction():  # of which the deletion of a group waits for the end
            group = self.writable(request["FeatureGroupName"])
            stores = target_stores(group, request)
            record = checked_record(group, request["Record"])
            online = online_config(group) or {}
            ttl = duration(request.get("TtlDuration") or online.get("TtlDuration"))
            if "TtlDuration" in request and ONLINE not in stores:
                raise wrong("TtlDuration needs the OnlineStore among the target stores")
            if ttl is not None:
                record = replace(record, expires=record.event + ttl)
            if ONLINE in stores and self._is_newer(group, record):
                self._store.put_online(group["FeatureGroupName"], record)
            self._journal(group, record, stores)

    def GetRecord(self, request: dict[str, Any]) -> dict[str, Any]:
        """The newest version of a record; nothing where there is none, or it is deleted or expired."""
        group = self.readable(request["FeatureGroupName"])
        return self.read(group, request["RecordIdentifierValueAsString"], request)

    def read(self, group: dict[str, Any], identifier: str, request: dict[str, Any]) -> dict[str, Any]:
        """A record as GetRecord answers it.

        Args:
            group: Its group.
            identifier: Its identifier.
            request: FeatureNames and ExpirationTimeResponse.

        Raises:
            AwsError: ValidationError: a feature is unknown.
        """
        names = request.get("FeatureNames")
        require_features(group, names)
        record = self._store.online(group["FeatureGroupName"], identifier)
        if record is None or record.deleted:
            return {}
        answer: dict[str, Any] = {"Record": listed(group, record.values, names) or None}
        if request.get("ExpirationTimeResponse") == "Enabled" and record.expires is not None:
            answer["ExpiresAt"] = iso(record.expires)
        return answer

    def DeleteRecord(self, request: dict[str, Any]) -> None:
        """Delete a record as of an event time, and mark that offline."""
        with self._store.transaction():
            group = self.writable(request["FeatureGroupName"])
            stores = target_stores(group, request)
            mark = deletion_mark(group, request)
            if ONLINE in stores:
                self._delete_online(group, mark, hard=request.get("DeletionMode") == "HardDelete")
            self._journal(group, mark, stores)

    def _delete_online(self, group: dict[str, Any], mark: Record, *, hard: bool) -> None:
        newer = self._is_newer(group, mark)
        if hard and not newer:
            raise wrong("EventTime: it must be later than the record's own for a HardDelete")
        if hard:
            self._store.remove_online(group["FeatureGroupName"], mark.identifier)
        elif newer:
            self._store.put_online(group["FeatureGroupName"], mark)

    def UpdateRecord(self, request: dict[str, Any]) -> None:
        """Change some features of a record that is online."""
        with self._store.transaction():
            group = self.writable(request["FeatureGroupName"])
            stores = target_stores(group, request)
            online = online_config(group) or {}
            if online.get("StorageType") not in ("Standard_V2", "InMemory"):
                raise wrong("UpdateRecord needs an online store of StorageType Standard_V2 or InMemory")
            if ONLINE not in stores:
                raise wrong("UpdateRecord needs the OnlineStore among the target stores")
            if len(request["Features"]) > MAX_UPDATED:
                raise wrong(f"UpdateRecord changes at most {MAX_UPDATED} features")
            record = self._updated(group, request)
            self._store.put_online(group["FeatureGroupName"], record)
            self._journal(group, record, stores)

    def _updated(self, group: dict[str, Any], request: dict[str, Any]) -> Record:
        identifier = request["RecordIdentifierValueAsString"]
        old = self._store.online(group["FeatureGroupName"], identifier)
        if old is None or old.deleted:
            message = f"Resource Not Found: no record with the identifier {identifier} is in the online store"
            raise AwsError("ResourceNotFound", message, 404)
        changes = checked_values(group, request["Features"])
        if changes.get(group["RecordIdentifierFeatureName"], identifier) != identifier:
            raise wrong(
                f"the record identifier feature [{group['RecordIdentifierFeatureName']}] cannot be changed"
            )
        moment = changes.get(group["EventTimeFeatureName"])
        if moment is None and "TtlDuration" in request:
            raise wrong("TtlDuration needs an EventTime among the features")
        event = old.event if moment is None else event_time(group, moment)
        if event < old.event:
            message = "The EventTime is older than the EventTime of the record in the online store"
            raise AwsError("ConflictException", message, 409)
        kept = None if old.expires is None else old.expires - old.event
        ttl = duration(request.get("TtlDuration")) or kept
        return Record(
            identifier, event, {**old.values, **changes}, None if ttl is None else event + ttl, deleted=False
        )

    def ListRecords(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of the identifiers that are online, in order."""
        group = self.readable(request["FeatureGroupName"])
        size = request.get("MaxResults", MAX_PAGE)
        found = self._store.identifiers(
            group["FeatureGroupName"],
            after_of(request.get("NextToken", "")),
            size + 1,
            with_deleted=request.get("IncludeSoftDeletedRecords", False),
        )
        token = found[size - 1].encode().hex() if len(found) > size else None
        return {"RecordIdentifiers": found[:size], "NextToken": token}

    def writable(self, given: str) -> dict[str, Any]:
        """A group that takes records.

        Raises:
            AwsError: ValidationError, as the write operations have no other code for it.
        """
        try:
            group = need_group(self._groups, given)
        except AwsError as error:
            raise AwsError("ValidationError", error.message) from error
        if group["FeatureGroupStatus"] != "Created":
            raise wrong(
                f"FeatureGroup [{group['FeatureGroupName']}] is {group['FeatureGroupStatus']}, not Created"
            )
        return group

    def readable(self, given: str) -> dict[str, Any]:
        """A group with an online store.

        Raises:
            AwsError: ResourceNotFound; ValidationError when it has none.
        """
        try:
            group = need_group(self._groups, given)
        except AwsError as error:
            raise AwsError(error.code, error.message, 404) from error
        if online_config(group) is None:
            raise wrong(f"FeatureGroup [{group['FeatureGroupName']}] has no OnlineStore")
        return group

    def _is_newer(self, group: dict[str, Any], record: Record) -> bool:
        there = self._store.online(group["FeatureGroupName"], record.identifier)
        return there is None or record.event > there.event

    def _journal(self, group: dict[str, Any], record: Record, stores: Sequence[str]) -> None:
        if OFFLINE in stores:
            self._store.append(group["FeatureGroupName"], record)


def deletion_mark(group: dict[str, Any], request: dict[str, Any]) -> Record:
    """The mark a deletion leaves: the record's identifier and the deletion's event time, no other value.

    Raises:
        AwsError: ValidationError.
    """
    named = {
        group["RecordIdentifierFeatureName"]: request["RecordIdentifierValueAsString"],
        group["EventTimeFeatureName"]: request["EventTime"],
    }
    values = [{"FeatureName": name, "ValueAsString": text} for name, text in named.items()]
    return replace(checked_record(group, values), deleted=True)


def target_stores(group: dict[str, Any], request: dict[str, Any]) -> list[str]:
    """The stores a request means: those it names, or all the group has.

    Raises:
        AwsError: ValidationError: the group does not have one of them.
    """
    has = [ONLINE] if online_config(group) is not None else []
    has += [OFFLINE] if "OfflineStoreConfig" in group else []
    asked = request.get("TargetStores", has)
    for store in asked:
        if store not in has:
            raise wrong(f"FeatureGroup [{group['FeatureGroupName']}] has no {store}, one of the TargetStores")
    return list(asked)


def require_features(group: dict[str, Any], names: Sequence[str] | None) -> None:
    """Refuse feature names a group does not have.

    Raises:
        AwsError: ValidationError.
    """
    known = {definition["FeatureName"] for definition in group["FeatureDefinitions"]}
    for name in names or ():
        if name not in known:
            raise wrong(
                f"FeatureGroup [{group['FeatureGroupName']}] does not contain feature with name: [{name}]"
            )


def after_of(token: str) -> str:
    """The identifier a token of ListRecords means.

    Raises:
        AwsError: ValidationError: nobody gave that token.
    """
    try:
        return bytes.fromhex(token).decode()
    except ValueError as error:
        raise wrong("the NextToken is not one this endpoint gave") from error
