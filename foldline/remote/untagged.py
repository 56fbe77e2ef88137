"""Work that AWS lets nobody tag: Athena queries, Redshift statements, runs of Glue jobs and of rulesets.

Whoever starts some leaves a note in its task's memory, with the tags that the work would carry. By these
notes the next try finds it, a clear and `foldline stop` end it, and `foldline status` shows it while it runs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from foldline.layout import RunLayout, S3Uri
from foldline.remote.calls import error_code
from foldline.remote.inventory import Owned
from foldline.remote.memory import Memory
from foldline.remote.paging import OBJECTS, PacedLists

UNTAGGED = ("glue-job", "quality-run", "statement", "query")
"""Kinds of `foldline.remote.watched.WATCHED` that have no tags."""
_FOLDER = "started/"


def remember(memory: Memory, kind: str, key: str, name: str, tags: Mapping[str, str]) -> None:
    """Note that ``name`` was started.

    Args:
        memory: The task's memory.
        kind: One of :data:`UNTAGGED`.
        key: What tells it from the task's other work: a token, a generation.
        name: Its name, as `foldline.waiting.Watch` has it.
        tags: Identity tags of who started it.
    """
    memory.put(_note(kind, key), {"kind": kind, "name": name, "tags": dict(tags)})


def recall(memory: Memory, kind: str, key: str) -> str | None:
    """The name of what this task has started under ``key``; None when nothing is noted."""
    note = memory.get(_note(kind, key))
    return None if note is None else str(note["name"])


def _note(kind: str, key: str) -> str:
    return f"{_FOLDER}{kind}-{key}"


@dataclass(frozen=True)
class Notes:
    """Reads what the tasks of a run have started.

    Attributes:
        client: boto3 S3 client.
        lists: Reads lists.
        owner: Account that must own the bucket.
        env: The environment; what another one started is never seen.
    """

    client: Any
    lists: PacedLists
    owner: str
    env: str

    def noted(self, run: RunLayout, task: str = "", map_index: int = -1) -> list[Owned]:
        """Untagged work of one task in all of its epochs, or of the whole run.

        Args:
            run: The run's place.
            task: Task id; all tasks when left out.
            map_index: Index of a mapped task.
        """
        prefix = run.memories(task, map_index) if task else run.memory()
        place = {"Bucket": prefix.bucket, "ExpectedBucketOwner": self.owner}
        pages = self.lists.pages(self.client.list_objects_v2, OBJECTS, **place, Prefix=prefix.key)
        try:
            keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
        except Exception as error:
            if error_code(error) != "NoSuchBucket":
                raise
            return []
        found = [self._owned(S3Uri(prefix.bucket, key)) for key in keys if f"/{_FOLDER}" in key]
        return [one for one in found if one.env == self.env]

    def _owned(self, uri: S3Uri) -> Owned:
        place = {"Bucket": uri.bucket, "Key": uri.key, "ExpectedBucketOwner": self.owner}
        note = json.loads(self.client.get_object(**place)["Body"].read())
        return Owned(note["kind"], note["name"], tags=note["tags"])
