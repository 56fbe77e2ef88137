"""Putting, reading and listing metrics."""

from __future__ import annotations

import time
from typing import Any

from localaws.cloudwatch.datapoints import Grid, by_period, check_statistic, statistic
from localaws.cloudwatch.metrics import KEPT_SECONDS, Sample, Series
from localaws.cloudwatch.queries import Result, check_queries, longest_period, run
from localaws.cloudwatch.requests import (
    check_period,
    described,
    invalid,
    invalid_value,
    moment,
    not_implemented,
    page,
    series_of,
)
from localaws.errors import AwsError
from localaws.world import World

MAX_DATA = 1000  # metrics of a PutMetricData
MAX_DIMENSIONS = 30
MAX_DATAPOINTS = 1440  # of GetMetricStatistics
PAGE_DATAPOINTS = 100_800  # of GetMetricData
PAGE_METRICS = 500
FUTURE_SECONDS = 2 * 3600
ACTIVE_SECONDS = 3 * 3600
MAX_VALUE = 2.0**360


class MetricOperations:
    """CloudWatch's operations on metrics."""

    def __init__(self, world: World) -> None:
        self._metrics = world.metrics

    def PutMetricData(self, request: dict[str, Any]) -> None:
        """Store observations: values, counted values, or summaries; they are committed when this answers."""
        if request.get("EntityMetricData"):
            raise not_implemented("PutMetricData with EntityMetricData")
        namespace, data = request["Namespace"], request.get("MetricData", [])
        if namespace.startswith("AWS/"):
            raise invalid_value("The value AWS/ for parameter Namespace is invalid.")
        if not data:
            raise AwsError("MissingParameter", "The parameter MetricData is required.")
        if len(data) > MAX_DATA:
            raise invalid(f"The collection MetricData must not have a size greater than {MAX_DATA}.")
        now = time.time()
        pairs: list[tuple[Series, Sample]] = []
        for datum in data:
            series = series_of({**datum, "Namespace": namespace})
            pairs += [(series, sample) for sample in _samples(datum, now)]
        self._metrics.write(pairs)

    def GetMetricStatistics(self, request: dict[str, Any]) -> dict[str, Any]:
        """Statistics of one metric for each period with data, in order of time."""
        simple, extended = request.get("Statistics", []), request.get("ExtendedStatistics", [])
        if not simple and not extended:
            raise AwsError(
                "InvalidParameterCombination",
                "At least one of the parameters Statistics and ExtendedStatistics must be given.",
            )
        for name in extended:
            check_statistic(name)
        check_period(request["Period"])
        start, end = moment(request["StartTime"]), moment(request["EndTime"])
        if start >= end:
            raise invalid_value("The parameter StartTime must be less than the parameter EndTime.")
        grid = Grid.covering(start, end, request["Period"])
        if grid.count > MAX_DATAPOINTS:
            raise AwsError(
                "InvalidParameterCombination",
                f"You have requested up to {grid.count:,} datapoints, which exceeds the limit of "
                f"{MAX_DATAPOINTS:,}. You may reduce the datapoints requested by increasing Period, or "
                "decreasing the time range.",
            )
        found = self._metrics.samples(series_of(request), grid.start, grid.end, request.get("Unit"))
        points = []
        for beginning, samples in by_period(found, grid).items():
            for unit in dict.fromkeys(sample.unit for sample in samples):
                same = [sample for sample in samples if sample.unit == unit]
                point: dict[str, Any] = {name: statistic(same, name) for name in simple}
                percentiles = {name: statistic(same, name) for name in extended}
                shown = {name: value for name, value in percentiles.items() if value is not None}
                points.append(
                    {"Timestamp": beginning, "Unit": unit, **point, "ExtendedStatistics": shown or None}
                )
        return {"Label": request["MetricName"], "Datapoints": points}

    def GetMetricData(self, request: dict[str, Any]) -> dict[str, Any]:
        """Datapoints of metrics and of expressions over them."""
        queries = request["MetricDataQueries"]
        check_queries(queries)
        start, end = moment(request["StartTime"]), moment(request["EndTime"])
        if start >= end:
            raise invalid("The parameter EndTime must be greater than StartTime.")
        grid = Grid.covering(start, end, longest_period(queries))
        ascending = request.get("ScanBy") == "TimestampAscending"
        wanted = [
            result for result in run(self._metrics, queries, grid) if result.query.get("ReturnData", True)
        ]
        entries = [
            (result, moments)
            for result in wanted
            for moments in [sorted(result.points, reverse=not ascending)]
        ]
        cells = [(place, at) for place, (_, moments) in enumerate(entries) for at in moments]
        shown, token = page(
            cells, request, min(request.get("MaxDatapoints", PAGE_DATAPOINTS), PAGE_DATAPOINTS)
        )
        results = [
            _result(result, [at for found, at in shown if found == place], complete=token is None)
            for place, (result, _) in enumerate(entries)
        ]
        return {"MetricDataResults": results, "Messages": [], "NextToken": token}

    def ListMetrics(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of the metrics with data, narrowed by namespace, name and dimensions."""
        if request.get("OwningAccount") or request.get("IncludeLinkedAccounts"):
            raise not_implemented("ListMetrics of other accounts")
        since = time.time() - (ACTIVE_SECONDS if "RecentlyActive" in request else KEPT_SECONDS)
        found = [series for series in self._metrics.all_series(since) if _asked_for(series, request)]
        shown, token = page(found, request, PAGE_METRICS)
        return {"Metrics": [described(series) for series in shown], "NextToken": token}


def _samples(datum: dict[str, Any], now: float) -> list[Sample]:
    """The samples of one MetricDatum.

    Raises:
        AwsError: It has no value or several forms of one, or a time CloudWatch does not take.
    """
    forms = [form for form in ("Value", "Values", "StatisticValues") if form in datum]
    if len(forms) != 1:
        code = "InvalidParameterCombination" if forms else "MissingParameter"
        raise AwsError(
            code,
            f"{datum['MetricName']}: give one of Value, Values or StatisticValues, got {forms or 'none'}.",
        )
    if len(datum.get("Dimensions", [])) > MAX_DIMENSIONS:
        raise invalid(f"The collection Dimensions must not have a size greater than {MAX_DIMENSIONS}.")
    at = moment(datum.get("Timestamp", now))
    if not now - KEPT_SECONDS <= at <= now + FUTURE_SECONDS:
        raise invalid_value(
            f"{datum['MetricName']}: the Timestamp must be within the last two weeks and the next two hours."
        )
    second, unit = int(at), datum.get("Unit", "None")
    if "StatisticValues" in datum:
        known = datum["StatisticValues"]
        return [Sample(second, unit, known["SampleCount"], known["Sum"], known["Minimum"], known["Maximum"])]
    values = datum.get("Values", [datum.get("Value")])
    counts = datum.get("Counts", [1.0] * len(values))
    if len(counts) != len(values):
        raise AwsError(
            "InvalidParameterCombination",
            f"{datum['MetricName']}: Values and Counts must have the same length.",
        )
    if not all(abs(value) <= MAX_VALUE for value in values) or not all(count >= 0 for count in counts):
        raise invalid_value(f"{datum['MetricName']}: values must be within ±2^360, counts at least 0.")
    return [
        Sample(second, unit, count, value * count, value, value)
        for value, count in zip(values, counts, strict=True)
    ]


def _result(result: Result, moments: list[int], *, complete: bool) -> dict[str, Any]:
    query = result.query
    name = query["MetricStat"]["Metric"]["MetricName"] if "MetricStat" in query else query["Id"]
    return {
        "Id": query["Id"],
        "Label": query.get("Label", name),
        "Timestamps": moments,
        "Values": [result.points[at] for at in moments],
        "StatusCode": "Complete" if complete else "PartialData",
    }


def _asked_for(series: Series, request: dict[str, Any]) -> bool:
    if request.get("Namespace", series.namespace) != series.namespace:
        return False
    if request.get("MetricName", series.name) != series.name:
        return False
    own = dict(series.dimensions)
    return all(
        entry["Name"] in own and entry.get("Value", own[entry["Name"]]) == own[entry["Name"]]
        for entry in request.get("Dimensions", [])
    )
