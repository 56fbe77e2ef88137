"""AWS's wire forms: JSON 1.0/1.1, query (form in, XML out), and REST-JSON's errors.

Each protocol reads the operation and its members off a request, and renders answers and errors.
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from botocore.model import OperationModel, ServiceModel, Shape

from localaws.errors import AwsError
from localaws.wire import Request, Response


class JsonProtocol:
    """``application/x-amz-json-1.0`` and ``-1.1``: the operation in X-Amz-Target, members in the body."""

    def read(self, model: ServiceModel, request: Request) -> tuple[str, dict[str, Any]]:
        """The operation's name and its members as sent."""
        target = request.headers.get("X-Amz-Target", "")
        prefix, _, operation = target.rpartition(".")
        if prefix != model.metadata["targetPrefix"]:
            raise AwsError(
                "UnknownOperationException", f"X-Amz-Target is {target!r}, not {model.service_name}'s"
            )
        return operation, json_object(request)

    def answer(self, operation: OperationModel, result: dict[str, Any]) -> Response:
        """The answer of an operation, shaped already."""
        version = operation.service_model.metadata.get("jsonVersion", "1.1")
        return _json_response(200, result, f"application/x-amz-json-{version}")

    def error(self, error: AwsError, model: ServiceModel | None = None) -> Response:
        """An error; its text is called ``Message`` where the service's model calls it so."""
        shape = model.shape_for_error_code(error.code) if model else None
        message = "Message" if shape is not None and "Message" in shape.members else "message"
        response = _json_response(
            error.status,
            {"__type": error.code, message: error.message, **error.fields},
            "application/x-amz-json-1.1",
        )
        response.headers["x-amzn-ErrorType"] = error.code
        return response


class QueryProtocol:
    """The query protocol of STS and IAM: a form with ``Action`` in, XML out."""

    def read(self, model: ServiceModel, request: Request) -> tuple[str, dict[str, Any]]:
        """The operation's name and its members, nested and typed by the input shape."""
        try:
            form = dict(parse_qsl(request.body.read().decode(), keep_blank_values=True))
        except UnicodeDecodeError as error:
            raise AwsError("MalformedQueryString", f"the form is not UTF-8: {error}") from error
        action = form.get("Action", "")
        if action not in model.operation_names:
            raise AwsError(
                "InvalidAction", f"Could not find operation {action} for version {model.api_version}"
            )
        shape = model.operation_model(action).input_shape
        return action, (_from_form(shape, form, "") if shape else {}) or {}

    def answer(self, operation: OperationModel, result: dict[str, Any]) -> Response:
        """The answer of an operation, shaped already."""
        name, shape = operation.name, operation.output_shape
        inner = f"<{name}Result>{_to_xml(shape, result)}</{name}Result>" if shape else ""
        space = operation.service_model.metadata.get("xmlNamespace", "")
        metadata = f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata>"
        body = f'<{name}Response xmlns="{space}">{inner}{metadata}</{name}Response>'
        return Response(200, {"Content-Type": "text/xml"}, body.encode())

    def error(self, error: AwsError, model: ServiceModel | None = None) -> Response:
        """An error in XML."""
        space = model.metadata.get("xmlNamespace", "") if model else ""
        kind = "Sender" if error.status < 500 else "Receiver"
        inner = (
            f"<Type>{kind}</Type><Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
        )
        body = (
            f'<ErrorResponse xmlns="{space}"><Error>{inner}</Error><RequestId>{uuid.uuid4()}</RequestId>'
            "</ErrorResponse>"
        )
        return Response(error.status, {"Content-Type": "text/xml"}, body.encode())


class RestJsonProtocol:
    """REST-JSON whose operations are told by method and path, with all members in the body.

    SageMaker's metrics are so; its runtime, with members in paths and headers and raw bodies, reads those
    itself and takes only the errors from here.
    """

    def read(self, model: ServiceModel, request: Request) -> tuple[str, dict[str, Any]]:
        """The operation's name and its members as sent."""
        for name in model.operation_names:
            http = model.operation_model(name).http
            if (http["method"], http["requestUri"]) == (request.method, request.path):
                return name, json_object(request)
        raise AwsError("UnknownOperationException", f"no operation is {request.method} {request.path}", 404)

    def answer(self, operation: OperationModel, result: dict[str, Any]) -> Response:
        """The answer of an operation, shaped already."""
        return _json_response(200, result, "application/json")

    def error(self, error: AwsError, model: ServiceModel | None = None) -> Response:
        """An error: the code in a header, the text in a JSON body."""
        shape = model.shape_for_error_code(error.code) if model else None
        message = "Message" if shape is not None and "Message" in shape.members else "message"
        response = _json_response(error.status, {message: error.message, **error.fields}, "application/json")
        response.headers["x-amzn-ErrorType"] = error.code
        return response


def json_object(request: Request) -> dict[str, Any]:
    """The members in a body."""
    try:
        members = json.loads(request.body.read() or b"{}")
    except ValueError as error:
        raise AwsError("SerializationException", f"the body is not JSON: {error}") from error
    if not isinstance(members, dict):
        raise AwsError("SerializationException", "the body is not a JSON object")
    return members


def _json_response(status: int, body: dict[str, Any], content_type: str) -> Response:
    request_id = str(uuid.uuid4())
    return Response(
        status, {"Content-Type": content_type, "x-amzn-RequestId": request_id}, json.dumps(body).encode()
    )


def _from_form(shape: Shape, form: dict[str, str], name: str) -> Any:
    """A member off a flat form, such as ``Tags.member.1.Key``; None when it is not there."""
    kind = shape.type_name
    if kind == "structure":
        prefix = name and name + "."
        found = {
            key: _from_form(member, form, prefix + member.serialization.get("name", key))
            for key, member in shape.members.items()
        }
        return {key: value for key, value in found.items() if value is not None} or None
    if kind == "list":
        item = f"{name}.{shape.member.serialization.get('name', 'member')}"
        items: list[Any] = []
        while (value := _from_form(shape.member, form, f"{item}.{len(items) + 1}")) is not None:
            items.append(value)
        return items or ([] if form.get(name) == "" else None)
    if kind == "map":
        pairs: dict[str, Any] = {}
        while (key := form.get(f"{name}.entry.{len(pairs) + 1}.key")) is not None:
            pairs[key] = _from_form(shape.value, form, f"{name}.entry.{len(pairs) + 1}.value")
        return pairs or None
    text = form.get(name)
    return text if text is None else _scalar(kind, text, name)


def _scalar(kind: str, text: str, name: str) -> Any:
    try:
        if kind in ("integer", "long"):
            return int(text)
        if kind in ("float", "double"):
            return float(text)
        if kind == "boolean":
            return {"true": True, "false": False}[text.lower()]
    except (ValueError, KeyError):
        raise AwsError("MalformedInput", f"{name}: {text!r} is not of type {kind}") from None
    return text


def _to_xml(shape: Shape, value: Any) -> str:
    kind = shape.type_name
    if kind == "structure":
        return "".join(
            f"<{tag}>{_to_xml(shape.members[name], item)}</{tag}>"
            for name, item in value.items()
            for tag in [shape.members[name].serialization.get("name", name)]
        )
    if kind == "list":
        tag = shape.member.serialization.get("name", "member")
        return "".join(f"<{tag}>{_to_xml(shape.member, item)}</{tag}>" for item in value)
    if kind == "map":
        return "".join(
            f"<entry><key>{escape(key)}</key><value>{_to_xml(shape.value, item)}</value></entry>"
            for key, item in value.items()
        )
    if kind == "timestamp":
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if kind == "boolean":
        return "true" if value else "false"
    return escape(str(value))
