"""One task's run of one step: settings, place in S3, clients, and the record it leaves. Knows no Airflow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from foldline import progress
from foldline.aws import Clients
from foldline.config import Pipeline
from foldline.contracts import check
from foldline.errors import ConfigError
from foldline.jobs import Runner
from foldline.layout import PipelineLayout, RunLayout, S3Uri, of_generation
from foldline.names import Identity, digest, spec_hash
from foldline.outcomes import Kind, Outcome
from foldline.remote.calls import STAYING_GROWTH, Backoff, Clock, SystemClock
from foldline.remote.glue.crawlers import Crawlers
from foldline.remote.hosting.endpoints import Endpoints
from foldline.remote.logs.jobs import last_lines
from foldline.remote.memory import Memory
from foldline.remote.storage.artifacts import artifact_problem, artifact_uri
from foldline.remote.storage.objects import Objects
from foldline.remote.storage.sourcetree import ensure_uploaded
from foldline.remote.warehouse.queries import Queries
from foldline.requests import Request, with_checkpoints
from foldline.runs import JobRecord
from foldline.secretguard import refuse_secrets
from foldline.steps.settings import StepSettings, TrainingMachine
from foldline.waiting import Staying, Waits
from foldline.work import Work
from operators.describe import job_record
from operators.parts import Machine, Part
from training.request import metric_values

Verify = Callable[[dict[str, Any]], str]


Settings = TypeVar("Settings", bound=StepSettings)
QUEUE_SECONDS = 3600.0
"""How long a job may wait for its instance, on top of its own time limit."""
PROGRESS = "progress"
"""Name of the document with what the runner knew when the task was handed over."""


@dataclass(frozen=True)
class Place:
    """Where in Airflow this task runs: everything of it that names depend on."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1
    epoch: int = 0


@dataclass
class StepRun:
    """What a step works with.

    Attributes:
        pipeline: Settings of all steps, with the run's params applied.
        step: Name of this step.
        place: Where in Airflow the task runs.
        clients: boto3 clients.
        clock: Time.
        waits: How time passes between looks: in this worker, or in the triggerer.
        waited: Seconds this task waited before it was handed over and came back.
        jobs: What was started or adopted so far.
        requests: What SageMaker jobs were asked for, without names; for lineage.
        evidence: Figures for the run record.
        detail: One line for people who watch.
    """

    pipeline: Pipeline
    step: str
    place: Place
    clients: Clients
    clock: Clock = field(default_factory=SystemClock)
    waits: Waits = field(default_factory=lambda: Staying(SystemClock()))
    waited: float = 0.0
    jobs: list[JobRecord] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    evidence: dict[str, Any] = field(default_factory=dict)
    detail: str = ""

    def settings(self, kind: type[Settings]) -> Settings:
        """The settings of this step.

        Raises:
            ConfigError: The step is of another kind than the operator runs.
        """
        return self.pipeline.step(self.step, kind)

    def only(self, kind: type[Settings]) -> Settings:
        """The settings of the pipeline's one step of this kind.

        Raises:
            ConfigError: There is none, or more than one.
        """
        found = [settings for settings in self.pipeline.steps.values() if isinstance(settings, kind)]
        if len(found) != 1:
            raise ConfigError(
                f"pipeline {self.pipeline.name!r} needs one {kind.__name__} step, has {len(found)}",
                where=f"infra/{self.pipeline.name}/",
            )
        return found[0]

    @property
    def common(self) -> PipelineLayout:
        """What all runs of the pipeline share in S3."""
        return PipelineLayout(self.pipeline.environment.bucket, self.pipeline.name)

    @property
    def layout(self) -> RunLayout:
        """This run's place in S3."""
        return self.common.run(self.place.run_id)

    @property
    def backoff(self) -> Backoff:
        """Waits of this environment, for a worker that stays."""
        polling = self.pipeline.environment.polling
        return Backoff(polling.first, polling.longest, STAYING_GROWTH)

    def identity(self, kind: str, request: Request, label: str = "") -> Identity:
        """Who asks for ``request``: this task's place and the request itself."""
        task = f"{self.place.task_id}/{label}" if label else self.place.task_id
        return Identity(
            env=self.pipeline.environment.name,
            dag=self.place.dag_id,
            run=self.place.run_id,
            task=task,
            map_index=self.place.map_index,
            kind=kind,
            spec_hash=spec_hash(request),
            epoch=self.place.epoch,
        )

    @cached_property
    def objects(self) -> Objects:
        """Objects in the environment's buckets."""
        return Objects(self.clients.client("s3"), self.pipeline.environment.account)

    @cached_property
    def memory(self) -> Memory:
        """What this task must remember between its attempts; a clear starts with nothing."""
        place = self.place
        return self._memory(self.layout.memory(place.task_id, place.map_index, place.epoch))

    @cached_property
    def run_memory(self) -> Memory:
        """What all tasks of the run must agree on."""
        return self._memory(self.layout.memory())

    def _memory(self, prefix: S3Uri) -> Memory:
        return Memory(self.clients.client("s3"), prefix, self.pipeline.environment.account)

    def labels(self, kind: str, request: Request) -> dict[str, str]:
        """Identity tags of a resource that is no job."""
        return self.identity(kind, request).tags()

    @cached_property
    def code(self) -> S3Uri:
        """The container-side source tree, uploaded when it is not there yet."""
        return ensure_uploaded(self.clients.client("s3"), self.common, self.pipeline.environment.account)

    def artifact_problem(self, description: dict[str, Any]) -> str:
        """What is wrong with the model of a completed training job; empty when nothing is."""
        account = self.pipeline.environment.account
        return artifact_problem(self.clients.client("s3"), account, artifact_uri(description))

    @cached_property
    def runner(self) -> Runner:
        """Brings SageMaker jobs to their end."""

        def log_tail(kind: Kind, name: str) -> str:
            return last_lines(self.clients.client("logs"), self.clock, kind, name)

        known = (self.memory.get(PROGRESS) if self.waited else None) or {}
        return Runner(
            self.clients.client("sagemaker"), self.clock, self.waits, self.backoff, log_tail, **known
        )

    def before_hand_over(self) -> None:
        """Note what has ended, so that the replay after the wait need not read it again, and refusals."""
        runner = self.runner if "runner" in self.__dict__ else None
        if runner is not None and (runner.finished or runner.refused):
            kept = {name: {**one, "ResponseMetadata": {}} for name, one in runner.finished.items()}
            self.memory.put(PROGRESS, {"finished": kept, "refused": runner.refused})

    @cached_property
    def queries(self) -> Queries:
        """Runs Athena statements."""
        environment = self.pipeline.environment
        return Queries(
            self.clients.client("athena"),
            self.clock,
            self.common.queries,
            environment.account,
            self.waits,
            self.memory,
            self.backoff,
            environment.kms_key,
        )

    @cached_property
    def crawlers(self) -> Crawlers:
        """Runs Glue crawlers."""
        return Crawlers(self.clients.client("glue"), self.clock, self.waits, self.backoff)

    @cached_property
    def endpoints(self) -> Endpoints:
        """Reads and changes endpoints."""
        return Endpoints(
            self.clients.client("sagemaker"),
            self.clients.client("sagemaker-runtime"),
            self.clock,
            self.waits,
            self.backoff,
        )

    def run_job(self, kind: Kind, request: Request, *, job: Machine, verify: Verify | None = None) -> Outcome:
        """One job, run exactly once and recorded.

        Raises:
            JobError: It did not end well.
        """
        return self.run_jobs(kind, [Part("", request)], job=job, verify=verify)[0]

    def run_jobs(
        self,
        kind: Kind,
        parts: Sequence[Part],
        *,
        job: Machine,
        verify: Verify | None = None,
        max_parallel: int = 100,
    ) -> list[Outcome]:
        """Several jobs, each run exactly once and recorded, at most ``max_parallel`` at a time.

        Args:
            kind: Kind of job.
            parts: One for each job.
            job: Settings of their machine: instance ladder, limits, checkpoints.
            verify: What is wrong with a completed job's output; empty when nothing is.
            max_parallel: How many may run at once.

        Raises:
            JobError: One did not end well; those that ran beside it were waited for.
        """
        works = [self._work(kind, part, job, verify) for part in parts]

        for work in works:
            request, where = work.create_request(), f"step {self.step!r}"
            check("sagemaker", kind.operation, request, where=where)
            refuse_secrets(kind.operation, request, self.clients.not_secret, where)

        first = len(self.requests)
        self.requests += [of_generation(part.request, 0) for part in parts]

        def started(index: int, name: str) -> None:
            self._show(parts[index], "running")

        def ended(index: int, outcome: Outcome) -> None:
            part = parts[index]
            if outcome.description:  # else it was never started
                self.jobs.append(job_record(kind, outcome, fold=part.fold, trial=part.trial))
            self._show(part, "failed" if outcome.error else "done", outcome)

        outcomes = self.runner.run_all(works, max_parallel=max_parallel, on_start=started, on_end=ended)
        self.requests[first:] = [
            of_generation(part.request, outcome.generation)
            for part, outcome in zip(parts, outcomes, strict=True)
        ]
        for outcome in outcomes:
            if outcome.error is not None:
                raise outcome.error
        return outcomes

    def _work(self, kind: Kind, part: Part, job: Machine, verify: Verify | None) -> Work:
        request = part.request
        if isinstance(job, TrainingMachine):
            key = self.identity(kind.name, request, part.label).key
            request = with_checkpoints(request, job, self.layout.checkpoints, key)
        return Work(
            kind,
            self.identity(kind.name, request, part.label),
            request,
            budget=job.longest + QUEUE_SECONDS,
            on_timeout=job.on_timeout,
            instances=job.instance,
            verify=verify or (lambda description: ""),
        )

    def _show(self, part: Part, state: str, outcome: Outcome | None = None) -> None:
        if part.fold is None:
            return
        score = metric_values(outcome.description).get(part.metric) if outcome is not None else None
        progress.emit(
            "fit",
            task=self.place.task_id,
            trial=part.trial,
            fold=part.fold,
            state=state,
            score=score,
            direction=part.direction,
        )

    def settings_document(self, document: dict[str, Any]) -> S3Uri:
        """The S3 folder with ``document`` as ``settings.json``, by its content."""
        folder = self.layout.settings(self.step, digest(document))
        self.objects.put_document(folder / "settings.json", document)
        return folder
