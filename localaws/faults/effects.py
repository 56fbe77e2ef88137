"""What a rule can do: the table of effects, with the members each needs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Effect:
    """One effect.

    Attributes:
        does: What it does, in a sentence.
        needs: Members a rule must have, one of which will do.
        takes: Members a rule may have besides those every rule may have.
        job: Whether it strikes a job instead of an API call.
    """

    does: str
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    job: bool = False


EFFECTS = {
    "throttle": Effect("the call is refused: too many, in the service's own code", takes=("message",)),
    "error": Effect("the call is refused with any code", ("code",), ("message", "status")),
    "internal_failure": Effect("the call fails inside the service, HTTP 500", takes=("message",)),
    "unavailable": Effect("the service is not available, HTTP 503", takes=("message",)),
    "expired_token": Effect("the caller's credentials have expired", takes=("message",)),
    "limit": Effect(
        "an account's quota is used up; Create and Start calls, unless told otherwise", takes=("message",)
    ),
    "drop": Effect("the connection is closed, nothing is done"),
    "commit_then_drop": Effect("the call is done, then the connection is closed without an answer"),
    "delay": Effect("the call is served after a while", ("seconds",)),
    "stale": Effect("a read answers as of before the last writes, or some time ago", ("seconds", "writes")),
    "capacity": Effect("the job fails with CapacityError", job=True),
    "internal": Effect("the job fails with InternalServerError", job=True),
    "spot": Effect("a managed spot job is interrupted while its program runs", takes=("seconds",), job=True),
    "bad_container": Effect("the job's program cannot be started: it exits with code 127", job=True),
}
JOBS = ("training", "processing", "transform", "glue")
READS = ("Describe*", "List*", "Get*", "BatchGet*", "BatchDescribe*", "Search*")
CREATIONS = ("Create*", "Start*")
NO_CREATIONS = ("CreateMultipartUpload", "CreateSession")  # nothing of S3's that a quota counts
STALE_SERVICES = ("athena", "glue", "iam", "sagemaker")
"""Services that answer reads from the document store; AWS calls S3's reads strongly consistent."""
