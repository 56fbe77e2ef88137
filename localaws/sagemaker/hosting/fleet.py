"""The model servers of one deployed endpoint: started together, pinged, ended together."""

from __future__ import annotations

import threading
from collections.abc import Callable

from localaws.errors import AwsError
from localaws.jobs.failure import JobFailure
from localaws.jobs.machine import Machine
from localaws.sagemaker.hosting.hosts import Host, Hosts
from localaws.sagemaker.hosting.kinds import host_of
from localaws.sagemaker.hosting.launcher import Launcher
from localaws.sagemaker.hosting.variants import Variant


class Fleet:
    """One host for each variant.

    Args:
        machine: Where they run.
        hosts: Where invocations find them.
        endpoint: The endpoint's name.
        config: The name of the configuration they serve.
        variants: What they serve; weights and counts may change while they do.
        on_death: Called with the fleet and a variant when that variant's server ends by itself.
    """

    def __init__(
        self,
        machine: Machine,
        hosts: Hosts,
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
        self._hosts = hosts
        self._running: dict[str, Host] = {}
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

    def hosts(self) -> dict[str, str]:
        """The id of each variant's host."""
        with self._lock:
            return {name: host.id for name, host in self._running.items()}

    def stop(self) -> None:
        """Let every server finish what it answers, and end it."""
        for host in self._end():
            host.stop()
            self._hosts.remove(host)

    def kill(self) -> None:
        """End every server at once."""
        for host in self._end():
            host.kill()
            self._hosts.remove(host)

    def _end(self) -> list[Host]:
        with self._lock:
            self._ended = True
            return list(self._running.values())

    def _launch(self, variant: Variant) -> None:
        launcher = Launcher(self._machine, self.endpoint, variant.name)
        host = host_of(launcher, variant, lambda: self._on_death(self, variant))
        self._hosts.add(host)
        with self._lock:
            former = self._running.get(variant.name)
            self._running[variant.name] = host
            ended = self._ended
        if former is not None:  # one of its containers has died
            former.kill()
            self._hosts.remove(former)
        if ended:
            host.kill()
            self._hosts.remove(host)

    def _wait(self, variant: Variant) -> None:
        self._running[variant.name].wait_until_ready(variant.seconds)
