"""How far an incremental extract has come: one document per step, changed only by who read its last state.

A run's window reaches from what was published last to the newest row it saw. Two runs that read the same
state cannot both publish: the second finds the document changed. A run that is cleared takes its own window
again, so it replaces its rows and never adds them twice.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from foldline.errors import JobConflict
from foldline.layout import S3Uri
from foldline.remote.calls import error_code
from foldline.remote.memory import LOST

KEPT_WINDOWS = 1000
"""Runs whose windows are remembered; older ones cannot be cleared and extracted again."""
Mark = list[str]
"""A value of the column as JSON has it: its type and its text."""


@dataclass(frozen=True)
class State:
    """What is published.

    Attributes:
        to: The newest value; None before the first extract.
        windows: First and last value by run; the first is None in the first window.
        etag: Which state of the document it is; empty when there is none.
    """

    to: Mark | None = None
    windows: dict[str, list[Mark | None]] = field(default_factory=dict)
    etag: str = ""


@dataclass(frozen=True)
class Watermarks:
    """The document of one step.

    Attributes:
        client: boto3 S3 client, which retries by itself.
        account: Account that must own the bucket.
        place: The document.
    """

    client: Any
    account: str
    place: S3Uri

    def state(self) -> State:
        """What is published now."""
        try:
            answer = self.client.get_object(**self._object())
        except Exception as error:
            if error_code(error) in ("NoSuchKey", "404", "NotFound"):
                return State()
            raise
        document = json.loads(answer["Body"].read())
        return State(document["to"], document["windows"], answer["ETag"])

    def advance(self, run: str, window: list[Mark | None]) -> None:
        """Note that ``run`` has published its window; once more changes nothing.

        Raises:
            JobConflict: Another run has published rows of the same window meanwhile, so these count twice.
        """
        while True:
            now = self.state()
            if now.windows.get(run) == window:
                return
            if run in now.windows or now.to != window[0]:
                raise JobConflict(
                    "another run has extracted the same rows meanwhile; these were not published",
                    where=str(self.place),
                    cause=f"this run began at {window[0]}, published is {now.to}",
                    mend="clear this task: it begins where the other run ended; let runs follow one another "
                    "(max_active_runs=1)",
                )
            windows = dict(list({**now.windows, run: window}.items())[-KEPT_WINDOWS:])
            body = json.dumps({"to": window[1], "windows": windows}).encode()
            condition = {"IfMatch": now.etag} if now.etag else {"IfNoneMatch": "*"}
            try:
                self.client.put_object(
                    **self._object(), Body=body, ContentType="application/json", **condition
                )
                return
            except Exception as error:
                if error_code(error) not in LOST:
                    raise

    def _object(self) -> dict[str, str]:
        return {"Bucket": self.place.bucket, "Key": self.place.key, "ExpectedBucketOwner": self.account}


def mark(value: Any) -> Mark | None:
    """A value of the column, to be remembered.

    Raises:
        TypeError: It is of a type that has no order worth remembering.
    """
    if value is None:
        return None
    if isinstance(value, dt.datetime):
        return ["datetime", value.isoformat()]
    if isinstance(value, dt.date):
        return ["date", value.isoformat()]
    for kind, word in ((int, "int"), (Decimal, "decimal"), (str, "str")):
        if isinstance(value, kind) and not isinstance(value, bool):
            return [word, str(value)]
    raise TypeError(f"{type(value).__name__} cannot be a watermark; use a whole number, a moment or text")


def value(remembered: Mark | None) -> Any:
    """What :func:`mark` has remembered."""
    if remembered is None:
        return None
    word, text = remembered
    read: dict[str, Callable[[str], Any]] = {
        "datetime": dt.datetime.fromisoformat,
        "date": dt.date.fromisoformat,
        "int": int,
        "decimal": Decimal,
        "str": str,
    }
    return read[word](text)
