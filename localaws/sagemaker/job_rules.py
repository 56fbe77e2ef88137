"""What training, processing and transform jobs have in common: texts, end states, what may be asked when."""

from __future__ import annotations

from localaws.errors import AwsError
from localaws.sagemaker.refusals import invalid

FINAL = frozenset({"Completed", "Failed", "Stopped"})
EXISTS = (
    "Job name must be unique within an AWS account and region, and a job with this name "
    "already exists ({arn})"
)
MISSING = "Could not find requested job with name: {name}"


def require_running(status: str, word: str) -> None:
    """Refuse to stop a job that has ended.

    Args:
        status: The job's status.
        word: The kind of job in AWS's sentence: ``training``, ``processing``, ``transform``.

    Raises:
        AwsError: ValidationException, in AWS's words.
    """
    if status in FINAL:
        raise invalid(f"The request was rejected because the {word} job is in status {status}.")


def require_ended(status: str, arn: str) -> None:
    """Refuse to delete a job that has not ended.

    Raises:
        AwsError: ResourceInUse.
    """
    if status not in FINAL:
        raise AwsError(
            "ResourceInUse", f"The job {arn} is in status {status}; only a job that has ended can be deleted."
        )
