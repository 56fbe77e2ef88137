"""The cells of the matrix: an Airflow, a Python, a database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

REQUIREMENTS = Path(__file__).parent / "requirements"
PYTHONS = ("3.11", "3.12")
DATABASES = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Cell:
    """One combination that has to work.

    Attributes:
        airflow: Stem of a file in ``requirements/`` after ``airflow-``: a version, or ``newest``.
        python: Version.
        database: Airflow's database.
    """

    airflow: str
    python: str
    database: str

    @property
    def name(self) -> str:
        """What selects it, such as ``3.2.1-py312-sqlite``."""
        return f"{self.environment}-{self.database}"

    @property
    def environment(self) -> str:
        """Name of the virtual environment that cells of both databases share."""
        return f"{self.airflow}-py{self.python.replace('.', '')}"

    @property
    def requirements(self) -> Path:
        """What is installed there."""
        return REQUIREMENTS / f"airflow-{self.airflow}.txt"


def all_cells() -> Iterator[Cell]:
    """Every cell, oldest Airflow first."""
    for file in sorted(REQUIREMENTS.glob("airflow-*.txt")):
        for python in PYTHONS:
            for database in DATABASES:
                yield Cell(file.stem.removeprefix("airflow-"), python, database)


def chosen(words: Sequence[str]) -> list[Cell]:
    """The cells that words name: globs of names, such as ``3.2.1-*`` or ``*-py312-sqlite``; all without a word.

    Raises:
        ValueError: A word names none.
    """
    cells = list(all_cells())
    for word in words:
        if not any(fnmatchcase(cell.name, word) for cell in cells):
            raise ValueError(f"{word!r} names no cell; there are {', '.join(cell.name for cell in cells)}")
    return [cell for cell in cells if not words or any(fnmatchcase(cell.name, word) for word in words)]
