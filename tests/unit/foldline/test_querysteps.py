"""What `foldline validate` says of queries, tables, sensors and unloads, without running anything."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from foldline.cli.plan import PlannedCall, planned_calls
from foldline.contracts import violations
from foldline.stepfiles.reading import read_pipeline
from foldline.stepfiles.statements import statement_problems
from foldline.steps.queries import StatementSettings
from tests.unit.foldline.conftest import Project

QUERY = "database: churn\nquery: top.sql\n"
TABLE = "database: churn\ntable: customers_by_plan\nquery: top.sql\n"
UNLOAD = (
    "workgroup: shop\ndatabase: dev\nrole: arn:aws:iam::123456789012:role/unload\nquery: top.sql\n"
    "parameters: {since: 2025-01-01}\n"
)
ROWS = "database: churn\ntable: customers\n"
FRESH = "database: churn\ntable: customers\ncolumn: day\n"


@pytest.fixture
def told(project: Project) -> Callable[[str, str, str], list[str]]:
    """All that is said of a step and its SQL: ``told(kind, yaml, sql)``."""

    def said(kind: str, yaml: str, sql: str = "SELECT 1") -> list[str]:
        project.write("churn/top.sql", sql)
        project.write(f"churn/{kind}.yaml", yaml)
        reading = read_pipeline("churn", "local", project.root)
        folder, found = project.root / "infra" / "churn", [str(problem) for problem in reading.problems]
        step = reading.steps.get(kind)
        if isinstance(step, StatementSettings) and (folder / step.query).is_file():
            found += [str(problem) for problem in statement_problems(step, reading.documents[kind], folder)]
        if found:
            return found
        planned = [one for one in planned_calls(project.load()) if one.step == kind]
        return [text for one in planned for text in violations(one.service, one.operation, one.request)]

    return said


@pytest.mark.parametrize(
    ("kind", "yaml", "sql"),
    [
        ("query", QUERY, "SELECT 1"),
        ("query", QUERY, "SHOW TABLES"),
        ("query", QUERY, "EXPLAIN SELECT 1"),
        ("query", QUERY + "parameters: {a: 1}", "SELECT ',', \")\" FROM t WHERE a = ?;"),
        ("query", QUERY + "read_only: false", "MSCK REPAIR TABLE customers"),
        ("query", QUERY + "read_only: false", "CREATE OR REPLACE VIEW v AS SELECT 1 AS a"),
        ("query", QUERY + "read_only: false", "ALTER TABLE t ADD PARTITION (day = '2025-01-01')"),
        ("table", TABLE, "WITH a AS (SELECT 1 AS n) SELECT n FROM a"),
        ("redshift_unload", UNLOAD, "SELECT id FROM t WHERE day >= :since AND price > '2'::int"),
        ("rows", ROWS + "partition: {day: 2025-01-01}\nmin_rows: 10", ""),
        ("freshness", FRESH + "max_age: 26h\non_timeout: skip", ""),
    ],
)
def test_right_steps_have_no_problem(
    told: Callable[[str, str, str], list[str]], kind: str, yaml: str, sql: str
) -> None:
    """
    Statement, settings and request are as they should be.
    """
    assert [] == told(kind, yaml, sql)


@pytest.mark.parametrize(
    ("kind", "yaml", "sql", "words"),
    [
        ("query", QUERY, "DROP TABLE t", "is a DROP statement; `read_only: false` permits it"),
        ("query", QUERY, "DELETE FROM t", "is a DELETE statement"),
        ("query", QUERY, "EXECUTE something", "is a EXECUTE statement"),
        ("query", QUERY, "SELECT 1; SELECT 2", "holds 2 statements, must hold one statement"),
        ("query", QUERY, "SELECT 1 FROM t WHERE a = ?", "0 values, top.sql has 1 `?`"),
        ("query", QUERY, "SELECT 'open", "never closed"),
        ("query", QUERY + "read_only: false", "INSERT INTO t SELECT 1", "writes rows, each exactly once"),
        ("query", QUERY + "read_only: false", "CREATE TABLE t AS SELECT 1 AS a", "is a CREATE TABLE AS"),
        ("query", QUERY + "read_only: false", "UNLOAD (SELECT 1) TO 's3://b/'", "is a UNLOAD statement"),
        ("query", QUERY + "read_only: false\nfetch: one", "DROP TABLE t", "'one' needs `read_only: true`"),
        ("query", QUERY.replace("top.sql", "tip.sql"), "SELECT 1", "there is no such file"),
        ("query", QUERY + "parameters: {a b: 1}", "SELECT 1", "is no identifier"),
        ("query", QUERY + "request: {Nonsense: 1}", "SELECT 1", "Nonsense"),
        ("table", TABLE, "DROP TABLE t", "is a DROP statement, must be a SELECT"),
        (
            "table",
            TABLE.replace("table: customers_by_plan", 'table: a"; DROP'),
            "SELECT 1",
            "is no Glue name",
        ),
        ("table", TABLE + "keep: 0", "SELECT 1", "must be at least 1"),
        ("redshift_unload", UNLOAD, "SELECT 1", "top.sql has no `:since`"),
        ("redshift_unload", UNLOAD, "SELECT :since, :untl", "has no value for `:untl`"),
        ("redshift_unload", UNLOAD, "DELETE FROM t WHERE day = :since", "must be a SELECT"),
        ("redshift_unload", UNLOAD + "cluster: a", "SELECT :since", "one of workgroup and cluster, has both"),
        ("redshift_unload", UNLOAD + "user: me", "SELECT :since", "is for a `cluster`"),
        ("redshift_unload", UNLOAD + "secret: password1", "SELECT :since", "is no secret"),
        ("rows", ROWS + "min_rows: 0", "", "must be at least 1"),
        ("rows", ROWS.replace("customers", "customers--"), "", "is no Glue name"),
        ("freshness", FRESH.replace("column: day", "column: MAX(day)"), "", "is no identifier"),
        ("freshness", FRESH + "max_age: 26", "", "is no duration"),
        ("freshness", FRESH + "on_timeout: skipp", "", "did you mean 'skip'"),
    ],
)
def test_wrong_steps_are_told(
    told: Callable[[str, str, str], list[str]], kind: str, yaml: str, sql: str, words: str
) -> None:
    """
    Before anything is sent or spent, with the file, and the nearest word where there is one.
    """
    assert any(words in message for message in told(kind, yaml, sql)), told(kind, yaml, sql)


def test_every_request_is_one_that_aws_takes(project: Project) -> None:
    """
    Each kind's calls, built offline, keep to the services' own models.
    """
    project.write("churn/top.sql", "SELECT 1 AS a")
    for kind, yaml in (("query", QUERY), ("table", TABLE), ("rows", ROWS), ("freshness", FRESH)):
        project.write(f"churn/{kind}.yaml", yaml)
    project.write("churn/since.sql", "SELECT :since")
    project.write("churn/redshift_unload.yaml", UNLOAD.replace("top.sql", "since.sql"))
    calls: list[PlannedCall] = planned_calls(project.load())
    kinds = {"query", "table", "rows", "freshness", "redshift_unload"}

    assert kinds == {one.step for one in calls if one.step in kinds}
    assert [] == [
        (one.step, broken) for one in calls for broken in violations(one.service, one.operation, one.request)
    ]
