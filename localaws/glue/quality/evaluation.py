"""A ruleset evaluated over tables of the catalogue: one result."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping

import duckdb

from localaws.athena.engine import Session
from localaws.athena.hivetypes import quoted
from localaws.athena.relations import Wanted, columns_of, relation
from localaws.glue.catalog import Catalog, Document
from localaws.glue.quality.dqdl import Rule, rules_of
from localaws.glue.quality.measures import KINDS, RuleBroken, Table, Verdict

MOST_TEXT = 2048


def opened(source: Document, others: Mapping[str, Document], catalog: Catalog, session: Session) -> Table:
    """The tables of a run as views of a session.

    Args:
        source: The ``GlueTable`` the rules are about.
        others: Other ``GlueTable``s by the names rules call them.
        catalog: The catalogue.
        session: The connection.

    Raises:
        AwsError: A table is not there.
        QueryFailed: A table cannot be read.
    """
    for name, place in {"primary": source, **others}.items():
        document = catalog.table(place["DatabaseName"], place["TableName"])
        sql, _ = relation(document, catalog, session, Wanted())
        session.execute(f"CREATE TEMP VIEW {quoted(name)} AS {sql}")
    columns = columns_of(catalog.table(source["DatabaseName"], source["TableName"]))
    return Table(columns, session.rows, tuple(others))


def result_of(ruleset: Document, run: Document, table: Table) -> Document:
    """The result of a ruleset: its score is the share of rules that pass.

    Args:
        ruleset: The ruleset.
        run: The run it belongs to.
        table: What it is evaluated over.

    Raises:
        QueryCancelled: The run was stopped.
    """
    started = time.time()
    results = []
    for number, rule in enumerate(rules_of(ruleset["Ruleset"]), 1):
        body = {
            "Name": f"Rule_{number}",
            "Description": rule.text[:MOST_TEXT],
            "EvaluatedRule": rule.text[:MOST_TEXT],
        }
        results.append(body | _told(rule, table))
    passed = sum(body["Result"] == "PASS" for body in results)
    return {
        "ResultId": f"dqresult-{uuid.uuid4().hex}",
        "Score": passed / len(results),
        "DataSource": run["DataSource"],
        "RulesetName": ruleset["Name"],
        "StartedOn": started,
        "CompletedOn": time.time(),
        "RulesetEvaluationRunId": run["RunId"],
        "RuleResults": results,
        "AggregatedMetrics": {
            "TotalRulesProcessed": len(results),
            "TotalRulesPassed": passed,
            "TotalRulesFailed": len(results) - passed,
        },
    }


def _told(rule: Rule, table: Table) -> Document:
    try:
        verdict = verdict_of(rule, table)
    except (RuleBroken, duckdb.Error, ValueError) as error:
        broken = isinstance(error, RuleBroken) and str(error).startswith("Input data does not include")
        message = str(error).split("\n")[0][:MOST_TEXT]
        return {"Result": "FAIL" if broken else "ERROR", "EvaluationMessage": message, "EvaluatedMetrics": {}}
    told: Document = {"Result": "PASS" if verdict.passed else "FAIL", "EvaluatedMetrics": verdict.metrics}
    return told | ({"EvaluationMessage": verdict.message[:MOST_TEXT]} if verdict.message else {})


def verdict_of(rule: Rule, table: Table) -> Verdict:
    """How a rule comes out; of joined rules all are evaluated, and their messages joined.

    Raises:
        RuleBroken: It cannot be evaluated.
        duckdb.Error: What DuckDB says of its data.
    """
    if not rule.parts:
        return KINDS[rule.kind](rule, table)
    verdicts = [verdict_of(part, table) for part in rule.parts]
    outcomes = [verdict.passed for verdict in verdicts]
    passed = all(outcomes) if rule.kind == "and" else any(outcomes)
    metrics = {name: value for verdict in verdicts for name, value in verdict.metrics.items()}
    messages = [verdict.message for verdict in verdicts if verdict.message]
    return Verdict(passed, "" if passed else " ".join(messages), metrics)
