"""The fault table: for each fault what happens, which guard sees to it, and the tests that prove it.

python -m tests.faults.table        # writes the table into docs/reliability.md
"""

from __future__ import annotations

from pathlib import Path

from tests.faults.rows import airflow, calls, serving

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- fault table: written by python -m tests.faults.table -->", "<!-- fault table end -->"
ROWS = (*airflow.ROWS, *calls.ROWS, *serving.ROWS)


def page_of(text: str) -> str:
    """A page with the table written between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}{END}{after}"


def table() -> str:
    """All rows in Markdown."""
    lines = ["| Id | Fault | What happens | Without this a test fails | Tests |", "|---|---|---|---|---|"]
    for row in ROWS:
        happens = f"{row.happens}. *Not built:* {row.lacks}" if row.lacks else row.happens
        guard = row.guard + (" ✓" if row.checked else "")
        lines.append(f"| {row.id} | {row.fault} | {happens} | {guard} | {files(row.tests)} |")
    return "\n".join(lines) + "\n"


def files(tests: tuple[str, ...]) -> str:
    """The tests' files, each once, with the number of tests named of it."""
    names = [test.partition("::")[0] for test in tests]
    counts = {name: names.count(name) for name in names}
    return ", ".join(f"`{name}`" + (f" × {count}" if count > 1 else "") for name, count in counts.items())


if __name__ == "__main__":
    PAGE.write_text(page_of(PAGE.read_text("utf-8")), "utf-8")
