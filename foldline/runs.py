"""The run record: what one run did, as `run.json`; every picture and number of the report comes from here.

A task leaves a :class:`TaskRecord` when it ends; the report step joins them into a :class:`RunRecord`.
A run that a gate stopped has fewer tasks, and is a record all the same. Standard library only.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from statistics import fmean, stdev
from typing import Any

FORMAT = 1
"""Version of both documents; a reader refuses one it does not know."""


@dataclass(frozen=True)
class JobRecord:
    """One remote job, as the service described it when it had ended.

    Attributes:
        name: The job's name at the service.
        kind: ``processing``, ``training``, ``transform``, ``crawler``, ``query``, ``endpoint``.
        status: The service's last word, such as ``Completed``.
        arn: Its ARN, when it has one.
        seconds: Wall-clock seconds from creation to the last word.
        billable_seconds: What the service bills, when it says so.
        instance: Instance type, when it ran on one.
        instances: Number of instances.
        fold: Fold it validated on, or None.
        trial: Trial it belongs to, or None.
        generation: How many earlier jobs of this identity were given up.
        started: Creation time, ISO 8601 in UTC; empty when the service did not say.
    """

    name: str
    kind: str
    status: str
    arn: str = ""
    seconds: float = 0.0
    billable_seconds: int | None = None
    instance: str = ""
    instances: int = 1
    fold: int | None = None
    trial: int | None = None
    generation: int = 0
    started: str = ""


@dataclass(frozen=True)
class TaskRecord:
    """What one task did: its jobs, its short result and the evidence the report shows.

    Attributes:
        task_id: Airflow's task id.
        step: The step it ran.
        map_index: Index of a mapped task, else -1.
        started: ISO 8601 in UTC.
        seconds: Wall-clock seconds.
        jobs: Jobs it started or adopted.
        result: What it returned to Airflow.
        evidence: Figures by the kind of the step; parts may be missing.
        state: ``success``, ``failed`` or ``skipped``.
        error: The rendered error of a failed task.
    """

    task_id: str
    step: str
    map_index: int = -1
    started: str = ""
    seconds: float = 0.0
    jobs: list[JobRecord] = field(default_factory=list)
    result: dict[str, Any] = field(default_factory=dict)
    evidence: dict[str, Any] = field(default_factory=dict)
    state: str = "success"
    error: str = ""

    def to_json(self) -> str:
        """The task's document; NaN and infinities, which JSON lacks, become null."""
        return _dumps({"format": FORMAT, **asdict(self)})

    @classmethod
    def from_json(cls, text: str) -> TaskRecord:
        """The task record in ``text``.

        Raises:
            ValueError: The document has a format this version does not know.
        """
        return cls.from_dict(_loads(text, "task record"))

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> TaskRecord:
        """The task record in a decoded document."""
        jobs = [JobRecord(**job) for job in document.get("jobs", ())]
        return cls(**{**document, "jobs": jobs})


@dataclass(frozen=True)
class Scores:
    """One model's scores, fold by fold.

    Attributes:
        metric: Name as scikit-learn spells it.
        direction: ``maximize`` or ``minimize``.
        by_fold: Score of each fold, by its number.
        mean: Mean over the folds.
        sd: Sample standard deviation over the folds; 0 for one fold.
    """

    metric: str
    direction: str
    by_fold: tuple[float, ...]
    mean: float
    sd: float

    @classmethod
    def of(cls, by_fold: list[float], metric: str, direction: str = "maximize") -> Scores:
        """The scores with their mean and sample standard deviation."""
        sd = stdev(by_fold) if len(by_fold) > 1 else 0.0
        return cls(metric, direction, tuple(by_fold), fmean(by_fold), sd)


@dataclass(frozen=True)
class RunRecord:
    """One run of one pipeline, whole or stopped half-way.

    Attributes:
        pipeline: The pipeline's name.
        run_id: Airflow's run id.
        environment: Name of the environment file.
        started: ISO 8601 in UTC.
        seconds: Wall-clock seconds of the whole run.
        versions: Version of Python, Foldline and the libraries, by name.
        params: What the trigger set.
        config: The resolved settings of every step, by step.
        digests: SHA-256 of what went in: ``code``, ``table``, ``folds``.
        tasks: One record per task that ended, in the order they started.
    """

    pipeline: str
    run_id: str
    environment: str
    started: str
    seconds: float
    versions: dict[str, str] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    tasks: list[TaskRecord] = field(default_factory=list)

    def to_json(self) -> str:
        """``run.json``; NaN and infinities, which JSON lacks, become null."""
        return _dumps({"format": FORMAT, **asdict(self)})

    @classmethod
    def from_json(cls, text: str) -> RunRecord:
        """The run record in ``text``.

        Raises:
            ValueError: The document has a format this version does not know.
        """
        document = _loads(text, "run record")
        tasks = [TaskRecord.from_dict(task) for task in document.get("tasks", ())]
        return cls(**{**document, "tasks": tasks})

    def kind(self, step: str) -> str:
        """The kind of ``step``: its setting ``kind``, else its own name."""
        settings = self.config.get(step)
        named = settings.get("kind") if isinstance(settings, dict) else None
        return str(named or step)

    def of_kind(self, kind: str) -> list[TaskRecord]:
        """The tasks whose step is of this kind, by map index."""
        return sorted((t for t in self.tasks if self.kind(t.step) == kind), key=lambda task: task.map_index)

    def evidence(self, kind: str) -> dict[str, Any]:
        """The evidence of the last task of this kind that left any; empty when there is none."""
        return next((task.evidence for task in reversed(self.of_kind(kind)) if task.evidence), {})

    @property
    def jobs(self) -> list[JobRecord]:
        """All jobs of all tasks, in the order of the tasks."""
        return [job for task in self.tasks for job in task.jobs]

    @property
    def failure(self) -> TaskRecord | None:
        """The first task that failed, or None."""
        return next((task for task in self.tasks if task.state == "failed"), None)

    def best_trial(self) -> dict[str, Any] | None:
        """The tuning step's winner, or None when no trial was finished."""
        tuning = self.evidence("tuning")
        trials = tuning.get("trials") or []
        return next((trial for trial in trials if trial.get("number") == tuning.get("best")), None)

    def candidate(self) -> Scores | None:
        """The candidate's scores by fold: the gate's, else the best trial's, else cross-validation's."""
        gate, tuning, best = self.evidence("gate"), self.evidence("tuning"), self.best_trial()
        if gate.get("candidate"):
            return _scores(gate["candidate"], gate)
        if best:
            return _scores(best, tuning)
        return None if tuning else self.cross_validation()

    def baseline(self) -> Scores | None:
        """The baseline's scores by fold: the gate's, else cross-validation's beside a tuned candidate."""
        gate = self.evidence("gate")
        if gate.get("baseline"):
            return _scores(gate["baseline"], gate)
        return self.cross_validation() if self.evidence("tuning") else None

    def cross_validation(self) -> Scores | None:
        """The scores of the mapped cross-validation tasks, by fold."""
        found = [task.evidence for task in self.of_kind("cross_validation")]
        found = [evidence for evidence in found if evidence.get("score") is not None]
        if not found:
            return None
        found.sort(key=lambda evidence: evidence.get("fold", 0))
        metric = str(found[0].get("metric", "score"))
        return Scores.of([float(e["score"]) for e in found], metric, found[0].get("direction", "maximize"))


def _scores(side: dict[str, Any], context: dict[str, Any]) -> Scores | None:
    """The scores in ``side``, computing the mean and spread that it does not hold."""
    by_fold = [float(score) for score in side.get("scores") or () if score is not None]
    if not by_fold:
        return None
    computed = Scores.of(
        by_fold, str(context.get("metric", "score")), str(context.get("direction", "maximize"))
    )
    mean, sd = side.get("mean"), side.get("sd")
    return Scores(
        computed.metric,
        computed.direction,
        computed.by_fold,
        computed.mean if mean is None else float(mean),
        computed.sd if sd is None else float(sd),
    )


def _dumps(document: dict[str, Any]) -> str:
    return json.dumps(_finite(document), indent=1, ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    """``value`` with NaN and infinities as None."""
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _loads(text: str, what: str) -> dict[str, Any]:
    """The document in ``text`` without its format number, which was checked."""
    document = json.loads(text)
    found = document.pop("format", None) if isinstance(document, dict) else None
    if found != FORMAT:
        raise ValueError(f"{what} has format {found!r}, this version reads {FORMAT}")
    return dict(document)
