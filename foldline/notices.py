"""What people are told of a run: in a few lines what happened, where, how to mend it, and where to look.

Pure: data in, text out. Who is told stands in `pipeline.yaml` (`notify:`); `foldline.remote.notify` sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from foldline.redaction import redacted

Event = Literal["failure", "success", "approval"]
SUBJECT_LIMIT = 100
"""Characters of an SNS subject."""
LINE_LIMIT = 300
CAUSE_LINES = 5
"""Lines shown of a part of an error, such as its cause with the job's last log lines."""
SLACK_LIMIT = 2_900
"""Characters of a Slack block, a little below Slack's own limit of 3,000."""
VERBS: Mapping[Event, str] = {"failure": "failed", "success": "succeeded", "approval": "waits for approval"}
MARKS: Mapping[Event, str] = {
    "failure": ":red_circle:",
    "success": ":large_green_circle:",
    "approval": ":raised_hand:",
}


@dataclass(frozen=True)
class Notice:
    """One message.

    Attributes:
        event: What happened.
        pipeline: The pipeline.
        environment: Name of the environment it ran in.
        run_id: Airflow's run id.
        task: The task that failed or waits; empty when the run as a whole is meant.
        detail: What happened, in lines: a rendered error, or figures.
        links: Where to look, by word; empty addresses are left out.
    """

    event: Event
    pipeline: str
    environment: str
    run_id: str
    task: str = ""
    detail: str = ""
    links: Mapping[str, str] = field(default_factory=dict)

    @property
    def headline(self) -> str:
        """One line: which pipeline, what became of it, where."""
        at = f" at {self.task}" if self.task else ""
        return f"{self.pipeline} {VERBS[self.event]}{at} ({self.environment})"

    @property
    def subject(self) -> str:
        """The headline as SNS takes it: printable ASCII, up to 100 characters."""
        printable = self.headline.encode("ascii", "replace").decode()
        return printable if len(printable) <= SUBJECT_LIMIT else printable[: SUBJECT_LIMIT - 3] + "..."

    @property
    def text(self) -> str:
        """The whole message as plain text."""
        parts = [self.headline, f"run {self.run_id}"]
        parts += ["", shortened(self.detail)] if self.detail else []
        links = [f"{word}: {address}" for word, address in self.links.items() if address]
        return "\n".join(parts + (["", *links] if links else []))

    @property
    def attributes(self) -> dict[str, dict[str, str]]:
        """SNS message attributes, for subscriptions that filter."""
        values = {"event": self.event, "pipeline": self.pipeline, "environment": self.environment}
        return {key: {"DataType": "String", "StringValue": value} for key, value in values.items()}

    @property
    def slack(self) -> dict[str, Any]:
        """The body of a Slack webhook: a text for notifications, blocks for the channel."""
        blocks = [_section(f"{MARKS[self.event]} *{_plain(self.headline)}*\nrun `{_plain(self.run_id)}`")]
        if self.detail:
            text = _plain(shortened(self.detail))
            blocks.append(_section(f"```\n{text[:SLACK_LIMIT]}\n```"))
        links = [f"<{_plain(address)}|{_plain(word)}>" for word, address in self.links.items() if address]
        if links:
            blocks.append(_section(" · ".join(links)))
        return {"text": _plain(self.headline), "blocks": blocks}


def shortened(text: str) -> str:
    """A rendered error (`foldline.errors`), its parts cut to a few lines each, its secrets blotted out."""
    kept: list[str] = []
    further = 0
    for line in redacted(text).strip().splitlines():
        further = further + 1 if line.startswith(" " * 10) else 0
        if further < CAUSE_LINES:
            kept.append(line if len(line) <= LINE_LIMIT else line[: LINE_LIMIT - 1] + "…")
        elif further == CAUSE_LINES:
            kept.append(" " * 10 + "…")
    return "\n".join(kept)


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _plain(text: str) -> str:
    """``text`` without a meaning to Slack: no mention, no link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("```", "'''")
