"""Alarms judge datapoints, missing ones too, as CloudWatch's user guide has it."""

from __future__ import annotations

import json

import pytest

from localaws.cloudwatch.evaluation import EXTRA_PERIODS, grid_of, judge

NOW = 1_800_000_000.0
STAY = None
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


def alarm(needed: int, of: int, treatment: str = "missing", **members) -> dict:
    """An alarm that goes off over 10."""
    return {
        "EvaluationPeriods": of,
        "DatapointsToAlarm": needed,
        "Threshold": 10.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": treatment,
        "Statistic": "Sum",
        "Period": 60,
        **members,
    }


def verdict(described: dict, pattern: str):
    """The verdict on datapoints, oldest first: X breaches, 0 does not, - is missing."""
    grid = grid_of(described, 60, NOW)
    assert described["EvaluationPeriods"] + EXTRA_PERIODS == len(grid.times) == len(pattern.split())
    values = zip(grid.times, pattern.split(), strict=True)
    points = {time: {"X": 20.0, "0": 5.0}[sign] for time, sign in values if sign != "-"}
    return judge(described, points, grid, NOW)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("0 - X - X", ("OK", "OK", "OK", "OK")),
        ("0 - - - -", ("OK", "OK", "OK", "OK")),
        ("- - - - -", ("INSUFFICIENT_DATA", STAY, "ALARM", "OK")),
        ("0 X X - X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("- - X - -", ("ALARM", STAY, "ALARM", "OK")),
    ],
)
def test_three_out_of_three(pattern, expected):
    """
    The guide's table for an alarm that needs all of three datapoints.
    """
    found = [verdict(alarm(3, 3, treatment), pattern) for treatment in TREATMENTS]
    assert expected == tuple(each and each.state for each in found)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("0 - X - X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("0 0 X 0 X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("0 - X - -", ("OK", "OK", "ALARM", "OK")),
        ("- - - - 0", ("OK", "OK", "ALARM", "OK")),
        ("- - - X -", ("ALARM", STAY, "ALARM", "OK")),
    ],
)
def test_two_out_of_three(pattern, expected):
    """
    The guide's table for an alarm that needs two of three datapoints.
    """
    found = [verdict(alarm(2, 3, treatment), pattern) for treatment in TREATMENTS]
    assert expected == tuple(each and each.state for each in found)


def test_one_fresh_datapoint_is_not_yet_an_alarm_of_three():
    """
    While data begins to come an alarm over three periods stays as it is, until the first breach is three old.
    """
    assert STAY is verdict(alarm(3, 3), "- - - - X")


def test_reasons_read_as_cloudwatchs():
    """
    The reason counts datapoints and names the threshold; the data is JSON with the values.
    """
    found = verdict(alarm(1, 1), "- 0 X")
    assert found.reason.startswith("Threshold Crossed: 1 out of the last 1 datapoints [20.0 (")
    assert "was greater than the threshold (10.0) (minimum 1 datapoint for OK -> ALARM" in found.reason
    assert [20.0] == json.loads(found.data)["recentDatapoints"]
    assert "Insufficient Data: 2 datapoints were unknown." == verdict(alarm(2, 2), "- - - -").reason
    treated = verdict(alarm(1, 1, "notBreaching"), "- - -").reason
    assert "no datapoints were received for 1 period and 1 missing datapoint was treated as [Non" in treated


@pytest.mark.parametrize(
    ("comparison", "state"),
    [
        ("GreaterThanOrEqualToThreshold", "ALARM"),
        ("GreaterThanThreshold", "OK"),
        ("LessThanThreshold", "OK"),
        ("LessThanOrEqualToThreshold", "ALARM"),
    ],
)
def test_the_threshold_itself_counts_as_the_operator_says(comparison, state):
    """
    A datapoint equal to the threshold breaches where the operator includes it.
    """
    described = alarm(1, 1, ComparisonOperator=comparison)
    grid = grid_of(described, 60, NOW)
    assert state == judge(described, {grid.times[-1]: 10.0}, grid, NOW).state


def test_only_whole_periods_are_looked_at():
    """
    The last period ends at the last full minute, or for short periods at the last full period.
    """
    assert 1_800_000_000 == grid_of(alarm(1, 1), 60, 1_800_000_059.9).end
    assert 1_800_000_000 == grid_of(alarm(1, 1), 300, 1_800_000_030.0).end
    assert 1_800_000_050 == grid_of(alarm(1, 1), 10, 1_800_000_059.9).end
