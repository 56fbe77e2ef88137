"""What the last word of a SageMaker job means: success, or which failure, and whether to start again."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from foldline.errors import JobError, JobFailed, JobStopped
from foldline.names import NAME_LIMIT, TUNING_NAME_LIMIT

Again = Literal["", "capacity", "internal", "throttled", "spot", "artifact"]
"""Why the same work may succeed when it is started again; empty when it will not."""


@dataclass(frozen=True)
class Kind:
    """How one kind of SageMaker job is created and read: boto3 method names and response members.

    Attributes:
        name: The word of `foldline.waiting.Watch`, tags and records.
        title: AWS's word, as in ``Create<title>Job``.
        instance: Where the instance type stands in the create request.
        name_limit: Characters AWS allows in the name.
    """

    name: str
    title: str
    instance: tuple[str, ...]
    name_limit: int = NAME_LIMIT

    @property
    def method(self) -> str:
        """boto3's word, as in ``describe_<method>_job``."""
        return "".join("_" + letter.lower() if letter.isupper() else letter for letter in self.title)[1:]

    @property
    def create(self) -> str:
        """boto3 method that starts a job."""
        return f"create_{self.method}_job"

    @property
    def describe(self) -> str:
        """boto3 method that reads a job."""
        return f"describe_{self.method}_job"

    @property
    def operation(self) -> str:
        """AWS's name of the create operation."""
        return f"Create{self.title}Job"

    @property
    def log_group(self) -> str:
        """CloudWatch group that holds the job's log streams."""
        return f"/aws/sagemaker/{self.title}Jobs"

    @property
    def name_member(self) -> str:
        """Member that holds the name, in requests and answers."""
        return f"{self.title}JobName"

    @property
    def status_member(self) -> str:
        """Member that holds the status."""
        return f"{self.title}JobStatus"

    @property
    def arn_member(self) -> str:
        """Member that holds the ARN."""
        return f"{self.title}JobArn"


TRAINING = Kind("training", "Training", ("ResourceConfig", "InstanceType"))
PROCESSING = Kind("processing", "Processing", ("ProcessingResources", "ClusterConfig", "InstanceType"))
TRANSFORM = Kind("transform", "Transform", ("TransformResources", "InstanceType"))
TUNING = Kind(
    "tuning",
    "HyperParameterTuning",
    ("TrainingJobDefinition", "ResourceConfig", "InstanceType"),
    TUNING_NAME_LIMIT,
)


@dataclass(frozen=True)
class Outcome:
    """How a job ended.

    Attributes:
        name: Job name of the last generation.
        description: AWS's description of it.
        generation: How many times the work was started again.
        adopted: Whether the job was there before this process asked for it.
        error: Why it is no success, or None.
    """

    name: str
    description: dict[str, Any]
    generation: int = 0
    adopted: bool = False
    error: JobError | None = None


@dataclass(frozen=True)
class Verdict:
    """What a final description means.

    Attributes:
        error: Why it is no success, or None.
        again: Why another start may help; empty when it will not.
    """

    error: JobError | None = None
    again: Again = ""


def is_over(kind: Kind, description: dict[str, Any]) -> bool:
    """Whether the status is final; a word we do not know is not."""
    return description[kind.status_member] in ("Completed", "Failed", "Stopped")


def verdict(kind: Kind, description: dict[str, Any]) -> Verdict:
    """What a final description means; only the exact success word is success."""
    status, name = description[kind.status_member], description[kind.name_member]
    where = str(description.get(kind.arn_member, ""))
    if status == "Completed":
        return Verdict()
    secondary = str(description.get("SecondaryStatus", ""))
    if status == "Stopped":
        why = secondary if secondary not in ("", "Stopped") else "a person or another program stopped it"
        stopped = JobStopped(
            f"{kind.name} job {name} was stopped: {why}",
            where=where,
            mend="raise `max_runtime` of the step" if secondary == "MaxRuntimeExceeded" else "clear the task",
        )
        return Verdict(stopped, "spot" if secondary == "MaxWaitTimeExceeded" else "")
    reason = str(description.get("FailureReason") or description.get("ExitMessage") or "no reason given")
    message = str(description.get("ExitMessage") or "")
    failed = JobFailed(
        f"{kind.name} job {name} failed",
        where=where,
        cause=reason if not message or message in reason else f"{reason}\n{message}",
        mend="mend what the reason names, then clear the task",
    )
    return Verdict(failed, failure_class(reason))


def failure_class(reason: str) -> Again:
    """Whether a FailureReason names a fault of AWS that may pass; algorithm and client errors do not."""
    if reason.startswith("CapacityError"):
        return "capacity"
    if reason.startswith("InternalServerError"):
        return "internal"
    if not reason.startswith("AlgorithmError") and any(
        word in reason for word in ("ThrottlingException", "Rate exceeded", "SlowDown")
    ):
        return "throttled"
    return ""


def age(description: dict[str, Any], member: str = "CreationTime") -> float | None:
    """Seconds since a moment in a description, by AWS's own clock; this machine's may be wrong.

    Args:
        description: A whole boto3 answer, with its ``ResponseMetadata``.
        member: The moment.

    Returns:
        None when the answer carries no date or no such moment.
    """
    date = description.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    moment = description.get(member)
    if not date or not isinstance(moment, dt.datetime):
        return None
    return (parsedate_to_datetime(date) - moment).total_seconds()
