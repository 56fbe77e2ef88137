"""What changed in an account since the last question: one List call answers for any number of jobs.

`ListTrainingJobs` may be called twice a second by a whole account, so it is asked every two seconds. The
moment to ask from is always AWS's own (the answer's Date header); this machine's clock may be wrong.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from foldline.remote.watched import WATCHED

OVERLAP_SECONDS = 15.0
"""Each sweep asks from this long before the last one: lists lag, a Date header is whole seconds."""
LOOK_BACK_SECONDS = 600.0
"""The first sweep asks for this time: for what ended while a triggerer was restarted."""
PAGE = 100


@dataclass(frozen=True)
class Listing:
    """One List operation: boto3's method and where names and statuses stand in its answer."""

    method: str
    items: str
    name: str
    status: str


def _jobs(title: str, method: str) -> Listing:
    return Listing(method, f"{title}JobSummaries", f"{title}JobName", f"{title}JobStatus")


LISTINGS: dict[str, Listing] = {
    "training": _jobs("Training", "list_training_jobs"),
    "processing": _jobs("Processing", "list_processing_jobs"),
    "transform": _jobs("Transform", "list_transform_jobs"),
    "tuning": _jobs("HyperParameterTuning", "list_hyper_parameter_tuning_jobs"),
    "endpoint": Listing("list_endpoints", "Endpoints", "EndpointName", "EndpointStatus"),
}
"""Kinds of `foldline.remote.watched.WATCHED` whose changes AWS lists."""


class Lister:
    """Reads the changes of one kind, page by page; each :meth:`look` is one call.

    Args:
        kind: Key of :data:`LISTINGS`.
        interval: Seconds between two calls.
    """

    def __init__(self, kind: str, interval: float) -> None:
        self.listing, self.interval = LISTINGS[kind], interval
        self.due = 0.0
        self._since: dt.datetime | None = None
        self._token: str | None = None
        self._next: dt.datetime | None = None

    def look(self, client: Any, now: float) -> dict[str, str]:
        """Status by name of what one page tells; errors are the caller's to judge.

        Args:
            client: boto3 client.
            now: Seconds on the caller's clock; the next look is due ``interval`` later.
        """
        self.due = now + self.interval
        if self._since is None:
            self._since = self._moment(self._ask(client, MaxResults=1), LOOK_BACK_SECONDS)
        request: dict[str, Any] = {"LastModifiedTimeAfter": self._since, "MaxResults": PAGE}
        try:
            answer = self._ask(client, **request, **({"NextToken": self._token} if self._token else {}))
        except Exception:
            self._token = None  # a token may have expired: the sweep begins anew
            raise
        if self._token is None:
            self._next = self._moment(answer, OVERLAP_SECONDS)
        self._token = answer.get("NextToken")
        if self._token is None:
            self._since = self._next
        listing = self.listing
        return {item[listing.name]: item[listing.status] for item in answer[listing.items]}

    def ended(self, client: Any, now: float, kind: str) -> set[str]:
        """Names of one page that are over."""
        return {name for name, status in self.look(client, now).items() if WATCHED[kind].is_over(status)}

    def _ask(self, client: Any, **request: Any) -> dict[str, Any]:
        ask = getattr(client, self.listing.method)
        answer: dict[str, Any] = ask(SortBy="CreationTime", SortOrder="Ascending", **request)
        return answer

    def _moment(self, answer: dict[str, Any], earlier: float) -> dt.datetime:
        date = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        return date - dt.timedelta(seconds=earlier)
