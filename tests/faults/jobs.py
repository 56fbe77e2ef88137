"""What AWS knows of a run's jobs: read from the endpoint, by their tags."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

UNDER_WAY = ("InProgress", "Stopping")


@dataclass(frozen=True)
class Job:
    """One training job and who asked for it."""

    name: str
    status: str
    tags: dict[str, str]

    @property
    def task(self) -> tuple[str, int]:
        """Task id and map index."""
        return self.tags["foldline:task"], int(self.tags["foldline:map"])

    @property
    def epoch(self) -> int:
        """Tries before the last clear."""
        return int(self.tags["foldline:epoch"])

    @property
    def work(self) -> tuple[str, ...]:
        """What may exist once only: identity without its digests, and generation."""
        parts = ("dag", "run", "task", "map", "epoch", "generation")
        return tuple(self.tags[f"foldline:{part}"] for part in parts)


def jobs_of(sagemaker: Any, run: str | None = None) -> list[Job]:
    """All training jobs of a run, or of all runs, oldest first."""
    pages = sagemaker.get_paginator("list_training_jobs").paginate(
        SortBy="CreationTime", SortOrder="Ascending"
    )
    found = []
    for page in pages:
        for item in page["TrainingJobSummaries"]:
            tags = sagemaker.list_tags(ResourceArn=item["TrainingJobArn"])["Tags"]
            named = {tag["Key"]: tag["Value"] for tag in tags}
            if run is None or named.get("foldline:run") == run:
                found.append(Job(item["TrainingJobName"], item["TrainingJobStatus"], named))
    return found


def doubles(jobs: list[Job]) -> list[tuple[str, ...]]:
    """Pieces of work for which more than one job was accepted."""
    return [work for work, count in Counter(job.work for job in jobs).items() if count > 1]
