"""What a job definition must be, and what Glue fills in where a request says nothing.

Accepted and without effect here: Role, LogUri, Connections, SecurityConfiguration, NotificationProperty,
MaintenanceWindow, SourceControlDetails, ExecutionClass; capacity has rules and no effect.
"""

from __future__ import annotations

from typing import Any

from localaws.errors import AwsError
from localaws.s3.blobs import split_uri

Document = dict[str, Any]

INVALID = "InvalidInputException"
SHELL, SPARK = "pythonshell", "glueetl"
LATEST = "6.0"  # the GlueVersion of a Spark job that names none
MAX_TIMEOUT = 7 * 24 * 60  # minutes
SETTINGS = (
    "JobMode",
    "JobRunQueuingEnabled",
    "Description",
    "LogUri",
    "Role",
    "ExecutionProperty",
    "Command",
    "DefaultArguments",
    "NonOverridableArguments",
    "Connections",
    "MaxRetries",
    "AllocatedCapacity",
    "Timeout",
    "MaxCapacity",
    "SecurityConfiguration",
    "NotificationProperty",
    "GlueVersion",
    "NumberOfWorkers",
    "WorkerType",
    "ExecutionClass",
    "SourceControlDetails",
    "MaintenanceWindow",
)
CAPACITY = ("AllocatedCapacity", "MaxCapacity", "WorkerType", "NumberOfWorkers")
DPUS = {  # data processing units of one worker
    "Standard": 1.0,
    "G.025X": 0.25,
    "G.1X": 1.0,
    "G.2X": 2.0,
    "G.4X": 4.0,
    "G.8X": 8.0,
    "G.12X": 12.0,
    "G.16X": 16.0,
    "R.1X": 1.0,
    "R.2X": 2.0,
    "R.4X": 4.0,
    "R.8X": 8.0,
}


def definition(request: Document) -> Document:
    """A job's definition as Glue keeps it: what was asked for, checked, with Glue's defaults.

    Raises:
        AwsError: InvalidInputException for what Glue refuses, NotImplemented for what is not there.
    """
    if request.get("CodeGenConfigurationNodes"):
        raise _missing("CodeGenConfigurationNodes (visual jobs)")
    for member in ("Role", "Command"):
        if not request.get(member):
            raise invalid(f"{member} should not be null or empty.")
    command = request["Command"]
    kind = command.get("Name")
    if kind in ("gluestreaming", "glueray"):
        raise _missing(f"jobs of Command.Name {kind}")
    if kind not in (SHELL, SPARK):
        raise invalid(
            f"Command name should be one of [glueetl, pythonshell, gluestreaming, glueray], is {kind!r}"
        )
    if command.get("ScriptLocation"):
        _check_script(command["ScriptLocation"])
    body: Document = {
        "JobMode": "SCRIPT",
        "JobRunQueuingEnabled": False,
        "MaxRetries": 0,
        "ExecutionProperty": {"MaxConcurrentRuns": 1},
        **({"GlueVersion": LATEST} if kind == SPARK else {}),
        **{key: request[key] for key in SETTINGS if key in request},
    }
    body.setdefault("Timeout", default_timeout(body))
    check_timeout(body["Timeout"])
    if not 0 <= body["MaxRetries"] <= 10:
        raise invalid("Max Retries should be between 0 and 10.")
    if body["ExecutionProperty"].setdefault("MaxConcurrentRuns", 1) < 1:
        raise invalid("Max concurrent runs should be at least 1.")
    _check_execution_class(body, kind)
    return body | capacity(body, kind)


def capacity(body: Document, kind: str) -> Document:
    """The members of a job or a run that say its size, completed as Glue completes them.

    Raises:
        AwsError: InvalidInputException.
    """
    worker, count = body.get("WorkerType"), body.get("NumberOfWorkers")
    asked = body.get("MaxCapacity", body.get("AllocatedCapacity"))
    if kind == SHELL:
        if worker or count:
            raise invalid("Worker Type and Number of Workers are not supported for Python shell jobs.")
        dpus = 0.0625 if asked is None else float(asked)
        if dpus not in (0.0625, 1.0):
            raise invalid("Max Capacity of a Python shell job should be 0.0625 or 1.")
        return {"MaxCapacity": dpus, "AllocatedCapacity": int(dpus)}
    if asked is not None and (worker or count):
        raise invalid("Please do not set Max Capacity if using Worker Type and Number of Workers.")
    if asked is not None:
        dpus = float(asked)
        if not 2 <= dpus <= 100 or not dpus.is_integer():
            raise invalid("Max Capacity of a Spark job should be a whole number from 2 to 100.")
        return {"MaxCapacity": dpus, "AllocatedCapacity": int(dpus)}
    if (worker is None) != (count is None):
        raise invalid("Please set both Worker Type and Number of Workers.")
    worker, count = worker or "G.1X", 10 if count is None else count
    if worker not in DPUS:
        raise invalid(f"Worker Type {worker} is not supported for Spark jobs.")
    if count < 2:
        raise invalid("Number of Workers should be at least 2.")
    dpus = DPUS[worker] * count
    return {
        "WorkerType": worker,
        "NumberOfWorkers": count,
        "MaxCapacity": dpus,
        "AllocatedCapacity": int(dpus),
    }


def default_timeout(body: Document) -> int:
    """Minutes a run may take when nobody says: fewer from Glue 5.0 on."""
    version = body.get("GlueVersion", "0")
    return 480 if version == "auto" or int(version.partition(".")[0] or 0) >= 5 else 2880


def check_timeout(minutes: int) -> None:
    """Refuse a timeout of over seven days, as Glue does."""
    if minutes > MAX_TIMEOUT:
        raise invalid(f"Timeout should be at most {MAX_TIMEOUT} minutes.")


def invalid(message: str) -> AwsError:
    """Glue's refusal of a request that makes no sense."""
    return AwsError(INVALID, message)


def _check_script(location: str) -> None:
    try:
        split_uri(location)
    except AwsError as error:
        raise invalid(f"Script location {location} is not s3://bucket/key.") from error


def _check_execution_class(body: Document, kind: str) -> None:
    version = body.get("GlueVersion", "0")
    if body.get("ExecutionClass") == "FLEX" and (kind != SPARK or version in ("0.9", "1.0", "2.0")):
        raise invalid(
            "Execution class FLEX is supported for glueetl jobs of Glue version 3.0 and above only."
        )


def _missing(what: str) -> AwsError:
    return AwsError("NotImplemented", f"localaws does not implement {what} in Glue", 501)
