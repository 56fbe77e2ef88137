"""Metric math and the rules of composite alarms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.cloudwatch.alarmrules import Rule
from localaws.cloudwatch.datapoints import Grid, datapoints, statistic
from localaws.cloudwatch.expressions import Scope, evaluate
from localaws.cloudwatch.metrics import Sample
from localaws.errors import AwsError

GRID = Grid(0, 60, 3)
M1 = {0: 10.0, 60: 0.0, 120: 4.0}
M2 = {0: 2.0, 60: 5.0}
SCOPE = Scope({"m1": M1, "m2": M2}, {"m1": 60, "m2": 60}, ("m1", "m2"), GRID)
STATES = {"a": "ALARM", "b": "OK", "c d": "INSUFFICIENT_DATA"}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("m1 + m2", {0: 12.0, 60: 5.0}),
        ("m2 / m1 * 100", {0: 20.0}),
        ("100*(m2/(m1+m2))", {0: 100 / 6, 60: 100.0}),
        ("-m2 ^ 2", {0: 4.0, 60: 25.0}),
        ("m1 - 1 - 1", {0: 8.0, 60: -2.0, 120: 2.0}),
        ("m1 > 3 AND m2 < 3", {0: 1.0, 60: 0.0}),
        ("m1 > 3 || m2 > 3", {0: 1.0, 60: 1.0}),
        ("FILL(m2, 0)", {0: 2.0, 60: 5.0, 120: 0.0}),
        ("IF(m1 > 3, m1, 0)", {0: 10.0, 60: 0.0, 120: 4.0}),
        ("SUM(METRICS())", {0: 12.0, 60: 5.0, 120: 4.0}),
        ("MAX([m1, m2])", {0: 10.0, 60: 5.0, 120: 4.0}),
        ("m1 / MAX(m1)", {0: 1.0, 60: 0.0, 120: 0.4}),
        ("m1 / PERIOD(m1)", {0: 10 / 60, 60: 0.0, 120: 4 / 60}),
        ("ABS(m2 - m1)", {0: 8.0, 60: 5.0}),
        ("CEIL(m1 * 10 ^ 307 * 10 ^ 2)", {60: 0.0}),
    ],
)
def test_expressions_compute(expression, expected):
    """
    A period without a value on either side, or divided by zero, has no datapoint.
    """
    assert pytest.approx(expected) == evaluate(expression, SCOPE)


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("m1 +", "ValidationError"),
        ("m3 * 2", "ValidationError"),
        ("(m1", "ValidationError"),
        ("METRICS()", "ValidationError"),
        ("FILL(m1)", "ValidationError"),
        ("m1 ; m2", "ValidationError"),
        ("METRICS() + METRICS()", "ValidationError"),
        ("ANOMALY_DETECTION_BAND(m1, 2)", "NotImplemented"),
        ("SELECT AVG(CPU) FROM x", "NotImplemented"),
    ],
)
def test_what_cannot_be_computed_is_refused(expression, code):
    """
    What cannot be read is a ValidationError; a function that is not here is named.
    """
    with pytest.raises(AwsError) as refused:
        evaluate(expression, SCOPE)
    assert code == refused.value.code


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ("ALARM(a)", True),
        ('ALARM("a") AND OK(b)', True),
        ("ALARM(b) OR ALARM(a) AND OK(a)", False),
        ("(ALARM(b) OR ALARM(a)) AND NOT OK(a)", True),
        ('NOT INSUFFICIENT_DATA("c d")', False),
        ("TRUE AND NOT FALSE", True),
        ("ALARM(arn:aws:cloudwatch:us-east-1:123456789012:alarm:a)", True),
        ("ALARM(nobody)", False),
    ],
)
def test_rules_hold_or_not(rule, holds):
    """
    AND binds more tightly than OR, NOT more than both; alarms are named plainly, quoted or by ARN.
    """
    assert holds is Rule.read(rule).holds(STATES.get)


@pytest.mark.parametrize("rule", ["ALARM(a", "ALARM(a) ALARM(b)", "AND ALARM(a)", "", "alarm(a)", "(TRUE"])
def test_rules_that_cannot_be_read_are_refused(rule):
    """
    ValidationError, naming the place.
    """
    with pytest.raises(AwsError, match="cannot be read") as refused:
        Rule.read(rule)
    assert "ValidationError" == refused.value.code


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=50))
def test_statistics_agree_with_their_definitions(values):
    """
    Of single observations every statistic is what its name says; p100 is the largest, p0 the smallest.
    """
    samples = [Sample(0, "None", 1.0, value, value, value) for value in map(float, values)]
    assert len(values) == statistic(samples, "SampleCount")
    assert sum(values) == statistic(samples, "Sum")
    assert pytest.approx(sum(values) / len(values)) == statistic(samples, "Average")
    assert min(values) == statistic(samples, "Minimum") == statistic(samples, "p0")
    assert max(values) == statistic(samples, "Maximum") == statistic(samples, "p100")
    assert sorted(values)[(len(values) - 1) // 2] == statistic(samples, "p50")


def test_a_summary_has_no_percentiles():
    """
    A set known by its summary only gives no datapoint for a percentile.
    """
    summary = Sample(0, "None", 3.0, 6.0, 1.0, 3.0)
    assert {0: 2.0} == datapoints([summary], GRID, "Average")
    assert {} == datapoints([summary], GRID, "p99")
