"""Which operation a request calls and which resources it names, in whatever form its service speaks."""

from __future__ import annotations

import dataclasses
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationModel

from localaws.errors import AwsError
from localaws.s3.place import Place
from localaws.shapes import service_model
from localaws.wire import Request

NAMING = re.compile(r"(?:name|id|arn|workgroup|identifier)$", re.IGNORECASE)
SIGNED_AS = {
    "monitoring": "cloudwatch",
    "states": "stepfunctions",
    "email": "ses",
    "elasticmapreduce": "emr",
    "elasticloadbalancing": "elbv2",
    "tagging": "resourcegroupstaggingapi",
}
"""Names of services in a signature that are not botocore's, and botocore's."""
CBOR_PATH = re.compile(r"/service/[^/]+/operation/(\w+)")


@dataclass(frozen=True)
class Call:
    """One API call, as rules see it.

    Attributes:
        service: The service, ``sagemaker``.
        operation: The operation, ``CreateTrainingJob``; the method and path where that is all there is.
        names: What it names: every ``…Name``, ``…Id``, ``…Arn`` of its members, a bucket and ``bucket/key``.
        members: Its members, of services that have them in a body.
    """

    service: str
    operation: str
    names: tuple[str, ...]
    members: Mapping[str, Any] = field(default_factory=dict)


def called(service: str, request: Request) -> tuple[Call, Request]:
    """The call a request makes; and the request again, its body unread."""
    service = SIGNED_AS.get(service, service)
    if service == "s3":
        return _s3_call(request), request
    target = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    content = request.headers.get("Content-Type", "")
    form = request.path == "/" and content.startswith("application/x-www-form-urlencoded")
    if target or form:
        body = request.body.read()
        request = dataclasses.replace(request, body=io.BufferedReader(io.BytesIO(body)))
        members = _json(body) if target else dict(parse_qsl(body.decode(errors="replace")))
        operation = target or str(members.get("Action", ""))
        return Call(service, operation, tuple(_names(members)), members), request
    if found := CBOR_PATH.fullmatch(request.path):
        return Call(service, found[1], ()), request
    return _path_call(service, request), request


def _json(body: bytes) -> dict[str, Any]:
    try:
        members = json.loads(body or b"{}")
    except ValueError:  # the service itself will say what is wrong with it
        return {}
    return members if isinstance(members, dict) else {}


def _names(members: dict[str, Any]) -> Iterator[str]:
    for key, value in members.items():
        if isinstance(value, str) and NAMING.search(key):
            yield value


@dataclass(frozen=True)
class Route:
    """How one operation of a REST service is recognised.

    Attributes:
        operation: Its name.
        method: Its HTTP method.
        path: What its path looks like.
        query: Parameters it cannot do without; a value of None is any.
        headers: Headers it cannot do without.
    """

    operation: str
    method: str
    path: re.Pattern[str]
    query: dict[str, str | None]
    headers: tuple[str, ...]

    def fits(self, request: Request, path: str) -> re.Match[str] | None:
        """Whether a request may be this operation's; the match has the names in its path."""
        if request.method != self.method or any(name not in request.headers for name in self.headers):
            return None
        for name, value in self.query.items():
            if name not in request.query or value not in (None, request.query[name]):
                return None
        return self.path.fullmatch(path)


@cache
def _routes(service: str) -> list[Route]:
    """A REST service's operations, the most conditions first; none of a service without a model."""
    try:
        model = service_model(service)
    except UnknownServiceError:
        return []
    operations = [model.operation_model(name) for name in model.operation_names]
    routes = [_route(operation) for operation in sorted(operations, key=lambda each: each.deprecated)]
    return sorted(routes, key=lambda route: -(len(route.query) + len(route.headers)))


def _route(operation: OperationModel) -> Route:
    uri, _, text = operation.http["requestUri"].partition("?")
    query: dict[str, str | None] = {
        name: value or None for name, value in parse_qsl(text, keep_blank_values=True) if name != "x-id"
    }
    headers = []
    shape = operation.input_shape
    for name in shape.required_members if shape else ():
        place = shape.members[name].serialization
        if place.get("location") == "querystring":
            query[place["name"]] = None
        elif place.get("location") == "header":
            headers.append(place["name"])
    pieces = re.split(r"\{(\w+)(\+?)\}", uri.rstrip("/") or "/")
    pattern = re.escape(pieces[0])
    for greedy, after in zip(pieces[2::3], pieces[3::3], strict=True):
        pattern += ("(.+)" if greedy else "([^/]+)") + re.escape(after)
    return Route(operation.name, operation.http["method"], re.compile(pattern), query, tuple(headers))


def _matched(service: str, request: Request, path: str) -> tuple[str, tuple[str, ...]]:
    """The operation that fits a request best, and the names in its path."""
    for route in _routes(service):
        if found := route.fits(request, path):
            return route.operation, tuple(unquote(name) for name in found.groups())
    return f"{request.method} {request.path}", ()


def _path_call(service: str, request: Request) -> Call:
    operation, names = _matched(service, request, request.path.rstrip("/") or "/")
    return Call(service, operation, names)


def _s3_call(request: Request) -> Call:
    try:
        place = Place.of(request)
    except AwsError:  # S3 itself will say what is wrong with it
        return Call("s3", f"{request.method} {request.path}", ())
    path = f"/{place.bucket}/{place.key}" if place.key else f"/{place.bucket}"
    names = (place.bucket, f"{place.bucket}/{place.key}") if place.key else (place.bucket,)
    return Call("s3", _matched("s3", request, path)[0], names)
