"""The table of the matrix in docs/reliability.md: rows of cells that ran are replaced, the others stay."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from tests.matrix.run import ROOT, Result

PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- matrix: written by make matrix -->", "<!-- matrix end -->"
HEAD = (
    "| Cell | Airflow | Amazon provider | boto3 | Python | Result | Tests | Seconds | Day |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


def row(result: Result, day: dt.date) -> str:
    """One line of the table."""
    python, airflow, provider, boto3 = (*result.versions, "", "", "", "")[:4]
    tests = f"{result.passed} passed"
    if result.failed:
        tests += f", {len(result.failed)} failed: " + ", ".join(
            name.rpartition("::")[2] for name in result.failed
        )
    if result.skipped:
        tests += f", {len(result.skipped)} skipped"
    if result.problem:
        tests = result.problem
    cells = (
        result.cell.name,
        airflow,
        provider,
        boto3,
        python,
        result.verdict,
        tests,
        f"{result.seconds:.0f}",
        day,
    )
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def written(text: str, rows: dict[str, str], order: list[str]) -> str:
    """The page's text with these rows in its table, by cell name.

    Args:
        text: The page.
        rows: New lines by cell.
        order: All cells' names; a row of a cell that is no more is dropped.

    Raises:
        ValueError: The page has no place for the table.
    """
    if BEGIN not in text or END not in text:
        raise ValueError(f"{PAGE} lacks {BEGIN} or {END}")
    before, _, rest = text.partition(BEGIN)
    table, _, after = rest.partition(END)
    known = {line.split("|")[1].strip(): line for line in table.splitlines() if line.startswith("| ")}
    lines = [line for name in order if (line := rows.get(name, known.get(name)))]
    return "\n".join([before + BEGIN, HEAD, *lines, END + after])


def write(rows: dict[str, str], order: list[str], page: Path = PAGE) -> None:
    """Put rows into the page."""
    page.write_text(written(page.read_text(), rows, order))
