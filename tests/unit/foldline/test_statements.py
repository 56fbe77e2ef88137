"""What is wrong with a step's SQL, found without running it."""

from __future__ import annotations

import pytest

from foldline.stepfiles.statements import statement_problems
from foldline.steps.data import IngestSettings

QUERY = "churn/ingest.sql"
STEP = "churn/ingest.yaml"


@pytest.fixture
def told(project):
    def problems() -> list[str]:
        pipeline = project.load()
        settings = pipeline.step("ingest", IngestSettings)
        found = statement_problems(settings, pipeline.documents["ingest"], pipeline.folder)
        return [f"{problem.file.removeprefix('infra/')}:{problem.line} {problem}" for problem in found]

    return problems


def test_a_good_query_has_no_problem(told):
    """
    Athena's dialect, parameters and columns are all as the step says.
    """
    assert [] == told()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("SELEC id\nFROM t", "2 column 4: Invalid expression / Unexpected token at 'FROM'"),
        ("SELECT id FROM t\nWHERE day = ", "2 column 11: incomplete EQ at '='"),
        ("SELECT id FROM t WHERE (day = ?", "1 column 31: Expecting ) at '?'"),
        ("SELECT id,\nFROM t WHERE day = ?", "2 column 4: a comma before FROM"),
        ("SELECT id,, age\nFROM t", "1 column 11: a comma before ,"),
        ("SELECT id\nFROM t\nWHERE name = 'O''Hara\nAND 1=1", "3 a quote or comment that opens here is never closed"),
        ("SELECT 1; DROP TABLE t", "1 holds 2 statements, must hold one SELECT"),
        ("-- nothing\n", "1 holds 0 statements, must hold one SELECT"),
        ("DROP TABLE t", "0 is a DROP statement, must be a SELECT"),
        ("INSERT INTO t SELECT 1", "0 is a INSERT statement, must be a SELECT"),
    ],
)  # fmt: skip
def test_a_faulty_query_is_told_with_its_line(project, told, text, problem):
    """
    Syntax errors have line and column; what is no single SELECT is refused.
    """
    project.write(QUERY, text)
    assert f"{QUERY}:{problem}" in told()


def test_a_query_may_end_with_a_semicolon(project, told):
    """
    One statement is one statement, however it ends.
    """
    project.edit(QUERY, "DATE(?)\n", "DATE(?);\n")
    assert [] == told()


def test_question_marks_are_counted_as_sql_counts_them(project, told):
    """
    A `?` in a text or a comment is no parameter.
    """
    project.edit(QUERY, "DATE(?)\n", "DATE(?) AND plan <> '?' -- really?\n")
    assert [] == told()
    project.edit(QUERY, "plan <> '?'", "plan <> ?")
    assert [f"{STEP}:3 parameters: 1 value (since), ingest.sql has 2 `?`"] == told()


def test_a_column_the_query_lacks(project, told):
    """
    Columns and rules that name what the query does not give are told before anything runs.
    """
    project.edit(QUERY, "age, plan", "aged, plan")
    assert [
        f"{STEP}:5 columns[2]: 'age' is not among the columns of ingest.sql; did you mean 'aged'?",
        f"{STEP}:4 rules.no_age: 'age' is not among the columns of ingest.sql; did you mean 'aged'?",
    ] == told()


def test_a_star_may_be_any_column(project, told):
    """
    Nothing is said of the columns of a query that takes all there are.
    """
    project.edit(QUERY, "id, left_us, age, plan, day", "*")
    assert [] == told()


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("age >", "'age >' is no SQL condition"),
        ("age > 1 THEN 1 END, 2, CASE WHEN age > 2", "'age > 1 THEN 1 END, 2, CASE WHEN age > 2' is no single SQL condition"),
        ("age > 1 -- adults", "holds a comment or `;`; write one condition"),
        ("age > 1; DROP TABLE t", "'age > 1; DROP TABLE t' is no SQL condition"),
        ("age > ?", "holds a `?`; parameters belong into the query"),
    ],
)  # fmt: skip
def test_a_rule_is_one_condition(project, told, rule, problem):
    """
    A rule becomes part of a larger statement, so it must be a condition and nothing more.
    """
    project.edit(STEP, "{no_age: age IS NULL}", f'{{no_age: "{rule}"}}')
    assert [f"{STEP}:4 rules.no_age: {problem}"] == told()
