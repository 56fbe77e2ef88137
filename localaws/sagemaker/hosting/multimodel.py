"""A multi-model host: a server for each model in use, started by its first call; the longest unused ends."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path

from localaws.containers.images import image
from localaws.errors import AwsError
from localaws.jobs.failure import JobFailure
from localaws.s3.blobs import split_uri
from localaws.sagemaker.hosting.connections import ServerGone
from localaws.sagemaker.hosting.hosts import Invocation, NoReply, Reply
from localaws.sagemaker.hosting.invocation_metrics import NAMESPACE
from localaws.sagemaker.hosting.launcher import Launcher
from localaws.sagemaker.hosting.model_containers import Container
from localaws.sagemaker.hosting.model_server import ModelServer

MAX_LOADED = 8  # models in memory; AWS counts bytes of it


@dataclass
class Loaded:
    """A model that is loaded, or is being loaded.

    Attributes:
        blob: The artifact it is made of.
        server: Its server, when it is ready.
        process: Its server, from its start on.
        callers: The calls under way.
        unwanted: Whether it ends with the last of them.
    """

    blob: Path
    server: Future[ModelServer] = field(default_factory=Future)
    process: ModelServer | None = None
    callers: int = 0
    unwanted: bool = False


class MultiModelHost:
    """The models under a prefix, each loaded when it is first asked for.

    Every loaded model is a process of its own, with its own ``/opt/ml/model``; a call looks at one object of
    the prefix only.

    Args:
        launcher: Starts servers.
        container: Image and environment of all models; its data is the prefix.
        seconds: How long a model may take to load.

    Raises:
        JobFailure: The image is unknown.
    """

    def __init__(self, launcher: Launcher, container: Container, seconds: float) -> None:
        image(container.image)
        self.id = launcher.id
        self._launcher = launcher
        self._container = container
        self._seconds = seconds
        self._limit = int(os.environ.get("LOCALAWS_MODELS_LOADED") or MAX_LOADED)
        self._lock = threading.Lock()
        self._models: OrderedDict[str, Loaded] = OrderedDict()
        self._ended = False

    @property
    def alive(self) -> bool:
        """Whether it can be asked: always, until it is ended."""
        return not self._ended

    def ask(self, invocation: Invocation, timeout: float) -> Reply:
        """A model's answer, loaded for it if need be."""
        name = invocation.model or ""
        began = time.perf_counter()
        loaded, fresh = self._take(name, self._artifact(name))
        try:
            server = self._ready(loaded, timeout)
            waited = (time.perf_counter() - began) * 1e6
            self._put("ModelCacheHit", float(not fresh), "None")
            self._put("ModelLoadingWaitTime", round(waited) if fresh else 0.0, "Microseconds")
            headers = {**invocation.headers, "x-amzn-sagemaker-target-model": name}
            return Reply(server.post(invocation.body, headers, timeout), "model")
        except TimeoutError as error:
            raise NoReply("model") from error
        except (ServerGone, JobFailure):
            self._forget(name, loaded)
            raise
        finally:
            self._give_back(name, loaded)

    def wait_until_ready(self, seconds: float) -> None:
        """Nothing to wait for: models are loaded by their calls."""

    def stop(self) -> None:
        """Let them finish what they answer, and end them."""
        for server in self._end():
            server.stop()

    def kill(self) -> None:
        """End them at once."""
        for server in self._end():
            server.kill()

    def _artifact(self, name: str) -> Path:
        """The blob of a model's artifact as it is now.

        Raises:
            AwsError: ValidationError, there is none.
        """
        bucket, prefix = split_uri(self._container.data or "")
        key = prefix.rstrip("/") + "/" + name.lstrip("/") if prefix else name.lstrip("/")
        try:
            return self._launcher.machine.world.objects.get(bucket, key).path
        except AwsError as error:
            raise AwsError(
                "ValidationError",
                f"Failed to download model data(bucket: {bucket}, key: {key}). Please ensure that there is "
                "an object located at the URL and that the role passed to CreateModel has permissions to "
                "download the model.",
            ) from error

    def _take(self, name: str, blob: Path) -> tuple[Loaded, bool]:
        """A model, held for one call; and whether this call loads it."""
        with self._lock:
            if self._ended:
                raise ServerGone("the host has ended")
            loaded = self._models.get(name)
            outdated = loaded if loaded is not None and loaded.blob != blob else None
            fresh = loaded is None or outdated is not None
            if fresh or loaded is None:
                loaded = self._models[name] = Loaded(blob)
            loaded.callers += 1
            self._models.move_to_end(name)
            leaving = [outdated] if outdated else []
            while len(self._models) > self._limit:
                leaving.append(self._models.popitem(last=False)[1])
            for model in leaving:
                model.unwanted = True
            idle = [model for model in leaving if not model.callers]
            count = len(self._models)
        for model in idle:
            self._unload(model)
        if fresh:
            self._put("LoadedModelCount", float(count), "None")
            threading.Thread(target=self._load, args=(name, loaded), name=f"load {name}", daemon=True).start()
        return loaded, fresh

    def _load(self, name: str, loaded: Loaded) -> None:
        began = time.perf_counter()
        uri = f"{(self._container.data or '').rstrip('/')}/{name.lstrip('/')}"
        try:
            server = self._launcher.launch(replace(self._container, data=uri))
            with self._lock:  # from here on whoever ends the host ends it
                loaded.process = server
                ended = self._ended
            if ended:
                server.kill()
            try:
                server.wait_until_ready(self._seconds)
            except JobFailure:
                server.kill()
                raise
        except Exception as error:  # whatever it is, those who wait for the model are told
            loaded.server.set_exception(_cannot_load(name, error))
            return
        self._put("ModelLoadingTime", round((time.perf_counter() - began) * 1e6), "Microseconds")
        loaded.server.set_result(server)

    def _ready(self, loaded: Loaded, timeout: float) -> ModelServer:
        """A model's server, when it is loaded.

        Raises:
            AwsError: ModelNotReadyException, it takes longer than a call may; it is loaded all the same.
            JobFailure: It cannot be loaded.
        """
        try:
            return loaded.server.result(timeout)
        except TimeoutError as error:
            raise AwsError(
                "ModelNotReadyException",
                "Model is not ready for inference yet. Please wait a while and try again.",
                429,
            ) from error

    def _give_back(self, name: str, loaded: Loaded) -> None:
        with self._lock:
            loaded.callers -= 1
            if not self._container.cached and not loaded.callers and self._models.get(name) is loaded:
                del self._models[name]
                loaded.unwanted = True
            unload = loaded.unwanted and not loaded.callers
        if unload:
            self._unload(loaded)

    def _forget(self, name: str, loaded: Loaded) -> None:
        """Load a model anew at its next call: it has died, or could not be loaded."""
        with self._lock:
            if self._models.get(name) is loaded:
                del self._models[name]
            loaded.unwanted = True

    def _unload(self, loaded: Loaded) -> None:
        """End a model's server when it has come up; nobody asks it any more."""

        def end(server: Future[ModelServer]) -> None:
            if server.exception() is None and server.result().alive:
                threading.Thread(target=server.result().stop, name="unload", daemon=True).start()

        loaded.server.add_done_callback(end)

    def _end(self) -> list[ModelServer]:
        with self._lock:
            self._ended = True
            models = list(self._models.values())
            return [model.process for model in models if model.process is not None and model.process.alive]

    def _put(self, metric: str, value: float, unit: str) -> None:
        dimensions = {"EndpointName": self._launcher.endpoint, "VariantName": self._launcher.variant}
        self._launcher.machine.world.metrics.put(NAMESPACE, metric, dimensions, value, unit)


def _cannot_load(name: str, error: Exception) -> Exception:
    """What callers of a model that does not load are told."""
    if not isinstance(error, JobFailure | AwsError):
        return error
    failure = JobFailure("ClientError", f"The model {name} {error.message}")
    failure.__cause__ = error
    return failure
