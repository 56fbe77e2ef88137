"""The page under ``/_localaws/faults``: list, add and take back rules, as JSON."""

from __future__ import annotations

import json
import uuid
from typing import Any

from localaws.errors import AwsError
from localaws.faults.rules import Faults
from localaws.wire import Request, Response

PATH = "/_localaws/faults"
BODY_LIMIT = 1 << 16


class FaultControl:
    """Answers the requests about rules.

    ``GET`` lists them, ``POST`` adds one (201), ``DELETE`` takes all back, ``DELETE …/<id>`` takes one back.
    """

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def serves(self, request: Request) -> bool:
        """Whether a request is about rules."""
        return request.path == PATH or request.path.startswith(PATH + "/")

    def answer(self, request: Request) -> Response:
        """The answer; problems as ``{"message": …}`` with status 400, 404 or 405."""
        name = request.path.removeprefix(PATH).strip("/")
        try:
            match request.method, bool(name):
                case "GET" | "HEAD", False:
                    return _json(200, {"rules": [rule.document() for rule in self._faults.rules()]})
                case "POST", False:
                    return _json(201, self._faults.add(_body(request)).document())
                case "DELETE", False:
                    return _json(200, {"removed": self._faults.clear()})
                case "DELETE", True:
                    return _json(200, self._faults.remove(name).document())
        except AwsError as error:
            return _json(error.status, {"message": error.message})
        return _json(405, {"message": f"{request.method} {request.path}: GET, POST or DELETE {PATH}"})


def _body(request: Request) -> Any:
    text = request.body.read(BODY_LIMIT)
    try:
        return json.loads(text)
    except ValueError as error:
        raise AwsError("SerializationException", f"the body is not JSON: {error}") from error


def _json(status: int, body: dict[str, Any]) -> Response:
    headers = {"Content-Type": "application/json", "x-amzn-RequestId": str(uuid.uuid4())}
    return Response(status, headers, json.dumps(body).encode() + b"\n")
