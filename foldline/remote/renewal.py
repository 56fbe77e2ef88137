"""Credentials that AWS calls expired, read anew while a task goes on.

Roles and instance profiles renew themselves inside botocore. Those that stand in a file or in an Airflow
connection do not: whoever wrote them there writes new ones, and a worker that waits for hours must see it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

EXPIRED = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "UnrecognizedClientException"}
)
"""Codes with which AWS refuses credentials that have been good."""


@dataclass(frozen=True)
class Renewal:
    """Replaces the credentials of a session, and so of all its clients.

    Attributes:
        session: The boto3 session whose clients are used.
        connect: A session made anew, from where the first one's credentials came.
    """

    session: Any
    connect: Callable[[], Any]

    def watch_over(self, client: Any) -> None:
        """Look at each answer to a boto3 client of the session."""
        service = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register_first(f"needs-retry.{service}", self.look)

    def look(self, response: Any, **event: Any) -> None:
        """Renew when an answer says that the credentials have expired; who called tries again."""
        # Of a good answer `Error` may be a member of its own: Redshift's is a text.
        error = response[1].get("Error") if response is not None else None
        if isinstance(error, dict) and error.get("Code") in EXPIRED:
            self.renew()

    def renew(self) -> None:
        """Read the credentials anew; those that renew themselves are left to it."""
        mine, fresh = self.session.get_credentials(), self.connect().get_credentials()
        if mine is None or fresh is None or hasattr(mine, "refresh_needed"):
            return
        found = fresh.get_frozen_credentials()
        mine.access_key, mine.secret_key, mine.token = found.access_key, found.secret_key, found.token
