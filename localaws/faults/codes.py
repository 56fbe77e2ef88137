"""Each service's words for the refusals rules ask for: code, status and text, as AWS's clients know them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.errors import AwsError
from localaws.faults.rule import Rule
from localaws.faults.target import Call

QUERY = ("iam", "sts", "cloudformation", "sns", "ec2", "autoscaling")  # services of the older, XML forms

QUERIES_AT_ONCE = (
    "TooManyRequestsException",
    "You have exceeded the limit for the number of queries you can run concurrently. Please reduce the "
    "number of concurrent queries submitted by this account. Contact customer support to request a "
    "concurrent query limit increase.",
    400,
)
THROTTLES = {
    "s3": ("SlowDown", "Please reduce your request rate.", 503),
    "dynamodb": (
        "ProvisionedThroughputExceededException",
        "The level of configured provisioned throughput for the table was exceeded. Consider increasing your "
        "provisioning level with the UpdateTable API.",
        400,
    ),
    **dict.fromkeys(QUERY, ("Throttling", "Rate exceeded", 400)),
}
FAILURES = {
    "s3": ("InternalError", "We encountered an internal error. Please try again.", 500),
    "athena": ("InternalServerException", "Internal server error", 500),
    "glue": ("InternalServiceException", "Internal service error", 500),
    "iam": ("ServiceFailure", "The request processing has failed because of an unknown error.", 500),
    "redshift-data": ("InternalServerException", "Internal server error", 500),
    "sagemaker-featurestore-runtime": ("InternalFailure", "Internal failure", 500),
    "dynamodb": ("InternalServerError", "Internal server error", 500),
}
OUTAGES = {
    "s3": ("ServiceUnavailable", "Service is unable to handle request.", 503),
    "logs": ("ServiceUnavailableException", "The service cannot complete the request.", 503),
}
EXPIRED = {
    "s3": ("ExpiredToken", "The provided token has expired.", 400),
    **dict.fromkeys(QUERY, ("ExpiredToken", "The security token included in the request is expired", 403)),
}
LIMITS = {
    "s3": ("TooManyBuckets", "You have attempted to create more buckets than allowed", 400),
    "glue": (
        "ResourceNumberLimitExceededException",
        "Number of resources of this type is limited for the account",
        400,
    ),
    "athena": QUERIES_AT_ONCE,
    "logs": ("LimitExceededException", "Resource limit exceeded.", 400),
    "iam": ("LimitExceeded", "Cannot exceed quota", 409),
    "sts": ("Throttling", "Rate exceeded", 400),
}
USAGE = {
    "CreateTrainingJob": "training job",
    "CreateProcessingJob": "processing job",
    "CreateTransformJob": "transform job",
    "CreateHyperParameterTuningJob": "training job",
    "CreateEndpoint": "endpoint",
}


def refusal(rule: Rule, call: Call) -> AwsError:
    """The error that a rule's effect is, for a call it strikes."""
    match rule.effect:
        case "throttle":
            found = THROTTLES.get(call.service, ("ThrottlingException", "Rate exceeded", 400))
            if call.operation == "StartQueryExecution":
                found = QUERIES_AT_ONCE
        case "internal_failure":
            found = FAILURES.get(call.service, ("InternalFailure", "Internal failure", 500))
        case "unavailable":
            found = OUTAGES.get(
                call.service, ("ServiceUnavailable", "Service is temporarily unavailable.", 503)
            )
        case "expired_token":
            text = "The security token included in the request is expired"
            found = EXPIRED.get(call.service, ("ExpiredTokenException", text, 400))
        case "limit":
            found = _limit(call)
        case _:
            found = (rule.code or "", f"{rule.code} asked for by fault rule {rule.id}", rule.status)
    code, message, status = found
    return AwsError(code, rule.message or message, status)


def _limit(call: Call) -> tuple[str, str, int]:
    if call.service != "sagemaker":
        if call.operation == "StartJobRun":
            job = call.members.get("JobName", "")
            return "ConcurrentRunsExceededException", f"Concurrent runs exceeded for {job}", 400
        return LIMITS.get(call.service, ("LimitExceededException", "Limit exceeded.", 400))
    kind, count = _hosts(call.members) or ("ml.m5.xlarge", 1)
    usage = USAGE.get(call.operation, call.operation)
    return (
        "ResourceLimitExceeded",
        f"The account-level service limit '{kind} for {usage} usage' is 0 Instances, with current "
        f"utilization of 0 Instances and a request delta of {count} Instances. Please use AWS Service Quotas "
        "to request an increase for this quota. If AWS Service Quotas is not available, contact AWS support "
        "to request an increase for this quota.",
        400,
    )


def _hosts(members: Any) -> tuple[str, int] | None:
    """The first instance type in a request, and how many it asks for."""
    if isinstance(members, list):
        return next((found for item in members if (found := _hosts(item))), None)
    if not isinstance(members, Mapping):
        return None
    if isinstance(kind := members.get("InstanceType"), str):
        return kind, int(members.get("InstanceCount", 1))
    return _hosts(list(members.values()))
