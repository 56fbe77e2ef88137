"""Every kind of remote work that is waited for: how it is read, when it is over, how it is stopped.

One table for all who look from outside the loop that started the work: triggers, the reaper, `foldline stop`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from foldline.remote.calls import Clock, call, error_code, error_message, find, is_absent


@dataclass(frozen=True)
class Watched:
    """One kind of remote work.

    Attributes:
        service: boto3's name of the service.
        describe: boto3 method that reads one.
        member: Request member that names it.
        path: Where the status stands in the answer.
        over: Words after which nothing changes any more; any other word, known or not, is under way.
        stop: boto3 method that ends it, or empty.
        stop_member: Request member of ``stop`` that names it, where it differs.
        log_groups: CloudWatch groups in which its log streams may be; see :meth:`log_streams`.
        began: Where the moment of its creation stands in the answer.
        ended: Where the moment of its end does.
        reason: Where the reason of a failure does.
    """

    service: str
    describe: str
    member: str
    path: tuple[str, ...]
    over: frozenset[str]
    stop: str = ""
    stop_member: str = ""
    log_groups: tuple[str, ...] = ()
    began: tuple[str, ...] = ("CreationTime",)
    ended: tuple[str, ...] = ()
    reason: tuple[str, ...] = ("FailureReason",)

    def status(self, client: Any, clock: Clock, name: str) -> str | None:
        """The status word of ``name``; None when there is no such thing."""
        answer = find(getattr(client, self.describe), clock, **self.request(self.member, name))
        return None if answer is None else str(told(answer, self.path))

    def is_over(self, status: str | None) -> bool:
        """Whether nothing changes any more; what does not exist is not over: it may be about to."""
        return status in self.over

    def end(self, client: Any, clock: Clock, name: str) -> None:
        """Ask AWS to stop ``name``; what is over or gone is left alone."""
        if not self.stop:
            return
        try:
            call(getattr(client, self.stop), clock, **self.request(self.stop_member or self.member, name))
        except Exception as error:
            if error_code(error) not in HARMLESS and not is_absent(error) and not is_past(error):
                raise

    def log_streams(self, name: str) -> str:
        """How the names of its log streams begin: SageMaker's with a folder, Glue's with the run's id."""
        return name.rpartition("/")[2] if self.log_groups == GLUE_LOGS else f"{name}/"

    def request(self, member: str, name: str) -> dict[str, Any]:
        """The request that names ``name``; a Glue job run is named ``job/run``."""
        if member == "JobName+RunId":
            job, _, run = name.rpartition("/")
            return {"JobName": job, "RunId": run}
        if member == "JobName+JobRunIds":
            job, _, run = name.rpartition("/")
            return {"JobName": job, "JobRunIds": [run]}
        return {member: name}


def told(answer: dict[str, Any], path: tuple[str, ...]) -> Any:
    """What stands at ``path`` in an answer; None when nothing does."""
    found: Any = answer if path else None
    for part in path:
        found = (found or {}).get(part)
    return found


HARMLESS = frozenset({"CrawlerNotRunningException", "CrawlerStoppingException"})
"""Codes with which a stop says that there is nothing left to stop."""
PAST = ("is not in", "status", "cannot be stopped", "could not abort", "has ended")
"""Words with which a stop is refused because the work had already ended."""


def is_past(error: Exception) -> bool:
    """Whether a stop was refused because the work had already ended."""
    codes = ("ValidationException", "InvalidRequestException", "InvalidInputException")
    refused = error_code(error) in codes
    return refused and any(word in error_message(error).lower() for word in PAST)


def _sagemaker(title: str, method: str = "", *, logs: bool = True) -> Watched:
    method = method or title.lower()
    return Watched(
        "sagemaker",
        f"describe_{method}_job",
        f"{title}JobName",
        (f"{title}JobStatus",),
        frozenset({"Completed", "Failed", "Stopped"}),
        f"stop_{method}_job",
        log_groups=(f"/aws/sagemaker/{title}Jobs",) if logs else (),
        ended=(f"{title}EndTime",),
    )


GLUE_LOGS = tuple(
    f"/aws-glue/{runtime}/{stream}" for runtime in ("jobs", "python-jobs") for stream in ("output", "error")
)
"""Spark and Python shell log apart, standard output and standard error too; a run's name tells neither."""
WATCHED: dict[str, Watched] = {
    "training": _sagemaker("Training"),
    "processing": _sagemaker("Processing"),
    "transform": _sagemaker("Transform"),
    "tuning": _sagemaker("HyperParameterTuning", "hyper_parameter_tuning", logs=False),
    "endpoint": Watched(
        "sagemaker",
        "describe_endpoint",
        "EndpointName",
        ("EndpointStatus",),
        frozenset({"InService", "Failed", "OutOfService", "UpdateRollbackFailed"}),
    ),
    "query": Watched(
        "athena",
        "get_query_execution",
        "QueryExecutionId",
        ("QueryExecution", "Status", "State"),
        frozenset({"SUCCEEDED", "FAILED", "CANCELLED"}),
        "stop_query_execution",
        began=("QueryExecution", "Status", "SubmissionDateTime"),
        ended=("QueryExecution", "Status", "CompletionDateTime"),
        reason=("QueryExecution", "Status", "StateChangeReason"),
    ),
    "crawler": Watched(
        "glue", "get_crawler", "Name", ("Crawler", "State"), frozenset({"READY"}), "stop_crawler"
    ),
    "glue-job": Watched(
        "glue",
        "get_job_run",
        "JobName+RunId",
        ("JobRun", "JobRunState"),
        frozenset({"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"}),
        "batch_stop_job_run",
        stop_member="JobName+JobRunIds",
        log_groups=GLUE_LOGS,
        began=("JobRun", "StartedOn"),
        ended=("JobRun", "CompletedOn"),
        reason=("JobRun", "ErrorMessage"),
    ),
    "quality-run": Watched(
        "glue",
        "get_data_quality_ruleset_evaluation_run",
        "RunId",
        ("Status",),
        frozenset({"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT"}),
        "cancel_data_quality_ruleset_evaluation_run",
        began=("StartedOn",),
        ended=("CompletedOn",),
        reason=("ErrorString",),
    ),
    "statement": Watched(
        "redshift-data",
        "describe_statement",
        "Id",
        ("Status",),
        frozenset({"FINISHED", "FAILED", "ABORTED"}),
        "cancel_statement",
        began=("CreatedAt",),
        ended=("UpdatedAt",),
        reason=("Error",),
    ),
}
"""By the word that `foldline.waiting.Watch.kind` uses."""
