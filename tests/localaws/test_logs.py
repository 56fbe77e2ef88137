"""CloudWatch Logs: what jobs append in process is read by the API, page by page."""

from __future__ import annotations

import time
import uuid

import pytest
from botocore.exceptions import ClientError

from localaws.logfilter import message_filter
from localaws.logstore import LogStore


@pytest.fixture
def logs(client):
    return client("logs")


@pytest.fixture
def stream(logs):
    """A stream of ten lines, as the arguments every call on it takes."""
    where = {"logGroupName": f"/aws/test/{uuid.uuid4().hex}", "logStreamName": "job/algo-1"}
    logs.create_log_group(logGroupName=where["logGroupName"])
    logs.create_log_stream(**where)
    now = time.time_ns() // 1_000_000
    events = [{"timestamp": now - 10_000 + n * 1000, "message": f"line {n}"} for n in range(10)]
    logs.put_log_events(**where, logEvents=events)
    return where


def messages(answer) -> list[str]:
    return [event["message"] for event in answer["events"]]


def lines(*numbers) -> list[str]:
    return [f"line {n}" for n in numbers]


class TestGetLogEvents:
    def test_whole_stream(self, logs, stream):
        """
        A stream is read in order, from either end.
        """
        assert lines(*range(10)) == messages(logs.get_log_events(**stream))
        assert lines(*range(10)) == messages(logs.get_log_events(**stream, startFromHead=True))

    def test_forward_pages_end_with_the_same_token(self, logs, stream):
        """
        Forward pages follow each other; at the end the token stays, and new lines come after it.
        """
        first = logs.get_log_events(**stream, startFromHead=True, limit=6)
        second = logs.get_log_events(**stream, nextToken=first["nextForwardToken"], limit=6)
        assert (lines(*range(6)), lines(*range(6, 10))) == (messages(first), messages(second))
        end = logs.get_log_events(**stream, nextToken=second["nextForwardToken"])
        assert ([], second["nextForwardToken"]) == (messages(end), end["nextForwardToken"])
        event = {"timestamp": time.time_ns() // 1_000_000, "message": "late"}
        logs.put_log_events(**stream, logEvents=[event])
        assert ["late"] == messages(logs.get_log_events(**stream, nextToken=end["nextForwardToken"]))

    def test_backward_pages(self, logs, stream):
        """
        Without a direction the last lines come first; backward pages lead to the head.
        """
        last = logs.get_log_events(**stream, limit=4)
        before = logs.get_log_events(**stream, nextToken=last["nextBackwardToken"], limit=4)
        assert (lines(6, 7, 8, 9), lines(2, 3, 4, 5)) == (messages(last), messages(before))
        again = logs.get_log_events(**stream, nextToken=before["nextForwardToken"], limit=2)
        assert lines(6, 7) == messages(again)

    def test_backward_from_the_end(self, logs, stream):
        """
        From an empty page at the end, the backward token leads to the last lines.
        """
        whole = logs.get_log_events(**stream, startFromHead=True)
        end = logs.get_log_events(**stream, nextToken=whole["nextForwardToken"])
        back = logs.get_log_events(**stream, nextToken=end["nextBackwardToken"], limit=2)
        assert lines(8, 9) == messages(back)

    def test_window(self, logs, stream):
        """
        The start time is included, the end time is not.
        """
        moments = [event["timestamp"] for event in logs.get_log_events(**stream)["events"]]
        found = logs.get_log_events(**stream, startTime=moments[3], endTime=moments[6])
        assert lines(3, 4, 5) == messages(found)

    def test_missing(self, logs, stream):
        """
        A missing group or stream is ResourceNotFoundException, in AWS's words.
        """
        for missing, what in (("logGroupName", "group"), ("logStreamName", "stream")):
            with pytest.raises(ClientError) as caught:
                logs.get_log_events(**{**stream, missing: "none"})
            error = caught.value.response["Error"]
            assert ("ResourceNotFoundException", f"The specified log {what} does not exist.") == (
                error["Code"],
                error["Message"],
            )


class TestOtherOperations:
    def test_order_is_demanded(self, logs, stream):
        """
        Events of one put must be in order of time.
        """
        now = time.time_ns() // 1_000_000
        with pytest.raises(ClientError, match="chronological order"):
            logs.put_log_events(
                **stream,
                logEvents=[{"timestamp": now, "message": "b"}, {"timestamp": now - 1, "message": "a"}],
            )

    def test_too_old_and_too_new(self, logs, stream):
        """
        Events too old or too new are refused by their index, the others taken.
        """
        now = time.time_ns() // 1_000_000
        day = 86_400_000
        events = [
            {"timestamp": moment, "message": name}
            for moment, name in [(now - 20 * day, "old"), (now, "now"), (now + day, "new")]
        ]
        found = logs.put_log_events(**stream, logEvents=events)["rejectedLogEventsInfo"]
        assert {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2} == found
        assert ["now"] == messages(logs.get_log_events(**stream, limit=1))

    def test_filter(self, logs, stream):
        """
        A filter reads many streams as one, by time; terms choose among the lines.
        """
        group = stream["logGroupName"]
        logs.create_log_stream(logGroupName=group, logStreamName="job/algo-2")
        event = {"timestamp": time.time_ns() // 1_000_000, "message": "line of another"}
        logs.put_log_events(logGroupName=group, logStreamName="job/algo-2", logEvents=[event])
        found = logs.filter_log_events(logGroupName=group, filterPattern='?"line 3" ?another')
        assert [("job/algo-1", "line 3"), ("job/algo-2", "line of another")] == [
            (event["logStreamName"], event["message"]) for event in found["events"]
        ]
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, PaginationConfig={"PageSize": 4}
        )
        assert [*lines(*range(10)), "line of another"] == [text for page in pages for text in messages(page)]

    def test_streams(self, logs, stream):
        """
        Streams are listed by prefix and in pages, and know their first and last line.
        """
        group = stream["logGroupName"]
        for name in ("job/algo-2", "other"):
            logs.create_log_stream(logGroupName=group, logStreamName=name)
        pages = logs.get_paginator("describe_log_streams").paginate(
            logGroupName=group, logStreamNamePrefix="job/", PaginationConfig={"PageSize": 1}
        )
        found = [item for page in pages for item in page["logStreams"]]
        assert ["job/algo-1", "job/algo-2"] == [item["logStreamName"] for item in found]
        assert 9000 == found[0]["lastEventTimestamp"] - found[0]["firstEventTimestamp"]
        newest = logs.describe_log_streams(
            logGroupName=group, orderBy="LastEventTime", descending=True, limit=1
        )
        assert "job/algo-1" == newest["logStreams"][0]["logStreamName"]

    def test_groups(self, logs, stream):
        """
        Groups are created once, listed by prefix, and deleted with everything in them.
        """
        group = stream["logGroupName"]
        with pytest.raises(ClientError, match="ResourceAlreadyExistsException"):
            logs.create_log_group(logGroupName=group)
        assert [group] == [
            item["logGroupName"] for item in logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
        ]
        logs.delete_log_group(logGroupName=group)
        assert [] == logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            logs.describe_log_streams(logGroupName=group)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("", ["error one", "error two", "warn one"]),
        ("error", ["error one", "error two"]),
        ("error one", ["error one"]),
        ('"error one"', ["error one"]),
        ("?one ?two", ["error one", "error two", "warn one"]),
        ("error -two", ["error one"]),
    ],
)
def test_patterns(pattern, expected):
    """
    Plain terms must all occur, one of the ? terms must, none of the - terms may.
    """
    passes = message_filter(pattern)
    assert expected == [text for text in ["error one", "error two", "warn one"] if passes(text)]


def test_append_in_process(tmp_path):
    """
    Appending creates group and stream, keeps the order of arrival within a millisecond, and lasts.
    """
    store = LogStore(tmp_path / "logs.db")
    store.append("group", "stream", [(5, "a"), (5, "b")])
    store.append("group", "stream", [(3, "earlier"), (5, "c")])
    store.close()
    store = LogStore(tmp_path / "logs.db")
    found = store.stream("group", "stream")
    from localaws.logstore import END, START

    events = store.events_after(found.number, START, END, 10)
    store.close()
    assert ["earlier", "a", "b", "c"] == [event.message for event in events]
    assert (3, 5) == (found.first, found.last)
