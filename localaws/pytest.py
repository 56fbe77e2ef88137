"""Fixtures for anybody's tests: ``pytest_plugins = ["localaws.pytest"]`` gives them a local endpoint.

``localaws_endpoint`` is one server for the session, on a free port, its state in a temporary folder; it sets
no variables. ``localaws_env`` points a test's AWS clients at it by variables.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session
import pytest

REGION = "us-east-1"
KEY = "local"  # signatures are not checked: any will do
LOG = "server.log"
START_SECONDS = 60.0
STOP_SECONDS = 30.0
READY = " ready on "
CONFIGURED = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
)
"""Variables that would lead a client elsewhere."""
ANYBODYS = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""Settings of a session that reads nobody's profile, whatever the variables say."""


@dataclass(frozen=True)
class LocalAws:
    """A running local endpoint.

    Attributes:
        url: Its address, for ``endpoint_url`` or ``AWS_ENDPOINT_URL``.
        state: The folder of its state; ``server.log`` in it is its log.
    """

    url: str
    state: Path

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client of a service; options go to ``boto3.Session.client``.

        Raises:
            ModuleNotFoundError: boto3 is not installed; the endpoint itself does without.
        """
        boto3 = importlib.import_module("boto3")  # the tests' own; this package depends on no client
        core = botocore.session.Session(ANYBODYS)
        session = boto3.Session(KEY, KEY, region_name=REGION, botocore_session=core)
        return session.client(service, endpoint_url=self.url, **options)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point AWS's clients here, and away from anybody's profile."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": KEY,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @contextmanager
    def fault(self, effect: str, **members: Any) -> Iterator[dict[str, Any]]:
        """A fault rule while the block runs: ``with endpoint.fault("throttle", service="s3", count=2):``.

        Raises:
            ValueError: It is no rule; the endpoint's words say why.
        """
        rule = self._control("POST", body={"effect": effect, **members})
        try:
            yield rule
        finally:
            self._control("DELETE", f"/{rule['id']}")

    def _control(self, method: str, path: str = "", body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        url = f"{self.url}/_localaws/faults{path}"
        request = urllib.request.Request(url, data=data, method=method)  # noqa: S310  # our own URL
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as answer:
                found: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            raise ValueError(json.load(error)["message"]) from error
        return found


@pytest.fixture(scope="session")
def localaws_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """A local AWS endpoint on a free port, for the whole session; its state goes with the session."""
    state = tmp_path_factory.mktemp("localaws")
    with (state / LOG).open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "localaws", "--port", "0", "--state", str(state)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=state,
            env=_server_environment(),
        )
    try:
        yield LocalAws(_url_when_ready(process, state / LOG), state)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture
def localaws_env(localaws_endpoint: LocalAws, monkeypatch: pytest.MonkeyPatch) -> LocalAws:
    """The endpoint, with the AWS variables set so that every client made in the test finds it."""
    for name in os.environ:
        if name in CONFIGURED or name.startswith("AWS_ENDPOINT_URL_"):
            monkeypatch.delenv(name)
    for name, value in localaws_endpoint.environment.items():
        monkeypatch.setenv(name, value)
    if "boto3" in sys.modules:  # its default session remembers the credentials it first saw
        monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
    return localaws_endpoint


def _server_environment() -> dict[str, str]:
    """This process's variables, with the folder this package is in on the path."""
    paths = [str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def _url_when_ready(process: subprocess.Popen[bytes], log: Path) -> str:
    """The server's address, told in its log when it is ready.

    Raises:
        RuntimeError: It ended, or is not ready in time; with its log.
    """
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        for line in log.read_text(errors="replace").splitlines():
            if READY in line and line.partition(READY)[2].partition(",")[1]:
                return line.partition(READY)[2].partition(",")[0]
        time.sleep(0.02)
    text = log.read_text(errors="replace")
    raise RuntimeError(f"the local endpoint did not start (exit code {process.poll()}); its log:\n{text}")
