"""What PutMetricAlarm and PutCompositeAlarm must make sense of before an alarm is stored."""

from __future__ import annotations

from typing import Any

from localaws.cloudwatch.alarmrules import Rule
from localaws.cloudwatch.alarms import Alarms
from localaws.cloudwatch.datapoints import check_statistic
from localaws.cloudwatch.evaluation import WORDS
from localaws.cloudwatch.queries import check_queries, longest_period
from localaws.cloudwatch.requests import check_period, invalid, not_implemented

NOT_THERE = (
    "ThresholdMetricId",
    "EvaluationWindow",
    "WarmUpConfiguration",
    "EvaluationCriteria",
    "EvaluationInterval",
    "ActionConfiguration",
)
COMPOSITE_NOT_THERE = (
    "ActionsSuppressor",
    "ActionsSuppressorWaitPeriod",
    "ActionsSuppressorExtensionPeriod",
    "ActionConfiguration",
)
SINGLE = ("MetricName", "Namespace", "Period", "Statistic", "ExtendedStatistic", "Dimensions", "Unit")
TREATMENTS = ("breaching", "notBreaching", "ignore", "missing")
DAY = 86_400
HOUR = 3600


def check_metric_alarm(request: dict[str, Any]) -> None:
    """Refuse a metric alarm that CloudWatch would refuse, or that cannot be judged here.

    Raises:
        AwsError: ValidationError; NotImplemented, naming the member.
    """
    for name in NOT_THERE:
        if name in request:
            raise not_implemented(f"PutMetricAlarm.{name}")
    for name in ("EvaluationPeriods", "ComparisonOperator", "Threshold"):
        if name not in request:
            raise invalid(f"The parameter {name} is required.")
    if request["ComparisonOperator"] not in WORDS:
        raise not_implemented(f"ComparisonOperator = {request['ComparisonOperator']} (anomaly detection)")
    periods = request["EvaluationPeriods"]
    if request.get("DatapointsToAlarm", 1) > periods:
        raise invalid("The parameter DatapointsToAlarm must not be greater than EvaluationPeriods.")
    if request.get("TreatMissingData", "missing") not in TREATMENTS:
        raise invalid(f"TreatMissingData must be one of {', '.join(TREATMENTS)}.")
    if request.get("EvaluateLowSampleCountPercentile", "evaluate") != "evaluate":
        raise not_implemented("EvaluateLowSampleCountPercentile = ignore")
    period = _checked_period(request)
    limit = 7 * DAY if period >= HOUR else DAY
    if period * periods > limit:
        raise invalid(
            f"Metrics cannot be checked across more than {limit} seconds (EvaluationPeriods * Period)."
        )


def _checked_period(request: dict[str, Any]) -> int:
    """The period of an alarm whose metric, or metrics, make sense."""
    if "Metrics" in request:
        both = [name for name in SINGLE if name in request]
        if both:
            raise invalid(f"Metrics and {both[0]} exclude each other.")
        check_queries(request["Metrics"])
        returned = [query["Id"] for query in request["Metrics"] if query.get("ReturnData", True)]
        if len(returned) != 1:
            raise invalid(f"Exactly one element of Metrics must return data, got {returned or 'none'}.")
        return longest_period(request["Metrics"])
    for name in ("MetricName", "Namespace", "Period"):
        if name not in request:
            raise invalid(f"The parameter {name} is required when Metrics is not given.")
    if ("Statistic" in request) == ("ExtendedStatistic" in request):
        raise invalid("Exactly one of Statistic and ExtendedStatistic must be given.")
    if "ExtendedStatistic" in request:
        check_statistic(request["ExtendedStatistic"])
    check_period(request["Period"])
    return int(request["Period"])


def check_composite_alarm(request: dict[str, Any], alarms: Alarms) -> None:
    """Refuse a composite alarm whose rule cannot be read or names alarms that are not there.

    Raises:
        AwsError: ValidationError; NotImplemented, naming the member.
    """
    for name in COMPOSITE_NOT_THERE:
        if name in request:
            raise not_implemented(f"PutCompositeAlarm.{name}")
    rule = Rule.read(request["AlarmRule"])
    missing = [name for name in rule.children if alarms.find(name) is None]
    if missing:
        names = ", ".join(missing)
        raise invalid(
            f"Could not save the composite alarm as alarms [{names}] in the alarm rule do not exist"
        )
