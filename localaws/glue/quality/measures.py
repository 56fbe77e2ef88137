"""The kinds of rules: what each measures, as SQL over the view ``primary``, and when a rule of it passes."""

# ruff: noqa: S608  # makes SQL: its parts are quoted names and literals
from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from localaws.athena.hivetypes import quoted
from localaws.glue.quality.conditions import Condition
from localaws.glue.quality.dqdl import Rule

NOT_MET = "Value: {value} does not meet the constraint requirement!"
ALL = Condition("=", (1.0,))
CASTS = {
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "integer": "BIGINT",
    "int": "BIGINT",
    "long": "BIGINT",
    "double": "DOUBLE",
    "float": "DOUBLE",
    "decimal": "DOUBLE",
    "string": "VARCHAR",
}


class RuleBroken(Exception):
    """A rule cannot be evaluated: its message, and whether that is an error of the rule itself."""


@dataclass(frozen=True)
class Table:
    """What rules are evaluated over.

    Attributes:
        columns: Its columns by name, with DuckDB's types.
        rows: Answers a query; the table is the view ``primary``.
        sources: The other tables' names.
    """

    columns: dict[str, str]
    rows: Callable[[str], list[tuple[Any, ...]]]
    sources: tuple[str, ...] = ()

    def number(self, expression: str, where: str = "") -> float:
        """One number of the rows that count; 0 for none."""
        [(value,)] = self.rows(
            f'SELECT {expression} FROM "primary"{f" WHERE {_spark(where)}" if where else ""}'
        )
        return float(value or 0)

    def column(self, name: str) -> str:
        """A column's name for SQL.

        Raises:
            RuleBroken: There is no such column.
        """
        if name.lower() not in self.columns:
            raise RuleBroken(f"Input data does not include column {name}!")
        return str(quoted(name.lower()))


@dataclass(frozen=True)
class Verdict:
    """How a rule came out, with its message (empty when it passed) and the metrics it measured."""

    passed: bool
    message: str
    metrics: dict[str, float]


Kind = Callable[[Rule, Table], Verdict]


def judged(metrics: dict[str, float], condition: Condition | None) -> Verdict:
    """A verdict over the first metric."""
    if condition is None or not condition.numeric:
        raise RuleBroken("the rule needs a condition on a number")
    value = next(iter(metrics.values()))
    shown = int(value) if value == int(value) and "RowCount" in next(iter(metrics)) else value
    passed = condition.holds(value)
    return Verdict(passed, "" if passed else NOT_MET.format(value=shown), metrics)


def _row_count(rule: Rule, table: Table) -> Verdict:
    return judged({"Dataset.*.RowCount": table.number("count(*)", rule.where)}, rule.condition)


def _column_count(rule: Rule, table: Table) -> Verdict:
    return judged({"Dataset.*.ColumnCount": float(len(table.columns))}, rule.condition)


def _column_exists(rule: Rule, table: Table) -> Verdict:
    found = all(name.lower() in table.columns for name in rule.parameters)
    return Verdict(found, "" if found else f"Column does not exist: {', '.join(rule.parameters)}", {})


def _of_column(metric: str, expression: str, fixed: Condition | None = None) -> Kind:
    """A kind that measures one column by an expression of ``{c}``."""

    def kind(rule: Rule, table: Table) -> Verdict:
        [name] = rule.parameters
        value = table.number(expression.format(c=table.column(name)), rule.where)
        return judged({f"Column.{name}.{metric}": value}, fixed or rule.condition)

    return kind


def _of_values(metric: str, expression: str, fixed: Condition | None = None) -> Kind:
    """A kind that measures how often the values of columns occur, by an expression of the counts ``n``."""

    def kind(rule: Rule, table: Table) -> Verdict:
        names = [table.column(name) for name in rule.parameters]
        known = " AND ".join(f"{name} IS NOT NULL" for name in names)
        where = f"WHERE {known}" + (f" AND ({_spark(rule.where)})" if rule.where else "")
        groups = f'SELECT count(*) AS n FROM "primary" {where} GROUP BY {", ".join(names)}'
        [(value,)] = table.rows(f"SELECT {expression} FROM ({groups})")
        level = "Column" if len(names) == 1 else "Multicolumn"
        return judged(
            {f"{level}.{','.join(rule.parameters)}.{metric}": float(value or 0)}, fixed or rule.condition
        )

    return kind


def _primary_key(rule: Rule, table: Table) -> Verdict:
    names = [table.column(name) for name in rule.parameters]
    known = " AND ".join(f"{name} IS NOT NULL" for name in names)
    complete = table.number(f"avg(CASE WHEN {known} THEN 1.0 ELSE 0.0 END)", rule.where)
    unique = _of_values("Uniqueness", UNIQUENESS, ALL)(rule, table)
    metrics = {**unique.metrics, f"Column.{','.join(rule.parameters)}.Completeness": complete}
    if unique.passed and complete < 1:
        return Verdict(False, NOT_MET.format(value=complete), metrics)
    return Verdict(unique.passed, unique.message, metrics)


def _column_values(rule: Rule, table: Table) -> Verdict:
    [name] = rule.parameters
    column, condition = table.column(name), rule.condition
    if condition is None:
        raise RuleBroken("ColumnValues needs a condition")
    extremes = EXTREMES.get(condition.operator, ())
    if extremes and condition.numeric and not condition.negated and rule.threshold is None:
        metrics = {
            f"Column.{name}.{metric}": table.number(f"{function}({column})", rule.where)
            for metric, function in extremes
        }
        wrong = [value for value in metrics.values() if not condition.holds(value)]
        return Verdict(not wrong, NOT_MET.format(value=wrong[0]) if wrong else "", metrics)
    return _compliance(name, "ColumnValues.Compliance", condition.sql(column), rule, table)


def _column_length(rule: Rule, table: Table) -> Verdict:
    [name] = rule.parameters
    length = f"length(CAST({table.column(name)} AS VARCHAR))"
    if rule.condition is None or not rule.condition.numeric:
        raise RuleBroken("ColumnLength needs a condition on a number")
    if rule.threshold is not None:
        return _compliance(name, "ColumnLength.Compliance", rule.condition.sql(length), rule, table)
    metrics = {
        f"Column.{name}.{metric}": table.number(f"{function}({length})", rule.where)
        for metric, function in (("MaximumLength", "max"), ("MinimumLength", "min"))
    }
    wrong = [value for value in metrics.values() if not rule.condition.holds(value)]
    return Verdict(not wrong, NOT_MET.format(value=wrong[0]) if wrong else "", metrics)


def _column_data_type(rule: Rule, table: Table) -> Verdict:
    [name] = rule.parameters
    column, condition = table.column(name), rule.condition
    wanted = str(condition.values[0]).lower() if condition and condition.operator == "=" else ""
    if wanted.partition("(")[0] not in CASTS:
        raise RuleBroken(f"ColumnDataType {wanted!r} is none of {', '.join(CASTS)}")
    test = f"TRY_CAST({column} AS {CASTS[wanted.partition('(')[0]]}) IS NOT NULL OR {column} IS NULL"
    return _compliance(name, "ColumnDataType.Compliance", test, rule, table)


def _correlation(rule: Rule, table: Table) -> Verdict:
    one, two = (table.column(name) for name in rule.parameters)
    value = table.number(f"corr({one}, {two})", rule.where)
    return judged({f"Multicolumn.{','.join(rule.parameters)}.ColumnCorrelation": value}, rule.condition)


def _freshness(rule: Rule, table: Table) -> Verdict:
    [name] = rule.parameters
    if rule.condition is None:
        raise RuleBroken("DataFreshness needs a condition such as <= 24 hours")
    column = f"CAST({table.column(name)} AS TIMESTAMP)"
    age = f"(epoch(CAST(now() AS TIMESTAMP)) - epoch({column}))"
    return _compliance(name, "DataFreshness.Compliance", rule.condition.sql(age), rule, table)


def _compliance(name: str, metric: str, test: str, rule: Rule, table: Table) -> Verdict:
    """A verdict over the share of rows that pass a test."""
    rows = table.number("count(*)", rule.where)
    share = table.number(f"avg(CASE WHEN {test} THEN 1.0 ELSE 0.0 END)", rule.where) if rows else 1.0
    return judged({f"Column.{name}.{metric}": share}, rule.threshold or ALL)


def _custom_sql(rule: Rule, table: Table) -> Verdict:
    [query] = rule.parameters
    rows = table.rows(_spark(query))
    if rule.condition is None:
        passed = not rows  # a query of the rows that are wrong
        return Verdict(passed, "" if passed else f"Custom SQL found {len(rows)} rows", {})
    if len(rows) != 1 or len(rows[0]) != 1:
        raise RuleBroken("Custom SQL must give one number")
    value = float(rows[0][0] or 0)
    passed = rule.condition.holds(value)
    message = "" if passed else "Custom SQL response failed to satisfy the threshold"
    return Verdict(passed, message, {"Dataset.*.CustomSQL": value})


def _referential(rule: Rule, table: Table) -> Verdict:
    own, other = rule.parameters
    match = re.fullmatch(r"(\w+)\.\{?([^}]+)\}?", other)
    if match is None or match[1] not in table.sources:
        raise RuleBroken(f"{other} is no column of a source in AdditionalDataSources")
    names = [name.strip() for name in own.split(",")]
    pairs = zip(names, (name.strip().lower() for name in match[2].split(",")), strict=True)
    on = " AND ".join(f'"primary".{table.column(one)} = r.{quoted(two)}' for one, two in pairs)
    test = f"EXISTS (SELECT 1 FROM {quoted(match[1])} r WHERE {on})"
    share = table.number(f"avg(CASE WHEN {test} THEN 1.0 ELSE 0.0 END)", rule.where)
    return judged({f"Column.{own}.ReferentialIntegrity": share}, rule.condition or ALL)


def _spark(sql: str) -> str:
    """Spark SQL in DuckDB's words.

    Raises:
        RuleBroken: It is not one expression or query.
    """
    try:
        trees = sqlglot.parse(sql, read="spark")
    except SqlglotError as error:
        raise RuleBroken(f"{sql!r} is not SQL: {error}") from error
    if len(trees) != 1 or trees[0] is None or not isinstance(trees[0], exp.Query | exp.Condition):
        raise RuleBroken(f"{sql!r} is neither a query nor a condition")
    for table in trees[0].find_all(exp.Table):
        table.set("this", exp.to_identifier(table.name, quoted=True))
    return str(trees[0].sql("duckdb"))


UNIQUENESS = "coalesce(sum(CASE WHEN n = 1 THEN 1.0 ELSE 0.0 END) / sum(n), 0)"
EXTREMES = {
    ">": (("Minimum", "min"),),
    ">=": (("Minimum", "min"),),
    "<": (("Maximum", "max"),),
    "<=": (("Maximum", "max"),),
    "between": (("Minimum", "min"), ("Maximum", "max")),
}
COMPLETENESS = "avg(CASE WHEN {c} IS NULL THEN 0.0 ELSE 1.0 END)"
KINDS: dict[str, Kind] = {
    "RowCount": _row_count,
    "ColumnCount": _column_count,
    "ColumnExists": _column_exists,
    "IsComplete": _of_column("Completeness", COMPLETENESS, ALL),
    "Completeness": _of_column("Completeness", COMPLETENESS),
    "Mean": _of_column("Mean", "avg({c})"),
    "Sum": _of_column("Sum", "sum({c})"),
    "StandardDeviation": _of_column("StandardDeviation", "stddev_pop({c})"),
    "Entropy": _of_values("Entropy", "ln(sum(n)) - sum(n * ln(n)) / sum(n)"),
    "DistinctValuesCount": _of_values("DistinctValuesCount", "count(*)"),
    "UniqueValueRatio": _of_values("UniqueValueRatio", "avg(CASE WHEN n = 1 THEN 1.0 ELSE 0.0 END)"),
    "IsUnique": _of_values("Uniqueness", UNIQUENESS, ALL),
    "Uniqueness": _of_values("Uniqueness", UNIQUENESS),
    "IsPrimaryKey": _primary_key,
    "ColumnValues": _column_values,
    "ColumnLength": _column_length,
    "ColumnDataType": _column_data_type,
    "ColumnCorrelation": _correlation,
    "DataFreshness": _freshness,
    "CustomSql": _custom_sql,
    "ReferentialIntegrity": _referential,
}
