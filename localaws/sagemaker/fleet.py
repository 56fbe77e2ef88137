"""The model servers of one deployed endpoint: started together, pinged, ended together."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable

from localaws.errors import AwsError
from localaws.jobs.failure import JobFailure
from localaws.jobs.machine import Machine
from localaws.sagemaker.model_server import ModelServer, Place
from localaws.sagemaker.variants import Variant

THREADS = 1  # OpenMP threads of a model server: it answers many small requests side by side


class Fleet:
    """One server for each variant.

    Args:
        machine: Where they run.
        endpoint: The endpoint's name.
        config: The name of the configuration they serve.
        variants: What they serve; weights and counts may change while they do.
        on_death: Called with the fleet and a variant when that variant's server ends by itself.
    """

    def __init__(
        self,
        machine: Machine,
        endpoint: str,
        config: str,
        variants: list[Variant],
        *,
        on_death: Callable[[Fleet, Variant], None],
    ) -> None:
        self.endpoint = endpoint
        self.config = config
        self.variants = variants
        self._machine = machine
        self._on_death = on_death
        self._lock = threading.Lock()
        self._servers: dict[str, ModelServer] = {}
        self._ended = False

    def start(self) -> None:
        """Start every variant and wait until all are ready.

        Raises:
            JobFailure: One cannot start, or does not answer its ping; none of them is left running.
        """
        try:
            for variant in self.variants:
                self._launch(variant)
            for variant in self.variants:
                self._wait(variant)
        except (JobFailure, AwsError):
            self.kill()
            raise

    def restart(self, variant: Variant) -> None:
        """Start a variant again whose server has ended.

        Raises:
            JobFailure: It cannot start.
        """
        self._launch(variant)
        self._wait(variant)

    @property
    def ended(self) -> bool:
        """Whether the fleet was told to end."""
        return self._ended

    def ports(self) -> dict[str, int]:
        """The port of each variant's server."""
        with self._lock:
            return {name: server.port for name, server in self._servers.items()}

    def stop(self) -> None:
        """Let every server finish what it answers, and end it."""
        for server in self._end():
            server.stop()

    def kill(self) -> None:
        """End every server at once."""
        for server in self._end():
            server.kill()

    def _end(self) -> list[ModelServer]:
        with self._lock:
            self._ended = True
            return list(self._servers.values())

    def _launch(self, variant: Variant) -> None:
        unique = uuid.uuid4().hex[:17]
        place = Place(
            self._machine.folder("endpoints", f"{self.endpoint}-{variant.name}-{unique}"),
            f"/aws/sagemaker/Endpoints/{self.endpoint}",
            f"{variant.name}/i-{unique}",
            THREADS,
            {},
        )
        server = ModelServer(self._machine, variant.container, place, lambda: self._on_death(self, variant))
        with self._lock:
            self._servers[variant.name] = server
            ended = self._ended
        if ended:
            server.kill()

    def _wait(self, variant: Variant) -> None:
        try:
            self._servers[variant.name].wait_until_ready(variant.seconds)
        except JobFailure as error:
            raise JobFailure(
                error.kind, f"The primary container for production variant {variant.name} {error.message}"
            ) from error
