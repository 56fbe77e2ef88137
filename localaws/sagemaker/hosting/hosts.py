"""Hosts: what answers for a variant, found by the id an endpoint's route names."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from localaws.sagemaker.hosting.connections import Answer

PRIMARY = "primary"


@dataclass(frozen=True)
class Invocation:
    """One call of an endpoint.

    Attributes:
        endpoint: The endpoint's name.
        body: What the model is sent.
        headers: What the model is sent with it, names in lower case.
        variant: The variant asked for, None for any.
        model: The target model of a multi-model endpoint.
        container: The target container of a model with several.
    """

    endpoint: str
    body: bytes
    headers: Mapping[str, str]
    variant: str | None = None
    model: str | None = None
    container: str | None = None


@dataclass(frozen=True)
class Reply:
    """A model's answer, and the name of the container that gave it."""

    answer: Answer
    container: str = PRIMARY


class NoReply(Exception):
    """A container did not answer in time."""

    def __init__(self, container: str) -> None:
        super().__init__(container)
        self.container = container


class Host(Protocol):
    """What answers for a variant.

    Attributes:
        id: What a route calls it.
    """

    id: str

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        ...

    def ask(self, invocation: Invocation, timeout: float) -> Reply:
        """The model's answer.

        Raises:
            ServerGone: There was none.
            NoReply: It took too long.
            JobFailure: The model could not be started for it.
            AwsError: The host cannot take such an invocation.
        """
        ...

    def wait_until_ready(self, seconds: float) -> None:
        """Wait until it can answer.

        Raises:
            JobFailure: It cannot; the message says which container of which variant, and why.
        """
        ...

    def stop(self) -> None:
        """Let it finish what it answers, and end it."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...


class Hosts:
    """Every host that runs, by id; any thread may call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hosts: dict[str, Host] = {}

    def add(self, host: Host) -> None:
        """Let a host be found."""
        with self._lock:
            self._hosts[host.id] = host

    def remove(self, host: Host) -> None:
        """Forget a host; no matter if it was not there."""
        with self._lock:
            self._hosts.pop(host.id, None)

    def find(self, name: str) -> Host | None:
        """The host of an id, None when it has ended."""
        with self._lock:
            return self._hosts.get(name)
