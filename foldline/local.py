"""The local AWS endpoint as a process: start it, look at it, stop it.

It is reached by URL and by process only; nothing of `localaws` is imported.
"""

from __future__ import annotations

import importlib.metadata
import ipaddress
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from foldline.errors import EnvironmentFault
from foldline.statefolder import state_folder

DEFAULT_PORT = 4566
HOST = "127.0.0.1"
LOG = "server.log"
TAIL_LINES = 20
POLL_SECONDS = 0.05
ASK_SECONDS = 30.0
REFUSALS = {3: "its port is taken", 4: "its state folder cannot be used", 5: "its state folder is in use"}
"""What the exit codes of ``python -m localaws`` mean."""


@dataclass(frozen=True)
class LocalEndpoint:
    """A local endpoint that answers.

    Attributes:
        url: Its address, for ``AWS_ENDPOINT_URL``.
        pid: Its process.
        state: ``starting``, ``ready`` or ``stopping``.
        folder: Where it keeps everything.
        services: The AWS services it plays.
        version: Of the foldline it belongs to.
        pace: 0 when jobs and endpoints start at once, else the time they take as a part of AWS's.
    """

    url: str
    pid: int
    state: str
    folder: Path
    services: tuple[str, ...]
    version: str
    pace: float = 0.0


def endpoint_port(port: int | None = None) -> int:
    """The port: as given, else that of ``AWS_ENDPOINT_URL``, else 4566.

    Raises:
        EnvironmentFault: ``AWS_ENDPOINT_URL`` is not an address of this machine.
    """
    if port is not None:
        return port
    url = os.environ.get("AWS_ENDPOINT_URL")
    if not url:
        return DEFAULT_PORT
    try:
        parts = urlsplit(url)
        host, found = parts.hostname or "", parts.port
        here = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        here, found = False, None
    if not here or found is None:
        raise EnvironmentFault(
            "AWS_ENDPOINT_URL does not name a port of this machine",
            cause=f"AWS_ENDPOINT_URL={url}",
            mend=f"unset it, set it to http://{HOST}:{DEFAULT_PORT}, or give --port",
        )
    return found


def health(port: int, *, seconds: float = 5) -> LocalEndpoint | None:
    """The local endpoint that answers on a port of this machine in time; None when none does."""
    url = f"http://{HOST}:{port}"
    try:
        found = json.loads(_ask(f"{url}/_localaws/health", seconds=seconds))
        services = tuple(found["services"])
        folder = Path(found["folder"])
        pace = found.get("pace", 0.0)
        return LocalEndpoint(url, found["pid"], found["state"], folder, services, found["version"], pace)
    except (OSError, ValueError, KeyError, TypeError):  # nobody there, or somebody else's server
        return None


def start_endpoint(
    port: int | None = None, folder: Path | None = None, *, seconds: float = 60, pace: float | None = None
) -> LocalEndpoint:
    """Start the local endpoint as a process of its own and wait until it is ready.

    One that serves this state folder on this port already is taken as it is.

    Args:
        port: See `endpoint_port`.
        folder: See `foldline.statefolder.state_folder`.
        seconds: How long it may take to be ready.
        pace: How long jobs, crawlers and endpoints take, as a part of what AWS takes; None adds nothing.

    Raises:
        EnvironmentFault: It did not start: port taken, state folder locked or unusable; with its log's tail.
    """
    port, folder = endpoint_port(port), state_folder(folder)
    running = health(port)
    same_pace = running is not None and pace in (None, running.pace)
    if running and running.folder == folder and running.state == "ready" and same_pace:
        return running
    if running:
        raise EnvironmentFault(
            f"the local endpoint did not start: port {port} is taken by process {running.pid}",
            where=f"{running.url}, {running.state}, pace {running.pace:g}, state in {running.folder}",
            mend="stop that one, or choose another port (--port) and set AWS_ENDPOINT_URL to it",
        )
    process, offset = _spawn(port, folder, ["--realistic", "--pace", str(pace)] if pace else [])
    deadline = time.monotonic() + seconds
    while process.poll() is None:
        found = health(port, seconds=1)
        if found and found.pid == process.pid and found.state == "ready":
            return found
        if time.monotonic() > deadline:
            process.terminate()
            process.wait()
            raise _not_started(port, folder, offset, f"it was not ready after {seconds:.0f} s")
        time.sleep(POLL_SECONDS)
    reason = REFUSALS.get(process.returncode, f"it ended with exit code {process.returncode}")
    raise _not_started(port, folder, offset, reason)


def stop_endpoint(port: int | None = None, *, seconds: float = 60) -> LocalEndpoint | None:
    """Stop the local endpoint on a port and wait for its process to go; what was stopped, None if none ran.

    Raises:
        EnvironmentFault: Its process is still there after the time.
    """
    port = endpoint_port(port)
    running = health(port)
    if running is None:
        return None
    _ask(f"{running.url}/_localaws/stop", method="POST")
    deadline = time.monotonic() + seconds
    while _alive(running.pid):
        if time.monotonic() > deadline:
            raise EnvironmentFault(
                f"the local endpoint (process {running.pid}) has not stopped after {seconds:.0f} s",
                where=str(running.folder / LOG),
                mend=f"end it with `kill -9 {running.pid}`; its state stays good",
            )
        time.sleep(POLL_SECONDS)
    return running


def _spawn(port: int, folder: Path, options: list[str]) -> tuple[subprocess.Popen[bytes], int]:
    """The server's process, detached, and where in its log it begins."""
    command = [sys.executable, "-P", "-m", "localaws", "--port", str(port), "--state", str(folder), *options]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / LOG).open("ab") as log:
            offset = log.tell()
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                env=_environment(),
                start_new_session=True,
            )
    except OSError as error:
        raise EnvironmentFault(
            f"the local endpoint did not start: {REFUSALS[4]}",
            where=str(folder),
            cause=str(error),
            mend="mend the folder's rights, free some space, or choose another (--state, FOLDLINE_STATE)",
        ) from error
    return process, offset


def _environment() -> dict[str, str]:
    """This process's environment; a checkout that was not installed is put on the path."""
    try:
        importlib.metadata.distribution("foldline")
    except importlib.metadata.PackageNotFoundError:
        paths = [str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
        return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    return dict(os.environ)


def _not_started(port: int, folder: Path, offset: int, reason: str) -> EnvironmentFault:
    lines = (folder / LOG).read_bytes()[offset:].decode(errors="replace").splitlines()
    return EnvironmentFault(
        f"the local endpoint did not start on port {port}: {reason}",
        where=str(folder / LOG),
        cause="\n".join(lines[-TAIL_LINES:]),
        mend="`foldline local status` shows what runs; --port and --state choose another port and folder",
    )


def _alive(pid: int) -> bool:
    try:
        if os.waitpid(pid, os.WNOHANG)[0] == pid:  # a child of ours would stay as a zombie
            return False
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def ask(path: str, port: int | None = None, *, method: str = "GET", body: Any = None) -> Any:
    """What the local endpoint says about itself at ``/_localaws/<path>``, a JSON document.

    Args:
        path: With its query, percent-encoded.
        port: See `endpoint_port`.
        method: HTTP's.
        body: A JSON document to send.

    Raises:
        EnvironmentFault: No local endpoint runs there, or it refuses this; its own words are the cause.
    """
    port = endpoint_port(port)
    url = f"http://{HOST}:{port}/_localaws/{path}"
    data = None if body is None else json.dumps(body).encode()
    try:
        return json.loads(_ask(url, method=method, seconds=ASK_SECONDS, data=data))
    except urllib.error.HTTPError as error:
        raise EnvironmentFault(_refusal(error), where=url) from error
    except (OSError, ValueError) as error:
        raise EnvironmentFault(
            f"no local endpoint runs on port {port}",
            cause=str(error),
            mend="start it with `foldline local start`, or name its port with --port or AWS_ENDPOINT_URL",
        ) from error


def _refusal(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["message"])
    except (ValueError, KeyError, TypeError):
        return f"the local endpoint answered {error.code}"


def _ask(url: str, *, method: str = "GET", seconds: float = 5, data: bytes | None = None) -> Any:
    """The body of an answer from this machine, past any proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, data=data, method=method)  # noqa: S310  # our own URL
    with opener.open(request, timeout=seconds) as answer:
        return answer.read()
