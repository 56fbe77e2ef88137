"""A serverless host: its server starts with a call, ends when it is idle, and takes so many calls at once."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from localaws.errors import AwsError
from localaws.jobs.failure import JobFailure
from localaws.sagemaker.hosting.connections import ServerGone
from localaws.sagemaker.hosting.containers import ContainersHost
from localaws.sagemaker.hosting.hosts import Invocation, Reply
from localaws.sagemaker.hosting.invocation_metrics import NAMESPACE
from localaws.sagemaker.hosting.launcher import Launcher

IDLE_SECONDS = 15.0  # AWS does not say how long it keeps a container warm; minutes, by experience


class ServerlessHost:
    """One server at most, and none while nobody asks.

    Args:
        launcher: Whose server it is.
        make: Starts the server.
        config: The variant's ServerlessConfig.
        seconds: How long a start may take.
    """

    def __init__(
        self,
        launcher: Launcher,
        make: Callable[[], ContainersHost],
        config: Mapping[str, Any],
        seconds: float,
    ) -> None:
        self.id = launcher.id
        self._launcher = launcher
        self._make = make
        self._concurrency: int = config["MaxConcurrency"]
        self._always = bool(config.get("ProvisionedConcurrency"))
        self._seconds = seconds
        self._idle = float(os.environ.get("LOCALAWS_SERVERLESS_IDLE") or IDLE_SECONDS)
        self._starting = threading.Lock()
        self._lock = threading.Lock()
        self._active = 0
        self._server: ContainersHost | None = None
        self._timer: threading.Timer | None = None
        self._ended = False

    @property
    def alive(self) -> bool:
        """Whether it can be asked: always, until it is ended."""
        return not self._ended

    def ask(self, invocation: Invocation, timeout: float) -> Reply:
        """The model's answer, after a cold start if need be."""
        with self._lock:
            if self._active >= self._concurrency:
                raise AwsError("ThrottlingException", "Rate exceeded", 400)
            self._active += 1
            if self._timer is not None:
                self._timer.cancel()
            share = self._active / self._concurrency
        try:
            self._put("ServerlessConcurrentExecutionsUtilization", share, "None")
            return self._ask(self._warm(), invocation, timeout)
        finally:
            with self._lock:
                self._active -= 1
                self._rest()

    def _ask(self, server: ContainersHost, invocation: Invocation, timeout: float) -> Reply:
        """The server's answer; one that gave none is not asked again, though its process may seem alive."""
        try:
            return server.ask(invocation, timeout)
        except ServerGone:
            with self._lock:
                if self._server is server:
                    self._server = None
            server.kill()
            raise

    def wait_until_ready(self, seconds: float) -> None:
        """Start it once: a model that does not load fails its endpoint, not its first caller."""
        self._warm()
        with self._lock:
            self._rest()

    def stop(self) -> None:
        """Let it finish what it answers, and end it."""
        server = self._end()
        if server is not None:
            server.stop()

    def kill(self) -> None:
        """End it at once."""
        server = self._end()
        if server is not None:
            server.kill()

    def _warm(self) -> ContainersHost:
        """The server, started if there is none or it has died."""
        with self._starting:
            server = self._server
            if server is not None and server.alive:
                return server
            began = time.perf_counter()
            server = self._make()
            with self._lock:  # from here on whoever ends the host ends it
                self._server = server
                ended = self._ended
            if ended:
                server.kill()
            try:
                server.wait_until_ready(self._seconds)
            except JobFailure:
                server.kill()
                raise
            micros = (time.perf_counter() - began) * 1e6
            self._put("ModelSetupTime", round(micros), "Microseconds")
            return server

    def _rest(self) -> None:
        """Begin to count idle time; the caller holds the lock."""
        if self._active or self._always or self._ended:
            return
        self._timer = threading.Timer(self._idle, self._scale_to_zero)
        self._timer.daemon = True
        self._timer.start()

    def _scale_to_zero(self) -> None:
        with self._starting:
            with self._lock:
                if self._active or self._ended:
                    return
                server, self._server = self._server, None
            if server is not None:
                server.stop()

    def _end(self) -> ContainersHost | None:
        with self._lock:
            self._ended = True
            if self._timer is not None:
                self._timer.cancel()
            server, self._server = self._server, None
            return server

    def _put(self, metric: str, value: float, unit: str) -> None:
        dimensions = {"EndpointName": self._launcher.endpoint, "VariantName": self._launcher.variant}
        self._launcher.machine.world.metrics.put(NAMESPACE, metric, dimensions, value, unit)
