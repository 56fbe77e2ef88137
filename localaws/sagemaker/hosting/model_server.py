"""A model server: a model's files in a sandbox, its program started, pinged until it answers, ended."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from localaws.containers.images import image
from localaws.jobs.artifacts import unpack
from localaws.jobs.channels import items, stage
from localaws.jobs.contract import base_environment, request_environment
from localaws.jobs.failure import JobFailure
from localaws.jobs.logpump import LogPump
from localaws.jobs.machine import Machine
from localaws.jobs.sandbox import Instance, clear
from localaws.jobs.serverprograms import Command, ServerProgram, kill_group, spawn
from localaws.s3.blobs import Objects, split_uri
from localaws.sagemaker.hosting.connections import HOST, Answer, Connections, ServerGone
from localaws.sagemaker.hosting.model_containers import Container

BACKLOG = 128


@dataclass(frozen=True)
class Place:
    """Where a model server works and logs.

    Attributes:
        folder: Its work folder.
        group: Its log group.
        stream: Its log stream.
        threads: OpenMP threads it gets.
        extra: Variables besides the container's own.
    """

    folder: Path
    group: str
    stream: str
    threads: int
    extra: Mapping[str, str]


class ModelServer:
    """One running model server.

    Args:
        machine: Where it runs.
        container: The model's image, data and environment.
        place: Its folder and logs.
        on_exit: Called when the program ends by itself while it serves.

    Raises:
        JobFailure: The image is unknown, or the model's data cannot be had.
    """

    def __init__(
        self, machine: Machine, container: Container, place: Place, on_exit: Callable[[], None] | None = None
    ) -> None:
        self._machine = machine
        self._place = place
        self._on_exit = on_exit
        self._serving = False
        self._connections = Connections()
        self._pump = LogPump(machine.world.logs, place.group, place.stream)
        try:
            self._process = self._start(container)
        except BaseException:
            clear(place.folder)
            raise
        self._watch = threading.Thread(target=self._attend, daemon=True)
        self._watch.start()

    def _start(self, container: Container) -> ServerProgram:
        """Lay the model's files and start the program on a socket that listens already."""
        machine, place = self._machine, self._place
        runtime = image(container.image)
        instance = machine.sandbox.instance("algo-1", place.folder)
        _bring_in(machine.world.objects, container, instance)
        environment = {
            **base_environment(machine, runtime, instance, place.threads),
            **runtime.environment,
            "SM_MODEL_DIR": f"{instance.seen}/model",
            **place.extra,
            **request_environment(instance, container.environment),
        }
        with socket.create_server((HOST, 0), backlog=BACKLOG) as listening:
            self.port: int = listening.getsockname()[1]
            argv = [*runtime.server, str(listening.fileno())]
            return spawn(
                machine,
                Command(argv, environment, instance, instance.seen, place.stream, (listening.fileno(),)),
            )

    @property
    def alive(self) -> bool:
        """Whether its program runs."""
        return self._process.poll() is None

    def wait_until_ready(self, seconds: float) -> None:
        """Wait for the first good ping: the socket listens already, so one request waits for the model.

        Raises:
            JobFailure: The program ended, took too long, or answered badly.
        """
        try:
            answer = self._connections.request(self.port, "GET", "/ping", b"", {}, timeout=seconds)
        except (ServerGone, TimeoutError) as error:
            raise JobFailure("ClientError", self._did_not_ping()) from error
        if answer.status != 200:
            raise JobFailure("ClientError", self._did_not_ping())
        self._serving = True

    def post(self, body: bytes, headers: Mapping[str, str], timeout: float) -> Answer:
        """The answer to an invocation.

        Raises:
            ServerGone: There was none.
            TimeoutError: It took too long.
        """
        return self._connections.request(self.port, "POST", "/invocations", body, headers, timeout=timeout)

    def stop(self) -> None:
        """Let it finish what it answers, then end it; returns when it is gone."""
        self._serving = False
        self._process.terminate()
        timer = threading.Timer(self._machine.grace, kill_group, [self._process])
        timer.daemon = True
        timer.start()
        self._watch.join()
        timer.cancel()

    def kill(self) -> None:
        """End it at once."""
        self._serving = False
        kill_group(self._process)
        self._watch.join()

    def _attend(self) -> None:
        self._pump.run(self._process, on_exit=lambda: kill_group(self._process))
        self._process.wait()
        kill_group(self._process)
        self._machine.records.remove(self._process.pid)
        self._connections.forget(self.port)
        clear(self._place.folder)
        if self._serving and self._on_exit is not None:
            self._on_exit()

    def _did_not_ping(self) -> str:
        self._watch.join(1.0)  # a program that died has said why by then
        last = "\n".join(self._pump.tail)[-600:]
        return (
            f"did not pass the ping health check. Please check CloudWatch logs. Last lines: {last or 'none'}"
        )


def _bring_in(objects: Objects, container: Container, instance: Instance) -> None:
    """Lay the model's files, and the code where the container's environment names it apart."""
    model = instance.root / "model"
    model.mkdir(parents=True, exist_ok=True)
    if container.data:
        unpack(objects.get(*split_uri(container.data)).path, model, container.data)
    elif container.source:
        uri, kind = container.source["S3Uri"], container.source["S3DataType"]
        if container.source.get("CompressionType") == "Gzip":
            unpack(objects.get(*split_uri(uri)).path, model, uri)
        else:
            found = items(objects, uri, "S3Prefix")
            if kind == "S3Object":  # a prefix of other keys, too
                found = [item for item in found if item.object.key == split_uri(uri)[1]]
            stage(found, instance.inputs / "model", link=instance.private)
    code = container.environment.get("SAGEMAKER_SUBMIT_DIRECTORY", "")
    if code.startswith("s3://"):
        unpack(objects.get(*split_uri(code)).path, model / "code", code)
