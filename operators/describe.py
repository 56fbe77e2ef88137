"""AWS's description of a finished job → the line it gets in the run record."""

from __future__ import annotations

from typing import Any

from foldline.outcomes import Kind, Outcome
from foldline.runs import JobRecord

END_MEMBERS = ("TrainingEndTime", "ProcessingEndTime", "TransformEndTime", "LastModifiedTime")


def job_record(
    kind: Kind, outcome: Outcome, *, fold: int | None = None, trial: int | None = None
) -> JobRecord:
    """The record of a SageMaker job.

    Args:
        kind: Its kind.
        outcome: How it ended.
        fold: Fold it validated on.
        trial: Trial it scored.
    """
    description = outcome.description
    created = description.get("CreationTime")
    ended = next((description[member] for member in END_MEMBERS if description.get(member)), None)
    machine = instance_of(description)
    return JobRecord(
        name=outcome.name,
        kind=kind.name,
        status=description[kind.status_member],
        arn=description.get(kind.arn_member, ""),
        seconds=(ended - created).total_seconds() if created and ended else 0.0,
        billable_seconds=description.get("BillableTimeInSeconds"),
        instance=machine.get("InstanceType", ""),
        instances=machine.get("InstanceCount", 1),
        fold=fold,
        trial=trial,
        generation=outcome.generation,
        started=created.isoformat() if created else "",
    )


def instance_of(description: dict[str, Any]) -> dict[str, Any]:
    """The part of a description that names the machine."""
    processing = description.get("ProcessingResources", {}).get("ClusterConfig")
    machine: dict[str, Any] = (
        description.get("ResourceConfig") or processing or description.get("TransformResources") or {}
    )
    return machine
