"""What the tests of Glue jobs share: a job made of a script's text, and its run to the end."""

from __future__ import annotations

import textwrap
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

ROLE = "arn:aws:iam::123456789012:role/glue"
ENDED = ("STOPPED", "SUCCEEDED", "FAILED", "TIMEOUT", "ERROR")


class Glue:
    """Jobs at one endpoint, their scripts in one bucket."""

    def __init__(self, client: Callable[[str], Any], bucket: str) -> None:
        self.api = client("glue")
        self.s3 = client("s3")
        self.logs = client("logs")
        self.bucket = bucket

    def put(self, key: str, body: bytes | str) -> str:
        """Store an object; its URI."""
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        return f"s3://{self.bucket}/{key}"

    def keys(self, prefix: str) -> list[str]:
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return [item["Key"] for item in listed.get("Contents", [])]

    def job(self, script: str, kind: str = "pythonshell", **settings: Any) -> str:
        """Create a job that runs a script; its name."""
        name = f"job-{uuid.uuid4().hex[:8]}"
        location = self.put(f"scripts/{name}.py", textwrap.dedent(script))
        command = {"Name": kind, "ScriptLocation": location}
        self.api.create_job(Name=name, Role=ROLE, Command=command, **settings)
        return name

    def run(self, job: str, arguments: dict[str, str] | None = None, **settings: Any) -> dict[str, Any]:
        """Run a job; the run when it has ended."""
        run = self.api.start_job_run(JobName=job, Arguments=arguments or {}, **settings)["JobRunId"]
        return self.ended(job, run)

    def ended(self, job: str, run: str) -> dict[str, Any]:
        return self.reached(job, run, *ENDED)

    def reached(self, job: str, run: str, *states: str) -> dict[str, Any]:
        """A run, once it is in one of the states."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            found = self.api.get_job_run(JobName=job, RunId=run)["JobRun"]
            if found["JobRunState"] in states:
                return found
            assert found["JobRunState"] not in ENDED, found
            time.sleep(0.02)
        raise AssertionError(f"{run} is still {found['JobRunState']}")

    def lines(self, run: dict[str, Any], kind: str = "output") -> list[str]:
        """What a run has printed."""
        group = f"{run['LogGroupName']}/{kind}"
        events = self.logs.get_log_events(logGroupName=group, logStreamName=run["Id"], startFromHead=True)
        return [event["message"] for event in events["events"]]


@pytest.fixture
def glue(client: Callable[[str], Any], bucket: str) -> Glue:
    return Glue(client, bucket)
