"""Which partitions a query can need."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import exp

from localaws.athena.dialect import AthenaSql
from localaws.athena.pruning import conditions_on

TYPES = {"year": "int", "origin": "string"}
ROWS = [["2012", "EWR"], ["2013", "JFK"]]
CASES = [
    ("SELECT * FROM t", [True, True]),
    ("SELECT * FROM t WHERE year = 2013", [False, True]),
    ("SELECT * FROM t WHERE year = 2013 AND price > 3", [False, True]),
    ("SELECT * FROM t WHERE year = 2013 OR price > 3", [True, True]),
    ("SELECT * FROM t WHERE year IN (2012) AND origin LIKE 'E%'", [True, False]),
    ("SELECT * FROM t WHERE lower(origin) = 'jfk'", [True, True]),
    ("SELECT * FROM t WHERE year = (SELECT max(y) FROM s)", [True, True]),
    ("SELECT * FROM t JOIN s ON t.id = s.id WHERE t.year = 2013", [False, True]),
    ("SELECT * FROM t JOIN s ON t.id = s.id WHERE s.year = 2013", [True, True]),
    ("SELECT * FROM t JOIN s ON t.id = s.id WHERE year = 2013", [True, True]),
    ("SELECT * FROM t AS u WHERE u.year < 2013", [True, False]),
    ("SELECT * FROM (SELECT * FROM t) AS u WHERE u.year < 2013", [True, True]),
    ("SELECT * FROM t WHERE year = 1999", [False, False]),
]


@pytest.mark.parametrize(("sql", "kept"), CASES, ids=[case[0] for case in CASES])
def test_pruning(sql, kept):
    """
    A partition is left out only if a condition on keys alone rules it out.
    """
    tree = sqlglot.parse_one(sql, read=AthenaSql)
    table = next(node for node in tree.find_all(exp.Table) if node.name == "t")
    keep = conditions_on(table, TYPES)
    assert kept == [keep(row) for row in ROWS]
