"""A host of running containers: one; several in a row, each fed with the last one's answer; or by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from localaws.errors import AwsError
from localaws.jobs.failure import JobFailure
from localaws.sagemaker.hosting.connections import Answer
from localaws.sagemaker.hosting.hosts import Invocation, NoReply, Reply
from localaws.sagemaker.hosting.launcher import Launcher
from localaws.sagemaker.hosting.model_containers import Container
from localaws.sagemaker.hosting.model_server import ModelServer


class ContainersHost:
    """One model server for each container.

    Args:
        launcher: Starts them.
        containers: What they are made of, in their order.
        direct: Whether an invocation names the one it is for.
        on_death: Called when one of them ends by itself while it serves.

    Raises:
        JobFailure: One of them cannot start; none is left running.
    """

    def __init__(
        self,
        launcher: Launcher,
        containers: Sequence[Container],
        *,
        direct: bool,
        on_death: Callable[[], None],
    ) -> None:
        self.id = launcher.id
        self._variant = launcher.variant
        self._direct = direct
        self._servers: dict[str, ModelServer] = {}
        try:
            for container in containers:
                part = container.name if len(containers) > 1 else ""
                self._servers[container.name] = launcher.launch(container, on_death, part=part)
        except BaseException:
            self.kill()
            raise

    @property
    def alive(self) -> bool:
        """Whether all of its programs run."""
        return all(server.alive for server in self._servers.values())

    def ask(self, invocation: Invocation, timeout: float) -> Reply:
        """The last container's answer, or that of the one asked for; the first error ends the row."""
        if self._direct:
            name = invocation.container or ""
            if name not in self._servers:
                known = ", ".join(self._servers)
                raise AwsError(
                    "ValidationError", f"No container has the hostname {name!r}; there are: {known}"
                )
            return Reply(self._post(name, invocation.body, dict(invocation.headers), timeout), name)
        body, headers = invocation.body, dict(invocation.headers)
        names = list(self._servers)
        for name in names:
            answer = self._post(name, body, headers, timeout)
            if name == names[-1] or not 200 <= answer.status < 300:
                return Reply(answer, name)
            body = answer.body
            headers["content-type"] = answer.content_type
        raise AssertionError("a host has at least one container")

    def _post(self, name: str, body: bytes, headers: dict[str, str], timeout: float) -> Answer:
        try:
            return self._servers[name].post(body, headers, timeout)
        except TimeoutError as error:
            raise NoReply(name) from error

    def wait_until_ready(self, seconds: float) -> None:
        """Wait for each one's first good ping."""
        for name, server in self._servers.items():
            try:
                server.wait_until_ready(seconds)
            except JobFailure as error:
                raise JobFailure(
                    error.kind,
                    f"The {name} container for production variant {self._variant} {error.message}",
                ) from error

    def stop(self) -> None:
        """Let them finish what they answer, the first one first, and end them."""
        for server in self._servers.values():
            if server.alive:
                server.stop()

    def kill(self) -> None:
        """End them at once; one that has ended may be what calls this."""
        for server in self._servers.values():
            if server.alive:
                server.kill()
