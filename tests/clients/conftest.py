"""Outside clients, unmodified, each in the environment that `make clients` built for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(__file__).parent / "scripts"
SECONDS = 240


@pytest.fixture(scope="session")
def environment_of() -> Callable[[str], Path]:
    """The ``bin`` folder of an outside client's environment; that of this process for ``ours``."""

    def find(name: str) -> Path:
        if name == "ours":
            return Path(sys.executable).parent
        folder = ROOT / ".clients" / name / "bin"
        assert folder.is_dir(), f"{folder} is not there; make clients"
        return folder

    return find


@pytest.fixture
def run_client(endpoint, environment_of, tmp_path) -> Callable:
    """Runs a client's program against the session's endpoint, as its user would; what it printed.

    Only the environment says where AWS is; the working folder is empty and HOME is not the developer's.
    """
    (tmp_path / "home").mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "LANG": "C.UTF-8",
        "AWS_ENDPOINT_URL": endpoint.url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }

    def run(client: str, *command: str, code: int = 0, **variables: str) -> str:
        program = [str(environment_of(client) / command[0]), *command[1:]]
        done = subprocess.run(
            program,
            env={**environment, **variables},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert code == done.returncode, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-8000:]}"
        return done.stdout

    return run


@pytest.fixture
def run_script(run_client) -> Callable:
    """Runs one of the scripts in a client's environment; the document it printed as its last line."""

    def run(client: str, script: str, *words: str, **variables: str) -> dict:
        printed = run_client(client, "python", str(SCRIPTS / f"{script}.py"), *words, **variables)
        return json.loads(printed.strip().splitlines()[-1])

    return run
