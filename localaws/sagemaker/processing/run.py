"""What a processing job does between its slot and its last status: inputs in, program, outputs out."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from localaws.containers.images import image
from localaws.jobs.contract import host_count
from localaws.jobs.failure import MAX_REASON, beginning
from localaws.jobs.keeper.run import Ended, Run, RunRequest
from localaws.jobs.processes import Outcome, algorithm_error
from localaws.jobs.sandbox import Instance
from localaws.sagemaker.job_run import JobRun, struck
from localaws.sagemaker.processing.outputs import ContinuousOutputs, upload_outputs
from localaws.sagemaker.processing.stage import ProcessingStage
from localaws.sagemaker.training.request import MAX_RUNTIME

LOG_GROUP = "/aws/sagemaker/ProcessingJobs"
MESSAGE = "output/message"


class ProcessingRun(JobRun):
    """One processing job."""

    kind = "processing"
    name_member = "ProcessingJobName"

    def attempt(self, folder: Path, run: Run) -> bool:
        """Stage, run and finish the job; it is never run again."""
        runtime = image(self.job["AppSpecification"]["ImageUri"])
        self.pause("Starting")
        fault = self.fault()
        stage = ProcessingStage(self.machine, self.job, self._hosts(folder))
        stage.bring_in()
        launches = struck(stage.launches(runtime), fault)
        self.machine.check_open()
        if self.move(self.name, "InProgress", ProcessingStartTime=time.time()) == "Stopping":
            self.processes.stop()
        request = RunRequest(launches, stage.streams(), self._limit, self.machine.grace)
        continuous = ContinuousOutputs(self.machine.world.objects, self.job, stage.hosts)
        return self._finish(stage.hosts, self.processes.run(run, request, tick=continuous.tick))

    def finish_resumed(self, folder: Path, run: Run) -> bool:
        """Join the programs an earlier server started, and finish."""
        hosts = self._hosts(folder)
        continuous = ContinuousOutputs(self.machine.world.objects, self.job, hosts)
        return self._finish(hosts, self.processes.resume(run, tick=continuous.tick))

    def _finish(self, hosts: list[Instance], outcome: Outcome) -> bool:
        """Store what the programs left, and say how the job ended."""
        members: dict[str, Any] = _exit_message(hosts)
        if outcome.failed:
            files = [host.root / MESSAGE for host in hosts]
            reason = algorithm_error(outcome, files)
            self.move(self.name, "Failed", FailureReason=reason, ended=outcome.at, **members)
            return False
        upload_outputs(self.machine.world.objects, self.job, hosts)
        self.pause("Uploading")
        if outcome.ended is Ended.OUT_OF_TIME:
            members["FailureReason"] = (
                f"The job ran longer than MaxRuntimeInSeconds ({self._limit}) and was stopped"
            )
        status = "Completed" if outcome.ended is Ended.BY_THEMSELVES else "Stopped"
        self.move(self.name, status, ended=outcome.at, **members)
        return False

    @property
    def _limit(self) -> int:
        limit: int = self.job.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", MAX_RUNTIME)
        return limit

    def _hosts(self, folder: Path) -> list[Instance]:
        return self.machine.instances(folder, host_count(self.job["ProcessingResources"]["ClusterConfig"]))


def _exit_message(hosts: list[Instance]) -> dict[str, Any]:
    """The member ``ExitMessage``, when a program wrote one."""
    for host in hosts:
        file = host.root / MESSAGE
        if file.is_file():
            return {"ExitMessage": beginning(file)[:MAX_REASON]}
    return {}
