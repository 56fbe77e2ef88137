"""Starts the model servers of one host, each with a folder of its own and the host's log streams."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from localaws.jobs.machine import Machine
from localaws.sagemaker.hosting.model_containers import Container
from localaws.sagemaker.hosting.model_server import ModelServer, Place

THREADS = 1  # OpenMP threads of a model server: it answers many small requests side by side


@dataclass(frozen=True)
class Launcher:
    """Where a host's servers run.

    Attributes:
        machine: The computer.
        endpoint: The endpoint's name.
        variant: The variant's name.
        id: The host's own name, as an instance's id.
    """

    machine: Machine
    endpoint: str
    variant: str
    id: str = field(default_factory=lambda: f"i-{uuid.uuid4().hex[:17]}")

    def launch(
        self, container: Container, on_exit: Callable[[], None] | None = None, *, part: str = ""
    ) -> ModelServer:
        """Start a server.

        Args:
            container: What it is made of.
            on_exit: Called when its program ends by itself while it serves.
            part: Its own log stream within the host's; empty for the host's own.

        Raises:
            JobFailure: The image is unknown, or the model's data cannot be had.
        """
        stream = f"{self.variant}/{self.id}"
        place = Place(
            self.machine.folder("endpoints", f"{self.endpoint}-{self.variant}-{uuid.uuid4().hex[:17]}"),
            f"/aws/sagemaker/Endpoints/{self.endpoint}",
            f"{stream}/{re.sub('[:*]', '_', part)}" if part else stream,
            THREADS,
            {},
        )
        return ModelServer(self.machine, container, place, on_exit)
