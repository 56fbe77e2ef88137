"""CloudWatch's wire forms: JSON with the query protocol's error codes; the query protocol for older clients.

Clients may send either one compressed.
"""

from __future__ import annotations

import gzip
import io
from dataclasses import replace
from typing import Any, cast

from botocore.model import ServiceModel

from localaws.cloudwatch.requests import not_implemented
from localaws.errors import AwsError
from localaws.protocols import JsonProtocol, QueryProtocol
from localaws.wire import Request, Response


class CompatibleJson(JsonProtocol):
    """JSON of a service whose model is ``awsQueryCompatible``: errors keep their older codes in a header."""

    def read(self, model: ServiceModel, request: Request) -> tuple[str, dict[str, Any]]:
        """The operation's name and its members as sent.

        Raises:
            AwsError: NotImplemented for CBOR, the third form of the service's model; boto3 sends JSON.
        """
        if "smithy-protocol" in request.headers:
            raise not_implemented(f"the protocol {request.headers['smithy-protocol']} (JSON and query are)")
        return super().read(model, _unzipped(request))

    def error(self, error: AwsError, model: ServiceModel | None = None) -> Response:
        """An error: the shape's name in the body, the query protocol's code in the header."""
        shape = model.shape_for_error_code(error.code) if model else None
        named = error if shape is None else AwsError(shape.name, error.message, error.status, **error.fields)
        response = super().error(named, model)
        fault = "Sender" if error.status < 500 else "Receiver"
        response.headers["x-amzn-query-error"] = f"{error.code};{fault}"
        return response


class CompressedQuery(QueryProtocol):
    """The query protocol, its form perhaps compressed."""

    def read(self, model: ServiceModel, request: Request) -> tuple[str, dict[str, Any]]:
        """The operation's name and its members, nested and typed by the input shape."""
        return super().read(model, _unzipped(request))


def _unzipped(request: Request) -> Request:
    if request.headers.get("Content-Encoding", "") != "gzip":
        return request
    try:
        body = gzip.decompress(request.body.read())
    except (OSError, EOFError) as error:
        raise AwsError("SerializationException", f"the body is not gzip: {error}") from error
    return replace(request, body=io.BufferedReader(cast(io.RawIOBase, io.BytesIO(body))))
