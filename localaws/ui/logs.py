"""Log groups, their streams, and a stream's lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.errors import AwsError
from localaws.ui.view import PAGE, Asker, NotThere, View

LINES = 500


def logs(asker: Asker, path: tuple[str, ...], query: Mapping[str, str]) -> View:
    """All groups; the streams of ``?group=`` that begin with ``?prefix=``; the last lines of ``?stream=``."""
    group, stream = query.get("group"), query.get("stream")
    if path:
        raise NotThere("log pages take their group and stream as ?group=…&stream=…")
    if not group:
        found, _ = asker.listed("logs", "DescribeLogGroups", "logGroups")
        return View("Logs", "logs.html", {"groups": [entry["logGroupName"] for entry in found]})
    try:
        if stream:
            return View(stream, "log.html", {"group": group, "lines": _lines(asker, group, stream, LINES)})
        order: dict[str, Any] = {"orderBy": "LastEventTime", "descending": True}
        if query.get("prefix"):  # AWS finds streams by their beginning in the order of their names only
            order = {"logStreamNamePrefix": query["prefix"]}
        request = {"logGroupName": group, "limit": PAGE, **order}
        if query.get("next"):
            request["nextToken"] = query["next"]
        answer = asker.ask("logs", "DescribeLogStreams", **request)
    except AwsError as error:
        raise NotThere(error.message) from error
    streams = [
        {"name": entry["logStreamName"], "last": (entry.get("lastEventTimestamp") or 0) / 1000 or None}
        for entry in answer["logStreams"]
    ]
    more = {"group": group, **({"prefix": query["prefix"]} if query.get("prefix") else {})}
    data = {"group": group, "streams": streams, "next": answer.get("nextToken"), "more": more}
    return View(group, "streams.html", data)


def last_lines(asker: Asker, group: str, prefix: str, limit: int) -> list[dict[str, Any]]:
    """The last lines of the streams with a prefix: ``time``, ``stream``, ``text``; none without a group."""
    try:
        streams = asker.ask("logs", "DescribeLogStreams", logGroupName=group, logStreamNamePrefix=prefix)
    except AwsError:
        return []
    names = [stream["logStreamName"] for stream in streams["logStreams"]]
    lines = [
        {**line, "stream": name.removeprefix(prefix)}
        for name in names
        for line in _lines(asker, group, name, limit)
    ]
    return sorted(lines, key=lambda line: line["time"])[-limit:]


def _lines(asker: Asker, group: str, stream: str, limit: int) -> list[dict[str, Any]]:
    answer = asker.ask("logs", "GetLogEvents", logGroupName=group, logStreamName=stream, limit=limit)
    return [{"time": event["timestamp"] / 1000, "text": event["message"]} for event in answer["events"]]
