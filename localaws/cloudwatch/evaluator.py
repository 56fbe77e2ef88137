"""The thread that judges every alarm about once a second."""

from __future__ import annotations

import logging
import sqlite3
import time
from typing import Any

from localaws.cloudwatch.alarmrules import Rule
from localaws.cloudwatch.alarms import Alarms, composite_reason
from localaws.cloudwatch.evaluation import grid_of, judge
from localaws.cloudwatch.metrics import Metrics
from localaws.cloudwatch.queries import longest_period, metric_points, run
from localaws.cloudwatch.seriesmath import Points
from localaws.watching import Watcher
from localaws.world import World

log = logging.getLogger("localaws")


class Evaluator:
    """Judges alarms while there are some, and sleeps while there are none."""

    def __init__(self, world: World) -> None:
        self._metrics: Metrics = world.metrics
        self._alarms = Alarms(world)
        self._watcher = Watcher("alarms", self._judge_all)

    def start(self) -> None:
        """Begin, with the alarms of an earlier server."""
        self._alarms.forget_old_history()
        self._watcher.start()

    def wake(self) -> None:
        """There may be an alarm now."""
        self._watcher.wake()

    def stop(self) -> None:
        """Judge no more."""
        self._watcher.stop()

    def _judge_all(self) -> bool:
        """Whether there is any alarm; the states of all are up to date then."""
        try:
            alarms = self._alarms.all()
            for alarm in alarms:
                if alarm["_Kind"] == "MetricAlarm":
                    self._judge_metric(alarm, time.time())
            for alarm in alarms:
                if alarm["_Kind"] == "CompositeAlarm":
                    self._judge_composite(alarm)
        except sqlite3.OperationalError as error:  # a full disk; the next second tries again
            log.warning("alarms cannot be judged: %s", error)
            return True
        return bool(alarms)

    def _judge_metric(self, alarm: dict[str, Any], now: float) -> None:
        queries = alarm.get("Metrics")
        period = longest_period(queries) if queries else alarm["Period"]
        grid = grid_of(alarm, period, now)
        if queries:
            [result] = [
                found for found in run(self._metrics, queries, grid) if found.query.get("ReturnData", True)
            ]
            points: Points = result.points
        else:
            stat = alarm.get("Statistic") or alarm["ExtendedStatistic"]
            wanted = {"Metric": alarm, "Period": period, "Stat": stat}
            points = metric_points(
                self._metrics, {**wanted, **({"Unit": alarm["Unit"]} if "Unit" in alarm else {})}, grid
            )
        verdict = judge(alarm, points, grid, now)
        if verdict is not None:
            self._alarms.change(alarm["AlarmName"], verdict, alarm["AlarmConfigurationUpdatedTimestamp"])

    def _judge_composite(self, alarm: dict[str, Any]) -> None:
        rule = Rule.read(alarm["AlarmRule"])
        states = {name: self._alarms.state(name) for name in rule.children}
        verdict = composite_reason(alarm, states, holds=rule.holds(states.get))
        self._alarms.change(alarm["AlarmName"], verdict, alarm["AlarmConfigurationUpdatedTimestamp"])
