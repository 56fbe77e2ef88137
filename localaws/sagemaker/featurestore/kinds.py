"""How AWS speaks of feature groups, and the errors both planes share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.errors import AwsError
from localaws.sagemaker.documents import Documents, Kind
from localaws.sagemaker.experiments.kinds import plain_name

KIND = Kind(
    type="feature-group",
    name="FeatureGroupName",
    arn="FeatureGroupArn",
    exists="Resource Already Exists: FeatureGroup with name {name} already exists. Choose a different name.\n"
    "Info: Feature Group '{name}' already exists.",
    missing="Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name {name}",
    exists_code="ResourceInUse",
    status="FeatureGroupStatus",
    missing_code="ResourceNotFound",
)
VALIDATION = "ValidationError"


def need_group(documents: Documents, given: str) -> dict[str, Any]:
    """The document of a feature group given by name or ARN.

    Raises:
        AwsError: ResourceNotFound.
    """
    return documents.need(plain_name(documents.world, KIND, given))


def wrong(message: str) -> AwsError:
    """The runtime's answer to a request whose meaning is wrong."""
    return AwsError(VALIDATION, f"Validation Error: {message}")


def online_config(group: Mapping[str, Any]) -> dict[str, Any] | None:
    """The configuration of a group's online store, None without one."""
    config: dict[str, Any] = group.get("OnlineStoreConfig", {})
    return config if config.get("EnableOnlineStore") else None
