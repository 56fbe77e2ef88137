"""What a training job does between its slot and its last status: data in, program, results out, once more."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localaws.containers.images import image
from localaws.jobs.contract import host_count
from localaws.jobs.failure import JobFailure
from localaws.jobs.keeper.run import Ended, Run, RunRequest
from localaws.jobs.metrics import MetricScanner
from localaws.jobs.processes import Outcome, algorithm_error
from localaws.jobs.sandbox import Instance
from localaws.sagemaker.job_run import JobRun, struck
from localaws.sagemaker.training.algorithm_metrics import CUSTOMER_ERROR, built_in
from localaws.sagemaker.training.request import MAX_RUNTIME
from localaws.sagemaker.training.results import save_checkpoints, upload_results
from localaws.sagemaker.training.stage import TrainingStage

LOG_GROUP = "/aws/sagemaker/TrainingJobs"


@dataclass(frozen=True)
class TimeLeft:
    """The time a job's programs may still run.

    Attributes:
        seconds: So long.
        ending: The secondary status of a job that used it up.
    """

    seconds: float
    ending: str


class TrainingRun(JobRun):
    """One training job."""

    kind = "training"
    name_member = "TrainingJobName"

    def attempt(self, folder: Path, run: Run) -> bool:
        """Stage, run and finish the job; whether it must be run again."""
        try:
            return self._staged_and_run(folder, run)
        except JobFailure as failure:
            return self._retried(failure)

    def finish_resumed(self, folder: Path, run: Run) -> bool:
        """Join the programs an earlier server started, and finish; whether the job must be run again."""
        hosts = self._hosts(folder)
        scanner = self._scanner()
        try:
            outcome = self.processes.resume(run, self._observer(scanner))
        except JobFailure as failure:
            return self._retried(failure)
        return self._finish(hosts, scanner, outcome)

    def _staged_and_run(self, folder: Path, run: Run) -> bool:
        runtime = image(self.job["AlgorithmSpecification"]["TrainingImage"])
        if self.time_left().seconds <= 0:
            self.move(self.name, self.time_left().ending)
            return False
        self.pause("Starting")
        started = {} if "TrainingStartTime" in self.job else {"TrainingStartTime": time.time()}
        self.move(self.name, "Downloading", **started)
        self.job.update(started)
        fault = self.fault()
        stage = TrainingStage(self.machine, self.job, self._hosts(folder))
        self.pause("Downloading")
        stage.bring_in()
        launches = struck(stage.launches(runtime), fault)
        self.machine.check_open()
        if self.move(self.name, "Training") == "Stopping":
            self.processes.stop()
        request = RunRequest(
            launches=launches,
            streams=stage.streams(),
            max_seconds=max(0.0, self.time_left().seconds),
            grace=self.machine.grace,
            interrupt_after=fault.after if self._spot and fault and fault.effect == "spot" else None,
            attempt=self.job.get("_Attempt", 0),
        )
        scanner = self._scanner()
        outcome = self.processes.run(run, request, self._observer(scanner))
        return self._finish(stage.hosts, scanner, outcome)

    def _finish(self, hosts: list[Instance], scanner: MetricScanner, outcome: Outcome) -> bool:
        """Store what the programs left, and say how the job ended; whether it must be run again."""
        objects, metrics = self.machine.world.objects, {"FinalMetricDataList": scanner.final()}
        save_checkpoints(objects, self.job, hosts)
        if outcome.ended is Ended.INTERRUPTED:
            self.move(self.name, "Interrupted")
            return self._next_attempt(_Used=self.job.get("_Used", 0.0) + outcome.seconds)
        ended = {"ended": outcome.at} if outcome.at is not None else {}
        if outcome.failed:
            files = [host.root / "output" / "failure" for host in hosts]
            program = built_in(self.job["AlgorithmSpecification"], self.job.get("HyperParameters", {}))
            theirs = program and outcome.code == CUSTOMER_ERROR
            reason = algorithm_error(outcome, files, "ClientError" if theirs else "AlgorithmError")
            self.move(self.name, "Failed", FailureReason=reason, **metrics, **ended)
            return False
        self.move(self.name, "Uploading")
        artifacts = {"S3ModelArtifacts": upload_results(objects, self.job, hosts)}
        self.pause("Uploading")
        last = {Ended.BY_THEMSELVES: "Completed", Ended.OUT_OF_TIME: self.time_left().ending}
        status = last.get(outcome.ended, "Stopped")
        self.move(self.name, status, ModelArtifacts=artifacts, **metrics, **ended)
        return False

    def _retried(self, failure: JobFailure) -> bool:
        """Run the job again after a failure of the platform, as often as its RetryStrategy says.

        Raises:
            JobFailure: No more.
        """
        retries = self.job.get("_Retries", 0)
        allowed = self.job.get("RetryStrategy", {}).get("MaximumRetryAttempts", 0)
        if failure.kind != "InternalServerError" or retries >= allowed or self.cancelled.is_set():
            raise failure
        return self._next_attempt(_Retries=retries + 1)

    def _next_attempt(self, **members: Any) -> bool:
        """Say that the job restarts; whether it still may."""
        changes = {"_Attempt": self.job.get("_Attempt", 0) + 1, **members}
        if self.move(self.name, "Restarting", **changes) == "Stopping":
            self.move(self.name, "Stopped")
            return False
        self.job.update(changes)
        return True

    def time_left(self) -> TimeLeft:
        """The time the programs may still run: of all attempts together, and for spot the wait included."""
        stopping, now = self.job.get("StoppingCondition", {}), time.time()
        limit = stopping.get("MaxRuntimeInSeconds", MAX_RUNTIME)
        left = TimeLeft(limit - self.job.get("_Used", 0.0), "MaxRuntimeExceeded")
        if self._spot:
            wait = stopping["MaxWaitTimeInSeconds"] - (now - self.job["CreationTime"])
            if wait < left.seconds:
                return TimeLeft(wait, "MaxWaitTimeExceeded")
        return left

    @property
    def _spot(self) -> bool:
        return bool(self.job.get("EnableManagedSpotTraining"))

    def _hosts(self, folder: Path) -> list[Instance]:
        return self.machine.instances(folder, host_count(self.job["ResourceConfig"]))

    def _scanner(self) -> MetricScanner:
        return MetricScanner(self.job["AlgorithmSpecification"].get("MetricDefinitions", []))

    def _observer(self, scanner: MetricScanner) -> Any:
        """Reads metrics off each line, and hands those of new lines to CloudWatch."""
        metrics, dimensions = self.machine.world.metrics, {"TrainingJobName": self.name}

        def observe(line: str, moment: float | None) -> None:
            for name, value in scanner.line(line):
                if moment is not None:
                    metrics.put(LOG_GROUP, name, dimensions, value, at=moment)

        return observe
