"""Asynchronous invocations: kept until their result is in S3, so many at once, across restarts."""

from __future__ import annotations

import base64
import logging
import sqlite3
import threading
import time
import uuid
from collections import Counter, defaultdict, deque
from typing import Any

from localaws.errors import AwsError
from localaws.s3.blobs import split_uri
from localaws.sagemaker.documents import Documents
from localaws.sagemaker.hosting.backlog import Backlog, report
from localaws.sagemaker.hosting.endpoints import KIND
from localaws.sagemaker.hosting.hosts import Invocation
from localaws.sagemaker.hosting.invocation_metrics import NAMESPACE
from localaws.sagemaker.hosting.invoker import Invoker
from localaws.world import World

log = logging.getLogger("localaws")
TABLE = "sagemaker:async-invocation"
AT_ONCE = 4  # invocations of one instance where the configuration does not say; AWS chooses
TICK = 0.25  # seconds between looks at a backlog that may not be worked on yet
EVERY_SECONDS = 1.0  # between reports of a backlog that does not change
NEVER = (0.0, -1)
IDLE_TICK = 10.0  # seconds between reports of an empty one


class AsyncInvocations:
    """The queues of all asynchronous endpoints.

    A request is stored before it is acknowledged, and forgotten after its result or its failure is stored: a
    server that is killed asks the model again.
    """

    def __init__(self, world: World, invoker: Invoker) -> None:
        self._world = world
        self._invoker = invoker
        self._documents = Documents(world, KIND)
        self._changed = threading.Condition()
        self._waiting: dict[str, deque[dict[str, Any]]] = defaultdict(deque)
        self._running: Counter[str] = Counter()
        self._reported: dict[str, tuple[float, int]] = {}  # when, and which size, by endpoint
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="async invocations", daemon=True)

    def start(self) -> None:
        """Begin, with what an earlier server was asked."""
        with self._changed:
            new = {request["Key"] for waiting in self._waiting.values() for request in waiting}
            for request in self._world.store.all(TABLE):
                if request["Key"] not in new:
                    self._waiting[request["Endpoint"]].append(request)
                self._reported.setdefault(request["Endpoint"], NEVER)
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more; what is under way is done by the next server."""
        self._closing.set()
        with self._changed:
            self._changed.notify_all()

    def submit(self, request: dict[str, Any]) -> None:
        """Take a request; its members are those the runtime gives it."""
        kept = {**request, "Key": str(uuid.uuid4()), "Created": time.time()}
        with self._changed:  # so that start() meets it in the store and in the queue, or in neither
            self._world.store.put(TABLE, kept["Key"], kept)
            self._waiting[kept["Endpoint"]].append(kept)
            self._reported.setdefault(kept["Endpoint"], NEVER)
            self._changed.notify_all()

    def _work(self) -> None:
        while not self._closing.is_set():
            with self._changed:
                names = list(self._reported)
                busy = any(self._waiting.values()) or any(self._running.values())
            for name in names:
                try:
                    self._dispatch(name)
                except (
                    OSError,
                    sqlite3.OperationalError,
                ) as error:  # a full disk; it may have room again later
                    log.warning("asynchronous invocations of %s wait: %s", name, error)
            with self._changed:
                if not self._closing.is_set():
                    self._changed.wait(TICK if busy else IDLE_TICK if names else None)

    def _dispatch(self, name: str) -> None:
        """Start what may run now for an endpoint, and report its backlog."""
        capacity, instances = self._capacity(name)
        with self._changed:
            waiting = self._waiting[name]
            if capacity is None:
                dropped = list(waiting)
                waiting.clear()
                self._reported.pop(name, None)
            else:
                dropped = []
            begun = []
            while capacity and waiting and self._running[name] < capacity:
                begun.append(waiting.popleft())
                self._running[name] += 1
            backlog = Backlog(len(waiting) + self._running[name], waiting[0]["Created"] if waiting else None)
            due = capacity is not None and self._is_due(name, backlog)
        for request in dropped:
            self._world.store.delete(TABLE, request["Key"])
        for request in begun:
            threading.Thread(target=self._run, args=(request,), name=f"async {name}", daemon=True).start()
        if due:
            report(self._world.metrics, name, backlog, instances)

    def _is_due(self, name: str, backlog: Backlog) -> bool:
        """Whether to report a backlog: once a second, and when it has changed; the caller holds the lock."""
        now = time.monotonic()
        when, size = self._reported[name]
        if size == backlog.size and now < when + EVERY_SECONDS:
            return False
        self._reported[name] = (now, backlog.size)
        return True

    def _capacity(self, name: str) -> tuple[int | None, int]:
        """How many invocations an endpoint takes at once, with its instances; None when it is no more."""
        document = self._documents.find(name)
        if document is None or document["EndpointStatus"] == "Deleting":
            return None, 0
        route = document.get("_Route") or []
        if not route or not route[0]["asynchronous"]:
            return 0, 0
        client = route[0]["asynchronous"].get("ClientConfig", {})
        instances = sum(target["instances"] for target in route)
        return client.get("MaxConcurrentInvocationsPerInstance", AT_ONCE) * instances, instances

    def _run(self, request: dict[str, Any]) -> None:
        try:
            self._answer(request)
        finally:
            with self._changed:
                self._running[request["Endpoint"]] -= 1
                self._changed.notify_all()

    def _answer(self, request: dict[str, Any]) -> None:
        """Ask the model and store what it says, or why it did not."""
        waited = time.time() - request["Created"]
        dimensions = {"EndpointName": request["Endpoint"]}
        try:
            if waited > request["Ttl"]:
                self._world.metrics.put(NAMESPACE, "ExpiredRequests", dimensions, 1.0)
                raise AwsError("ClientError", f"The request was not begun within {request['Ttl']} seconds.")
            invocation = Invocation(request["Endpoint"], self._payload(request), request["Headers"])
            outcome = self._invoker.invoke(invocation, asynchronous=True, timeout=request["Timeout"])
        except AwsError as error:
            if self._closing.is_set():
                return
            self._store(request["Failure"], f"{error.code}: {error.message}".encode(), "text/plain")
            failed = True
        else:
            if self._closing.is_set():
                return
            failed = not self._store(request["Output"], outcome.answer.body, outcome.answer.content_type)
        self._world.store.delete(TABLE, request["Key"])
        metrics = self._world.metrics
        metrics.put(NAMESPACE, "InvocationFailures", dimensions, float(failed))
        metrics.put(NAMESPACE, "InvocationsProcessed", dimensions, 1.0)
        metrics.put(NAMESPACE, "TimeInBacklog", dimensions, round(waited * 1000), "Milliseconds")

    def _payload(self, request: dict[str, Any]) -> bytes:
        """The request's body, from S3 unless it came with it.

        Raises:
            AwsError: ClientError, it cannot be had.
        """
        if "Body" in request:
            return base64.b64decode(request["Body"])
        try:
            return self._world.objects.get(*split_uri(request["Input"])).path.read_bytes()
        except (AwsError, FileNotFoundError) as error:
            text = f"Failed to download the request's data from {request['Input']}: {error}"
            raise AwsError("ClientError", text) from error

    def _store(self, uri: str | None, body: bytes, content_type: str) -> bool:
        """Store an object; whether it could be. Nobody waits for an answer, so the log is told if not."""
        if uri is None:
            return False
        bucket, key = split_uri(uri)
        objects = self._world.objects
        try:
            objects.index.need_bucket(bucket)
            with objects.files.writer() as writer:
                writer.write(body)
                objects.publish(bucket, key, writer.seal(), headers={"Content-Type": content_type})
        except AwsError as error:
            log.warning("the result of an asynchronous invocation cannot be stored at %s: %s", uri, error)
            return False
        return True
