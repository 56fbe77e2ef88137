"""MetricDataQueries: metrics and expressions over them, as GetMetricData and alarms ask them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from localaws.cloudwatch.datapoints import Grid, check_statistic, datapoints
from localaws.cloudwatch.expressions import Scope, evaluate, names_in
from localaws.cloudwatch.metrics import Metrics
from localaws.cloudwatch.requests import check_period, invalid, not_implemented, series_of
from localaws.cloudwatch.seriesmath import Points

MAX_QUERIES = 500


@dataclass(frozen=True)
class Result:
    """What one query gave: datapoints by the beginning of their period."""

    query: dict[str, Any]
    points: Points


def check_queries(queries: Sequence[dict[str, Any]]) -> None:
    """Refuse queries that cannot be run.

    Raises:
        AwsError: ValidationError; NotImplemented for what is not here.
    """
    if len(queries) > MAX_QUERIES:
        raise invalid(f"A request has at most {MAX_QUERIES} queries, got {len(queries)}")
    ids = [query["Id"] for query in queries]
    if len(set(ids)) < len(ids):
        raise invalid("The values for parameter Id in MetricDataQueries are not unique.")
    for query in queries:
        if not query["Id"][0].islower():
            raise invalid(f"The Id {query['Id']!r} must start with a lowercase letter.")
        if ("MetricStat" in query) == ("Expression" in query):
            raise invalid(f"The query {query['Id']} must have either MetricStat or Expression.")
        if "AccountId" in query:
            raise not_implemented("AccountId in a metric query")
        if "MetricStat" in query:
            check_period(query["MetricStat"]["Period"])
            check_statistic(query["MetricStat"]["Stat"])
            if not {"Namespace", "MetricName"} <= query["MetricStat"]["Metric"].keys():
                raise invalid(f"The metric of query {query['Id']} must have Namespace and MetricName.")
    periods = {query["Id"]: longest_period([query]) for query in queries}
    scope = Scope({name: {} for name in ids}, periods, tuple(ids), Grid(0, 60, 0))
    for query in _order(queries):
        if "Expression" in query:
            evaluate(query["Expression"], scope)


def longest_period(queries: Sequence[dict[str, Any]]) -> int:
    """The longest period of a request's queries: what its expressions are computed over."""
    periods = [query["MetricStat"]["Period"] for query in queries if "MetricStat" in query]
    periods += [query["Period"] for query in queries if "Period" in query]
    return max(periods, default=60)


def run(metrics: Metrics, queries: Sequence[dict[str, Any]], grid: Grid) -> list[Result]:
    """What checked queries give, in their order.

    Args:
        metrics: The samples.
        queries: MetricDataQueries.
        grid: The periods expressions are computed over; a metric with a shorter period covers the same time.
    """
    found: dict[str, Points] = {}
    periods: dict[str, int] = {}
    metric_ids = tuple(query["Id"] for query in queries if "MetricStat" in query)
    for query in _order(queries):
        if "MetricStat" in query:
            periods[query["Id"]] = query["MetricStat"]["Period"]
            found[query["Id"]] = metric_points(metrics, query["MetricStat"], grid)
        else:
            periods[query["Id"]] = grid.period
            found[query["Id"]] = evaluate(query["Expression"], Scope(found, periods, metric_ids, grid))
    return [Result(query, found[query["Id"]]) for query in queries]


def metric_points(metrics: Metrics, stat: dict[str, Any], grid: Grid) -> Points:
    """The datapoints of a MetricStat over the time of a grid, by its own period."""
    period = stat["Period"]
    own = grid if period == grid.period else Grid.covering(grid.start, grid.end, period)
    samples = metrics.samples(series_of(stat["Metric"]), own.start, own.end, stat.get("Unit"))
    return datapoints(samples, own, stat["Stat"])


def _order(queries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Queries, each after those its expression names.

    Raises:
        AwsError: An expression names an id that is not there, or itself in a circle.
    """
    waiting, done, ordered = list(queries), set[str](), list[dict[str, Any]]()
    known = {query["Id"] for query in queries}
    while waiting:
        ready = [query for query in waiting if names_in(query.get("Expression", "")) & known <= done]
        if not ready:
            raise invalid(f"The expressions {', '.join(query['Id'] for query in waiting)} refer in a circle")
        ordered += ready
        done |= {query["Id"] for query in ready}
        waiting = [query for query in waiting if query["Id"] not in done]
    return ordered
