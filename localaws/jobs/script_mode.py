"""Script mode: what AWS's framework images make of a training job's hyperparameters and configuration.

They set the ``SM_*`` variables, unpack ``sagemaker_submit_directory`` into ``/opt/ml/code`` and run
``sagemaker_program`` there with the other hyperparameters as ``--name value``. Here the variables are set for
every training job, also for one that names its own entrypoint.

Source: the environment contract of aws/sagemaker-training-toolkit, ENVIRONMENT_VARIABLES.md.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localaws.containers.images import Image
from localaws.jobs.artifacts import unpack
from localaws.jobs.failure import JobFailure
from localaws.jobs.sandbox import Instance
from localaws.s3.blobs import Objects, split_uri

FRAMEWORK_PREFIX = "sagemaker_"
FRAMEWORK_NAMES = ("_tuning_objective_metric", "default_user_module_name")  # by the toolkit's params.py


def decoded(value: str) -> Any:
    """A hyperparameter as the toolkit reads it: JSON where it is JSON, else the text itself."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def user_hyperparameters(hyperparameters: Mapping[str, str]) -> dict[str, Any]:
    """The hyperparameters that are the script's, decoded, by name."""
    return {
        name: decoded(value)
        for name, value in sorted(hyperparameters.items())
        if not name.startswith(FRAMEWORK_PREFIX) and name not in FRAMEWORK_NAMES
    }


def user_arguments(hyperparameters: Mapping[str, str]) -> list[str]:
    """The script's command line by names: ``--name value``, or ``-n value`` for a name of one letter."""
    return [
        word
        for name, value in user_hyperparameters(hyperparameters).items()
        for word in (f"--{name}" if len(name) > 1 else f"-{name}", _text(value))
    ]


def script_command(
    objects: Objects, image: Image, hyperparameters: Mapping[str, str], instances: list[Instance]
) -> list[str]:
    """Unpack the user's code on every host; the command that runs it in ``/opt/ml/code``.

    Raises:
        JobFailure: The job names no script, or its code cannot be had.
    """
    if "sagemaker_program" not in hyperparameters:
        raise JobFailure(
            "ClientError",
            "the training job has neither AlgorithmSpecification.ContainerEntrypoint nor the hyperparameter "
            "sagemaker_program, so localaws knows no command to run",
        )
    program = str(decoded(hyperparameters["sagemaker_program"]))
    source = str(decoded(hyperparameters.get("sagemaker_submit_directory", "")))
    if source.startswith("s3://"):
        archive = objects.get(*split_uri(source)).path
        for instance in instances:
            unpack(archive, instance.root / "code", source)
    runner = [image.python] if program.endswith(".py") else ["/bin/sh"]
    return [*runner, program, *user_arguments(hyperparameters)]


@dataclass(frozen=True)
class TrainingFacts:
    """What the ``SM_*`` variables of a training job say.

    Attributes:
        job: The job's name.
        hyperparameters: As the request gives them.
        inputs: The document ``inputdataconfig.json``, by channel.
        resources: The document ``resourceconfig.json`` of this host.
    """

    job: str
    hyperparameters: Mapping[str, str]
    inputs: Mapping[str, Any]
    resources: Mapping[str, Any]

    def environment(self, instance: Instance, threads: int) -> dict[str, str]:
        """All ``SM_*`` variables on one host."""
        values = {**self._folders(instance), **self._cluster(threads), **self._script()}
        values |= {f"channel_{name}": f"{instance.seen}/input/data/{name}" for name in self.inputs}
        values |= {f"hp_{name}": value for name, value in user_hyperparameters(self.hyperparameters).items()}
        values["training_env"] = {
            name: value for name, value in values.items() if not name.startswith("channel_")
        }
        return {f"SM_{name.upper()}": _text(value) for name, value in values.items()}

    def _folders(self, instance: Instance) -> dict[str, Any]:
        root = instance.seen
        return {
            "input_dir": f"{root}/input",
            "input_config_dir": f"{root}/input/config",
            "output_dir": f"{root}/output",
            "output_data_dir": f"{root}/output/data",
            "output_intermediate_dir": f"{root}/output/intermediate",
            "model_dir": f"{root}/model",
            "module_dir": f"{root}/code",
            "checkpoint_dir": f"{root}/checkpoints",
        }

    def _cluster(self, threads: int) -> dict[str, Any]:
        resources = self.resources
        hosts, current = resources["hosts"], resources["current_group_name"]
        groups = {group["instance_group_name"]: group for group in resources["instance_groups"]}
        return {
            "hosts": hosts,
            "current_host": resources["current_host"],
            "current_instance_type": resources["current_instance_type"],
            "current_instance_group": current,
            "current_instance_group_hosts": groups[current]["hosts"],
            "instance_groups": list(groups),
            "instance_groups_dict": groups,
            "is_hetero": len(groups) > 1,
            "is_master": resources["current_host"] == hosts[0],
            "master_hostname": hosts[0],
            "network_interface_name": resources["network_interface_name"],
            "num_cpus": max(threads, os.cpu_count() or 1),
            "num_gpus": 0,
            "num_neurons": 0,
            "resource_config": dict(resources),
        }

    def _script(self) -> dict[str, Any]:
        program = str(decoded(self.hyperparameters.get("sagemaker_program", "")))
        return {
            "channels": sorted(self.inputs),
            "hps": user_hyperparameters(self.hyperparameters),
            "input_data_config": dict(self.inputs),
            "user_args": user_arguments(self.hyperparameters),
            "user_entry_point": program,
            "module_name": program.removesuffix(".py"),
            "framework_params": {
                name: value
                for name, value in self.hyperparameters.items()
                if name.startswith(FRAMEWORK_PREFIX)
            },
            "job_name": self.job,
            "log_level": 20,
        }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
