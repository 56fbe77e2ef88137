"""Airflow homes whose database is a copy of one that was migrated once: migrating takes seconds each time."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path

from foldline.cli.airflowhome import MARKER, ensure_migrated

CACHE = Path(__file__).parent.parent / ".pytest_cache"


def migrated(home: Path) -> Path:
    """``home`` with an empty database of the installed Airflow; it is made by the first who asks."""
    source = CACHE / f"airflow-{version('apache-airflow')}"
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "airflow.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not source.exists():
            _make(source)
    home.mkdir(parents=True, exist_ok=True)
    for name in ("airflow.db", MARKER):
        shutil.copy(source / name, home / name)
    return home


def _make(folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=CACHE) as made:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "AIRFLOW", "FOLDLINE"))}
        ensure_migrated({**kept, "AIRFLOW_HOME": made, "AIRFLOW__CORE__LOAD_EXAMPLES": "False"})
        wanted = Path(made, "wanted")
        wanted.mkdir()
        for name in ("airflow.db", MARKER):
            shutil.copy(Path(made, name), wanted / name)
        wanted.rename(folder)
