"""One evaluation per piece of work: on a real endpoint that evaluates the rules."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from foldline.errors import JobFailed, JobStopped, JobTimedOut
from foldline.names import Identity
from foldline.remote.glue.quality import Evaluation, QualityRuns, RuleOutcome
from foldline.stepfiles.rulesets import BadRuleset, rules_of
from foldline.waiting import Suspended
from tests.unit.foldline.gluebed import (
    BUCKET,
    QUICK,
    ROLE,
    Bed,
    Killed,
    LettingGo,
    Life,
    bed,
    faulty,
    replayed,
)

__all__ = ["bed", "faulty"]
pytestmark = pytest.mark.xdist_group("gluebed")

RULES = 'Rules = [ IsComplete "id", RowCount > 5 ]'


@dataclass(frozen=True)
class Asked:
    """A table, a ruleset over it, and who asks."""

    ruleset: dict[str, Any]
    request: dict[str, Any]
    identity: Identity


@pytest.fixture
def asked(bed: Bed) -> Callable[..., Asked]:
    """Makes tables of two rows with a ruleset each."""

    def make(rules: str = RULES) -> Asked:
        name = f"q{uuid.uuid4().hex[:8]}"
        bed.put(f"{name}/t/a.csv", "1,a\n2,b\n")
        bed.glue.create_database(DatabaseInput={"Name": name})
        serde = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
        descriptor = {
            "Columns": [{"Name": "id", "Type": "int"}, {"Name": "name", "Type": "string"}],
            "Location": f"s3://{BUCKET}/{name}/t/",
            "SerdeInfo": {"SerializationLibrary": serde, "Parameters": {"field.delim": ","}},
        }
        bed.glue.create_table(DatabaseName=name, TableInput={"Name": "t", "StorageDescriptor": descriptor})
        table = {"DatabaseName": name, "TableName": "t"}
        ruleset = {"Name": name, "Ruleset": rules, "TargetTable": table, "ClientToken": name}
        request = {"DataSource": {"GlueTable": table}, "Role": ROLE, "RulesetNames": [name]}
        return Asked(ruleset, request, Identity("test", "dag", name, "rules", -1, "quality-run", "spec"))

    return make


def evaluate(bed: Bed, asked: Asked, memory: Any, life: Life, waits: Any = None, **how: Any) -> Evaluation:
    """One attempt of a worker."""
    mortal = life.of(memory, "get", "once", "put")
    runs = QualityRuns(life.of(bed.glue), bed.clock, waits or bed.staying, mortal, QUICK)
    runs.ensure_ruleset(asked.ruleset)
    return runs.run(asked.identity, asked.request, **{"budget": 30.0, **how})


def count(bed: Bed, asked: Asked) -> int:
    """How many evaluations of the table there are."""
    found = bed.glue.list_data_quality_ruleset_evaluation_runs(
        Filter={"DataSource": asked.request["DataSource"]}
    )
    return len(found["Runs"])


def test_a_worker_may_die_at_any_point(bed, asked):
    """
    Killed before or after each of its calls and tried again, a table is evaluated once.
    """
    for point in itertools.count():
        piece, memory, life = asked(), bed.memory(), Life(dies_at=point)
        try:
            evaluate(bed, piece, memory, life)
        except Killed:
            assert 0.5 == evaluate(bed, piece, memory, Life()).score
            assert 1 == count(bed, piece), point
        else:
            break
    assert point > 8


def test_letting_go_at_every_pause_evaluates_once(bed, asked):
    """
    In deferrable mode the work runs again from its start after each hand-over, and finds its run.
    """
    piece, memory, waits = asked(), bed.memory(), LettingGo()

    found = replayed(lambda: evaluate(bed, piece, memory, Life(), waits))

    assert 1 == count(bed, piece)
    assert {("quality-run", (found.run_id,))} >= {(watch.kind, watch.names) for watch in waits.watches}


@pytest.mark.parametrize("effect", ["commit_then_drop", "throttle"])
def test_a_lost_answer_finds_the_same_run(faulty, asked, effect):
    """
    The token is the same in every try.
    """
    piece = asked()
    faulty.fault(effect, service="glue", operation="StartDataQualityRulesetEvaluationRun", count=2)

    evaluate(faulty, piece, faulty.memory(), Life())

    assert 1 == count(faulty, piece)


def test_rules_keep_their_order_and_their_severity(bed, asked):
    """
    What fails is told with what Glue saw; a rule that only warns is no offender.
    """
    found = evaluate(bed, asked(), bed.memory(), Life(), warn=[1])

    assert ["PASS", "FAIL"] == [rule.result for rule in found.rules]
    assert ["fail", "warn"] == [rule.severity for rule in found.rules]
    assert found.rules[1].message
    assert ["RowCount > 5"] == found.warnings
    assert [] == found.offenders(None)


class Answering:
    """A bed whose runs end in a word that Glue's may end in."""

    status = "FAILED"

    def __init__(self, bed: Bed) -> None:
        self.bed, self.glue, self.clock, self.staying = bed, self, bed.clock, bed.staying

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bed.glue, name)

    def get_data_quality_ruleset_evaluation_run(self, RunId: str) -> dict[str, Any]:
        answer = self.bed.glue.get_data_quality_ruleset_evaluation_run(RunId=RunId)
        return {**answer, "Status": self.status, "ErrorString": "Column q does not exist"}


@pytest.mark.parametrize(
    ("word", "error"), [("FAILED", JobFailed), ("STOPPED", JobStopped), ("TIMEOUT", JobTimedOut)]
)
def test_only_succeeded_is_success(bed, asked, word: str, error: type):
    """
    Each of Glue's other last words fails, and is not tried again by itself.
    """
    piece, answering = asked(), Answering(bed)
    answering.status = word

    with pytest.raises(error):
        evaluate(answering, piece, bed.memory(), Life())
    assert 1 == count(bed, piece)


def test_a_run_that_outlasts_the_budget_is_cancelled(bed, asked):
    """
    Any other word waits, also one that Glue may invent; when the budget is spent nothing is left running.
    """
    piece, memory, answering = asked(), bed.memory(), Answering(bed)
    answering.status = "NEWLY_INVENTED"
    cancelled: list[dict[str, Any]] = []
    answering.cancel_data_quality_ruleset_evaluation_run = lambda **request: cancelled.append(request)
    with pytest.raises(Suspended):
        evaluate(answering, piece, memory, Life(), LettingGo())

    with pytest.raises(JobTimedOut, match="was cancelled"):
        evaluate(answering, piece, memory, Life(), budget=-1.0)
    assert 1 == len(cancelled)


def outcomes(*results: str) -> Evaluation:
    """An evaluation with these results; in lower case, a rule that only warns."""
    rules = tuple(
        RuleOutcome(f"rule {n}", word.upper(), "", "warn" if word.islower() else "fail")
        for n, word in enumerate(results)
    )
    return Evaluation("run", 0.0, rules, 1.0, "", 0)


@pytest.mark.parametrize(
    ("results", "share", "offenders"),
    [
        (("PASS", "PASS"), None, 0),
        (("PASS", "FAIL"), None, 1),
        (("PASS", "ERROR"), None, 1),
        (("PASS", "SKIPPED"), None, 1),
        (("PASS", "fail", "error"), None, 0),
        (("PASS", "FAIL"), 0.5, 0),
        (("PASS", "FAIL"), 0.6, 1),
        (("PASS", "FAIL", "fail"), 0.5, 0),
        (("PASS", "PASS", "ERROR"), 0.5, 1),
        (("PASS", "FAIL"), 0.0, 0),
        (("PASS", "FAIL"), 1.0, 1),
        (("fail",), None, 0),
    ],
)
def test_the_table_is_refused_for_what_is_not_let_pass(results, share, offenders: int):
    """
    A failed rule, unless it warns or the share suffices; one that could not be evaluated, unless it warns.
    """
    assert offenders == len(outcomes(*results).offenders(share))


def test_rules_are_read_as_they_are_written():
    """
    Comments and spaces go, brackets and quoted commas stay.
    """
    text = '# head\nRules = [ # first\n  IsComplete "a,b",\n  (RowCount > 1) and (IsUnique "x"),\n  ColumnValues "s" in ["a", "]"]\n]\n'

    expected = [
        'IsComplete "a,b"',
        '( RowCount > 1 ) and ( IsUnique "x" )',
        'ColumnValues "s" in [ "a" , "]" ]',
    ]
    assert expected == rules_of(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Rules = []", "line 1: a rule is missing"),
        ("", "line 1: must be of the form"),
        ("Rules = [ RowCount > 1 ] x", "line 1: must be of the form"),
        ("Rules = [\nRowCount > 1,\n]", "line 3: a rule is missing"),
        ("Rules = [\n(RowCount > 1\n]", "'(' is never closed"),
        ("Rules = [\nRowCount > 1)\n]", "line 2: a ')' closes nothing"),
        (
            "Rules = [\nRowcount > 1\n]",
            "line 2: 'Rowcount' is no rule type of DQDL; did you mean 'RowCount'?",
        ),
    ],
)
def test_a_ruleset_that_cannot_be_read(text: str, told: str):
    """
    Told with its line, before anything is sent.
    """
    with pytest.raises(BadRuleset) as caught:
        rules_of(text)
    assert told in str(caught.value)
