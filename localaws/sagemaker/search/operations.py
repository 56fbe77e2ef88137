"""Search: resources of one kind by any of their properties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from localaws.sagemaker.documents import TAGS, Documents, Kind
from localaws.sagemaker.experiments.components import described
from localaws.sagemaker.experiments.kinds import COMPONENT, EXPERIMENT, TRIAL
from localaws.sagemaker.featurestore.kinds import KIND as FEATURE_GROUP
from localaws.sagemaker.hosting.endpoints import KIND as ENDPOINT
from localaws.sagemaker.hosting.models import KIND as MODEL
from localaws.sagemaker.listing import page
from localaws.sagemaker.refusals import invalid, not_implemented, refuse, refuse_value
from localaws.sagemaker.registry.names import GROUP_KIND, PACKAGE_KIND
from localaws.sagemaker.search.filters import matches, names, values_at
from localaws.sagemaker.training.jobs import KIND as TRAINING
from localaws.sagemaker.tuning.jobs import KIND as TUNING
from localaws.shapes import service_model
from localaws.world import World


@dataclass(frozen=True)
class Resource:
    """A kind of resource that can be searched.

    Attributes:
        member: Its member of a result.
        shape: Its shape in the service model.
    """

    kind: Kind
    member: str
    shape: str


RESOURCES = {
    "TrainingJob": Resource(TRAINING, "TrainingJob", "TrainingJob"),
    "HyperParameterTuningJob": Resource(
        TUNING, "HyperParameterTuningJob", "HyperParameterTuningJobSearchEntity"
    ),
    "Experiment": Resource(EXPERIMENT, "Experiment", "Experiment"),
    "ExperimentTrial": Resource(TRIAL, "Trial", "Trial"),
    "ExperimentTrialComponent": Resource(COMPONENT, "TrialComponent", "TrialComponent"),
    "FeatureGroup": Resource(FEATURE_GROUP, "FeatureGroup", "FeatureGroup"),
    "Endpoint": Resource(ENDPOINT, "Endpoint", "Endpoint"),
    "Model": Resource(MODEL, "Model", "Model"),
    "ModelPackage": Resource(PACKAGE_KIND, "ModelPackage", "ModelPackage"),
    "ModelPackageGroup": Resource(GROUP_KIND, "ModelPackageGroup", "ModelPackageGroup"),
}
ADDED = {"Metrics", "Parents", "Tags"}  # properties that filters may name beside a shape's own


class Search:
    """Searches."""

    def __init__(self, world: World) -> None:
        self._world = world

    def Search(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of the resources an expression means."""
        refuse("Search", request, ("VisibilityConditions",))
        refuse_value(
            "CrossAccountFilterOption",
            request.get("CrossAccountFilterOption", "SameAccount"),
            ("SameAccount",),
        )
        resource = RESOURCES.get(request["Resource"])
        if resource is None:
            raise not_implemented(f"Search of {request['Resource']}")
        expression, by = request.get("SearchExpression", {}), request.get("SortBy", "LastModifiedTime")
        _check_names(resource, [*names(expression), *([by] if "SortBy" in request else [])])
        found = [
            {**document, "_Sort": _first(values_at(properties, by)), "_Name": document[resource.kind.name]}
            for document in self._documents(resource)
            if matches(properties := searched(document), expression)
        ]
        paging: dict[str, Any] = {"SortBy": "_Sort"}
        paging |= {
            name: request[name] for name in ("MaxResults", "NextToken", "SortOrder") if name in request
        }
        answer = page(found, paging, "Results", name="_Name", orders={"_Sort": "_Sort"})
        results = [{resource.member: self._shown(resource, document)} for document in answer["Results"]]
        return {**answer, "Results": results, "TotalHits": {"Value": len(found), "Relation": "EqualTo"}}

    def _documents(self, resource: Resource) -> list[dict[str, Any]]:
        """Every document of a kind, with its tags and what belongs to it."""
        documents = Documents(self._world, resource.kind).all()
        for document in documents:
            tags = self._world.store.get(TAGS, document[resource.kind.arn]) or {}
            document["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
        if resource.kind is COMPONENT:
            trials = {
                trial["TrialName"]: trial["ExperimentName"] for trial in Documents(self._world, TRIAL).all()
            }
            for document in documents:
                document["Parents"] = [
                    {"TrialName": name, "ExperimentName": trials[name]} for name in document["_Trials"]
                ]
            return [described(self._world, document) for document in documents]
        return documents

    def _shown(self, resource: Resource, document: dict[str, Any]) -> dict[str, Any]:
        """A document as a result has it."""
        if resource.kind is MODEL:
            return {"Model": document}
        if (
            resource.kind is COMPONENT
            and document.get("Source", {}).get("SourceType") == "SageMakerTrainingJob"
        ):
            job = Documents(self._world, TRAINING).find(document["_Job"][1])
            detail = {"SourceArn": document["Source"]["SourceArn"], "TrainingJob": job}
            return {**document, "SourceDetail": detail}
        return document


def searched(document: dict[str, Any]) -> dict[str, Any]:
    """A document's properties as filters name them: tags, metrics and parameters by their names."""
    properties = {**document, "Tags": {tag["Key"]: tag["Value"] for tag in document["Tags"]}}
    if "FinalMetricDataList" in document:
        properties["Metrics"] = {one["MetricName"]: one["Value"] for one in document["FinalMetricDataList"]}
    if isinstance(document.get("Metrics"), list):
        properties["Metrics"] = {one["MetricName"]: one for one in document["Metrics"]}
    if isinstance(document.get("Parameters"), dict):
        properties["Parameters"] = {
            name: next(iter(value.values()), None) for name, value in document["Parameters"].items()
        }
    return properties


def _check_names(resource: Resource, asked: list[str]) -> None:
    """Refuse properties the resource has not."""
    known = ADDED | set(service_model("sagemaker").shape_for(resource.shape).members)
    for name in asked:
        if name.partition(".")[0] not in known:
            raise invalid(f"Unknown property {name} of the resource {resource.member}")


def _first(values: list[Any]) -> Any:
    """What a document sorts by; numbers and texts do not mix, none comes first."""
    value = values[0] if values else None
    if isinstance(value, int | float):
        return [1, value, ""]
    return [0, 0, ""] if value is None else [2, 0, str(value)]
