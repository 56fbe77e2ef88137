"""Stored alarms: their descriptions, states, histories. Who may change a state changes it here."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from localaws.cloudwatch.evaluation import Verdict
from localaws.cloudwatch.requests import iso
from localaws.world import World

TABLE = "cloudwatch:alarm"
HISTORY = "cloudwatch:alarm-history"
TAGS = "cloudwatch:tags"
HISTORY_SECONDS = 30 * 86_400  # as CloudWatch keeps it
UNCHECKED = Verdict("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation", "")


class Alarms:
    """The alarms of one world; any thread may call."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._store = world.store

    def arn(self, name: str) -> str:
        """The ARN an alarm of this name has or would have."""
        return self._world.arn("cloudwatch", f"alarm:{name}")

    def find(self, name: str) -> dict[str, Any] | None:
        """An alarm, None when there is none."""
        return self._store.get(TABLE, name)

    def state(self, name: str) -> str | None:
        """An alarm's state, None when there is no such alarm."""
        alarm = self.find(name)
        return alarm["StateValue"] if alarm else None

    def tripped(self, name: str, since: float) -> bool:
        """Whether an alarm is in ALARM, or was in it at any time after a moment."""
        alarm = self.find(name) or {}
        return alarm.get("StateValue") == "ALARM" or alarm.get("_AlarmedAt", 0.0) >= since

    def all(self) -> list[dict[str, Any]]:
        """Every alarm, oldest first."""
        return self._store.all(TABLE)

    def put(self, kind: str, request: dict[str, Any]) -> None:
        """Store an alarm, new or in place of the old one, whose state it keeps.

        Args:
            kind: ``MetricAlarm`` or ``CompositeAlarm``.
            request: Its members; tags are taken of a new alarm only.
        """
        name, now = request["AlarmName"], time.time()
        members = {key: value for key, value in request.items() if key != "Tags"}
        with self._store.transaction():
            old = self.find(name)
            alarm = {
                "ActionsEnabled": True,
                "OKActions": [],
                "AlarmActions": [],
                "InsufficientDataActions": [],
                **members,
                **_state_of(old or _stated(UNCHECKED, now)),
                "_AlarmedAt": (old or {}).get("_AlarmedAt", 0.0),
                "AlarmArn": self.arn(name),
                "AlarmConfigurationUpdatedTimestamp": now,
                "_Kind": kind,
            }
            self._store.put(TABLE, name, alarm)
            if old is None:
                self._store.put(TAGS, self.arn(name), {t["Key"]: t["Value"] for t in request.get("Tags", [])})
            summary = f'Alarm "{name}" {"updated" if old else "created"}'
            self._note(alarm, "ConfigurationUpdate", summary, {"type": "Update" if old else "Create"})

    def change(self, name: str, verdict: Verdict, configured: float | None = None) -> None:
        """Put an alarm into another state; its history tells.

        Args:
            name: The alarm.
            verdict: The state, and why; nothing changes when the alarm is in it.
            configured: When the judged description was stored; nothing changes if there is a newer.
        """
        now = time.time()
        with self._store.transaction():
            old = self.find(name)
            if old is None or old["StateValue"] == verdict.state:
                return
            if configured is not None and old["AlarmConfigurationUpdatedTimestamp"] != configured:
                return
            tripped = {"_AlarmedAt": now} if verdict.state == "ALARM" else {}
            alarm = self._store.update(TABLE, name, **_stated(verdict, now), **tripped)
            summary = f"Alarm updated from {old['StateValue']} to {verdict.state}"
            states = {
                key: {"stateValue": found["StateValue"], "stateReason": found["StateReason"]}
                for key, found in (("oldState", old), ("newState", alarm))
            }
            self._note(alarm, "StateUpdate", summary, states)

    def enable_actions(self, name: str, enabled: bool) -> None:  # the value it is set to
        """Let an alarm act, or not."""
        with self._store.transaction():
            if self.find(name):
                self._store.update(TABLE, name, ActionsEnabled=enabled)

    def delete(self, names: list[str]) -> None:
        """Forget alarms: all of them, or none when one is not there."""
        with self._store.transaction():
            found = [self.find(name) for name in names]
            if None in found:
                return
            for alarm in found:
                assert alarm is not None, "looked at above"
                self._store.delete(TABLE, alarm["AlarmName"])
                self._store.delete(TAGS, alarm["AlarmArn"])
                summary = f'Alarm "{alarm["AlarmName"]}" deleted'
                self._note(alarm, "ConfigurationUpdate", summary, {"type": "Delete"})

    def history(self) -> list[dict[str, Any]]:
        """What happened to alarms, those deleted too, oldest first."""
        return self._store.all(HISTORY)

    def forget_old_history(self) -> None:
        """Drop what is older than CloudWatch keeps."""
        for item in self.history():
            if item["Timestamp"] < time.time() - HISTORY_SECONDS:
                self._store.delete(HISTORY, item["_Id"])

    def _note(self, alarm: dict[str, Any], kind: str, summary: str, data: dict[str, Any]) -> None:
        number = uuid.uuid4().hex
        item = {
            "_Id": number,
            "AlarmName": alarm["AlarmName"],
            "AlarmType": alarm["_Kind"],
            "Timestamp": time.time(),
            "HistoryItemType": kind,
            "HistorySummary": summary,
            "HistoryData": json.dumps({"version": "1.0", **data}),
        }
        self._store.create(HISTORY, number, item)


def _stated(verdict: Verdict, now: float) -> dict[str, Any]:
    return {
        "StateValue": verdict.state,
        "StateReason": verdict.reason[:1023],
        "StateReasonData": verdict.data or None,
        "StateUpdatedTimestamp": now,
        "StateTransitionedTimestamp": now,
    }


def _state_of(alarm: dict[str, Any]) -> dict[str, Any]:
    return {name: alarm[name] for name in _stated(UNCHECKED, 0)}


def composite_reason(alarm: dict[str, Any], states: dict[str, str | None], *, holds: bool) -> Verdict:
    """The verdict on a composite alarm whose rule was looked at, with its children's states."""
    state = "ALARM" if holds else "OK"
    children = ", ".join(f"{name} {found or 'is not there'}" for name, found in states.items())
    truth = "true" if holds else "false"
    reason = f"{alarm['AlarmArn']} is {state}: its rule is {truth} with {children or 'no other alarm'}"
    data = {"triggeringAlarms": [{"name": name, "state": {"value": s}} for name, s in states.items()]}
    return Verdict(state, reason, json.dumps({**data, "timestamp": iso(time.time())})[:4000])
