"""What a processing job does between its slot and its last status: inputs in, program, outputs out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from localaws.containers.images import Image, image
from localaws.jobs.artifacts import upload_tree
from localaws.jobs.channels import items, share, stage
from localaws.jobs.contract import base_environment, request_environment, resource_config, write_json
from localaws.jobs.failure import MAX_REASON, JobFailure, beginning, reason_of
from localaws.jobs.machine import Machine, host_names
from localaws.jobs.processes import Command, Ended, Processes, ServerStopping, algorithm_error
from localaws.jobs.sandbox import ROOT, Instance, clear
from localaws.sagemaker.job_rules import instance_count
from localaws.sagemaker.processing_request import processing_outputs
from localaws.sagemaker.training_request import MAX_RUNTIME

LOG_GROUP = "/aws/sagemaker/ProcessingJobs"
MESSAGE = "output/message"


@dataclass(frozen=True)
class ProcessingRun:
    """One processing job, run by calling it.

    Attributes:
        job: The job's document when it was created.
        processes: Its programs, not started yet.
        move: Changes the job's status; tells the one it then has.
    """

    machine: Machine
    job: dict[str, Any]
    processes: Processes
    move: Callable[..., str]

    def __call__(self) -> None:
        """Run the job to its last status."""
        name = self.job["ProcessingJobName"]
        folder = self.machine.folder("processing", name)
        try:
            self._run(folder)
        except ServerStopping:
            return  # the next server says what became of the job
        except Exception as error:
            self.move(name, "Failed", FailureReason=reason_of(error))
        finally:
            clear(folder)

    def _run(self, folder: Path) -> None:
        name = self.job["ProcessingJobName"]
        runtime = image(self.job["AppSpecification"]["ImageUri"])
        instances = self.machine.instances(folder, instance_count(self._cluster()))
        self._bring_in(instances)
        commands = self._commands(runtime, instances)
        if self.move(name, "InProgress", ProcessingStartTime=time.time()) == "Stopping":
            self.processes.stop()
        limit = self.job.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", MAX_RUNTIME)
        outcome = self.processes.run(commands, limit)
        message = _exit_message(instances)
        if outcome.ended in (Ended.BY_THEMSELVES, Ended.HOST_FAILED) and outcome.code:
            files = [host.root / MESSAGE for host in instances]
            self.move(name, "Failed", FailureReason=algorithm_error(outcome, files), **message)
            return
        for output in processing_outputs(self.job):
            target = output["S3Output"]
            for instance in instances:
                upload_tree(
                    self.machine.world.objects, _inside(instance.root, target["LocalPath"]), target["S3Uri"]
                )
        if outcome.ended is Ended.OUT_OF_TIME:
            message["FailureReason"] = (
                f"The job ran longer than MaxRuntimeInSeconds ({limit}) and was stopped"
            )
        self.move(name, "Completed" if outcome.ended is Ended.BY_THEMSELVES else "Stopped", **message)

    def _bring_in(self, instances: list[Instance]) -> None:
        """Lay every host's configuration files, inputs and empty output folders."""
        outputs = [output["S3Output"]["LocalPath"] for output in processing_outputs(self.job)]
        for instance in instances:
            config = instance.root / "config"
            write_json(config / "processingjobconfig.json", self._config())
            write_json(config / "resourceconfig.json", self._resources(instance))
            for path in outputs:
                _inside(instance.root, path).mkdir(parents=True, exist_ok=True)
            (instance.root / "output").mkdir(exist_ok=True)
        for item in self.job.get("ProcessingInputs", []):
            source = item["S3Input"]
            found = items(self.machine.world.objects, source["S3Uri"], source["S3DataType"])
            distribution = source.get("S3DataDistributionType", "FullyReplicated")
            copied = any(
                _overlap(source["LocalPath"], path) for path in outputs
            )  # an output must hold all its files
            for number, instance in enumerate(instances):
                base = instance.root if copied else instance.inputs
                mine = share(found, distribution, number, len(instances))
                stage(mine, _inside(base, source["LocalPath"]), link=instance.private and not copied)

    def _commands(self, runtime: Image, instances: list[Instance]) -> list[Command]:
        """The program of every host, with its environment."""
        name, app = self.job["ProcessingJobName"], self.job["AppSpecification"]
        if "ContainerEntrypoint" not in app:
            raise JobFailure(
                "ClientError",
                "the processing job has no AppSpecification.ContainerEntrypoint, and localaws does not "
                f"know that of the image {app['ImageUri']}",
            )
        argv = [*app["ContainerEntrypoint"], *app.get("ContainerArguments", [])]
        threads, now = self.machine.slots.share(), time.time_ns() // 1_000_000
        commands = []
        for instance in instances:
            environment = {
                **base_environment(self.machine, runtime, instance, threads),
                "PROCESSING_JOB_NAME": name,
                "PROCESSING_JOB_ARN": self.job["ProcessingJobArn"],
                "SM_CURRENT_HOST": instance.name,
                **request_environment(instance, self.job.get("Environment")),
            }
            words = [instance.translate(word) for word in argv]
            commands.append(
                Command(words, environment, instance, instance.seen, f"{name}/{instance.name}-{now}")
            )
        return commands

    def _config(self) -> dict[str, Any]:
        """The document ``processingjobconfig.json``: the request as the job was created."""
        hidden = {"CreationTime", "LastModifiedTime", "ProcessingJobStatus"}
        return {key: value for key, value in self.job.items() if key not in hidden}

    def _cluster(self) -> dict[str, Any]:
        cluster: dict[str, Any] = self.job["ProcessingResources"]["ClusterConfig"]
        return cluster

    def _resources(self, instance: Instance) -> dict[str, Any]:
        cluster = self._cluster()
        return resource_config(instance.name, host_names(instance_count(cluster)), cluster["InstanceType"])


def _inside(base: Path, path: str) -> Path:
    """The real folder of a path under /opt/ml."""
    return base / path.removeprefix(f"{ROOT}/")


def _overlap(one: str, other: str) -> bool:
    """Whether two folders are the same or one lies in the other."""
    first, second = PurePosixPath(one), PurePosixPath(other)
    return first.is_relative_to(second) or second.is_relative_to(first)


def _exit_message(instances: list[Instance]) -> dict[str, Any]:
    """The member ``ExitMessage``, when a program wrote one."""
    for instance in instances:
        file = instance.root / MESSAGE
        if file.is_file():
            return {"ExitMessage": beginning(file)[:MAX_REASON]}
    return {}
