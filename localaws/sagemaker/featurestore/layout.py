"""Where a feature group's offline store lies in S3, and how the Glue catalogue describes it.

Source: Amazon SageMaker Developer Guide, "Amazon SageMaker Feature Store offline store data format".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from localaws.glue.formats import FORMATS
from localaws.sagemaker.featurestore.event_time import moment
from localaws.world import World

CATALOG = "AwsDataCatalog"
DATABASE = "sagemaker_featurestore"
GLUE_TYPES = {"Integral": "bigint", "Fractional": "double", "String": "string"}
ADDED = {"write_time": "timestamp", "api_invocation_time": "timestamp", "is_deleted": "boolean"}
PARTITION_KEYS = ("year", "month", "day", "hour")
RANDOM_CHARACTERS = 16


def resolved_uri(world: World, name: str, created: int, uri: str) -> str:
    """The folder of a group's data."""
    inner = f"{world.account}/sagemaker/{world.region}/offline-store/{name}-{created}/data"
    return f"{uri.rstrip('/')}/{inner}"


def generated_catalog(name: str, created: int) -> dict[str, str]:
    """The table a group gets when it asks for none of its own."""
    return {"TableName": generated_table(name, created), "Catalog": CATALOG, "Database": DATABASE}


def generated_table(name: str, created: int) -> str:
    """A table's name as Athena likes it: of a group and the second it was made in."""
    return f"{name.lower().replace('-', '_')}_{created}"


def table_input(group: Mapping[str, Any]) -> dict[str, Any]:
    """The Glue table over a group's data."""
    offline = group["OfflineStoreConfig"]
    columns = [
        {"Name": feature["FeatureName"].lower(), "Type": glue_type(feature)}
        for feature in group["FeatureDefinitions"]
    ]
    columns += [{"Name": name, "Type": kind} for name, kind in ADDED.items()]
    return {
        "Name": offline["DataCatalogConfig"]["TableName"],
        "Description": f"Offline store of the feature group {group['FeatureGroupName']}",
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet"},
        "PartitionKeys": [{"Name": key, "Type": "string"} for key in PARTITION_KEYS],
        "StorageDescriptor": descriptor(columns, offline["S3StorageConfig"]["ResolvedOutputS3Uri"]),
    }


def descriptor(columns: list[dict[str, str]], location: str) -> dict[str, Any]:
    """A storage descriptor of Parquet files."""
    parquet = FORMATS["parquet"]
    return {
        "Columns": columns,
        "Location": location,
        "InputFormat": parquet.input_format,
        "OutputFormat": parquet.output_format,
        "Compressed": False,
        "SerdeInfo": {
            "SerializationLibrary": parquet.serde,
            "Parameters": {"serialization.format": "1"},
        },
    }


def glue_type(feature: Mapping[str, Any]) -> str:
    """The Glue type of a feature's column."""
    kind = GLUE_TYPES[feature["FeatureType"]]
    return f"array<{kind}>" if feature.get("CollectionType") else kind


def partition_of(event: int) -> tuple[str, ...]:
    """The values of the partition keys for an event time."""
    when = moment(event)
    return f"{when.year:04}", f"{when:%m}", f"{when:%d}", f"{when:%H}"


def folder_of(partition: tuple[str, ...]) -> str:
    """The folder of a partition, below the data's."""
    return "/".join(f"{key}={value}" for key, value in zip(PARTITION_KEYS, partition, strict=True))


def file_name(latest: int, batch: str, partition: tuple[str, ...]) -> str:
    """The name of a file: its latest event time, and 16 characters that are the same at a second attempt."""
    digest = hashlib.sha256(f"{batch}/{'/'.join(partition)}".encode()).hexdigest()
    return f"{moment(latest):%Y%m%dT%H%M%SZ}_{digest[:RANDOM_CHARACTERS]}.parquet"
