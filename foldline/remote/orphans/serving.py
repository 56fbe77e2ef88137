"""Endpoints, their configs and models as the reaper sees them: what is there, and what is needed by what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from foldline.outcomes import age
from foldline.reaping import Seen
from foldline.remote.calls import find
from foldline.remote.inventory import Owned
from foldline.remote.paging import PacedLists

DESCRIBE = {
    "endpoint": ("describe_endpoint", "EndpointName"),
    "endpoint-config": ("describe_endpoint_config", "EndpointConfigName"),
    "model": ("describe_model", "ModelName"),
}


@dataclass(frozen=True)
class Serving:
    """Reads what serves.

    Attributes:
        client: boto3 SageMaker client.
        lists: Reads lists.
    """

    client: Any
    lists: PacedLists

    def seen(self, things: Iterable[Owned]) -> Iterator[Seen]:
        """The endpoints, configs and models among ``things`` that are there, with their age."""
        for owned in things:
            if owned.kind in DESCRIBE:
                method, member = DESCRIBE[owned.kind]
                answer = self._find(method, **{member: owned.name})
                if answer is not None:
                    yield Seen(owned, age(answer), str(answer.get("EndpointStatus", "")))

    def used(self) -> frozenset[tuple[str, str]]:
        """Kind and name of what is needed: an endpoint's configs, a config's models, a transform job's model.

        All of the account's are asked, not only ours: a person may serve our model.
        """
        return frozenset([*self._configs(), *self._models()])

    def _configs(self) -> Iterator[tuple[str, str]]:
        for name in self._names("list_endpoints", "Endpoints", "EndpointName"):
            answer = self._find("describe_endpoint", EndpointName=name) or {}
            for part in (answer, answer.get("PendingDeploymentSummary", {})):
                if "EndpointConfigName" in part:
                    yield "endpoint-config", part["EndpointConfigName"]

    def _models(self) -> Iterator[tuple[str, str]]:
        for name in self._names("list_endpoint_configs", "EndpointConfigs", "EndpointConfigName"):
            answer = self._find("describe_endpoint_config", EndpointConfigName=name) or {}
            for member in ("ProductionVariants", "ShadowProductionVariants"):
                for variant in answer.get(member, ()):
                    if "ModelName" in variant:
                        yield "model", variant["ModelName"]
        jobs = ("list_transform_jobs", "TransformJobSummaries", "TransformJobName")
        for name in self._names(*jobs, StatusEquals="InProgress"):
            answer = self._find("describe_transform_job", TransformJobName=name) or {}
            if "ModelName" in answer:
                yield "model", answer["ModelName"]

    def _names(self, method: str, member: str, name: str, **request: Any) -> Iterator[str]:
        for page in self.lists.pages(getattr(self.client, method), **request):
            for item in page[member]:
                yield item[name]

    def _find(self, method: str, **request: str) -> dict[str, Any] | None:
        answer: dict[str, Any] | None = find(getattr(self.client, method), self.lists.clock, **request)
        return answer
