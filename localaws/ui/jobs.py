"""Jobs of every kind: lists, and one job with its life, metrics and log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localaws.errors import AwsError
from localaws.ui.logs import last_lines
from localaws.ui.view import PAGE, Asker, NotThere, View

UNDER_WAY = ("InProgress", "Stopping", "STARTING", "RUNNING", "STOPPING", "WAITING")
LINES = 200


@dataclass(frozen=True)
class Kind:
    """One kind of SageMaker job: how it is listed and described."""

    name: str
    title: str

    @property
    def list_operation(self) -> str:
        """Operation that lists."""
        return f"List{self.title}Jobs"

    @property
    def list_member(self) -> str:
        """Member of the list's answer."""
        return f"{self.title}JobSummaries"


KINDS = {
    kind.name: kind
    for kind in (
        Kind("training", "Training"),
        Kind("processing", "Processing"),
        Kind("transform", "Transform"),
        Kind("tuning", "HyperParameterTuning"),
    )
}


def jobs(asker: Asker, path: tuple[str, ...], query: Mapping[str, str]) -> View:
    """The jobs of one kind, newest first; or one job."""
    kind = path[0] if path else "training"
    if kind == "glue":
        return _glue_run(asker, path) if len(path) == 3 else _glue_runs(asker, query)
    if kind not in KINDS or len(path) > 2:
        raise NotThere(f"no kind of job is called {kind}")
    if len(path) == 2:
        return _job(asker, KINDS[kind], path[1])
    rows, token = listed(asker, KINDS[kind], query)
    return View(
        f"{kind.capitalize()} jobs",
        "jobs.html",
        {"kind": kind, "jobs": rows, "next": token, "query": dict(query)},
        live=any(row["status"] in UNDER_WAY for row in rows),
    )


def listed(
    asker: Asker, kind: Kind, query: Mapping[str, str], size: int = PAGE
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of jobs as rows, and the next page's token."""
    request: dict[str, Any] = {"MaxResults": size}
    for name, member in (("status", "StatusEquals"), ("name", "NameContains"), ("next", "NextToken")):
        if query.get(name):
            request[member] = query[name]
    try:
        found, token = asker.listed("sagemaker", kind.list_operation, kind.list_member, **request)
    except AwsError as error:
        raise NotThere(error.message) from error
    return [_row(kind, job) for job in found], token


def _row(kind: Kind, job: dict[str, Any]) -> dict[str, Any]:
    began = job.get(f"{kind.title}StartTime") or job.get("CreationTime")
    ended = job.get(f"{kind.title}EndTime")
    return {
        "kind": kind.name,
        "name": job[f"{kind.title}JobName"],
        "status": job[f"{kind.title}JobStatus"],
        "secondary": job.get("SecondaryStatus", ""),
        "created": job.get("CreationTime"),
        "began": began,
        "ended": ended,
        "seconds": ended - began if began and ended else None,
    }


def _job(asker: Asker, kind: Kind, name: str) -> View:
    request = {f"{kind.title}JobName": name}
    job = asker.named(f"{kind.name} job", "sagemaker", f"Describe{kind.title}Job", **request)
    data: dict[str, Any] = {
        "row": _row(kind, job),
        "job": job,
        "reason": job.get("FailureReason") or job.get("ExitMessage"),
        "transitions": job.get("SecondaryStatusTransitions", []),
        "metrics": job.get("FinalMetricDataList", []),
        "links": sorted(set(_uris(job))),
    }
    if kind.name == "tuning":
        data["children"], _ = asker.listed(
            "sagemaker",
            "ListTrainingJobsForHyperParameterTuningJob",
            "TrainingJobSummaries",
            HyperParameterTuningJobName=name,
            MaxResults=100,
        )
        data["points"] = _objectives(data["children"])
    else:
        data["log"] = last_lines(asker, f"/aws/sagemaker/{kind.title}Jobs", f"{name}/", LINES)
    return View(name, "job.html", data, live=data["row"]["status"] in UNDER_WAY)


def _objectives(children: list[dict[str, Any]]) -> list[float]:
    """The children's objective values, in the order in which they were created."""
    found = [
        (child.get("CreationTime", 0), child["FinalHyperParameterTuningJobObjectiveMetric"]["Value"])
        for child in children
        if child.get("FinalHyperParameterTuningJobObjectiveMetric")
    ]
    return [value for _, value in sorted(found)]


def _uris(value: Any) -> list[str]:
    """Every S3 address in a document."""
    if isinstance(value, str):
        return [value] if value.startswith("s3://") else []
    if isinstance(value, dict):
        return [uri for part in value.values() for uri in _uris(part)]
    return [uri for part in value for uri in _uris(part)] if isinstance(value, list) else []


def _glue_runs(asker: Asker, query: Mapping[str, str]) -> View:
    """The runs of Glue jobs, newest first."""
    rows: list[dict[str, Any]] = []
    definitions, _ = asker.listed("glue", "GetJobs", "Jobs", MaxResults=100)
    for job in definitions:
        runs, _ = asker.listed("glue", "GetJobRuns", "JobRuns", JobName=job["Name"], MaxResults=PAGE)
        rows += [_glue_row(run) for run in runs]
    rows.sort(key=lambda row: row["created"] or 0, reverse=True)
    data = {"kind": "glue", "jobs": rows[:PAGE], "next": None, "query": dict(query)}
    return View("Glue job runs", "jobs.html", data, live=any(row["status"] in UNDER_WAY for row in rows))


def _glue_row(run: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": "glue",
        "name": f"{run['JobName']}/{run['Id']}",
        "status": run["JobRunState"],
        "secondary": "",
        "created": run.get("StartedOn"),
        "began": run.get("StartedOn"),
        "ended": run.get("CompletedOn"),
        "seconds": run.get("ExecutionTime"),
    }


def _glue_run(asker: Asker, path: tuple[str, ...]) -> View:
    answer = asker.named("Glue job run", "glue", "GetJobRun", JobName=path[1], RunId=path[2])
    run = answer["JobRun"]
    groups = [f"{run['LogGroupName']}/{stream}" for stream in ("output", "error")]
    log = [line for group in groups for line in last_lines(asker, group, path[2], LINES)]
    data = {
        "row": _glue_row(run),
        "job": run,
        "reason": run.get("ErrorMessage"),
        "transitions": [],
        "metrics": [],
        "links": sorted(set(_uris(run))),
        "log": sorted(log, key=lambda line: line["time"]),
    }
    return View(f"{path[1]} run {path[2][:11]}", "job.html", data, live=data["row"]["status"] in UNDER_WAY)
