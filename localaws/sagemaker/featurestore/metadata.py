"""What people say of single features: a description and parameters."""

from __future__ import annotations

import time
from typing import Any

from localaws.errors import AwsError
from localaws.sagemaker.documents import Documents
from localaws.sagemaker.featurestore.kinds import KIND, need_group
from localaws.sagemaker.refusals import invalid
from localaws.world import World

MAX_PARAMETERS = 25


class FeatureMetadata:
    """Describes features and changes what is said of them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._groups = Documents(world, KIND)

    def DescribeFeatureMetadata(self, request: dict[str, Any]) -> dict[str, Any]:
        """One feature of a group."""
        group, feature = self._need(request)
        said = group["_Features"].get(feature["FeatureName"], {})
        return {
            "FeatureGroupArn": group["FeatureGroupArn"],
            "FeatureGroupName": group["FeatureGroupName"],
            "FeatureName": feature["FeatureName"],
            "FeatureType": feature["FeatureType"],
            "CreationTime": said.get("CreationTime", group["CreationTime"]),
            "LastModifiedTime": said.get("LastModifiedTime", group["CreationTime"]),
            "Description": said.get("Description"),
            "Parameters": [{"Key": key, "Value": value} for key, value in said.get("Parameters", {}).items()],
        }

    def UpdateFeatureMetadata(self, request: dict[str, Any]) -> None:
        """Change a feature's description, add parameters, remove parameters."""
        additions = {one["Key"]: one["Value"] for one in _whole(request.get("ParameterAdditions", []))}
        with self._world.store.transaction():
            group, feature = self._need(request)
            name = feature["FeatureName"]
            said = group["_Features"].get(name, {"CreationTime": group["CreationTime"]})
            removed = set(request.get("ParameterRemovals", []))
            kept = {key: value for key, value in said.get("Parameters", {}).items() if key not in removed}
            said["Parameters"] = kept | additions
            if len(said["Parameters"]) > MAX_PARAMETERS:
                count = len(said["Parameters"])
                raise invalid(f"A feature has at most {MAX_PARAMETERS} parameters, {name} would have {count}")
            if "Description" in request:
                said["Description"] = request["Description"]
            said["LastModifiedTime"] = time.time()
            self._groups.update(group["FeatureGroupName"], _Features={**group["_Features"], name: said})

    def _need(self, request: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """A group and one of its features."""
        group = need_group(self._groups, request["FeatureGroupName"])
        for feature in group["FeatureDefinitions"]:
            if feature["FeatureName"] == request["FeatureName"]:
                return group, feature
        raise AwsError(
            "ResourceNotFound",
            f"Resource Not Found: Amazon SageMaker can't find a feature with name {request['FeatureName']} "
            f"in the FeatureGroup {group['FeatureGroupName']}",
        )


def _whole(parameters: list[dict[str, str]]) -> list[dict[str, str]]:
    for parameter in parameters:
        if parameter.keys() != {"Key", "Value"}:
            raise invalid("Each of ParameterAdditions needs both Key and Value")
    return parameters
