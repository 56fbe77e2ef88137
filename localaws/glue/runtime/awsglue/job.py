"""The job a script says it is: ``Job.init`` at its beginning, ``Job.commit`` at its end."""

from __future__ import annotations

from typing import Any

from awsglue import bookmarks


class Job:
    """The run's bookmark, as scripts see it."""

    def __init__(self, glue_context: Any) -> None:
        self.glue_context = glue_context
        self.name = ""

    def init(self, job_name: str, args: dict[str, Any] | None = None) -> None:
        """Begin: from here on what is read counts for the bookmark."""
        self.name = job_name

    def isInitialized(self) -> bool:
        """Whether ``init`` was called."""
        return bool(self.name)

    def commit(self) -> None:
        """Remember what was read; without this the next run reads it again.

        Raises:
            RuntimeError: ``init`` was not called.
        """
        if not self.name:
            raise RuntimeError("Job.commit() before Job.init()")
        bookmarks.current().commit()
