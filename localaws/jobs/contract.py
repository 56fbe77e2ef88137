"""The files and the environment every program finds under SageMaker's container contract.

What is said here is common to training, processing and hosting; the ``SM_*`` variables of script mode are in
``script_mode.py``. A job's environment is its own: of the server's it inherits nothing but the way to
programs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localaws.containers.images import Image
from localaws.jobs.machine import Machine
from localaws.jobs.sandbox import Instance

GROUP = "homogeneousCluster"  # what SageMaker calls the instance group of a job that names none


def write_json(path: Path, document: Any) -> None:
    """Write one configuration file, with its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))


@dataclass(frozen=True)
class Group:
    """Some of a job's hosts, of one instance type."""

    name: str
    instance_type: str
    hosts: tuple[str, ...]


def groups_of(resources: Mapping[str, Any]) -> list[Group]:
    """The hosts a request's ResourceConfig or ClusterConfig asks for: ``algo-1 … algo-n``, by group."""
    asked = resources.get("InstanceGroups") or [{**resources, "InstanceGroupName": GROUP}]
    groups, first = [], 1
    for group in asked:
        count = group.get("InstanceCount", 1)
        hosts = tuple(f"algo-{number}" for number in range(first, first + count))
        groups.append(Group(group["InstanceGroupName"], group["InstanceType"], hosts))
        first += count
    return groups


def host_count(resources: Mapping[str, Any]) -> int:
    """The hosts a request asks for, of all its groups."""
    return sum(len(group.hosts) for group in groups_of(resources))


def resource_config(host: str, groups: list[Group]) -> dict[str, Any]:
    """The document ``resourceconfig.json`` of one host."""
    [current] = [group for group in groups if host in group.hosts]
    return {
        "current_host": host,
        "current_instance_type": current.instance_type,
        "current_group_name": current.name,
        "hosts": [name for group in groups for name in group.hosts],
        "instance_groups": [
            {
                "instance_group_name": group.name,
                "instance_type": group.instance_type,
                "hosts": list(group.hosts),
            }
            for group in groups
        ],
        "network_interface_name": "lo",
    }


def base_environment(machine: Machine, image: Image, instance: Instance, threads: int) -> dict[str, str]:
    """The environment of a program before anything its request says.

    OpenMP's threads are bounded and wait passively: spinning threads on contended cores make the same fit ten
    times slower.
    """
    world = machine.world
    return {
        "PATH": os.pathsep.join([str(Path(image.python).parent), os.environ.get("PATH", os.defpath)]),
        "HOME": str(instance.folder / "home"),
        "TMPDIR": str(instance.folder / "tmp"),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_ENDPOINT_URL": world.url,
        "AWS_REGION": world.region,
        "AWS_DEFAULT_REGION": world.region,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAGEMAKER_REGION": world.region,
        "SAGEMAKER_BASE_DIR": instance.seen,
        "OMP_NUM_THREADS": str(threads),
        "OMP_WAIT_POLICY": "PASSIVE",
    }


def request_environment(instance: Instance, environment: Mapping[str, str] | None) -> dict[str, str]:
    """The request's own variables, as a host's processes need them; they win over all others."""
    return {name: instance.translate(value) for name, value in (environment or {}).items()}
