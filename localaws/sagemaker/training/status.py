"""Training jobs' statuses as data: what each secondary one says and stands for; the accounts at the end."""

from __future__ import annotations

from typing import Any

MESSAGES = {
    "Starting": "Starting the training job",
    "Pending": "Training job waiting for capacity",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Uploading": "Uploading generated training model",
    "Interrupted": "Training job interrupted: the spot instances were reclaimed",
    "Restarting": "Restarting the training job",
    "Stopping": "Stopping the training job",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
    "MaxWaitTimeExceeded": "Training job exceeded MaxWaitTimeInSeconds provided",
}
STATUS_OF = {
    "Stopping": "Stopping",
    "Completed": "Completed",
    "Failed": "Failed",
    "Stopped": "Stopped",
    "MaxRuntimeExceeded": "Stopped",
    "MaxWaitTimeExceeded": "Stopped",
}  # of a secondary status; all others are InProgress
SPOT_SHARE = 0.3  # of the time of a managed spot job that is billed: spot costs about 30 % of on-demand


def accounts(job: dict[str, Any], ended: float) -> dict[str, Any]:
    """The times of a job whose programs ended; one that never got a host is not billed.

    Args:
        job: Its description.
        ended: When it let go of its hosts, in epoch seconds.
    """
    if "TrainingStartTime" not in job:
        return {"TrainingEndTime": ended}
    seconds = max(1, round(ended - job["TrainingStartTime"]))
    billed = max(1, round(seconds * SPOT_SHARE)) if job.get("EnableManagedSpotTraining") else seconds
    return {"TrainingEndTime": ended, "TrainingTimeInSeconds": seconds, "BillableTimeInSeconds": billed}
