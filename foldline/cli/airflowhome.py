"""Airflow's home for this project: its settings as environment variables, its database migrated once."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from foldline.aws import endpoint_url
from foldline.environment import Environment
from foldline.errors import EnvironmentFault
from foldline.project import project_root

MARKER = "migrated-by"
"""File that names the Airflow version whose tables the database holds."""


def state_folder(root: Path | None = None) -> Path:
    """Where this project keeps what it can make again: ``.foldline/`` in its root."""
    folder = (root or project_root()) / ".foldline"
    folder.mkdir(exist_ok=True)
    return folder


def airflow_environment(environment: Environment, root: Path | None = None) -> dict[str, str]:
    """Environment variables of an Airflow process that runs this project's DAGs.

    The caller's own Airflow, if any, is left out: a demo must not migrate somebody's database; connections
    in variables of their own (``AIRFLOW_CONN_…``) stay, because steps name them. Airflow's
    home is ``FOLDLINE_AIRFLOW_HOME``, else ``.foldline/airflow``. The endpoint reaches boto3 as
    ``AWS_ENDPOINT_URL``.
    """
    root = root or project_root()
    home = os.environ.get("FOLDLINE_AIRFLOW_HOME") or str(state_folder(root) / "airflow")
    theirs = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AIRFLOW") or name.startswith("AIRFLOW_CONN_")
    }
    ours = {
        "AIRFLOW_HOME": home,
        "AIRFLOW__CORE__DAGS_FOLDER": str(root / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "FOLDLINE_ROOT": str(root),
        "FOLDLINE_ENV": environment.name,
        "AWS_DEFAULT_REGION": environment.region,
    }
    url = endpoint_url(environment)
    if url is not None:
        # A local endpoint checks no signature, but boto3 wants something to sign with.
        ours |= {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
    # `airflow standalone` starts `airflow` from PATH, and this interpreter's environment may not be active.
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {**ours, **theirs, "PATH": programs}


def ensure_migrated(variables: dict[str, str]) -> bool:
    """Make or update Airflow's database when this version has not done so; whether anything was done.

    Raises:
        EnvironmentFault: ``airflow db migrate`` failed.
    """
    marker, wanted = Path(variables["AIRFLOW_HOME"]) / MARKER, version("apache-airflow")
    if marker.is_file() and marker.read_text().strip() == wanted:
        return False
    done = subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise EnvironmentFault(
            "Airflow's database could not be made",
            where=variables["AIRFLOW_HOME"],
            cause="\n".join((done.stdout + done.stderr).splitlines()[-15:]),
            mend="remove that folder and try again",
        )
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.write_text(wanted + "\n")
    return True
