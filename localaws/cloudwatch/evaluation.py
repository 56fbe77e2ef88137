"""What state an alarm's datapoints put it in, and the reason in CloudWatch's words: pure."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from localaws.cloudwatch.datapoints import Grid
from localaws.cloudwatch.requests import iso

EXTRA_PERIODS = 2
"""Periods looked at beyond EvaluationPeriods for datapoints that stand in for missing ones.

CloudWatch does not say how many it takes; its guide's examples show five for an alarm over three.
"""
WORDS: Mapping[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}


@dataclass(frozen=True)
class Verdict:
    """An alarm's state as its datapoints have it.

    Attributes:
        state: ``OK``, ``ALARM`` or ``INSUFFICIENT_DATA``.
        reason: Why, as a sentence.
        data: Why, as JSON.
    """

    state: str
    reason: str
    data: str


def grid_of(alarm: Mapping[str, Any], period: int, now: float) -> Grid:
    """The periods an alarm looks at: whole ones, the last of them just over.

    Periods of a minute and more begin at any full minute, as CloudWatch's do.
    """
    step = min(period, 60)
    count = alarm["EvaluationPeriods"] + EXTRA_PERIODS
    return Grid(int(now // step * step) - count * period, period, count)


def judge(alarm: Mapping[str, Any], points: Mapping[int, float], grid: Grid, now: float) -> Verdict | None:
    """The state datapoints put an alarm in; None when it stays in the one it has.

    Args:
        alarm: Its description.
        points: Its datapoints by the beginning of their period.
        grid: The periods looked at, EXTRA_PERIODS more than EvaluationPeriods.
        now: Epoch seconds, for the reason.

    Source: the CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data".
    """
    wanted = alarm["EvaluationPeriods"]
    needed = alarm.get("DatapointsToAlarm", wanted)
    treatment = alarm.get("TreatMissingData", "missing")
    compare = WORDS[alarm["ComparisonOperator"]][0]
    real = [time for time in grid.times if time in points][-wanted:]
    missing = wanted - len(real)
    breaching = [time for time in real if compare(points[time], alarm["Threshold"])]
    filled = missing if treatment == "breaching" else 0
    if len(breaching) + filled >= needed:
        state = "ALARM"
    elif not missing or len(breaching) < len(real) or treatment in ("breaching", "notBreaching"):
        state = "OK"
    elif treatment == "ignore":
        return None
    elif not real:
        state = "INSUFFICIENT_DATA"
    elif breaching[0] <= grid.end - needed * grid.period:
        state = "ALARM"  # all there is breaches, for as long as it takes to alarm
    else:
        return None
    shown = breaching if state == "ALARM" and breaching else real
    return Verdict(state, _reason(alarm, state, points, shown), _data(alarm, points, real, now))


def _reason(alarm: Mapping[str, Any], state: str, points: Mapping[int, float], shown: list[int]) -> str:
    periods = alarm["EvaluationPeriods"]
    needed = alarm.get("DatapointsToAlarm", periods)
    if state == "INSUFFICIENT_DATA":
        return f"Insufficient Data: {periods} datapoint{'s were' if periods > 1 else ' was'} unknown."
    if not shown:
        treated = "Breaching" if state == "ALARM" else "NonBreaching"
        time, were = ("periods", "datapoints were") if periods > 1 else ("period", "datapoint was")
        return (
            f"Threshold Crossed: no datapoints were received for {periods} {time} and {periods} missing "
            f"{were} treated as [{treated}]."
        )
    values = ", ".join(f"{points[time]} ({iso(time)[:19]})" for time in reversed(shown[-5:]))
    verb = ("were" if len(shown) > 1 else "was") + ("" if state == "ALARM" else " not")
    change = "OK -> ALARM" if state == "ALARM" else "ALARM -> OK"
    least = needed if state == "ALARM" else periods - needed + 1
    return (
        f"Threshold Crossed: {len(shown)} out of the last {periods} datapoints [{values}] {verb} "
        f"{WORDS[alarm['ComparisonOperator']][1]} the threshold ({float(alarm['Threshold'])}) "
        f"(minimum {least} datapoint{'s' if least > 1 else ''} for {change} transition)."
    )


def _data(alarm: Mapping[str, Any], points: Mapping[int, float], real: list[int], now: float) -> str:
    statistic = alarm.get("Statistic") or alarm.get("ExtendedStatistic")
    found = {
        "version": "1.0",
        "queryDate": iso(now),
        "startDate": iso(real[0]) if real else None,
        "statistic": statistic,
        "period": alarm.get("Period"),
        "recentDatapoints": [points[time] for time in real[-20:]],
        "threshold": float(alarm["Threshold"]),
    }
    return json.dumps({key: value for key, value in found.items() if value is not None})
