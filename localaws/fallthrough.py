"""Services this endpoint does not play, answered by moto in this process, where its extra is installed.

Moto is imported when the first such request comes (about a second). It keeps what it is told in memory: a
restart forgets it. It never sees a request for a service that is played here, and is never asked to run
anything: it would say that it did.
"""

from __future__ import annotations

import dataclasses
import io
import logging
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Set
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes, urlsplit

from localaws.errors import AwsError
from localaws.faults.target import Call, called
from localaws.wire import Request, Response

log = logging.getLogger("localaws")
INSTALL = "pip install 'foldline[moto]'"
RUNS = {
    "batch": {"SubmitJob"},
    "bedrock-runtime": {"InvokeModel", "Converse"},
    "codebuild": {"StartBuild", "StartBuildBatch"},
    "dynamodb": {"ExportTableToPointInTime", "ImportTable"},
    "ecs": {"RunTask", "StartTask", "CreateService"},
    "emr": {"RunJobFlow", "AddJobFlowSteps"},
    "emr-containers": {"StartJobRun"},
    "emr-serverless": {"StartJobRun"},
    "firehose": {"PutRecord", "PutRecordBatch"},
    "lambda": {"Invoke", "InvokeAsync", "InvokeWithResponseStream"},
    "ssm": {"SendCommand", "StartAutomationExecution"},
    "stepfunctions": {"StartExecution", "StartSyncExecution"},
}
"""Operations whose whole sense is that something runs, or is written to S3: moto would only say so."""
STACKS = {"CreateStack", "UpdateStack", "CreateChangeSet", "CreateStackSet", "UpdateStackSet"}
RESOURCE_TYPE = re.compile(r"\bAWS::(\w+)::\w+")
CLOUDFORMATION_NAMES = {
    "s3": "S3",
    "sagemaker": "SageMaker",
    "glue": "Glue",
    "athena": "Athena",
    "logs": "Logs",
    "iam": "IAM",
    "monitoring": "CloudWatch",
    "cloudwatch": "CloudWatch",
    "application-autoscaling": "ApplicationAutoScaling",
}
"""What templates call the services played here: a stack's bucket would be in moto, unseen by S3."""
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


class Moto(Protocol):
    """Moto's dispatcher of WSGI requests."""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answers, as WSGI applications do."""

    def infer_service_region_host(self, environ: dict[str, Any], path: str) -> str | None:
        """AWS's host name for a request's service, by which moto finds its own module."""

    def get_backend_for_host(self, host: str | None) -> str | None:
        """The name of that module, None when there is none."""


class FallThrough:
    """Hands requests to moto's WSGI application."""

    def __init__(self, url: str, owned: Set[str]) -> None:
        """Takes the endpoint's own address, and the services it plays itself."""
        self._host = urlsplit(url)
        self._owned = {CLOUDFORMATION_NAMES[name] for name in owned if name in CLOUDFORMATION_NAMES}
        self._lock = threading.Lock()
        self._moto: Moto | None = None

    def answer(self, service: str, request: Request) -> Response:
        """Moto's answer.

        Raises:
            AwsError: NotImplemented: moto is not installed, does not play this either, or would pretend;
                InternalFailure: moto broke.
        """
        body = request.body.read()
        buffered = dataclasses.replace(request, body=io.BufferedReader(io.BytesIO(body)))
        call, _ = called(service, buffered)
        name = f"{service}.{call.operation}"
        try:
            moto = self._loaded()
            self._check_sense(name, call)
            response = _asked(moto, self._environ(request, body), name)
        except ModuleNotFoundError as error:
            if error.name is not None and error.name.partition(".")[0] == "moto":
                raise _refused(f"localaws does not implement {name}; with moto it does: {INSTALL}") from error
            raise _refused(
                f"localaws does not implement {name}, and moto needs {error.name} for it"
            ) from error
        except NotImplementedError as error:
            raise _refused(f"neither localaws nor moto implements {name}") from error
        if response.status == 404 and response.headers.get("Content-Type", "").startswith("text/html"):
            raise _refused(f"neither localaws nor moto implements {name}")
        return response

    def _loaded(self) -> Moto:
        with self._lock:
            if self._moto is None:
                from moto.server import DomainDispatcherApplication, create_backend_app

                self._moto = DomainDispatcherApplication(create_backend_app)
                log.info("services not played here are answered by moto, which keeps them in memory")
            return self._moto

    def _check_sense(self, name: str, call: Call) -> None:
        """Refuse what moto would only pretend."""
        if call.operation in RUNS.get(call.service, ()):
            raise _refused(f"localaws does not implement {name}: moto would say that it ran, and run nothing")
        if call.service != "cloudformation" or call.operation not in STACKS:
            return
        if "TemplateURL" in call.members:
            raise _refused(f"localaws does not implement {name} with TemplateURL; give TemplateBody")
        found = RESOURCE_TYPE.finditer(str(call.members.get("TemplateBody", "")))
        ours = sorted({match[0] for match in found if match[1] in self._owned})
        if ours:
            raise _refused(
                f"localaws does not implement {name} with {', '.join(ours)}: a stack lives in moto, unseen "
                "by the services played here; make these by their own APIs"
            )

    def _environ(self, request: Request, body: bytes) -> dict[str, Any]:
        """The request as WSGI has it."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(request.path).decode("latin-1"),
            "RAW_URI": request.path,
            "QUERY_STRING": request.query_string,
            "SERVER_NAME": self._host.hostname,
            "SERVER_PORT": str(self._host.port),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for header, value in request.headers.items():
            if header.lower() not in ("content-type", "content-length", "transfer-encoding"):
                environ["HTTP_" + header.upper().replace("-", "_")] = value
        if credential := request.query.get("X-Amz-Credential"):  # moto looks for the service in the header
            environ.setdefault("HTTP_AUTHORIZATION", f"AWS4-HMAC-SHA256 Credential={credential}, Signature=")
        return environ


def _asked(moto: Moto, environ: dict[str, Any], name: str) -> Response:
    """What moto answers; what breaks inside it is told as an error of moto's."""
    try:
        if moto.get_backend_for_host(moto.infer_service_region_host(environ, environ["PATH_INFO"])) is None:
            raise NotImplementedError
        return _response(moto, environ)
    except (AwsError, ModuleNotFoundError, NotImplementedError):
        raise
    except Exception as error:
        log.exception("moto failed at %s", name)
        message = f"moto failed at {name} ({type(error).__name__}: {error}); see localaws's log"
        raise AwsError("InternalFailure", message, 500) from error


def _response(application: Moto, environ: Mapping[str, Any]) -> Response:
    started: dict[str, Any] = {}

    def start(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
        started.update(status=int(status[:3]), headers=headers)

    chunks = application(dict(environ), start)
    try:
        body = b"".join(chunks)
    finally:
        if close := getattr(chunks, "close", None):
            close()
    headers = {
        name: value
        for name, value in started["headers"]
        if name.lower() not in HOP_BY_HOP and not name.lower().startswith("access-control-")
    }  # without moto's leave for every web page to read along
    return Response(started["status"], headers, body)


def _refused(message: str) -> AwsError:
    return AwsError("NotImplemented", message, 501)
