"""What a training job's hosts are given before its programs start: data, configuration, commands."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localaws.containers.images import Image
from localaws.jobs.channels import items, share, stage
from localaws.jobs.contract import (
    Group,
    base_environment,
    groups_of,
    request_environment,
    resource_config,
    write_json,
)
from localaws.jobs.launch import Launch
from localaws.jobs.machine import Machine
from localaws.jobs.sandbox import ROOT, Instance
from localaws.jobs.script_mode import TrainingFacts, script_command
from localaws.sagemaker.job_run import launch
from localaws.sagemaker.training.request import CHECKPOINTS

FOLDERS = ("input/config", "input/data", "model", "output/data", "output/intermediate", "code")


@dataclass(frozen=True)
class TrainingStage:
    """The hosts of one training job.

    Attributes:
        machine: Where they are.
        job: The job's document.
        hosts: One for each instance.
    """

    machine: Machine
    job: dict[str, Any]
    hosts: list[Instance]

    def bring_in(self) -> None:
        """Lay every host's folders, configuration files, channels and checkpoints."""
        for host in self.hosts:
            for folder in FOLDERS:
                (host.root / folder).mkdir(parents=True, exist_ok=True)
            config = host.root / "input" / "config"
            write_json(config / "hyperparameters.json", self.job.get("HyperParameters", {}))
            write_json(config / "inputdataconfig.json", self._inputs())
            write_json(config / "resourceconfig.json", self._resources(host))
        self._bring_checkpoints()
        for channel in self.job.get("InputDataConfig", []):
            self._bring_channel(channel)

    def launches(self, runtime: Image) -> list[Launch]:
        """The program of every host, with its environment."""
        name, hyperparameters = self.job["TrainingJobName"], self.job.get("HyperParameters", {})
        algorithm = self.job["AlgorithmSpecification"]
        argv = [*algorithm.get("ContainerEntrypoint", []), *algorithm.get("ContainerArguments", [])]
        if not argv and runtime.train and "sagemaker_program" not in hyperparameters:
            argv = list(runtime.train)
        if not argv:
            argv = script_command(self.machine.world.objects, runtime, hyperparameters, self.hosts)
        threads = self.machine.slots.share()
        launches = []
        for host in self.hosts:
            facts = TrainingFacts(name, hyperparameters, self._inputs(), self._resources(host))
            environment = {
                **base_environment(self.machine, runtime, host, threads),
                **facts.environment(host, threads),
                "TRAINING_JOB_NAME": name,
                "TRAINING_JOB_ARN": self.job["TrainingJobArn"],
                **request_environment(host, self.job.get("Environment")),
            }
            launches.append(launch(argv, environment, host, f"{host.seen}/code"))
        return launches

    def streams(self) -> list[str]:
        """The log stream of every host."""
        now = time.time_ns() // 1_000_000
        return [f"{self.job['TrainingJobName']}/{host.name}-{now}" for host in self.hosts]

    def _bring_checkpoints(self) -> None:
        checkpoints = self.job.get("CheckpointConfig")
        if not checkpoints:
            return
        found = items(self.machine.world.objects, checkpoints["S3Uri"], "S3Prefix", required=False)
        for host in self.hosts:
            local = checkpoint_folder(host, checkpoints)
            local.mkdir(parents=True, exist_ok=True)
            stage(found, local, link=False)

    def _bring_channel(self, channel: dict[str, Any]) -> None:
        source = channel["DataSource"]["S3DataSource"]
        found = items(self.machine.world.objects, source["S3Uri"], source["S3DataType"])
        distribution = source.get("S3DataDistributionType", "FullyReplicated")
        chosen = self._hosts_of(source.get("InstanceGroupNames"))
        for number, host in enumerate(chosen):
            folder = host.inputs / "input" / "data" / channel["ChannelName"]
            stage(share(found, distribution, number, len(chosen)), folder, link=host.private)

    def _hosts_of(self, group_names: list[str] | None) -> list[Instance]:
        """The hosts of some groups; all when none are named."""
        if not group_names:
            return self.hosts
        names = {name for group in self._groups() if group.name in group_names for name in group.hosts}
        return [host for host in self.hosts if host.name in names]

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

    def _resources(self, host: Instance) -> dict[str, Any]:
        return resource_config(host.name, self._groups())

    def _groups(self) -> list[Group]:
        return groups_of(self.job["ResourceConfig"])


def checkpoint_folder(host: Instance, checkpoints: dict[str, Any]) -> Path:
    """The real folder of a host's checkpoints."""
    path: str = checkpoints.get("LocalPath", CHECKPOINTS)
    return host.root / path.removeprefix(f"{ROOT}/")
