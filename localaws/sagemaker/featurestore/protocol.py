"""The runtime's wire form: REST-JSON with members in the path and in the query, too."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote

from botocore.model import OperationModel, ServiceModel

from localaws.errors import AwsError
from localaws.protocols import RestJsonProtocol, json_object
from localaws.shapes import service_model
from localaws.wire import Request

SERVICE = "sagemaker-featurestore-runtime"
PATHS = ("/FeatureGroup/", "/BatchGetRecord", "/BatchWriteRecord")


def is_feature_store(request: Request) -> bool:
    """Whether a request signed for SageMaker is one to the Feature Store runtime."""
    return request.path.startswith(PATHS)


class RecordProtocol(RestJsonProtocol):
    """REST-JSON whose members are where the service's model says."""

    def read(self, model: ServiceModel, request: Request) -> tuple[str, dict[str, Any]]:
        """The operation's name and its members as sent."""
        for operation, pattern in _routes():
            if operation.http["method"] == request.method and (found := pattern.fullmatch(request.path)):
                members = json_object(request)
                return operation.name, members | _query(operation, request) | _path(found)
        raise AwsError("UnknownOperationException", f"no operation is {request.method} {request.path}", 404)


@cache
def _routes() -> list[tuple[OperationModel, re.Pattern[str]]]:
    """The operations, each with what its path looks like."""
    model = service_model(SERVICE)
    operations = [model.operation_model(name) for name in model.operation_names]
    return [
        (operation, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", operation.http["requestUri"])))
        for operation in operations
    ]


def _path(found: re.Match[str]) -> dict[str, Any]:
    return {name: unquote(value) for name, value in found.groupdict().items()}


def _query(operation: OperationModel, request: Request) -> dict[str, Any]:
    """The members in the query; a list has its name once for each item."""
    given = parse_qs(request.query_string, keep_blank_values=True)
    members: dict[str, Any] = {}
    for name, shape in operation.input_shape.members.items():
        if shape.serialization.get("location") == "querystring":
            values = given.get(shape.serialization["name"])
            if values:
                members[name] = values if shape.type_name == "list" else values[-1]
    return members
