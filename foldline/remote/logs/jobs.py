"""The last lines a job wrote to CloudWatch Logs; a job's error shows them."""

from __future__ import annotations

import logging
from typing import Any

from foldline.outcomes import Kind
from foldline.redaction import redacted
from foldline.remote.calls import Clock, call

LINES = 25
log = logging.getLogger(__name__)


def last_lines(client: Any, clock: Clock, kind: Kind, name: str, lines: int = LINES) -> str:
    """The last ``lines`` log lines of a job over all its hosts, or a sentence that says why there are none.

    Logs are a help, never a reason to fail: what the logs API refuses becomes that sentence.
    """
    try:
        streams = call(
            client.describe_log_streams,
            clock,
            10,
            logGroupName=kind.log_group,
            logStreamNamePrefix=f"{name}/",
        )["logStreams"]
        events: list[dict[str, Any]] = []
        for stream in streams:
            answer = call(
                client.get_log_events,
                clock,
                10,
                logGroupName=kind.log_group,
                logStreamName=stream["logStreamName"],
                limit=lines,
                startFromHead=False,
            )
            events.extend(answer["events"])
    except Exception as error:
        log.warning("no log lines of %s: %s", name, error)
        return f"(its log could not be read: {error})"
    events.sort(key=lambda event: event["timestamp"])
    shown = [event["message"].rstrip() for event in events[-lines:]]
    if not shown:
        return ""
    return f"last {len(shown)} log lines of {kind.log_group} {name}:\n" + redacted("\n".join(shown))
