"""Rules: how often they strike, what is no rule, and that they last."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from localaws.faults.rules import Faults, JobFault
from localaws.faults.target import Call
from localaws.store import Store
from tests.localaws.faults.conftest import control

CALL = Call(
    "sagemaker", "DescribeTrainingJob", ("train-1", "arn:aws:sagemaker:us-east-1:1:training-job/train-1")
)


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "state.db")
    yield store
    store.close()


def struck(faults: Faults, times: int) -> str:
    """Which of so many equal calls are struck: ``x`` for one that is."""
    return "".join("x" if faults.on_call(CALL) else "." for _ in range(times))


class TestHowOften:
    @pytest.mark.parametrize(
        ("members", "expected"),
        [
            ({}, "xxxxxxxx"),
            ({"count": 3}, "xxx....."),
            ({"skip": 2, "count": 3}, "..xxx..."),
            ({"every": 3}, "x..x..x."),
            ({"skip": 1, "every": 2, "count": 2}, ".x.x...."),
            ({"probability": 0}, "........"),
        ],
    )
    def test_counts(self, store, members, expected):
        """
        A rule strikes the first n, after some, every so many-th.
        """
        faults = Faults(store)
        faults.add({"effect": "throttle", **members})
        assert expected == struck(faults, 8)
        assert [(8, expected.count("x"))] == [(rule.matched, rule.hits) for rule in faults.rules()]

    def test_chance_is_reproducible(self, store):
        """
        The same seed strikes the same calls, about as often as its probability says; another seed others.
        """
        patterns = []
        for seed in (7, 7, 8):
            faults = Faults(store)
            faults.clear()
            faults.add({"effect": "throttle", "probability": 0.3, "seed": seed})
            patterns.append(struck(faults, 300))
        assert patterns[0] == patterns[1] != patterns[2]
        assert 60 <= patterns[0].count("x") <= 120

    def test_restart_goes_on(self, store):
        """
        Rules and their counts are there again when the server is; a new rule gets a new id.
        """
        faults = Faults(store)
        faults.add({"effect": "throttle", "skip": 1, "count": 3, "probability": 1.0})
        assert ".xx" == struck(faults, 3)
        again = Faults(store)
        assert "x..." == struck(again, 4)
        assert "f2" == again.add({"effect": "drop"}).id
        assert ["f1", "f2"] == [rule.id for rule in Faults(store).rules()]

    def test_first_that_strikes(self, store):
        """
        Of several rules the oldest that strikes acts, and those behind it do not count the call.
        """
        faults = Faults(store)
        faults.add({"effect": "throttle", "count": 1})
        faults.add({"effect": "drop", "count": 1})
        assert ["throttle", "drop", None] == [
            rule.effect if (rule := faults.on_call(CALL)) else None for _ in range(3)
        ]


class TestWhat:
    @pytest.mark.parametrize(
        ("members", "matches"),
        [
            ({"service": "sagemaker"}, True),
            ({"service": "sage*", "operation": "Describe*"}, True),
            ({"service": "athena"}, False),
            ({"service": "sagemaker", "operation": "Create*"}, False),
            ({"resource": "train-?"}, True),
            ({"resource": "*:training-job/train-1"}, True),
            ({"resource": "tune-*"}, False),
        ],
    )
    def test_calls(self, store, members, matches):
        """
        Service, operation and names are matched by globs.
        """
        faults = Faults(store)
        faults.add({"effect": "drop", **members})
        assert matches == (faults.on_call(CALL) is not None)

    def test_jobs(self, store):
        """
        A rule of jobs strikes jobs of its kind and name, as often as it says, and no call.
        """
        faults = Faults(store)
        faults.add({"effect": "spot", "job": "training", "resource": "cv-*", "seconds": 2, "count": 1})
        faults.add({"effect": "capacity", "job": "processing"})
        assert faults.on_call(CALL) is None
        assert faults.on_job("training", "other") is None
        assert JobFault("spot", 2.0) == faults.on_job("training", "cv-1")
        assert faults.on_job("training", "cv-1") is None
        assert JobFault("capacity", 0.0) == faults.on_job("processing", "any")
        assert faults.on_job("transform", "any") is None


class TestControl:
    @pytest.mark.parametrize(
        ("body", "says"),
        [
            ({}, "effect: is needed: throttle, error,"),
            ({"effect": "throtle"}, "effect: 'throtle' is not known; did you mean 'throttle'?"),
            (
                {"effect": "drop", "operatoin": "x"},
                "operatoin: 'operatoin' is not known; did you mean 'operation'?",
            ),
            (
                {"effect": "drop", "service": "sagemakr"},
                "service: 'sagemakr' is not known; did you mean 'sagemaker'?",
            ),
            (
                {"effect": "drop", "service": "athena", "operation": "StartQuery"},
                "operation: 'StartQuery' is not known",
            ),
            ({"effect": "drop", "count": 0}, "count: 1 <= count <= 1000000000 must hold, got 0"),
            ({"effect": "drop", "count": "3"}, "count: must be a whole number, got '3'"),
            ({"effect": "drop", "count": True}, "count: must be a whole number, got True"),
            ({"effect": "drop", "probability": 1.5}, "probability: 0 <= probability <= 1 must hold, got 1.5"),
            ({"effect": "error"}, "code: needed by error"),
            ({"effect": "delay"}, "seconds: needed by delay"),
            ({"effect": "drop", "code": "X"}, "code: drop has no use for it"),
            ({"effect": "throttle", "job": "training"}, "job: throttle has no use for it"),
            ({"effect": "spot", "service": "sagemaker"}, "service: spot has no use for it"),
            ({"effect": "spot", "job": "trianing"}, "job: 'trianing' is not known; did you mean 'training'?"),
            ({"effect": "stale", "seconds": 3}, "service: stale needs one of athena, glue, iam, sagemaker"),
            ({"effect": "stale", "service": "s3", "writes": 1}, "service: stale needs one of"),
            (
                {"effect": "stale", "service": "glue", "seconds": 5000},
                "seconds: stale looks back 600 s at most",
            ),
            ([], "a rule is a JSON object"),
            (b"{", "the body is not JSON"),
        ],
    )
    def test_what_is_no_rule(self, faulty, body, says):
        """
        What is no rule is refused in words that say how to mend it, and changes nothing.
        """
        status, answer = control(faulty, "POST", body=body)
        assert 400 == status
        assert says in answer["message"]
        assert [] == control(faulty, "GET")[1]["rules"]

    def test_every_problem_at_once(self, faulty):
        """
        All problems of a rule are told together, a line each.
        """
        body = {"effect": "delay", "count": -1, "service": "glu", "statu": 3}
        message = control(faulty, "POST", body=body)[1]["message"]
        assert ["statu", "count", "seconds", "service"] == [
            line.partition(":")[0] for line in message.splitlines()
        ]

    def test_add_list_remove(self, faulty):
        """
        Rules are added, listed with their counts, and taken back one by one or all.
        """
        status, first = control(faulty, "POST", body={"effect": "drop", "service": "ecr", "count": 2})
        expected = {"id": "f1", "effect": "drop", "service": "ecr", "count": 2, "matched": 0, "hits": 0}
        assert (201, expected) == (status, first)
        control(faulty, "POST", body={"effect": "capacity", "job": "training"})
        assert ["f1", "f2"] == [rule["id"] for rule in control(faulty, "GET")[1]["rules"]]
        assert (200, first) == control(faulty, "DELETE", "/f1")
        status, answer = control(faulty, "DELETE", "/f1")
        assert (404, "no fault rule 'f1'; rules: f2") == (status, answer["message"])
        assert (200, {"removed": 1}) == control(faulty, "DELETE")
        assert 405 == control(faulty, "PUT", body={})[0]

    def test_web_pages_may_not(self, faulty):
        """
        A web page can neither add nor remove rules.
        """
        for method, body in (("POST", {"effect": "drop"}), ("DELETE", None)):
            assert 403 == control(faulty, method, body=body, Origin=faulty.url)[0]
        assert [] == control(faulty, "GET")[1]["rules"]

    def test_rules_last(self, start, connect, tmp_path):
        """
        A rule strikes on after the server was killed and started again, from where it was.
        """
        first = start(tmp_path / "state")
        control(first, "POST", body={"effect": "throttle", "service": "sts", "count": 2})
        with pytest.raises(ClientError, match="Throttling"):
            connect(first, "sts").get_caller_identity()
        first.process.kill()
        first.process.wait()
        second = start(tmp_path / "state")
        with pytest.raises(ClientError, match="Throttling"):
            connect(second, "sts").get_caller_identity()
        assert connect(second, "sts").get_caller_identity()
        assert [2] == [rule["hits"] for rule in control(second, "GET")[1]["rules"]]


def test_a_rule_is_json(store):
    """
    A rule's document has what was given and its counts, and makes the same rule again.
    """
    faults = Faults(store)
    rule = faults.add({"effect": "error", "code": "X", "status": 418, "service": "glue"})
    assert {
        "id": "f1",
        "effect": "error",
        "code": "X",
        "status": 418,
        "service": "glue",
        "matched": 0,
        "hits": 0,
    } == (json.loads(json.dumps(rule.document())))
    assert [rule] == Faults(store).rules()
