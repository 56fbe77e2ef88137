"""CloudWatch Logs: groups, streams and events over the log store."""

from __future__ import annotations

import heapq
import re
import time
from typing import Any

from localaws.errors import AwsError
from localaws.logfilter import message_filter
from localaws.logstore import END, START, LogEvent, LogStream, Position
from localaws.pages import page_of
from localaws.world import World

PAGE_EVENTS = 10_000
PAGE_BYTES = 1 << 20
EVENT_OVERHEAD = 26  # bytes CloudWatch counts for each event beside its message
TOKEN = re.compile(r"([fb])/(-?\d+)-(\d+)/s")
DAY_MS = 86_400_000


class Logs:
    """The CloudWatch Logs operations."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._logs = world.logs

    def CreateLogGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Create a group."""
        if not self._logs.create_group(request["logGroupName"]):
            raise AwsError("ResourceAlreadyExistsException", "The specified log group already exists")
        return {}

    def CreateLogStream(self, request: dict[str, Any]) -> dict[str, Any]:
        """Create a stream in a group."""
        group = self._group(request)
        if not self._logs.create_stream(group, request["logStreamName"]):
            raise AwsError("ResourceAlreadyExistsException", "The specified log stream already exists")
        return {}

    def DeleteLogGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Delete a group with everything in it."""
        self._logs.delete_group(self._group(request))
        return {}

    def DeleteLogStream(self, request: dict[str, Any]) -> dict[str, Any]:
        """Delete a stream with its events."""
        group = self._group(request)
        self._logs.delete_stream(group, self._stream(group, request["logStreamName"]).name)
        return {}

    def DescribeLogGroups(self, request: dict[str, Any]) -> dict[str, Any]:
        """Groups by name."""
        prefix, part = request.get("logGroupNamePrefix", ""), request.get("logGroupNamePattern", "")
        if prefix and part:
            raise _invalid(
                "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
            )
        found = [
            (name, created)
            for name, created in self._logs.groups()
            if name.startswith(prefix) and part.lower() in name.lower()
        ]
        shown, token = page_of(found, lambda item: item[0], request, size=50)
        return {"logGroups": [self._describe_group(*item) for item in shown], "nextToken": token}

    def DescribeLogStreams(self, request: dict[str, Any]) -> dict[str, Any]:
        """The streams of a group, by name or by their last event."""
        group, prefix = self._group(request), request.get("logStreamNamePrefix", "")
        by_time = request.get("orderBy") == "LastEventTime"
        if by_time and prefix:
            raise _invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
        descending = request.get("descending", False)
        streams = self._logs.streams(group, prefix)
        streams.sort(key=lambda stream: (stream.last or 0) if by_time else 0)
        shown, token = page_of(
            streams[::-1] if descending else streams, lambda stream: stream.name, request, size=50
        )
        return {"logStreams": [self._describe_stream(stream) for stream in shown], "nextToken": token}

    def PutLogEvents(self, request: dict[str, Any]) -> dict[str, Any]:
        """Append events, in their order; those too old or too new are refused by index."""
        group = self._group(request)
        stream = self._stream(group, request["logStreamName"])
        events = [(event["timestamp"], event["message"]) for event in request["logEvents"]]
        moments = [moment for moment, _ in events]
        if moments != sorted(moments):
            raise _invalid("Log events in a single PutLogEvents request must be in chronological order.")
        now = time.time_ns() // 1_000_000
        old = sum(moment < now - 14 * DAY_MS for moment in moments)
        new = sum(moment > now + 2 * 3_600_000 for moment in moments)
        self._logs.append(group, stream.name, events[old : len(events) - new])
        refused = {}
        if old:
            refused["tooOldLogEventEndIndex"] = old
        if new:
            refused["tooNewLogEventStartIndex"] = len(events) - new
        return {"nextSequenceToken": f"{stream.number:056d}", "rejectedLogEventsInfo": refused or None}

    def GetLogEvents(self, request: dict[str, Any]) -> dict[str, Any]:
        """One page of a stream, from its head, its tail, or on from a token either way."""
        group = self._group(request)
        stream = self._stream(group, request["logStreamName"])
        limit = request.get("limit", PAGE_EVENTS)
        after, before = _window(request)
        token = request.get("nextToken")
        forward, place = request.get("startFromHead", False), None
        if token is not None:
            found = TOKEN.fullmatch(token)
            if not found:
                raise _invalid("The specified nextToken is invalid.")
            forward, place = found[1] == "f", Position(int(found[2]), int(found[3]))
        if forward:
            events = self._logs.events_after(stream.number, max(after, place or after), before, limit)
            events = _one_page(events)
        else:
            events = self._logs.events_before(stream.number, after, min(before, place or before), limit)
            events = _one_page(events[::-1])[::-1]
        first, last = _ends(events, place, after if forward else before)
        return {
            "events": [
                {
                    "timestamp": event.position.moment,
                    "message": event.message,
                    "ingestionTime": event.ingested,
                }
                for event in events
            ],
            "nextForwardToken": f"f/{last.moment}-{last.number}/s",
            "nextBackwardToken": f"b/{first.moment}-{first.number}/s",
        }

    def FilterLogEvents(self, request: dict[str, Any]) -> dict[str, Any]:
        """Events of some or all streams of a group that pass a filter, by time."""
        group = self._group(request)
        names, prefix = request.get("logStreamNames"), request.get("logStreamNamePrefix", "")
        if names and prefix:
            raise _invalid("logStreamNames and logStreamNamePrefix are mutually exclusive parameters.")
        if not request.get("startFromHead", True):
            message = "localaws does not implement logs.FilterLogEvents with startFromHead=false"
            raise AwsError("NotImplemented", message, 501)
        passes = message_filter(request.get("filterPattern", ""))
        after, before = _window(request)
        token = TOKEN.fullmatch(request.get("nextToken", "f/-1-0/s"))
        if not token:
            raise _invalid("The specified nextToken is invalid.")
        after = max(after, Position(int(token[2]), int(token[3])))
        streams = (
            [self._stream(group, name) for name in names] if names else self._logs.streams(group, prefix)
        )
        limit = request.get("limit", PAGE_EVENTS)
        events = heapq.merge(
            *(self._logs.events_after(stream.number, after, before, limit) for stream in streams),
            key=lambda event: event.position,
        )
        read = _one_page(list(events)[:limit])
        spelled = {stream.number: stream.name for stream in streams}
        more = len(read) == limit or (read and self._any_after(streams, read[-1].position, before))
        last = read[-1].position if read else after
        return {
            "events": [
                {
                    "logStreamName": spelled[event.stream],
                    "timestamp": event.position.moment,
                    "message": event.message,
                    "ingestionTime": event.ingested,
                    "eventId": f"{event.position.number:056d}",
                }
                for event in read
                if passes(event.message)
            ],
            "searchedLogStreams": [],
            "nextToken": f"f/{last.moment}-{last.number}/s" if more else None,
        }

    def _any_after(self, streams: list[LogStream], after: Position, before: Position) -> bool:
        return any(self._logs.events_after(stream.number, after, before, 1) for stream in streams)

    def _group(self, request: dict[str, Any]) -> str:
        """The group a request names, plainly or by ARN.

        Raises:
            AwsError: InvalidParameterException or ResourceNotFoundException.
        """
        name, identifier = request.get("logGroupName"), request.get("logGroupIdentifier")
        if (name is None) == (identifier is None):
            raise _invalid("Exactly one of logGroupName and logGroupIdentifier must be given.")
        group = str(name or identifier).rpartition(":log-group:")[2].removesuffix(":*")
        if not self._logs.has_group(group):
            raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
        return group

    def _stream(self, group: str, name: str) -> LogStream:
        found = self._logs.stream(group, name)
        if found is None:
            raise AwsError("ResourceNotFoundException", "The specified log stream does not exist.")
        return found

    def _describe_group(self, name: str, created: int) -> dict[str, Any]:
        arn = self._world.arn("logs", f"log-group:{name}")
        return {
            "logGroupName": name,
            "creationTime": created,
            "metricFilterCount": 0,
            "arn": f"{arn}:*",
            "logGroupArn": arn,
            "storedBytes": 0,
            "logGroupClass": "STANDARD",
        }

    def _describe_stream(self, stream: LogStream) -> dict[str, Any]:
        return {
            "logStreamName": stream.name,
            "creationTime": stream.created,
            "firstEventTimestamp": stream.first,
            "lastEventTimestamp": stream.last,
            "lastIngestionTime": stream.ingested,
            "uploadSequenceToken": f"{stream.number:056d}",
            "arn": self._world.arn("logs", f"log-group:{stream.group}:log-stream:{stream.name}"),
            "storedBytes": 0,
        }


def _window(request: dict[str, Any]) -> tuple[Position, Position]:
    """The positions a request's events lie strictly between: start included, end not."""
    after = Position(request["startTime"] - 1, 2**62) if "startTime" in request else START
    before = Position(request["endTime"], 0) if "endTime" in request else END
    return after, before


def _one_page(events: list[LogEvent]) -> list[LogEvent]:
    """The first events that fit on a page, at least one."""
    total = 0
    for number, event in enumerate(events):
        total += len(event.message.encode()) + EVENT_OVERHEAD
        if total > PAGE_BYTES and number:
            return events[:number]
    return events


def _ends(events: list[LogEvent], place: Position | None, edge: Position) -> tuple[Position, Position]:
    """Where the pages before and after this one join it; an empty page leaves the reader where it was."""
    if events:
        return events[0].position, events[-1].position
    here = place or (edge if edge != END else START)
    return Position(here.moment, here.number + 1), here


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
