"""Which service a request is for, and its answer: checked, served, shaped; errors in the service's form."""

from __future__ import annotations

import errno
import logging
import re
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from urllib.parse import unquote

from localaws.errors import AwsError
from localaws.fallthrough import FallThrough
from localaws.faults.calls import answered
from localaws.protocols import JsonProtocol, QueryProtocol, RestJsonProtocol
from localaws.s3.rest import S3Api
from localaws.sagemaker.featurestore.protocol import SERVICE as FEATURES
from localaws.sagemaker.featurestore.protocol import is_feature_store
from localaws.sagemaker.hosting.runtime import Runtime
from localaws.services import Service
from localaws.shapes import check, service_model, shaped
from localaws.wire import Request, Response
from localaws.world import World

log = logging.getLogger("localaws")
SCOPE = re.compile(r"Credential=[^/,]+/\d{8}/(?:[\w-]+/)?([\w-]+)/aws4_request")
ENDPOINT_PATH = re.compile(r"/endpoints/([^/]+)/(invocations|async-invocations|invocations-response-stream)")
METRICS_PATHS = ("/BatchPutMetrics", "/BatchGetMetrics")
UNSIGNED_TARGETS = {
    "AWSCognitoIdentityService": "cognito-identity",
    "AWSCognitoIdentityProviderService": "cognito-idp",
}
INVOCATION_LIMIT = 8 << 20  # bytes read of a body; the runtime refuses it from six on


class Front:
    """Answers every AWS request; never raises."""

    def __init__(self, world: World, services: Mapping[str, Service], runtime: Runtime) -> None:
        self._world = world
        self._services = services
        self._runtime = runtime
        self._fall_through = FallThrough(world.url, owned={*services, "s3"})
        self._s3 = S3Api(world.objects, world.region, world.account)

    def answer(self, request: Request) -> Response:
        """The answer to a request of any service."""
        name = scope(request) or unsigned(request)
        if name in (None, "s3", "s3express"):
            return self._guarded(request, "s3", lambda error: self._s3.error(error, request), self._s3.answer)
        if name == "sagemaker" and request.path in METRICS_PATHS:
            name = "sagemaker-metrics"  # which signs as SageMaker does
        elif name == "sagemaker" and is_feature_store(request):
            name = FEATURES  # and so does this
        elif name == "sagemaker" and "X-Amz-Target" not in request.headers:
            model = service_model("sagemaker-runtime")
            return self._guarded(
                request,
                "sagemaker-runtime",
                lambda error: RestJsonProtocol().error(error, model),
                self._invoke,
            )
        service = self._services.get(name or "")
        if service is None:
            return self._elsewhere(request, name or "")
        service = service.spoken(form=is_form(request))
        model = service_model(service.name)
        return self._guarded(
            request,
            service.name,
            lambda error: service.protocol.error(error, model),
            lambda request: self._call(service, request),
        )

    def _elsewhere(self, request: Request, name: str) -> Response:
        """Moto's answer for a service that is not played here; errors in a form its client can read."""
        protocol: QueryProtocol | JsonProtocol = QueryProtocol() if is_form(request) else JsonProtocol()
        return self._guarded(
            request, name, protocol.error, lambda request: self._fall_through.answer(name, request)
        )

    def _call(self, service: Service, request: Request) -> Response:
        model = service_model(service.name)
        name, members = service.protocol.read(model, request)
        if name not in model.operation_names:
            raise AwsError("UnknownOperationException", f"{service.name} has no operation {name}")
        handler = service.operations.get(name)
        if handler is None:
            raise not_implemented(service.name, name)
        operation = model.operation_model(name)
        known = check(operation.input_shape, members, service.validation_code)
        return service.protocol.answer(operation, shaped(operation.output_shape, handler(known) or {}))

    def _invoke(self, request: Request) -> Response:
        found = ENDPOINT_PATH.fullmatch(request.path)
        if not found or request.method != "POST":
            raise not_implemented("sagemaker", f"{request.method} {request.path}")
        body = request.body.read(INVOCATION_LIMIT)
        headers = dict(request.headers.items())
        return self._runtime.answer(found[2], unquote(found[1]), headers, body)

    def _guarded(
        self,
        request: Request,
        service: str,
        error_form: Callable[[AwsError], Response],
        serve: Callable[[Request], Response],
    ) -> Response:
        try:
            return answered(self._world.faults, service, request, serve)
        except AwsError as error:
            return error_form(error)
        except ConnectionError:
            raise
        except Exception as error:
            if no_space(error):
                return error_form(self._disk_full())
            log.exception("%s %s %s failed", service, request.method, request.path)
            return error_form(
                AwsError(
                    "InternalFailure", f"localaws failed inside ({type(error).__name__}); see its log", 500
                )
            )

    def _disk_full(self) -> AwsError:
        with suppress(OSError, sqlite3.Error):  # it is the attempt that counts
            self._world.objects.reclaim()
        message = f"no disk space left under {self._world.state}; nothing was stored. Free some and try again"
        return AwsError("InsufficientStorage", message, 507)


def is_form(request: Request) -> bool:
    """Whether a request's body is a form, as the query protocol sends."""
    return request.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")


def scope(request: Request) -> str | None:
    """The service in the SigV4 credential scope, of the header or a presigned URL; None when unsigned."""
    presigned = request.query.get("X-Amz-Credential")
    text = request.headers.get("Authorization") or (presigned and f"Credential={presigned}") or ""
    found = SCOPE.search(text)
    return found[1] if found else None


def unsigned(request: Request) -> str | None:
    """The service an unsigned request is for; None is S3."""
    if target := request.headers.get("X-Amz-Target"):
        return UNSIGNED_TARGETS.get(target.partition(".")[0])
    return "sts" if is_form(request) and request.path == "/" else None


def not_implemented(service: str, operation: str) -> AwsError:
    """The honest refusal of what is not there."""
    return AwsError("NotImplemented", f"localaws does not implement {service}.{operation}", 501)


def no_space(error: Exception) -> bool:
    """Whether an exception says that the disk is full."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorname == "SQLITE_FULL"
