"""The fault table is whole, its tests exist, and the page shows it."""

from __future__ import annotations

import ast
from functools import cache

import pytest

from tests.faults.rows.row import Row
from tests.faults.table import PAGE, ROOT, ROWS, page_of


@cache
def names_in(file: str) -> frozenset[str]:
    """Names of a file's tests, those of a class after its own name, and of its classes."""
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}::{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)}
    return frozenset(name for name in names if name.rpartition("::")[2].startswith("test_"))


def test_every_fault_has_its_row() -> None:
    """
    F01 to F57, each once and in order.
    """
    assert [f"F{number:02}" for number in range(1, 58)] == [row.id for row in ROWS]


@pytest.mark.parametrize("row", ROWS, ids=[row.id for row in ROWS])
def test_every_row_names_tests_that_exist(row: Row) -> None:
    """
    A test that was renamed or deleted leaves no promise behind.
    """
    assert row.tests
    for test in row.tests:
        file, _, name = test.partition("::")
        assert name in names_in(file), test


def test_the_page_shows_the_table() -> None:
    """
    What docs/reliability.md says is what `python -m tests.faults.table` writes.
    """
    text = PAGE.read_text("utf-8")

    assert page_of(text) == text
