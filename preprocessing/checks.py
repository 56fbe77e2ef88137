"""Checks of the quality gate: each compares an observation with a limit of quality.yaml. Container side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from foldline.folds import Schema
from preprocessing.leakage import Bins, equals_label, separation
from preprocessing.spelling import suggestion

Rules = dict[str, Any]


@dataclass(frozen=True)
class Check:
    """One finding.

    Attributes:
        check: Name of the rule.
        column: Column it looked at; None for the table.
        limit: What quality.yaml allows.
        observed: What the table holds.
        passed: Whether the limit holds.
        message: The finding in words.
        severity: ``error``: a check that does not pass stops the run.
    """

    check: str
    column: str | None
    limit: float | None
    observed: float | None
    passed: bool
    message: str
    severity: str = "error"


def table_checks(table: pa.Table, rules: Rules, schema: Schema) -> Iterator[Check]:
    """All checks that the rules and the schema ask for, in the order of quality.yaml."""
    yield _at_least("min_rows", None, rules["min_rows"], table.num_rows, "rows in the table")
    label, columns = rules["label"], rules.get("columns") or {}
    named = (schema.row_id, schema.label, label["column"], *schema.features, *columns)
    missing = [name for name in dict.fromkeys(named) if name not in table.column_names]
    for name in missing:
        mend = suggestion(name, table.column_names)
        yield Check("exists", name, None, None, False, f"{name}: the table has no such column; {mend}")
    classes = None if label["column"] in missing else _classes(table[label["column"]])
    if label["column"] not in missing:
        yield from _label_checks(label, table[label["column"]], classes)
    for name, rule in columns.items():
        if name not in missing:
            yield from _column_checks(name, table[name], rule)
    if classes is not None and 0 < classes.sum() < classes.size:
        present = [name for name in schema.features if name not in missing]
        yield from _leakage_checks(table.select(present), classes, schema, rules.get("leakage"))


def nulls(column: pa.ChunkedArray) -> int:
    """Rows without a value; NaN is none."""
    return int(pc.sum(pc.is_null(column, nan_is_null=True)).as_py() or 0)


def is_numeric(kind: pa.DataType) -> bool:
    """Whether values of this type can be compared with a number."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def bounds(column: pa.ChunkedArray) -> tuple[Any, Any]:
    """Smallest and largest value, decimals as floats; None without any, NaN left out."""
    if pa.types.is_decimal(column.type):
        column = pc.cast(column, pa.float64())
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
    found = pc.min_max(column).as_py()
    return found["min"], found["max"]


def _classes(column: pa.ChunkedArray) -> NDArray[np.int8] | None:
    """The label as 0 and 1; None where it holds anything else."""
    values = pc.unique(column).to_pylist() if column.null_count == 0 else [None]
    if len(values) > 2 or not set(values) <= {0, 1}:
        return None
    return np.asarray(pc.cast(column, pa.int8(), safe=False))


def _label_checks(rule: Rules, column: pa.ChunkedArray, classes: NDArray[np.int8] | None) -> Iterator[Check]:
    name = rule["column"]
    if classes is None:
        found = pc.unique(column).to_pylist()[:5]
        yield Check(
            "classes", name, 2, None, False, f"{name}: the label must be 0 or 1 on each row, found {found}"
        )
        return
    share, count = float(classes.mean()), int(np.unique(classes).size)
    yield Check("classes", name, 2, count, count == 2, f"{name}: {count} of 2 classes occur")
    yield _at_least("min_share", name, rule["min_share"], share, "share of class 1")
    yield _at_most("max_share", name, rule["max_share"], share, "share of class 1")


def _column_checks(name: str, column: pa.ChunkedArray, rule: Rules) -> Iterator[Check]:
    rows, missing = len(column), nulls(column)
    if rule.get("max_null_share") is not None:
        yield _at_most("max_null_share", name, rule["max_null_share"], missing / rows, "share missing")
    if rule.get("unique"):
        repeated = rows - missing - pc.count_distinct(column).as_py()
        yield _at_most("unique", name, 0, repeated, "repeated values")
    if rule.get("max_categories") is not None:
        distinct = pc.count_distinct(column).as_py()
        yield _at_most("max_categories", name, rule["max_categories"], distinct, "distinct values")
    limits = {side: rule[side] for side in ("min", "max") if rule.get(side) is not None}
    if limits and not is_numeric(column.type):
        for side, limit in limits.items():
            message = f"{name}: is of type {column.type}, so {side} {limit:g} cannot be checked"
            yield Check(side, name, limit, None, False, message)
        return
    low, high = bounds(column) if limits else (None, None)
    if "min" in limits:
        yield _at_least("min", name, limits["min"], low, "smallest value")
    if "max" in limits:
        yield _at_most("max", name, limits["max"], high, "largest value")


def _leakage_checks(
    table: pa.Table, labels: NDArray[np.int8], schema: Schema, rule: Rules | None
) -> Iterator[Check]:
    for name in table.column_names:
        bins = Bins.of(table[name])
        if equals_label(bins, labels):
            yield Check(
                "equals_label", name, None, None, False, f"{name}: its two values are the label itself"
            )
        if rule is not None:
            ordered = name in schema.numeric and is_numeric(table[name].type)
            auc = separation(bins, labels, ordered=ordered)
            yield _at_most("leakage", name, rule["max_auc"], auc, "AUC of this column alone")


def _at_least(check: str, column: str | None, limit: float, observed: Any, what: str) -> Check:
    passed = observed is None or observed >= limit
    return Check(
        check, column, limit, observed, passed, _message(column, what, observed, f"at least {limit:g}")
    )


def _at_most(check: str, column: str | None, limit: float, observed: Any, what: str) -> Check:
    passed = observed is None or observed <= limit
    return Check(
        check, column, limit, observed, passed, _message(column, what, observed, f"at most {limit:g}")
    )


def _message(column: str | None, what: str, observed: float | None, allowed: str) -> str:
    found = "none" if observed is None else f"{observed:.6g}"
    subject = f"{column}: {what}" if column else what
    return f"{subject} {found}, {allowed} allowed"
