"""The table of services: which handlers answer which of AWS's services, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from localaws.athena import api as athena
from localaws.autoscaling.operations import ApplicationAutoScaling
from localaws.autoscaling.scaler import EndpointCalls
from localaws.cloudwatch import api as cloudwatch
from localaws.cloudwatch.protocol import CompatibleJson, CompressedQuery
from localaws.glue import api as glue
from localaws.iam import Iam
from localaws.logs import Logs
from localaws.protocols import JsonProtocol, QueryProtocol, RestJsonProtocol
from localaws.redshift import api as redshift
from localaws.sagemaker import api as sagemaker
from localaws.sagemaker.experiments.metrics import ComponentMetrics
from localaws.sagemaker.featurestore import api as features
from localaws.sagemaker.featurestore.protocol import SERVICE as FEATURES
from localaws.sagemaker.featurestore.protocol import RecordProtocol
from localaws.sts import Sts
from localaws.tagging.operations import Tagging
from localaws.world import World

Operation = Callable[[dict[str, Any]], dict[str, Any] | None]


@dataclass(frozen=True)
class Service:
    """One service of the table.

    Attributes:
        name: Botocore's name of it.
        protocol: Its wire form.
        validation_code: The code of a request that breaks the service model's rules.
        handlers: The objects that serve it.
        operations: Every operation served, by AWS's name.
        form_protocol: Its second wire form, of requests that come as a form, where clients speak two.
    """

    name: str
    protocol: JsonProtocol | QueryProtocol | RestJsonProtocol
    validation_code: str
    handlers: tuple[object, ...]
    operations: Mapping[str, Operation]
    form_protocol: QueryProtocol | None = None

    def spoken(self, *, form: bool) -> Service:
        """The service in the wire form its client speaks."""
        return replace(self, protocol=self.form_protocol) if form and self.form_protocol else self


def service(
    name: str,
    protocol: JsonProtocol | QueryProtocol | RestJsonProtocol,
    validation_code: str,
    handlers: list[object],
) -> Service:
    """A service whose operations are its handlers' public CamelCase methods.

    Raises:
        ValueError: Two handlers serve the same operation.
    """
    operations: dict[str, Operation] = {}
    for handler in handlers:
        for operation in dir(handler):
            if not operation[0].isupper() or not callable(getattr(handler, operation)):
                continue
            if operation in operations:
                raise ValueError(
                    f"{name}.{operation} is served twice, the second time by {type(handler).__name__}"
                )
            operations[operation] = getattr(handler, operation)
    return Service(name, protocol, validation_code, tuple(handlers), operations)


def services(world: World) -> dict[str, Service]:
    """Every service by its name in the credential scope; S3 and SageMaker's runtime speak plain HTTP."""
    platform = service("sagemaker", JsonProtocol(), sagemaker.validation_code, sagemaker.handlers(world))
    calls = (platform.operations[name] for name in ("DescribeEndpoint", "UpdateEndpointWeightsAndCapacities"))
    scaling = ApplicationAutoScaling(world, EndpointCalls(*calls))
    table = [
        service("sts", QueryProtocol(), "ValidationError", [Sts(world)]),
        service("iam", QueryProtocol(), "ValidationError", [Iam(world)]),
        service("logs", JsonProtocol(), "InvalidParameterException", [Logs(world)]),
        platform,
        service("application-autoscaling", JsonProtocol(), "ValidationException", [scaling]),
        service("sagemaker-metrics", RestJsonProtocol(), "ValidationException", [ComponentMetrics(world)]),
        service(
            FEATURES, RecordProtocol(), features.runtime_validation_code, features.runtime_handlers(world)
        ),
        service("glue", JsonProtocol(), glue.validation_code, glue.handlers(world)),
        service("athena", JsonProtocol(), athena.validation_code, athena.handlers(world)),
        service("redshift-data", JsonProtocol(), redshift.validation_code, redshift.handlers(world)),
    ]
    tagging = service(
        "resourcegroupstaggingapi", JsonProtocol(), "InvalidParameterException", [Tagging(world)]
    )
    metrics = service("cloudwatch", CompatibleJson(), cloudwatch.validation_code, cloudwatch.handlers(world))
    return {
        **{entry.name: entry for entry in table},
        "tagging": tagging,  # as it is signed
        cloudwatch.SCOPE: replace(metrics, form_protocol=CompressedQuery()),
    }
