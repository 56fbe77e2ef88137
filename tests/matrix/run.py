"""One cell: its environment, made once and kept under .matrix/, and the tests in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

from tests.matrix.cells import Cell

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".matrix"
UV = Path(sys.executable).with_name("uv")
TESTS = (
    "tests/dags/test_dags.py",
    "tests/dags/test_identity.py",
    "tests/dags/test_epochs.py",
    "tests/dags/test_triggers.py",
    "tests/dags/test_assets.py",
    "tests/dags/test_links.py",
    "tests/dags/test_notifications.py",
    "tests/faults/test_orchestrator.py",
)
"""What depends on Airflow itself; the rest of tests/dags is about AWS, and the same in every cell."""
PROJECT = f"{ROOT}[moto]"
"""This project; messages are sent through the SNS of its endpoint's side services."""
EXTRAS = ("pytest<9.2", "pytest-xdist", "hypothesis", "psycopg2-binary", "asyncpg")
VERSIONS = ("apache-airflow", "apache-airflow-providers-amazon", "boto3", "pydantic", "fastapi", "SQLAlchemy")
ASK = f"import importlib.metadata as m, sys; print(sys.version.split()[0], *map(m.version, {VERSIONS}))"


@dataclass(frozen=True)
class Result:
    """How the tests of a cell went.

    Attributes:
        cell: The cell.
        versions: Of Python and of `VERSIONS`, as installed.
        passed: Number of tests.
        failed: Ids of those that did not pass.
        skipped: Ids of those that were skipped.
        seconds: Wall time of the tests.
        problem: Why there were none, or the empty string.
    """

    cell: Cell
    versions: tuple[str, ...] = ()
    passed: int = 0
    failed: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    seconds: float = 0.0
    problem: str = ""

    @property
    def verdict(self) -> str:
        """One word."""
        if self.problem:
            return "not run"
        return "failed" if self.failed or not self.passed else "passed"


def run(cell: Cell) -> Result:
    """The result of a cell; its output lies in ``.matrix/<cell>.log``."""
    try:
        python = environment(cell)
    except subprocess.CalledProcessError as error:
        lines = (error.stderr or "").strip().splitlines()
        return Result(cell, problem=lines[-1] if lines else str(error))
    versions = subprocess.run([python, "-c", ASK], check=True, capture_output=True, text=True).stdout.split()
    report, log = FOLDER / f"{cell.name}.xml", FOLDER / f"{cell.name}.log"
    report.unlink(missing_ok=True)
    began = time.monotonic()
    with log.open("wb") as output:
        subprocess.run(
            [
                python,
                "-m",
                "pytest",
                *TESTS,
                "-m",
                "not soak",
                f"--junit-xml={report}",
                "-p",
                "no:cacheprovider",
            ],
            cwd=ROOT,
            env={**os.environ, "FAULTS_DATABASE": cell.database},
            stdout=output,
            stderr=output,
            check=False,
        )
    seconds = time.monotonic() - began
    if not report.is_file():
        return Result(cell, tuple(versions), seconds=seconds, problem=f"pytest did not end; see {log}")
    passed, failed, skipped = read(report)
    return Result(cell, tuple(versions), passed, failed, skipped, seconds)


def environment(cell: Cell) -> Path:
    """The Python of the cell's environment; made anew when its requirements changed.

    Raises:
        subprocess.CalledProcessError: It could not be made.
    """
    folder = FOLDER / cell.environment
    python, stamp = folder / "bin" / "python", folder / "made-from"
    wanted = (
        cell.requirements.read_text() + (ROOT / "pyproject.toml").read_text() + "\n".join((PROJECT, *EXTRAS))
    )
    if stamp.is_file() and stamp.read_text() == wanted:
        return python
    _uv("venv", "--clear", "--python", interpreter(cell.python), folder)
    _uv("pip", "install", "--python", python, "-r", cell.requirements, "--editable", PROJECT, *EXTRAS)
    stamp.write_text(wanted)
    return python


def interpreter(version: str) -> str:
    """A Python of this version: pyenv's (its shims on PATH may refuse), one on PATH, or uv's own to fetch."""
    known = sorted(Path("~/.pyenv/versions").expanduser().glob(f"{version}.*/bin/python"))
    return str(known[-1]) if known else shutil.which(f"python{version}") or version


def read(report: Path) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
    """Passed, failed and skipped, from pytest's XML; a test that errs in its teardown has failed."""
    states: dict[str, str] = {}
    for case in ET.parse(report).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        found = {part.tag for part in case}
        state = "failed" if found & {"failure", "error"} else "skipped" if "skipped" in found else "passed"
        states[name] = max(state, states.get(name, state), key=("skipped", "passed", "failed").index)
    by = {
        word: tuple(name for name, state in states.items() if state == word) for word in ("failed", "skipped")
    }
    return list(states.values()).count("passed"), by["failed"], by["skipped"]


def _uv(*words: object) -> None:
    command = [str(word) for word in (UV, *words, "--quiet")]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
