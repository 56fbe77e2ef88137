"""Storing, describing and deleting alarms."""

from __future__ import annotations

from typing import Any

from localaws.cloudwatch.alarm_requests import check_composite_alarm, check_metric_alarm
from localaws.cloudwatch.alarmrules import Rule
from localaws.cloudwatch.alarms import TAGS, Alarms
from localaws.cloudwatch.evaluation import Verdict
from localaws.cloudwatch.evaluator import Evaluator
from localaws.cloudwatch.requests import invalid, invalid_value, moment, page, series_of
from localaws.errors import AwsError
from localaws.world import World

PAGE = 50
HISTORY_PAGE = 100
MAX_TAGS = 50


class AlarmOperations:
    """CloudWatch's operations on alarms."""

    def __init__(self, world: World) -> None:
        self._store = world.store
        self._alarms = Alarms(world)
        self._evaluator = Evaluator(world)

    def PutMetricAlarm(self, request: dict[str, Any]) -> None:
        """Store an alarm on a metric or an expression; it is judged from the next second on."""
        check_metric_alarm(request)
        self._put("MetricAlarm", request)

    def PutCompositeAlarm(self, request: dict[str, Any]) -> None:
        """Store an alarm on the states of others."""
        check_composite_alarm(request, self._alarms)
        self._put("CompositeAlarm", request)

    def _put(self, kind: str, request: dict[str, Any]) -> None:
        old = self._alarms.find(request["AlarmName"])
        if old and old["_Kind"] != kind:
            raise invalid(f"The alarm {request['AlarmName']} exists and is a {old['_Kind']}, not a {kind}.")
        self._alarms.put(kind, request)
        self._evaluator.wake()

    def DescribeAlarms(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of alarms, by name; metric alarms only unless AlarmTypes says otherwise."""
        if "AlarmNames" in request and "AlarmNamePrefix" in request:
            raise invalid("AlarmNames and AlarmNamePrefix exclude each other.")
        kinds = request.get("AlarmTypes") or ["MetricAlarm"]
        family = self._family(request)
        found = [
            alarm
            for alarm in sorted(self._alarms.all(), key=lambda alarm: str(alarm["AlarmName"]))
            if alarm["_Kind"] in kinds
            and alarm["AlarmName"] in request.get("AlarmNames", [alarm["AlarmName"]])
            and alarm["AlarmName"].startswith(request.get("AlarmNamePrefix", ""))
            and alarm["StateValue"] == request.get("StateValue", alarm["StateValue"])
            and (family is None or alarm["AlarmName"] in family)
            and _acts(alarm, request.get("ActionPrefix", ""))
        ]
        shown, token = page(found, request, request.get("MaxRecords", PAGE))
        return {
            "MetricAlarms": [alarm for alarm in shown if alarm["_Kind"] == "MetricAlarm"],
            "CompositeAlarms": [alarm for alarm in shown if alarm["_Kind"] == "CompositeAlarm"],
            "NextToken": token,
        }

    def DescribeAlarmsForMetric(self, request: dict[str, Any]) -> dict[str, Any]:
        """The alarms on exactly this metric."""
        wanted = series_of(request)
        found = [
            alarm
            for alarm in self._alarms.all()
            if "MetricName" in alarm
            and series_of(alarm) == wanted
            and all(
                alarm.get(name) == request[name]
                for name in ("Statistic", "ExtendedStatistic", "Period", "Unit")
                if name in request
            )
        ]
        return {"MetricAlarms": found}

    def DescribeAlarmHistory(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of what happened to alarms, newest first unless asked otherwise."""
        kinds = request.get("AlarmTypes") or ["MetricAlarm"]
        start, end = moment(request.get("StartDate", 0)), moment(request.get("EndDate", 1 << 40))
        found = [
            item
            for item in self._alarms.history()
            if item["AlarmName"] == request.get("AlarmName", item["AlarmName"])
            and item["HistoryItemType"] == request.get("HistoryItemType", item["HistoryItemType"])
            and item["AlarmType"] in kinds
            and start <= item["Timestamp"] <= end
        ]
        if request.get("ScanBy", "TimestampDescending") == "TimestampDescending":
            found.reverse()
        shown, token = page(found, request, request.get("MaxRecords", HISTORY_PAGE))
        return {"AlarmHistoryItems": shown, "NextToken": token}

    def DeleteAlarms(self, request: dict[str, Any]) -> None:
        """Forget alarms; with a name that is not there none is forgotten, and nothing is said."""
        self._alarms.delete(request["AlarmNames"])

    def SetAlarmState(self, request: dict[str, Any]) -> None:
        """Put an alarm into a state, until its next evaluation finds it in another."""
        name = request["AlarmName"]
        if self._alarms.find(name) is None:
            raise AwsError("ResourceNotFound", "Unknown alarm: " + name, 404)
        verdict = Verdict(request["StateValue"], request["StateReason"], request.get("StateReasonData", ""))
        self._alarms.change(name, verdict)

    def EnableAlarmActions(self, request: dict[str, Any]) -> None:
        """Let alarms act."""
        for name in request["AlarmNames"]:
            self._alarms.enable_actions(name, enabled=True)

    def DisableAlarmActions(self, request: dict[str, Any]) -> None:
        """Let alarms change state without acting."""
        for name in request["AlarmNames"]:
            self._alarms.enable_actions(name, enabled=False)

    def TagResource(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add tags to an alarm."""
        arn = request["ResourceARN"]
        with self._store.transaction():
            tags = self._tags(arn) | {tag["Key"]: tag["Value"] for tag in request["Tags"]}
            if len(tags) > MAX_TAGS:
                raise invalid_value(f"An alarm has at most {MAX_TAGS} tags, {arn} would have {len(tags)}")
            self._store.put(TAGS, arn, tags)
        return {}

    def UntagResource(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove tags of an alarm."""
        arn = request["ResourceARN"]
        with self._store.transaction():
            kept = {key: value for key, value in self._tags(arn).items() if key not in request["TagKeys"]}
            self._store.put(TAGS, arn, kept)
        return {}

    def ListTagsForResource(self, request: dict[str, Any]) -> dict[str, Any]:
        """The tags of an alarm."""
        tags = self._tags(request["ResourceARN"])
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def start(self) -> None:
        """Judge the alarms of an earlier server, and those to come."""
        self._evaluator.start()

    def stop(self) -> None:
        """Judge no more."""
        self._evaluator.stop()

    def _tags(self, arn: str) -> dict[str, str]:
        tags = self._store.get(TAGS, arn)
        if tags is None:
            raise AwsError("ResourceNotFoundException", f"Unknown resource: {arn}", 404)
        return tags

    def _family(self, request: dict[str, Any]) -> set[str] | None:
        """The names of the alarms above or below one; None when neither is asked for."""
        below, above = request.get("ChildrenOfAlarmName"), request.get("ParentsOfAlarmName")
        if below is None and above is None:
            return None
        rules = {
            alarm["AlarmName"]: Rule.read(alarm["AlarmRule"]).children
            for alarm in self._alarms.all()
            if alarm["_Kind"] == "CompositeAlarm"
        }
        if below is not None:
            return set(rules.get(below, ()))
        return {name for name, children in rules.items() if above in children}


def _acts(alarm: dict[str, Any], prefix: str) -> bool:
    actions = [*alarm["OKActions"], *alarm["AlarmActions"], *alarm["InsufficientDataActions"]]
    return not prefix or any(action.startswith(prefix) for action in actions)
