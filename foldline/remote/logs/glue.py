"""The last lines a Glue job run wrote; its error shows them."""

from __future__ import annotations

import logging
from typing import Any

from foldline.redaction import redacted
from foldline.remote.calls import Clock, call

LINES = 25
STREAMS = ("output", "error")
"""Standard output and standard error, each a log group; the stream is named like the run."""
log = logging.getLogger(__name__)


def glue_log_lines(client: Any, clock: Clock, run: dict[str, Any], lines: int = LINES) -> str:
    """The last ``lines`` lines of a run, or a sentence that says why there are none.

    Logs are a help, never a reason to fail: what the logs API refuses becomes that sentence.

    Args:
        client: boto3 client of CloudWatch Logs.
        clock: Time.
        run: Glue's description of the run.
        lines: How many.
    """
    group, name = run.get("LogGroupName", "/aws-glue/jobs"), run["Id"]
    events: list[dict[str, Any]] = []
    trouble = ""
    for kind in STREAMS:
        try:
            answer = call(
                client.get_log_events,
                clock,
                10,
                logGroupName=f"{group}/{kind}",
                logStreamName=name,
                limit=lines,
                startFromHead=False,
            )
        except Exception as error:
            log.info("no %s lines of %s: %s", kind, name, error)
            trouble = str(error)
            continue
        events += answer["events"]
    events.sort(key=lambda event: event["timestamp"])
    shown = [event["message"].rstrip() for event in events[-lines:]]
    if not shown:
        return f"(its log could not be read: {trouble})" if trouble else ""
    return f"last {len(shown)} log lines of {group} {name}:\n" + redacted("\n".join(shown))
