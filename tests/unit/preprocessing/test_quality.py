"""The quality report: every rule of quality.yaml is a check with limit, observation and words."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from foldline.errors import DataError
from preprocessing.quality import column_summary, quality

LABEL = {"column": "late", "min_share": 0.05, "max_share": 0.5}


def rules(**changes) -> dict:
    return {"min_rows": 100, "label": LABEL, "columns": {}, "leakage": {"max_auc": 0.9}, **changes}


@pytest.fixture
def report(processing_job, schema):
    """Runs the step on a table with some rules; the document it leaves."""

    def run(table: pa.Table, rules: dict) -> dict:
        document = {
            "row_id": schema.row_id,
            "label": schema.label,
            "numeric": list(schema.numeric),
            "categorical": list(schema.categorical),
        }
        job = processing_job(table, {"quality": rules, "schema": document})
        quality(job)
        return json.loads((job.root / "processing" / "output" / "report" / "quality.json").read_text())

    return run


def failed(report: dict) -> dict[tuple[str, str | None], str]:
    return {
        (check["check"], check["column"]): check["message"]
        for check in report["checks"]
        if not check["passed"]
    }


def replaced(table: pa.Table, name: str, values) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, pa.array(values))


def test_a_good_table_passes(report, table):
    """
    All rules hold; each check tells its limit and what was observed.
    """
    columns = {
        "flight_id": {"max_null_share": 0, "unique": True},
        "temp": {"max_null_share": 0.2, "min": -100, "max": 200, "max_categories": None},
        "carrier": {"max_categories": 3},
    }

    found = report(table, rules(columns=columns))

    assert found["passed"]
    assert 480 == found["rows"]
    assert {} == failed(found)
    by_name = {(check["check"], check["column"]): check for check in found["checks"]}
    assert {
        "check": "max_categories",
        "column": "carrier",
        "limit": 3,
        "observed": 3,
        "passed": True,
        "message": "carrier: distinct values 3, at most 3 allowed",
        "severity": "error",
    } == by_name["max_categories", "carrier"]
    assert {"dep_hour", "temp", "carrier", "origin"} == {
        column for check, column in by_name if check == "leakage"
    }


@pytest.mark.parametrize(
    ("rule", "check", "column", "words"),
    [
        ({"min_rows": 1000}, "min_rows", None, "rows in the table 480, at least 1000 allowed"),
        ({"label": {**LABEL, "min_share": 0.45}}, "min_share", "late", "at least 0.45 allowed"),
        ({"label": {**LABEL, "max_share": 0.3}}, "max_share", "late", "at most 0.3 allowed"),
        ({"columns": {"temp": {"max_null_share": 0.01}}}, "max_null_share", "temp", "at most 0.01 allowed"),
        ({"columns": {"dep_hour": {"min": 6}}}, "min", "dep_hour", "smallest value 5, at least 6 allowed"),
        ({"columns": {"dep_hour": {"max": 22}}}, "max", "dep_hour", "largest value 23, at most 22 allowed"),
        (
            {"columns": {"origin": {"unique": True}}},
            "unique",
            "origin",
            "repeated values 478, at most 0 allowed",
        ),
        ({"columns": {"carrier": {"max_categories": 2}}}, "max_categories", "carrier", "distinct values 3"),
        (
            {"columns": {"carrier": {"min": 1}}},
            "min",
            "carrier",
            "is of type string, so min 1 cannot be checked",
        ),
        ({"columns": {"tmp": {"min": 1}}}, "exists", "tmp", "has no such column; did you mean 'temp'?"),
        ({"leakage": {"max_auc": 0.5}}, "leakage", "dep_hour", "at most 0.5 allowed"),
    ],
)
def test_a_broken_rule_fails_and_says_so(report, table, rule, check, column, words):
    """
    The report does not pass, and the finding names column, observation and limit.
    """
    found = report(table, rules(**rule))

    assert not found["passed"]
    assert words in failed(found)[check, column]


def test_a_label_of_one_class_fails_whatever_the_shares(report, table):
    """
    One class is an error even where quality.yaml allows a share of 0.
    """
    single = replaced(table, "late", np.zeros(480, np.int32))

    found = report(single, rules(label={"column": "late", "min_share": 0.0, "max_share": 1.0}))

    assert {("classes", "late"): "late: 1 of 2 classes occur"} == failed(found)


@pytest.mark.parametrize("values", [["yes", "no"] * 240, [0, None] * 240, [0, 2] * 240])
def test_a_label_that_is_not_0_or_1_fails(report, table, values):
    """
    Texts, missing values and other numbers are no classes.
    """
    assert ("classes", "late") in failed(report(replaced(table, "late", values), rules()))


def test_a_column_that_is_the_label_fails_without_a_leakage_rule(report, table):
    """
    `leakage: null` searches for no separation, but a copy of the label is never a feature.
    """
    copied = replaced(table, "origin", np.where(table["late"], "Y", "N").tolist())

    found = report(copied, rules(leakage=None))

    assert {("equals_label", "origin"): "origin: its two values are the label itself"} == failed(found)


def test_a_leaking_column_fails(report, table):
    """
    The delay itself, as a feature, separates too well.
    """
    late = np.asarray(table["late"])
    leaking = replaced(table, "temp", late * 40.0 + np.random.default_rng(0).normal(0, 10, late.size))

    assert "temp: AUC of this column alone 0.99" in failed(report(leaking, rules()))["leakage", "temp"]


def test_a_missing_schema_column_fails(report, table):
    """
    A feature that preprocessing.yaml names must be in the table.
    """
    found = report(table.drop_columns(["temp"]), rules())

    assert ["exists"] == [check for check, column in failed(found) if column == "temp"]


def test_an_empty_table_stops_the_job(report, table):
    """
    No rows is no finding but an error: there is nothing to report on.
    """
    with pytest.raises(DataError, match="the table has no rows"):
        report(table.slice(0, 0), rules())


def test_every_column_is_summed_up(report, table):
    """
    Type, missing, distinct, bounds of numbers and dates, mean of numbers; also for columns without a rule.
    """
    columns = {column["name"]: column for column in report(table, rules())["columns"]}

    assert table.column_names == list(columns)
    assert {
        "name": "flight_date",
        "type": "date32[day]",
        "nulls": 0,
        "distinct": 24,
        "min": "2013-01-01",
        "max": "2013-01-24",
        "mean": None,
    } == columns["flight_date"]
    assert ("int32", 19, 5, 23) == tuple(
        columns["dep_hour"][name] for name in ("type", "distinct", "min", "max")
    )
    assert columns["carrier"]["min"] is None


@pytest.mark.parametrize(
    ("values", "nulls", "bounds", "mean"),
    [
        (pa.array([1.0, float("nan"), 3.0, None]), 2, (1.0, 3.0), 2.0),
        (pa.array([None, None], pa.float64()), 2, (None, None), None),
        (pa.array([1, 2], pa.decimal128(5, 1)), 0, (1.0, 2.0), 1.5),
        (pa.array([float("inf"), 1.0]), 0, (1.0, None), None),
    ],
)
def test_a_summary_is_always_json(values, nulls, bounds, mean):
    """
    NaN counts as missing; what JSON cannot hold is null.
    """
    found = column_summary("x", pa.chunked_array([values]))

    assert (nulls, *bounds, mean) == (found["nulls"], found["min"], found["max"], found["mean"])
    json.dumps(found, allow_nan=False)
