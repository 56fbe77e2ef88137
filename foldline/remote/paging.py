"""Lists of AWS, page by page and never in a hurry: other programs share the account's quota."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

from foldline.remote.calls import Clock, call

PAUSE_SECONDS = 1.0
NEXT = {"NextToken": "NextToken"}
OBJECTS = {"ContinuationToken": "NextContinuationToken"}
UPLOADS = {"KeyMarker": "NextKeyMarker", "UploadIdMarker": "NextUploadIdMarker"}
TAGGED = {"PaginationToken": "PaginationToken"}


@dataclass
class PacedLists:
    """Reads lists with a pause between any two calls.

    Attributes:
        clock: Time.
        pause: Seconds from one call to the next at least.
    """

    clock: Clock
    pause: float = PAUSE_SECONDS
    _free: float = field(default=0.0, init=False)

    def pages(
        self, function: Callable[..., Any], tokens: Mapping[str, str] = NEXT, **request: Any
    ) -> Iterator[dict[str, Any]]:
        """The pages of a list.

        Args:
            function: A bound boto3 client method.
            tokens: Members of the request that go on where an answer ended, and the answer's.
            **request: The request's members.
        """
        more: dict[str, str] = {}
        while True:
            wait = self._free - self.clock.monotonic()
            if wait > 0:
                self.clock.sleep(wait)
            page: dict[str, Any] = call(function, self.clock, **request, **more)
            self._free = self.clock.monotonic() + self.pause
            yield page
            more = {member: page[theirs] for member, theirs in tokens.items() if page.get(theirs)}
            if not more or page.get("IsTruncated") is False:
                return


def moment(page: Mapping[str, Any]) -> float | None:
    """When AWS answered, in Unix time by its own clock; None when it does not say."""
    date = page.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return parsedate_to_datetime(date).timestamp() if date else None
