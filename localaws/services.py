"""The table of services: which handlers answer which of AWS's services, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from localaws.athena import api as athena
from localaws.glue import api as glue
from localaws.iam import Iam
from localaws.logs import Logs
from localaws.protocols import JsonProtocol, QueryProtocol
from localaws.sagemaker import api as sagemaker
from localaws.sts import Sts
from localaws.world import World

Operation = Callable[[dict[str, Any]], dict[str, Any] | None]


@dataclass(frozen=True)
class Service:
    """One service of the table.

    Attributes:
        name: AWS's name of it, as in the SigV4 credential scope and in botocore.
        protocol: Its wire form.
        validation_code: The code of a request that breaks the service model's rules.
        handlers: The objects that serve it.
        operations: Every operation served, by AWS's name.
    """

    name: str
    protocol: JsonProtocol | QueryProtocol
    validation_code: str
    handlers: tuple[object, ...]
    operations: Mapping[str, Operation]


def service(
    name: str, protocol: JsonProtocol | QueryProtocol, validation_code: str, handlers: list[object]
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
    """Every service by name, but S3 and SageMaker's runtime, which speak plain HTTP."""
    table = [
        service("sts", QueryProtocol(), "ValidationError", [Sts(world)]),
        service("iam", QueryProtocol(), "ValidationError", [Iam(world)]),
        service("logs", JsonProtocol(), "InvalidParameterException", [Logs(world)]),
        service("sagemaker", JsonProtocol(), sagemaker.validation_code, sagemaker.handlers(world)),
        service("glue", JsonProtocol(), glue.validation_code, glue.handlers(world)),
        service("athena", JsonProtocol(), athena.validation_code, athena.handlers(world)),
    ]
    return {entry.name: entry for entry in table}
