"""What SageMaker demands of a feature group before it makes or changes one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from localaws.errors import AwsError
from localaws.s3.blobs import split_uri
from localaws.sagemaker.featurestore.kinds import online_config
from localaws.sagemaker.featurestore.layout import ADDED, CATALOG, PARTITION_KEYS
from localaws.sagemaker.refusals import invalid, not_implemented

MAX_FEATURES = 2500
MAX_COLLECTIONS = 25
Request = Mapping[str, Any]


def check_group(request: Request) -> None:
    """Check a CreateFeatureGroup request as a whole.

    Raises:
        AwsError: ValidationException; NotImplemented for what is not played here.
    """
    check_definitions(request["FeatureDefinitions"], request)
    _check_key_features(request)
    online = online_config(request)
    if online is None and "OfflineStoreConfig" not in request:
        raise invalid(
            "You must include at least one of OnlineStoreConfig (with EnableOnlineStore) and "
            "OfflineStoreConfig to create a FeatureGroup"
        )
    if online is not None:
        check_ttl(online.get("TtlDuration"))
    if "OfflineStoreConfig" in request:
        _check_offline(request)
    check_throughput(request.get("ThroughputConfig", {}))


def check_definitions(definitions: Sequence[Request], group: Request) -> None:
    """Check a group's features, all together.

    Args:
        definitions: Every feature the group has or is to have.
        group: The group, or the request for it.

    Raises:
        AwsError: ValidationException.
    """
    if len(definitions) > MAX_FEATURES:
        raise invalid(
            f"A FeatureGroup has at most {MAX_FEATURES} features, this one would have {len(definitions)}"
        )
    reserved = {*ADDED, *(PARTITION_KEYS if _makes_table(group) else ())}
    seen: set[str] = set()
    for definition in definitions:
        folded = definition["FeatureName"].lower()
        if folded in reserved:
            raise invalid(
                f"FeatureName [{definition['FeatureName']}] is reserved: {', '.join(sorted(reserved))} are "
                "columns that Feature Store adds"
            )
        if folded in seen:
            raise invalid(f"Duplicate FeatureName [{definition['FeatureName']}] in FeatureDefinitions")
        seen.add(folded)
    _check_collections(definitions, group)


def _makes_table(group: Request) -> bool:
    offline = group.get("OfflineStoreConfig")
    return offline is not None and not offline.get("DisableGlueTableCreation")


def _check_collections(definitions: Sequence[Request], group: Request) -> None:
    collections = [definition for definition in definitions if definition.get("CollectionType")]
    if len(collections) > MAX_COLLECTIONS:
        raise invalid(f"A FeatureGroup has at most {MAX_COLLECTIONS} features that are collections")
    storage = (online_config(group) or {}).get("StorageType")
    for definition in definitions:
        name, collection = definition["FeatureName"], definition.get("CollectionType")
        config = definition.get("CollectionConfig", {})
        if collection and storage != "InMemory":
            raise invalid(f"Feature [{name}]: a CollectionType needs an online store of StorageType InMemory")
        if (collection == "Vector") != ("VectorConfig" in config):
            raise invalid(f"Feature [{name}]: VectorConfig and the CollectionType Vector go together")
        if collection == "Vector" and definition["FeatureType"] != "Fractional":
            raise invalid(f"Feature [{name}]: the elements of a Vector must be Fractional")


def _check_key_features(request: Request) -> None:
    features = {definition["FeatureName"]: definition for definition in request["FeatureDefinitions"]}
    for member in ("RecordIdentifierFeatureName", "EventTimeFeatureName"):
        feature = features.get(request[member])
        if feature is None:
            raise invalid(f"{member} [{request[member]}] is not one of the FeatureDefinitions")
        if feature.get("CollectionType"):
            raise invalid(f"{member} [{request[member]}] must not be a collection")
    event_time = features[request["EventTimeFeatureName"]]
    if event_time["FeatureType"] == "Integral":
        raise invalid(
            f"EventTimeFeatureName [{event_time['FeatureName']}] must be of FeatureType String or Fractional"
        )
    if request["EventTimeFeatureName"] == request["RecordIdentifierFeatureName"]:
        raise invalid("RecordIdentifierFeatureName and EventTimeFeatureName must be different features")


def _check_offline(request: Request) -> None:
    offline = request["OfflineStoreConfig"]
    if "RoleArn" not in request:
        raise invalid("RoleArn must be given with OfflineStoreConfig")
    if offline.get("TableFormat") == "Iceberg":
        raise not_implemented("OfflineStoreConfig.TableFormat = 'Iceberg' (only 'Default', 'Glue')")
    catalog = offline.get("DataCatalogConfig", {}).get("Catalog", CATALOG)
    if catalog.lower() != CATALOG.lower():
        raise not_implemented(f"OfflineStoreConfig.DataCatalogConfig.Catalog = {catalog!r} (only {CATALOG})")
    split_uri(offline["S3StorageConfig"]["S3Uri"])


def check_ttl(ttl: Request | None) -> None:
    """Check a time to live.

    Raises:
        AwsError: ValidationException: one half of it is missing.
    """
    if ttl and ttl.keys() != {"Unit", "Value"}:
        raise invalid("TtlDuration needs both Unit and Value")


def check_throughput(throughput: Request) -> None:
    """Check the capacity that is asked for, which has no effect.

    Raises:
        AwsError: ValidationException.
    """
    units = {"ProvisionedReadCapacityUnits", "ProvisionedWriteCapacityUnits"} & throughput.keys()
    if throughput.get("ThroughputMode") == "OnDemand" and units:
        raise invalid(f"{min(units)} must not be given with ThroughputMode OnDemand")
    if throughput.get("ThroughputMode") == "Provisioned" and len(units) < 2:
        raise invalid("ThroughputMode Provisioned needs both read and write capacity units")


def check_update(request: Request, group: Request) -> None:
    """Check an UpdateFeatureGroup request against its group.

    Raises:
        AwsError: ValidationException; ResourceInUse while the group is being made.
    """
    asked = [
        name for name in ("FeatureAdditions", "OnlineStoreConfig", "ThroughputConfig") if name in request
    ]
    if len(asked) != 1:
        raise invalid(
            "Give exactly one of FeatureAdditions, OnlineStoreConfig and ThroughputConfig, "
            f"got {' and '.join(asked) or 'none'}"
        )
    if group["FeatureGroupStatus"] != "Created":
        raise AwsError(
            "ResourceInUse",
            f"FeatureGroup {group['FeatureGroupName']} is {group['FeatureGroupStatus']}; it can be updated "
            "once it is Created",
        )
    if "FeatureAdditions" in request:
        check_definitions([*group["FeatureDefinitions"], *request["FeatureAdditions"]], group)
    if "OnlineStoreConfig" in request:
        _check_online_update(request["OnlineStoreConfig"], group)
    if "ThroughputConfig" in request:
        check_throughput({**group.get("ThroughputConfig", {}), **request["ThroughputConfig"]})


def _check_online_update(change: Request, group: Request) -> None:
    online = online_config(group)
    if online is None:
        raise invalid(f"FeatureGroup {group['FeatureGroupName']} has no online store to update")
    check_ttl(change.get("TtlDuration"))
    storage = online.get("StorageType", "Standard")
    if change.get("StorageType", storage) not in (storage, "Standard_V2"):
        raise invalid(f"An online store of StorageType {storage} cannot become {change['StorageType']}")
    if change.get("StorageType", storage) != storage != "Standard":
        raise invalid(f"Only a Standard online store can become Standard_V2; this one is {storage}")
