"""What a processing job's hosts are given before its programs start: inputs, configuration, commands."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from localaws.containers.images import Image
from localaws.jobs.channels import items, share, stage
from localaws.jobs.contract import (
    base_environment,
    groups_of,
    request_environment,
    resource_config,
    write_json,
)
from localaws.jobs.failure import JobFailure
from localaws.jobs.launch import Launch
from localaws.jobs.machine import Machine
from localaws.jobs.sandbox import ROOT, Instance
from localaws.sagemaker.job_run import launch
from localaws.sagemaker.processing.request import processing_outputs

HIDDEN = {"CreationTime", "LastModifiedTime", "ProcessingJobStatus"}


@dataclass(frozen=True)
class ProcessingStage:
    """The hosts of one processing job.

    Attributes:
        machine: Where they are.
        job: The job's document.
        hosts: One for each instance.
    """

    machine: Machine
    job: dict[str, Any]
    hosts: list[Instance]

    def bring_in(self) -> None:
        """Lay every host's configuration files, inputs and empty output folders."""
        outputs = [output["S3Output"]["LocalPath"] for output in processing_outputs(self.job)]
        groups = groups_of(self.job["ProcessingResources"]["ClusterConfig"])
        for host in self.hosts:
            config = host.root / "config"
            write_json(config / "processingjobconfig.json", self._config())
            write_json(config / "resourceconfig.json", resource_config(host.name, groups))
            for path in outputs:
                real_path(host, path).mkdir(parents=True, exist_ok=True)
            (host.root / "output").mkdir(exist_ok=True)
        for item in self.job.get("ProcessingInputs", []):
            self._bring_input(item["S3Input"], outputs)

    def launches(self, runtime: Image) -> list[Launch]:
        """The program of every host, with its environment."""
        app = self.job["AppSpecification"]
        if "ContainerEntrypoint" not in app:
            raise JobFailure(
                "ClientError",
                "the processing job has no AppSpecification.ContainerEntrypoint, and localaws does not "
                f"know that of the image {app['ImageUri']}",
            )
        argv = [*app["ContainerEntrypoint"], *app.get("ContainerArguments", [])]
        threads = self.machine.slots.share()
        launches = []
        for host in self.hosts:
            environment = {
                **base_environment(self.machine, runtime, host, threads),
                "PROCESSING_JOB_NAME": self.job["ProcessingJobName"],
                "PROCESSING_JOB_ARN": self.job["ProcessingJobArn"],
                "SM_CURRENT_HOST": host.name,
                **request_environment(host, self.job.get("Environment")),
            }
            launches.append(launch(argv, environment, host, host.seen))
        return launches

    def streams(self) -> list[str]:
        """The log stream of every host."""
        now = time.time_ns() // 1_000_000
        return [f"{self.job['ProcessingJobName']}/{host.name}-{now}" for host in self.hosts]

    def _bring_input(self, source: dict[str, Any], outputs: list[str]) -> None:
        found = items(self.machine.world.objects, source["S3Uri"], source["S3DataType"])
        distribution = source.get("S3DataDistributionType", "FullyReplicated")
        # Where an output lies in an input it must hold all its files, and not the changed ones alone.
        copied = any(_overlap(source["LocalPath"], path) for path in outputs)
        for number, host in enumerate(self.hosts):
            base = host.root if copied else host.inputs
            mine = share(found, distribution, number, len(self.hosts))
            stage(mine, _inside(base, source["LocalPath"]), link=host.private and not copied)

    def _config(self) -> dict[str, Any]:
        """The document ``processingjobconfig.json``: the request as the job was created."""
        return {
            key: value for key, value in self.job.items() if key not in HIDDEN and not key.startswith("_")
        }


def real_path(host: Instance, path: str) -> Path:
    """The real folder of a path under /opt/ml where a host's programs write."""
    return _inside(host.root, path)


def _inside(base: Path, path: str) -> Path:
    return base / path.removeprefix(f"{ROOT}/")


def _overlap(one: str, other: str) -> bool:
    """Whether two folders are the same or one lies in the other."""
    first, second = PurePosixPath(one), PurePosixPath(other)
    return first.is_relative_to(second) or second.is_relative_to(first)
