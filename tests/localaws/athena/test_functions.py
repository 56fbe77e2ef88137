"""136 expressions as they stand in Athena queries, with the values and types Athena gives (``data/athena_functions.jsonl``).

The table they ask has two rows: 1 and 2, with a double, a text, a date, a timestamp, a JSON text and an array. Values
are the texts of the result, in any order of rows; types are Athena's, a blank in one being an underscore.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

V = """
CREATE OR REPLACE VIEW v AS SELECT * FROM (VALUES
    (BIGINT '1', DOUBLE '0.25', 'a,b', DATE '2024-01-15', TIMESTAMP '2024-01-15 10:20:30',
     '{"a":"q","b":[1,2]}', ARRAY[1, 2]),
    (BIGINT '2', DOUBLE '0.75', 'c,d', DATE '2024-02-15', TIMESTAMP '2024-02-15 10:20:30',
     '{"a":"r","b":[3]}', ARRAY[3])
) AS t (id, x, s, d, ts, j, arr)
"""

FILE = Path(__file__).parent.parent / "data" / "athena_functions.jsonl"
VALUES = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]

# Expressions whose value differs from run to run: the form of it.
FORMS = [
    ("select current_timestamp", "timestamp_with_time_zone", r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC"),
    ("select uuid()", "uuid", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    ("select rand()", "double", r"\d\.\d+(E-\d+)?"),
]

# What Athena runs and localaws refuses, by name.
REFUSED = [
    ("select numeric_histogram(4, x) from v", "the function numeric_histogram (line 1:8)"),
    ("select checksum(id) from v", "the function checksum (line 1:8)"),
    (
        "select * from v match_recognize (order by id measures a.id as i one row per match pattern (a) "
        "define a as id > 0)",
        "MATCH_RECOGNIZE",
    ),
]

# What localaws runs with a result that is not quite Athena's: there the zone stays with the value.
DIFFERENT = [
    (
        "select at_timezone(ts, 'UTC') from v where id = 1",
        "2024-01-15 10:20:30.000",
        "2024-01-15 10:20:30.000 UTC",
    ),
    (
        "select from_iso8601_timestamp('2024-01-02T03:04:05Z') at time zone 'America/New_York'",
        "2024-01-01 22:04:05.000",
        "2024-01-01 22:04:05.000 America/New_York",
    ),
]


@pytest.fixture(scope="module")
def v(run, nyc) -> None:
    run(V)


@pytest.mark.parametrize("case", VALUES, ids=[case["sql"] for case in VALUES])
def test_values(run, v, case):
    """
    The expression has Athena's value and type.
    """
    answer = run(case["sql"])
    assert case["types"] == " ".join(kind.replace(" ", "_") for kind in answer.types)
    assert case["rows"] == sorted((list(row) for row in answer.rows), key=str)


@pytest.mark.parametrize(("sql", "kind", "form"), FORMS)
def test_forms(run, v, sql, kind, form):
    """
    What changes from run to run keeps its form.
    """
    answer = run(sql)
    assert [kind] == [found.replace(" ", "_") for found in answer.types]
    assert re.fullmatch(form, answer.rows[0][0])


def test_a_sample_is_a_part(run, v):
    """
    TABLESAMPLE gives rows of the table, each at most once.
    """
    rows = run("select id from v tablesample bernoulli (50)").rows
    assert {("1",), ("2",)} >= set(rows)
    assert len(rows) == len(set(rows))


@pytest.mark.parametrize(("sql", "what"), REFUSED, ids=[what for _, what in REFUSED])
def test_refused(ask, v, sql, what):
    """
    A function Athena has and localaws has not ends the query with its name.
    """
    answer = ask(sql)
    assert ("FAILED", f"NOT_SUPPORTED: localaws does not run {what}") == (answer.state, answer.reason)


@pytest.mark.parametrize(("sql", "here", "there"), DIFFERENT)
def test_different(run, v, sql, here, there):
    """
    The known differences are these and no others.
    """
    assert here == run(sql).rows[0][0] != there


def test_the_file_of_a_row(run, nyc, lake):
    """
    ``$path`` names the object a row comes from; no star shows it.
    """
    answer = run('SELECT DISTINCT "$path" FROM airlines')
    assert [(f"s3://{lake}/raw/airlines/airlines.csv",)] == answer.rows
    assert ["carrier", "name"] == run('SELECT * FROM airlines WHERE "$path" IS NOT NULL LIMIT 1').names
