"""DAG files, imported as Airflow does it, in a process without database, network or credentials.

Run as a module it is that process: ``python -m foldline.cli.dagfiles <dags folder> <result file>``.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import foldline
from foldline.stepfiles.problems import Problem

TIMEOUT_SECONDS = 300
_KEPT = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "VIRTUAL_ENV",
    "PYTHONPATH",
    "FOLDLINE_ENV",
    "SYSTEMROOT",
)
"""Variables that the process inherits: none that hold credentials or point to a database."""


@dataclass(frozen=True)
class DagFiles:
    """What importing the DAG files gave.

    Attributes:
        files: Number of Python files.
        dags: Ids of the DAGs they define.
        problems: Files that do not import.
    """

    files: int
    dags: tuple[str, ...]
    problems: list[Problem]


class DagImport:
    """A running import of all files in ``dags/``; starts at once, so that other checks run beside it.

    Used in a ``with`` statement, at whose end nothing of it is left.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._home = tempfile.TemporaryDirectory(prefix="foldline-airflow-")
        self._result = Path(self._home.name) / "result.json"
        self._log = Path(self._home.name) / "log.txt"
        self._process: subprocess.Popen[bytes] | None = None
        if any((root / "dags").glob("**/*.py")):
            command = [sys.executable, "-m", __spec__.name, str(root / "dags"), str(self._result)]
            with self._log.open("wb") as log:
                self._process = subprocess.Popen(
                    command,
                    env=_environment(Path(self._home.name), root),
                    stdout=log,
                    stderr=log,
                    cwd=self._home.name,
                )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._home.cleanup()

    def finished(self) -> DagFiles:
        """The result, when the process has ended."""
        if self._process is None:
            return DagFiles(0, (), [])
        try:
            self._process.wait(TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            message = f"importing all files takes more than {TIMEOUT_SECONDS} s"
            return DagFiles(0, (), [Problem("dags", 0, "", message)])
        if not self._result.is_file():
            log = self._log.read_text(errors="replace")[-2000:]
            return DagFiles(
                0, (), [Problem("dags", 0, "", f"Airflow did not get as far as importing: {log}")]
            )
        return self._read(json.loads(self._result.read_text()))

    def _read(self, result: dict[str, Any]) -> DagFiles:
        problems = [_problem(self._root, file, text) for file, text in sorted(result["errors"].items())]
        return DagFiles(result["files"], tuple(result["dags"]), problems)


def _environment(home: Path, root: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    ours = str(Path(foldline.__file__).resolve().parent.parent)
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(filter(None, [ours, kept.get("PYTHONPATH")])),
        "FOLDLINE_ROOT": str(root),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGBAG_IMPORT_ERROR_TRACEBACK_DEPTH": "30",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/none.db",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _problem(root: Path, file: str, text: str) -> Problem:
    """An import error by its last frame in the DAG file and the error's own first line."""
    lines = text.strip().splitlines()
    frames = [number for number, line in enumerate(lines) if line.startswith('  File "')]
    rest = lines[frames[-1] + 1 :] if frames else lines
    message = next((line for line in rest if not line.startswith(" ")), lines[-1])
    at = re.findall(rf'File "{re.escape(file)}", line (\d+)', text) or re.findall(
        r"\(.*, line (\d+)\)", message
    )
    path = Path(file)
    shown = str(path.relative_to(root)) if path.is_relative_to(root) else file
    return Problem(shown, int(at[-1]) if at else 0, "", f"does not import: {message}")


def _refuse_network(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.getaddrinfo", "socket.gethostbyname") or (
        event == "socket.connect" and isinstance(arguments[1], tuple)
    ):
        raise RuntimeError("a DAG file must not use the network while it is parsed")


def _import_all(folder: str, result: str) -> None:
    """Import all files below ``folder`` and write what came of it."""
    sys.addaudithook(_refuse_network)
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(folder, safe_mode=False)
    document = {"files": len(bag.dagbag_stats), "dags": sorted(bag.dags), "errors": dict(bag.import_errors)}
    Path(result).write_text(json.dumps(document))


if __name__ == "__main__":
    _import_all(*sys.argv[1:])
