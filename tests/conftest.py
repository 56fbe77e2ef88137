"""Fixtures every test folder may use: a real local AWS endpoint in its own process, and boto3 clients of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
START_SECONDS = 30


@dataclass
class Endpoint:
    """A running local endpoint."""

    url: str
    state: Path
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> str:
        """What the server has logged."""
        return (self.state / "server.log").read_text(errors="replace")

    def health(self) -> dict:
        """Its health page."""
        with urllib.request.urlopen(f"{self.url}/_localaws/health", timeout=5) as answer:
            return json.load(answer)

    def stop(self) -> int:
        """End it by SIGTERM; the exit code."""
        self.process.terminate()
        return self.process.wait(20)


def start_endpoint(state: Path, port: int = 0, *options: str, warm: bool = True) -> Endpoint:
    """Start a local endpoint on a free port and wait until it is ready; a short life is not worth a warm one."""
    state.mkdir(parents=True, exist_ok=True)
    log = state / "server.log"
    offset = log.stat().st_size if log.exists() else 0
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **({} if warm else {"LOCALAWS_WARM": "off"})}
    command = [sys.executable, "-P", "-m", "localaws", "--port", str(port), "--state", str(state), *options]
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment, cwd=state)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        url = _url_in(log.read_bytes()[offset:].decode(errors="replace"))
        if url:
            return Endpoint(url, state, process)
        time.sleep(0.02)
    process.kill()
    process.wait()
    raise RuntimeError(f"the endpoint did not start; its log:\n{log.read_text(errors='replace')}")


def _url_in(log: str) -> str | None:
    for line in log.splitlines():
        if " ready on " in line:
            return line.partition(" ready on ")[2].partition(",")[0]
    return None


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """One local endpoint for the whole session, on a free port, its state in a temporary folder."""
    running = start_endpoint(tmp_path_factory.mktemp("localaws"))
    yield running
    running.stop()


@pytest.fixture
def start() -> Iterator[Callable[..., Endpoint]]:
    """Starts endpoints of a test's own: ``start(state_folder)``; ends what still runs when the test is over."""
    running: list[Endpoint] = []

    def make(state: Path, port: int = 0, *options: str) -> Endpoint:
        running.append(start_endpoint(state, port, *options, warm=False))
        return running[-1]

    yield make
    for found in running:
        if found.process.poll() is None:
            found.stop()


@pytest.fixture(scope="session")
def connect() -> Callable:
    """Makes a boto3 client of a service at a given endpoint: ``connect(endpoint, "s3")``."""
    import boto3
    from botocore.config import Config

    def make(endpoint: Endpoint, service: str, **options):
        session = boto3.Session("testing", "testing", region_name="us-east-1")
        return session.client(
            service,
            endpoint_url=endpoint.url,
            config=Config(
                retries={"total_max_attempts": 1},
                connect_timeout=5,
                read_timeout=120,
                max_pool_connections=32,
            ).merge(options.pop("config", Config())),
            **options,
        )

    return make


@pytest.fixture(scope="session")
def client(endpoint: Endpoint, connect: Callable) -> Callable:
    """Makes a boto3 client of a service at the session's endpoint: ``client("s3")``."""
    made: dict[str, object] = {}

    def get(service: str):
        if service not in made:
            made[service] = connect(endpoint, service)
        return made[service]

    return get
