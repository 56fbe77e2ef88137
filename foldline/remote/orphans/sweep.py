"""Carries out what `foldline.reaping` decided; each action is in an audit object before it is done."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from foldline.errors import EnvironmentFault
from foldline.layout import S3Uri, sweep_audit
from foldline.reaping import Verdict
from foldline.remote.calls import call, error_message, is_absent
from foldline.remote.orphans.leftovers import Leftovers
from foldline.remote.paging import PacedLists
from foldline.remote.watched import WATCHED

DELETED_AT_ONCE = 1000
DELETES = {
    "delete-endpoint": ("delete_endpoint", "EndpointName"),
    "delete-endpoint-config": ("delete_endpoint_config", "EndpointConfigName"),
    "delete-model": ("delete_model", "ModelName"),
}


@dataclass(frozen=True)
class Sweep:
    """Stops and deletes what nobody owns. It never deletes the record of a job: its name is its key.

    Attributes:
        client: Gives the boto3 client of a service.
        lists: Reads lists.
        env: The environment.
        bucket: Its bucket.
        account: Account that must own the bucket.
    """

    client: Callable[[str], Any]
    lists: PacedLists
    env: str
    bucket: str
    account: str

    def carry_out(self, verdicts: Sequence[Verdict], now: dt.datetime) -> S3Uri:
        """Where the audit of the sweep lies.

        What fails is noted there, and does not keep the rest from being done.

        Raises:
            EnvironmentFault: Some of it failed; the audit tells what.
        """
        uri = sweep_audit(self.bucket, self.env, now.strftime("%Y/%m/%d/%H%M%S.%fZ"))
        entries = [{**asdict(verdict), "outcome": "planned"} for verdict in verdicts]
        self._note(uri, entries)
        failed = []
        for verdict, entry in zip(verdicts, entries, strict=True):
            try:
                self._act(verdict)
                entry["outcome"] = "done"
            except Exception as error:  # noted, and raised for all of them below
                entry["outcome"] = f"failed: {error_message(error)}"
                failed.append(error)
            self._note(uri, entries)
        if failed:
            raise EnvironmentFault(
                f"{len(failed)} of {len(verdicts)} actions failed; the others are done",
                where=str(uri),
                cause="\n".join(sorted({error_message(error) for error in failed})),
                mend="mend the cause, often a missing permission (docs/aws.md); the next sweep tries again",
            ) from failed[0]
        return uri

    def _act(self, verdict: Verdict) -> None:
        if verdict.action == "stop":
            watched = WATCHED[verdict.kind]
            watched.end(self.client(watched.service), self.lists.clock, verdict.name)
        elif verdict.action == "delete-staging":
            pipeline, _, folder = verdict.name.partition("/")
            self._delete(self._leftovers().staged_keys(pipeline, folder))
        elif verdict.action == "abort-upload":
            self._abort(verdict)
        else:
            method, member = DELETES[verdict.action]
            self._forget(getattr(self.client("sagemaker"), method), {member: verdict.name})

    def _forget(self, function: Callable[..., Any], request: dict[str, Any]) -> None:
        """Delete one thing; that it is gone already is what was wanted."""
        try:
            call(function, self.lists.clock, **request)
        except Exception as error:
            if not is_absent(error):
                raise

    def _abort(self, verdict: Verdict) -> None:
        client = self.client("s3")
        try:
            client.abort_multipart_upload(
                Bucket=self.bucket, Key=verdict.name, UploadId=verdict.id, ExpectedBucketOwner=self.account
            )
        except client.exceptions.NoSuchUpload:
            return  # completed or aborted meanwhile

    def _delete(self, keys: Iterable[str]) -> None:
        """Delete objects in the largest batches S3 takes; a partial failure is an error."""
        batch: list[dict[str, str]] = []
        for key in keys:
            batch.append({"Key": key})
            if len(batch) == DELETED_AT_ONCE:
                self._delete_batch(batch)
                batch = []
        if batch:
            self._delete_batch(batch)

    def _delete_batch(self, batch: list[dict[str, str]]) -> None:
        answer = self.client("s3").delete_objects(
            Bucket=self.bucket, Delete={"Objects": batch, "Quiet": True}, ExpectedBucketOwner=self.account
        )
        if answer.get("Errors"):
            first = answer["Errors"][0]
            raise EnvironmentFault(
                f"{len(answer['Errors'])} objects were not deleted",
                where=f"s3://{self.bucket}/{first['Key']}",
                cause=f"{first['Code']}: {first['Message']}",
            )

    def _note(self, uri: S3Uri, entries: list[dict[str, Any]]) -> None:
        self.client("s3").put_object(
            Bucket=uri.bucket,
            Key=uri.key,
            Body=json.dumps({"env": self.env, "actions": entries}, indent=1).encode(),
            ContentType="application/json",
            ExpectedBucketOwner=self.account,
        )

    def _leftovers(self) -> Leftovers:
        return Leftovers(self.client("s3"), self.lists, self.bucket, self.account)
