"""Alarms change state by their metrics, and are described, set and deleted."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def watch(client) -> Any:
    """The CloudWatch client."""
    return client("cloudwatch")


@pytest.fixture
def space() -> str:
    """A namespace of a test's own; alarms are named after it."""
    return f"Test/{uuid.uuid4().hex[:12]}"


def put_alarm(watch, space: str, name: str = "a", **members: Any) -> str:
    """An alarm of one-second periods on the metric M; its name."""
    request = {
        "AlarmName": f"{space}-{name}",
        "Namespace": space,
        "MetricName": "M",
        "Statistic": "Maximum",
        "Period": 1,
        "EvaluationPeriods": 1,
        "Threshold": 10.0,
        "ComparisonOperator": "GreaterThanThreshold",
        **members,
    }
    watch.put_metric_alarm(**{key: value for key, value in request.items() if value is not None})
    return request["AlarmName"]


def described(watch, name: str) -> dict[str, Any]:
    """One alarm of any kind."""
    found = watch.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    [alarm] = found["MetricAlarms"] + found["CompositeAlarms"]
    return alarm


def until(watch, name: str, state: str, meanwhile: Callable[[], Any] = lambda: None) -> dict[str, Any]:
    """The alarm once it is in a state."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        meanwhile()
        alarm = described(watch, name)
        if alarm["StateValue"] == state:
            return alarm
        threading.Event().wait(0.1)
    raise AssertionError(f"never {state}: {alarm}")


def test_states_follow_the_metric(watch, space):
    """
    INSUFFICIENT_DATA, then ALARM and OK as values come; a composite alarm follows its child; both have a history.
    """
    name = put_alarm(watch, space)
    watch.put_composite_alarm(AlarmName=f"{space}-both", AlarmRule=f'ALARM("{name}") AND NOT FALSE')
    first = described(watch, name)
    assert ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation") == (
        first["StateValue"],
        first["StateReason"],
    )

    def say(value: float) -> Callable[[], Any]:
        datum = {"MetricName": "M", "Value": value}
        return lambda: watch.put_metric_data(Namespace=space, MetricData=[datum])

    alarm = until(watch, name, "ALARM", say(20.0))
    assert "was greater than the threshold (10.0)" in alarm["StateReason"]
    assert name in until(watch, f"{space}-both", "ALARM", say(20.0))["StateReason"]
    until(watch, name, "OK", say(1.0))
    until(watch, f"{space}-both", "OK", say(1.0))
    history = watch.describe_alarm_history(
        AlarmName=name, HistoryItemType="StateUpdate", ScanBy="TimestampAscending"
    )["AlarmHistoryItems"]
    assert "Alarm updated from INSUFFICIENT_DATA to ALARM" == history[0]["HistorySummary"]
    assert "Alarm updated from ALARM to OK" == history[1]["HistorySummary"]
    watch.delete_alarms(AlarmNames=[name, f"{space}-both"])


def test_an_alarm_may_watch_an_expression(watch, space):
    """
    A rate of two metrics trips at its threshold.
    """
    metric = {"Namespace": space, "MetricName": "M"}
    errors = {"Namespace": space, "MetricName": "E"}
    name = put_alarm(
        watch,
        space,
        MetricName=None,
        Namespace=None,
        Statistic=None,
        Period=None,
        Metrics=[
            {
                "Id": "m",
                "ReturnData": False,
                "MetricStat": {"Metric": metric, "Period": 1, "Stat": "Sum"},
            },
            {
                "Id": "e",
                "ReturnData": False,
                "MetricStat": {"Metric": errors, "Period": 1, "Stat": "Sum"},
            },
            {"Id": "rate", "Expression": "e / m * 100"},
        ],
    )
    data = [{"MetricName": "M", "Value": 5.0}, {"MetricName": "E", "Value": 1.0}]
    alarm = until(watch, name, "ALARM", lambda: watch.put_metric_data(Namespace=space, MetricData=data))
    assert "[20.0 (" in alarm["StateReason"]
    watch.delete_alarms(AlarmNames=[name])


def test_a_set_state_lasts_until_the_next_evaluation(watch, space):
    """
    SetAlarmState to ALARM; an evaluation without data puts it back, and both changes are in the history.
    """
    name = put_alarm(watch, space)
    watch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")
    until(watch, name, "INSUFFICIENT_DATA")
    items = watch.describe_alarm_history(AlarmName=name, HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert [
        "Alarm updated from ALARM to INSUFFICIENT_DATA",
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
    ] == [item["HistorySummary"] for item in items]
    with pytest.raises(watch.exceptions.ResourceNotFound):
        watch.set_alarm_state(AlarmName="nobody", StateValue="OK", StateReason="a test")
    watch.delete_alarms(AlarmNames=[name])


def test_alarms_are_described_by_prefix_metric_and_family(watch, space):
    """
    Prefixes page by name; an alarm is found by its metric; a composite's children and parents are found.
    """
    names = [put_alarm(watch, space, letter) for letter in "abc"]
    watch.put_composite_alarm(AlarmName=f"{space}-z", AlarmRule=f"ALARM({names[0]}) OR OK({names[1]})")
    pages = watch.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=space, PaginationConfig={"PageSize": 2}
    )
    assert names == [alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]]
    for_metric = watch.describe_alarms_for_metric(Namespace=space, MetricName="M")["MetricAlarms"]
    assert set(names) == {alarm["AlarmName"] for alarm in for_metric}
    children = watch.describe_alarms(ChildrenOfAlarmName=f"{space}-z")["MetricAlarms"]
    assert names[:2] == [alarm["AlarmName"] for alarm in children]
    parents = watch.describe_alarms(ParentsOfAlarmName=names[0], AlarmTypes=["CompositeAlarm"])
    assert [f"{space}-z"] == [alarm["AlarmName"] for alarm in parents["CompositeAlarms"]]
    watch.delete_alarms(AlarmNames=[names[0], "nobody"])
    assert names[0] == described(watch, names[0])["AlarmName"]
    watch.delete_alarms(AlarmNames=[*names, f"{space}-z"])
    assert [] == watch.describe_alarms(AlarmNamePrefix=space)["MetricAlarms"]


def test_actions_and_tags_are_kept(watch, space):
    """
    Actions are switched off and on, tags added and removed; a second Put keeps the state.
    """
    name = put_alarm(watch, space, Tags=[{"Key": "k", "Value": "v"}], AlarmActions=["arn:aws:sns:x:1:t"])
    arn = described(watch, name)["AlarmArn"]
    watch.disable_alarm_actions(AlarmNames=[name])
    assert not described(watch, name)["ActionsEnabled"]
    watch.enable_alarm_actions(AlarmNames=[name])
    assert described(watch, name)["ActionsEnabled"]
    watch.tag_resource(ResourceARN=arn, Tags=[{"Key": "l", "Value": "w"}])
    watch.untag_resource(ResourceARN=arn, TagKeys=["k"])
    assert [{"Key": "l", "Value": "w"}] == watch.list_tags_for_resource(ResourceARN=arn)["Tags"]
    watch.delete_alarms(AlarmNames=[name])
    with pytest.raises(watch.exceptions.ResourceNotFoundException):
        watch.list_tags_for_resource(ResourceARN=arn)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"DatapointsToAlarm": 2}, "ValidationError"),
        ({"ExtendedStatistic": "p99"}, "ValidationError"),
        ({"Statistic": None}, "ValidationError"),
        ({"TreatMissingData": "forget"}, "ValidationError"),
        ({"EvaluationPeriods": 1441, "Period": 60}, "ValidationError"),
        ({"Period": 7}, "InvalidParameterValue"),
        ({"Threshold": None, "ThresholdMetricId": "b"}, "NotImplemented"),
        ({"MetricName": None}, "ValidationError"),
        ({"Metrics": [{"Id": "a", "Expression": "1"}]}, "ValidationError"),
    ],
)
def test_an_alarm_must_make_sense(watch, space, change, code):
    """
    What CloudWatch refuses is refused; anomaly detection is not there and named.
    """
    with pytest.raises(ClientError) as refused:
        put_alarm(watch, space, **change)
    assert code == refused.value.response["Error"]["Code"]


def test_a_composite_alarm_needs_its_children(watch, space):
    """
    A rule that names nobody, and one that cannot be read, are ValidationErrors.
    """
    for rule, said in (("ALARM(nobody)", r"\[nobody\] in the alarm rule do not exist"), ("ALARM(", "read")):
        with pytest.raises(ClientError, match=said) as refused:
            watch.put_composite_alarm(AlarmName=f"{space}-c", AlarmRule=rule)
        assert "ValidationError" == refused.value.response["Error"]["Code"]


def test_a_killed_server_forgets_nothing(start, connect, tmp_path):
    """
    After kill -9 the next server on the same state has the metric and the alarm, and goes on judging it.
    """
    first = start(tmp_path / "state")
    watch, at = connect(first, "cloudwatch"), time.time()
    name = put_alarm(watch, "X", TreatMissingData="notBreaching", Threshold=100.0, Period=60)
    watch.put_metric_data(Namespace="X", MetricData=[{"MetricName": "M", "Value": 5.0, "Timestamp": at}])
    first.process.kill()
    first.process.wait()
    watch = connect(start(tmp_path / "state"), "cloudwatch")
    [point] = watch.get_metric_statistics(
        Namespace="X", MetricName="M", StartTime=at, EndTime=at + 1, Period=60, Statistics=["Sum"]
    )["Datapoints"]
    assert 5.0 == point["Sum"]
    assert "OK" == until(watch, name, "OK")["StateValue"]
