"""Glue Data Quality through boto3: rulesets, evaluations over real files, results."""

from __future__ import annotations

import time
import uuid

import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::123456789012:role/quality"
ORDERS = "1,paid,10.5,ann@x.org,2024-01-01\n2,open,20.5,bob@x.org,2024-01-02\n3,open,,nobody,2024-01-03\n4,paid,5.0,,2024-01-04\n"
COLUMNS = {"id": "int", "status": "string", "amount": "double", "mail": "string", "day": "date"}


@pytest.fixture
def glue(client):
    return client("glue")


@pytest.fixture
def orders(glue, client, bucket) -> dict:
    """A table of four orders and one of their statuses, in a database of their own."""
    database = f"dq_{uuid.uuid4().hex[:8]}"
    glue.create_database(DatabaseInput={"Name": database})
    for name, columns, text in (("orders", COLUMNS, ORDERS), ("states", {"name": "string"}, "paid\nopen\n")):
        client("s3").put_object(Bucket=bucket, Key=f"{name}/a.csv", Body=text.encode())
        glue.create_table(
            DatabaseName=database,
            TableInput={
                "Name": name,
                "StorageDescriptor": {
                    "Columns": [{"Name": column, "Type": kind} for column, kind in columns.items()],
                    "Location": f"s3://{bucket}/{name}/",
                    "SerdeInfo": {
                        "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
                        "Parameters": {"field.delim": ",", "serialization.null.format": ""},
                    },
                },
            },
        )
    return {"GlueTable": {"DatabaseName": database, "TableName": "orders"}}


@pytest.fixture
def evaluate(glue, orders):
    """Evaluates rules over the orders: the ended run, and its result."""

    def run(*rules: str, **members) -> tuple[dict, dict]:
        name = f"rules-{uuid.uuid4().hex[:8]}"
        glue.create_data_quality_ruleset(Name=name, Ruleset=f"Rules = [ {', '.join(rules)} ]")
        started = glue.start_data_quality_ruleset_evaluation_run(
            DataSource=orders, Role=ROLE, RulesetNames=[name], **members
        )
        return ended(glue, started["RunId"])

    return run


def ended(glue, name: str) -> tuple[dict, dict]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = glue.get_data_quality_ruleset_evaluation_run(RunId=name)
        if found["Status"] not in ("STARTING", "RUNNING"):
            ids = found.get("ResultIds") or []
            return found, glue.get_data_quality_result(ResultId=ids[0]) if ids else {}
        time.sleep(0.02)
    raise AssertionError(f"the run {name} does not end")


def refused(code: str, words: str, call, **request) -> None:
    with pytest.raises(ClientError) as caught:
        call(**request)
    assert code == caught.value.response["Error"]["Code"]
    assert words in caught.value.response["Error"]["Message"]


PASSING = [
    "RowCount = 4",
    "RowCount between 3 and 5",
    "ColumnCount = 5",
    'ColumnExists "status"',
    'IsComplete "status"',
    'Completeness "amount" >= 0.75',
    'IsUnique "id"',
    'IsPrimaryKey "id"',
    'Uniqueness "id" = 1.0',
    'UniqueValueRatio "status" = 0.0',
    'DistinctValuesCount "status" = 2',
    'Entropy "status" between 0.69 and 0.70',
    'Mean "amount" = 12.0',
    'Sum "amount" = 36.0',
    'StandardDeviation "amount" between 6.4 and 6.5',
    'ColumnValues "status" in ["paid", "open"]',
    'ColumnValues "id" > 0',
    'ColumnValues "id" between 0 and 5',
    'ColumnValues "mail" matches ".*@x.org" with threshold >= 0.5',
    'ColumnValues "amount" != NULL with threshold > 0.7',
    'ColumnLength "status" = 4',
    'ColumnDataType "day" = "DATE"',
    'ColumnCorrelation "id" "amount" < 0',
    'CustomSql "select count(*) from primary where amount > 10" = 2',
    '(RowCount = 0) or (IsComplete "id")',
    "RowCount = 2 where \"status = 'paid'\"",
    'DataFreshness "day" <= 100000 days',
]
FAILING = [
    ("RowCount > 10", "Value: 4 does not meet the constraint requirement!", {"Dataset.*.RowCount": 4.0}),
    (
        'IsComplete "amount"',
        "Value: 0.75 does not meet the constraint requirement!",
        {"Column.amount.Completeness": 0.75},
    ),
    ('IsUnique "status"', "Value: 0.0 does not meet", {"Column.status.Uniqueness": 0.0}),
    (
        'ColumnValues "status" in ["paid"]',
        "Value: 0.5 does not meet",
        {"Column.status.ColumnValues.Compliance": 0.5},
    ),
    ('ColumnValues "id" < 3', "Value: 4.0 does not meet", {"Column.id.Maximum": 4.0}),
    ('IsComplete "nosuch"', "Input data does not include column nosuch!", {}),
    (
        'CustomSql "select count(*) from primary" > 9',
        "Custom SQL response failed to satisfy the threshold",
        {"Dataset.*.CustomSQL": 4.0},
    ),
    (
        "(RowCount = 4) and (ColumnCount = 1)",
        "Value: 5.0",
        {"Dataset.*.RowCount": 4.0, "Dataset.*.ColumnCount": 5.0},
    ),
    (
        'DataFreshness "day" <= 24 hours',
        "Value: 0.0 does not meet",
        {"Column.day.DataFreshness.Compliance": 0.0},
    ),
]


def test_rules_that_pass(evaluate):
    """
    Each kind of rule is measured over the table's rows, and passes when its condition holds.
    """
    run, result = evaluate(*PASSING)
    told = {
        rule["EvaluatedRule"]: (rule["Result"], rule.get("EvaluationMessage"))
        for rule in result["RuleResults"]
    }
    assert dict.fromkeys(PASSING, ("PASS", None)) == told
    assert ("SUCCEEDED", 1.0) == (run["Status"], result["Score"])


def test_rules_that_fail(evaluate):
    """
    A rule that fails says what was measured; the score is the share of rules that pass.
    """
    run, result = evaluate("RowCount = 4", *(rule for rule, _, _ in FAILING))
    told = result["RuleResults"][1:]
    assert ["FAIL"] * len(FAILING) == [rule["Result"] for rule in told]
    for (_, words, metrics), rule in zip(FAILING, told, strict=True):
        assert words in rule["EvaluationMessage"]
        assert metrics == rule.get("EvaluatedMetrics", {})
    assert pytest.approx(1 / (len(FAILING) + 1)) == result["Score"]
    assert "SUCCEEDED" == run["Status"]


def test_other_tables(evaluate, orders):
    """
    ReferentialIntegrity looks values up in a table of AdditionalDataSources.
    """
    states = {"GlueTable": {**orders["GlueTable"], "TableName": "states"}}
    rules = (
        'ReferentialIntegrity "status" "ref.name" = 1.0',
        'ReferentialIntegrity "mail" "ref.{name}" > 0.5',
    )
    _, result = evaluate(*rules, AdditionalDataSources={"ref": states})
    assert ["PASS", "FAIL"] == [rule["Result"] for rule in result["RuleResults"]]


def test_a_rule_that_cannot_be_evaluated(evaluate):
    """
    It is an ERROR of its own; the others are evaluated.
    """
    _, result = evaluate('CustomSql "select nosuch from primary" > 0', "RowCount = 4")
    assert ["ERROR", "PASS"] == [rule["Result"] for rule in result["RuleResults"]]


def test_rulesets_and_results_are_kept(glue, orders, evaluate):
    """
    Rulesets are made once, changed, listed by table and deleted; results and runs are listed by table.
    """
    name, table = f"kept-{uuid.uuid4().hex[:8]}", orders["GlueTable"]
    make = {"Name": name, "Ruleset": "Rules = [ RowCount > 0 ]", "TargetTable": table, "Tags": {"team": name}}
    glue.create_data_quality_ruleset(**make)
    refused("AlreadyExistsException", name, glue.create_data_quality_ruleset, **make)
    glue.update_data_quality_ruleset(Name=name, Ruleset="Rules = [ RowCount > 0, ColumnCount > 0 ]")
    [listed] = glue.list_data_quality_rulesets(Filter={"TargetTable": table}, Tags={"team": name})["Rulesets"]
    assert (name, 2) == (listed["Name"], listed["RuleCount"])
    run, result = evaluate("RowCount > 0")
    wanted = {"DataSource": orders}
    assert [run["RunId"]] == [
        found["RunId"] for found in glue.list_data_quality_ruleset_evaluation_runs(Filter=wanted)["Runs"]
    ]
    assert [result["ResultId"]] == [
        found["ResultId"] for found in glue.list_data_quality_results(Filter=wanted)["Results"]
    ]
    batch = glue.batch_get_data_quality_result(ResultIds=[result["ResultId"], "dqresult-none"])
    assert (1, ["dqresult-none"]) == (len(batch["Results"]), batch["ResultsNotFound"])
    glue.delete_data_quality_ruleset(Name=name)
    refused("EntityNotFoundException", name, glue.get_data_quality_ruleset, Name=name)


def test_what_is_refused(glue, orders):
    """
    DQDL that cannot be read is InvalidInputException; rule types and options not served are named.
    """
    create = glue.create_data_quality_ruleset
    refused("InvalidInputException", "unexpected", create, Name="x", Ruleset="Rules = [ RowCount > ]")
    refused(
        "NotImplemented",
        "DetectAnomalies",
        create,
        Name="x",
        Ruleset='Rules = [ DetectAnomalies "RowCount" ]',
    )
    start = glue.start_data_quality_ruleset_evaluation_run
    request = {"DataSource": orders, "Role": ROLE, "RulesetNames": ["nosuch"]}
    refused("EntityNotFoundException", "nosuch", start, **request)
    options = {"ResultsS3Prefix": "s3://b/x"}
    refused("NotImplemented", "ResultsS3Prefix", start, **request, AdditionalRunOptions=options)
