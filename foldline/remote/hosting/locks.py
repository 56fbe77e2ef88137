"""A lock per endpoint: an object in S3 that only one holder can put there.

Two runs, a schedule and a backfill for instance, never change one endpoint at the same time. The holder is a
task, not a process: a retry or a replay of the same task finds its own lock and goes on. A lock is taken over
when the holder's run has ended since (its record is newer than the lock), or when nobody has renewed it for
longer than a deployment can take.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from foldline.errors import DeploymentError, JobTimedOut
from foldline.layout import S3Uri
from foldline.outcomes import age
from foldline.remote.calls import Backoff, Clock, error_code
from foldline.remote.memory import LOST
from foldline.waiting import Waits, Watch

GONE = ("NoSuchKey", "404", "NotFound")


@dataclass(frozen=True)
class Lock:
    """The right to change one endpoint.

    Attributes:
        client: boto3 S3 client, which retries by itself.
        account: Account that must own the bucket.
        place: The object that is the lock.
        holder: Key of the task that asks.
        seconds: After this long without renewal the lock is nobody's.
        record: Record of the holder's run; newer than the lock, it says that the run is over.
        clock: Time.
        waits: How time passes between looks.
        backoff: Waits between two looks.
        waited: Seconds this task has waited before it was handed over and came back.
    """

    client: Any
    account: str
    place: S3Uri
    holder: str
    seconds: float
    record: S3Uri
    clock: Clock
    waits: Waits
    backoff: Backoff
    waited: float = 0.0

    def acquire(self) -> None:
        """Hold the lock, waiting for whoever holds it now.

        Raises:
            JobTimedOut: It was not free for twice the time a deployment can take.
        """
        since, looks = self.clock.monotonic() - self.waited, 0
        while (other := self._held_by()) is not None:
            if self.clock.monotonic() - since > 2 * self.seconds:
                raise JobTimedOut(
                    f"{self.place.name} is held by another run for too long",
                    where=str(self.place),
                    cause=json.dumps(other),
                    mend="look at that run; if it is dead, delete the lock and clear this task",
                )
            self.waits.pause(self.backoff.seconds(looks), Watch("endpoint", (), self.backoff.longest))
            looks += 1

    def renew(self) -> None:
        """See to it that the lock is still this task's, right before something is changed.

        Raises:
            DeploymentError: Another run has taken it over.
        """
        if (other := self._held_by()) is not None:
            raise DeploymentError(
                "another run has taken over the endpoint; nothing more was changed",
                where=str(self.place),
                cause=json.dumps(other),
                mend="let that run end, then clear this task",
            )

    def release(self) -> None:
        """Let go; what is another's by now is left alone."""
        answer = self._read()
        if answer is not None and answer["document"]["holder"] == self.holder:
            try:
                self.client.delete_object(**self._at(self.place), IfMatch=answer["ETag"])
            except Exception as error:
                if error_code(error) not in (*LOST, *GONE):
                    raise

    def _held_by(self) -> dict[str, Any] | None:
        """None once the lock is ours, else what its holder wrote."""
        while True:
            answer = self._read()
            if answer is None:
                taken = self._put(IfNoneMatch="*")
            elif answer["document"]["holder"] == self.holder or self._is_dead(answer):
                taken = self._put(IfMatch=answer["ETag"])
            else:
                document: dict[str, Any] = answer["document"]
                return document
            if taken:
                return None

    def _is_dead(self, answer: dict[str, Any]) -> bool:
        document = answer["document"]
        if (age(answer, "LastModified") or 0.0) > document["seconds"]:
            return True
        try:
            record = self.client.head_object(**self._at(S3Uri.parse(document["record"])))
        except Exception as error:
            if error_code(error) in GONE:
                return False
            raise
        return bool(record["LastModified"] > answer["LastModified"])

    def _read(self) -> dict[str, Any] | None:
        try:
            answer = self.client.get_object(**self._at(self.place))
        except Exception as error:
            if error_code(error) in GONE:
                return None
            raise
        return {**answer, "document": json.loads(answer["Body"].read())}

    def _put(self, **condition: str) -> bool:
        document = {"holder": self.holder, "seconds": self.seconds, "record": str(self.record)}
        body = json.dumps(document).encode()
        try:
            self.client.put_object(**self._at(self.place), Body=body, **condition)
        except Exception as error:
            if error_code(error) in (*LOST, *GONE):
                return False
            raise
        return True

    def _at(self, uri: S3Uri) -> dict[str, Any]:
        return {"Bucket": uri.bucket, "Key": uri.key, "ExpectedBucketOwner": self.account}
