"""The tutorial, followed to the letter: its files written, its commands run, its output compared."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from tests.documents import ROOT, Block, Document
from tests.e2e.test_interruption import free_port

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("tutorial")]
TUTORIAL = Document(ROOT / "docs/tutorial.md")
BEGIN = "==== block {line}"
SECONDS = 600


@dataclass(frozen=True)
class Followed:
    """A reader's folder after the tutorial.

    Attributes:
        project: The folder the tutorial makes.
        printed: What each command block printed, by its line in the document.
    """

    project: Path
    printed: dict[int, str]


def script() -> str:
    """The whole tutorial as one shell script; files are written where their block stands."""
    words = ["set -euo pipefail"]
    for block in TUTORIAL.blocks:
        if block.path and block.run:
            words += [f"cat > {block.path} <<'END OF FILE'", block.text + "END OF FILE"]
        elif block.language == "bash" and block.run:
            words += [f"echo '{BEGIN.format(line=block.line)}'", block.text]
    return "\n".join(words)


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Followed]:
    folder = tmp_path_factory.mktemp("reader")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "AIRFLOW", "FOLDLINE"))}
    variables = {
        **kept,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}",
        "NO_COLOR": "1",
    }
    (folder / "tutorial.sh").write_text(script())
    done = subprocess.run(
        ["bash", "tutorial.sh"],
        cwd=folder,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    try:
        assert 0 == done.returncode, done.stdout
        pieces = re.split(BEGIN.format(line=r"(\d+)") + "\n", done.stdout)[1:]
        yield Followed(
            folder / "tumours", {int(n): text for n, text in zip(pieces[::2], pieces[1::2], strict=True)}
        )
    finally:
        stop = [sys.executable, "-m", "foldline.cli.main", "local", "stop"]
        subprocess.run(stop, cwd=folder, env=variables, capture_output=True, check=False)


def expectations() -> list[tuple[Block, Block]]:
    """Each command block with the output block behind it."""
    return [
        (command, output)
        for command, output in pairwise(TUTORIAL.blocks)
        if command.language == "bash" and output.language == "text"
    ]


@pytest.mark.parametrize(("command", "output"), expectations(), ids=lambda block: f"line {block.line}")
def test_the_output_is_as_printed(followed: Followed, command: Block, output: Block) -> None:
    """
    Each line of an output block stands in what its command prints; `…` stands for anything.
    """
    printed = [" ".join(line.split()) for line in followed.printed[command.line].splitlines()]
    told = [" ".join(line.split()) for line in output.text.splitlines() if line.strip(" …")]
    missing = [
        line
        for line in told
        if not any(re.fullmatch(".*".join(map(re.escape, line.split("…"))), found) for found in printed)
    ]

    assert [] == missing, followed.printed[command.line]


def test_the_dag_file_is_short(followed: Followed) -> None:
    """
    A new pipeline is a DAG file of at most 60 lines.
    """
    assert len((followed.project / "dags/tumours.py").read_text().splitlines()) <= 60


def test_each_run_leaves_a_report(followed: Followed) -> None:
    """
    Both runs of the tutorial leave their page in the reader's folder.
    """
    reports = list((followed.project / ".foldline/reports").glob("tumours-*.html"))

    assert 2 == len(reports)
    assert all("tumours" in report.read_text() for report in reports)
