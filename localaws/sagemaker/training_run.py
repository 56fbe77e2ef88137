"""What a training job does between its slot and its last status: data in, program, results out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localaws.containers.images import Image, image
from localaws.jobs.artifacts import upload_archive, upload_tree
from localaws.jobs.channels import items, share, stage
from localaws.jobs.contract import base_environment, request_environment, resource_config, write_json
from localaws.jobs.failure import reason_of
from localaws.jobs.machine import Machine, host_names
from localaws.jobs.metrics import MetricScanner
from localaws.jobs.processes import Command, Ended, Processes, ServerStopping, algorithm_error
from localaws.jobs.sandbox import ROOT, Instance, clear
from localaws.jobs.script_mode import TrainingFacts, script_command
from localaws.sagemaker.job_rules import instance_count
from localaws.sagemaker.training_request import CHECKPOINTS, MAX_RUNTIME

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
FOLDERS = ("input/config", "input/data", "model", "output/data", "output/intermediate", "code")


@dataclass(frozen=True)
class TrainingRun:
    """One training job, run by calling it.

    Attributes:
        job: The job's document when it was created.
        processes: Its programs, not started yet.
        move: Changes the job's status; tells the primary one.
    """

    machine: Machine
    job: dict[str, Any]
    processes: Processes
    move: Callable[..., str]

    def __call__(self) -> None:
        """Run the job to its last status."""
        name = self.job["TrainingJobName"]
        folder = self.machine.folder("training", name)
        try:
            self._run(folder)
        except ServerStopping:
            return  # the next server says what became of the job
        except Exception as error:
            self.move(name, "Failed", FailureReason=reason_of(error))
        finally:
            clear(folder)

    def _run(self, folder: Path) -> None:
        name = self.job["TrainingJobName"]
        runtime = image(self.job["AlgorithmSpecification"]["TrainingImage"])
        self.move(name, "Downloading", TrainingStartTime=time.time())
        instances = self.machine.instances(folder, instance_count(self.job["ResourceConfig"]))
        self._bring_in(instances)
        commands = self._commands(runtime, instances)
        scanner = MetricScanner(self.job["AlgorithmSpecification"].get("MetricDefinitions", []))
        if self.move(name, "Training") == "Stopping":
            self.processes.stop()
        limit = self.job.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", MAX_RUNTIME)
        outcome = self.processes.run(commands, limit, scanner.line)
        metrics = {"FinalMetricDataList": scanner.final()}
        self._save_checkpoints(instances)
        if outcome.ended in (Ended.BY_THEMSELVES, Ended.HOST_FAILED) and outcome.code:
            files = [host.root / "output" / "failure" for host in instances]
            self.move(name, "Failed", FailureReason=algorithm_error(outcome, files), **metrics)
            return
        self.move(name, "Uploading")
        artifacts = {"S3ModelArtifacts": self._upload(instances)}
        last = {Ended.BY_THEMSELVES: "Completed", Ended.OUT_OF_TIME: "MaxRuntimeExceeded"}
        self.move(name, last.get(outcome.ended, "Stopped"), ModelArtifacts=artifacts, **metrics)

    def _bring_in(self, instances: list[Instance]) -> None:
        """Lay every host's folders, configuration files, channels and checkpoints."""
        objects = self.machine.world.objects
        checkpoints = self.job.get("CheckpointConfig")
        for instance in instances:
            for folder in FOLDERS:
                (instance.root / folder).mkdir(parents=True, exist_ok=True)
            config = instance.root / "input" / "config"
            write_json(config / "hyperparameters.json", self.job.get("HyperParameters", {}))
            write_json(config / "inputdataconfig.json", self._inputs())
            write_json(config / "resourceconfig.json", self._resources(instance))
            if checkpoints:
                local = _real(instance, checkpoints.get("LocalPath", CHECKPOINTS))
                local.mkdir(parents=True, exist_ok=True)
                stage(items(objects, checkpoints["S3Uri"], "S3Prefix", required=False), local, link=False)
        for channel in self.job.get("InputDataConfig", []):
            source = channel["DataSource"]["S3DataSource"]
            found = items(objects, source["S3Uri"], source["S3DataType"])
            distribution = source.get("S3DataDistributionType", "FullyReplicated")
            for number, instance in enumerate(instances):
                folder = instance.inputs / "input" / "data" / channel["ChannelName"]
                stage(share(found, distribution, number, len(instances)), folder, link=instance.private)

    def _commands(self, runtime: Image, instances: list[Instance]) -> list[Command]:
        """The program of every host, with its environment."""
        name, hyperparameters = self.job["TrainingJobName"], self.job.get("HyperParameters", {})
        algorithm = self.job["AlgorithmSpecification"]
        argv = [*algorithm.get("ContainerEntrypoint", []), *algorithm.get("ContainerArguments", [])]
        if not argv and runtime.train and "sagemaker_program" not in hyperparameters:
            argv = list(runtime.train)
        if not argv:
            argv = script_command(self.machine.world.objects, runtime, hyperparameters, instances)
        threads, now = self.machine.slots.share(), time.time_ns() // 1_000_000
        commands = []
        for instance in instances:
            facts = TrainingFacts(name, hyperparameters, self._inputs(), self._resources(instance))
            environment = {
                **base_environment(self.machine, runtime, instance, threads),
                **facts.environment(instance, threads),
                "TRAINING_JOB_NAME": name,
                "TRAINING_JOB_ARN": self.job["TrainingJobArn"],
                **request_environment(instance, self.job.get("Environment")),
            }
            words = [instance.translate(word) for word in argv]
            commands.append(
                Command(
                    words, environment, instance, f"{instance.seen}/code", f"{name}/{instance.name}-{now}"
                )
            )
        return commands

    def _upload(self, instances: list[Instance]) -> str:
        """Store the model and the output data; the model's URI."""
        objects, output = self.machine.world.objects, self.job["OutputDataConfig"]
        uri = f"{output['S3OutputPath'].rstrip('/')}/{self.job['TrainingJobName']}/output"
        upload_archive(objects, [host.root / "output" / "data" for host in instances], f"{uri}/output.tar.gz")
        models = [host.root / "model" for host in instances]
        if output.get("CompressionType") == "NONE":
            for model in models:
                upload_tree(objects, model, f"{uri}/model/")
            return f"{uri}/model/"
        upload_archive(objects, models, f"{uri}/model.tar.gz")
        return f"{uri}/model.tar.gz"

    def _save_checkpoints(self, instances: list[Instance]) -> None:
        checkpoints = self.job.get("CheckpointConfig")
        if checkpoints:
            for instance in instances:
                local = _real(instance, checkpoints.get("LocalPath", CHECKPOINTS))
                upload_tree(self.machine.world.objects, local, checkpoints["S3Uri"])

    def _inputs(self) -> dict[str, Any]:
        return {
            channel["ChannelName"]: {
                "TrainingInputMode": "File",
                "S3DistributionType": channel["DataSource"]["S3DataSource"].get(
                    "S3DataDistributionType", "FullyReplicated"
                ),
                "RecordWrapperType": "None",
                **({"ContentType": channel["ContentType"]} if "ContentType" in channel else {}),
            }
            for channel in self.job.get("InputDataConfig", [])
        }

    def _resources(self, instance: Instance) -> dict[str, Any]:
        resources = self.job["ResourceConfig"]
        hosts = host_names(instance_count(resources))
        return resource_config(instance.name, hosts, resources["InstanceType"])


def _real(instance: Instance, path: str) -> Path:
    """The real folder of a path under /opt/ml."""
    return instance.root / path.removeprefix(f"{ROOT}/")
