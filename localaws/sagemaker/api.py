"""SageMaker's table of handlers; the front finds each operation by its method's name."""

from __future__ import annotations

from collections.abc import Iterable

from localaws.jobs.machine import Machine
from localaws.sagemaker.experiments.components import TrialComponents
from localaws.sagemaker.experiments.experiments import Experiments
from localaws.sagemaker.experiments.lineage import Artifacts, Associations
from localaws.sagemaker.experiments.trials import Trials
from localaws.sagemaker.featurestore.api import group_handlers
from localaws.sagemaker.hosting.endpoint_configs import EndpointConfigs
from localaws.sagemaker.hosting.endpoints import Endpoints
from localaws.sagemaker.hosting.hosts import Hosts
from localaws.sagemaker.hosting.models import Models
from localaws.sagemaker.hosting.runtime import Runtime
from localaws.sagemaker.processing.jobs import ProcessingJobs
from localaws.sagemaker.registry.groups import ModelPackageGroups
from localaws.sagemaker.registry.packages import ModelPackages
from localaws.sagemaker.search.operations import Search
from localaws.sagemaker.tags import Tags
from localaws.sagemaker.training.jobs import TrainingJobs
from localaws.sagemaker.transform.jobs import TransformJobs
from localaws.sagemaker.tuning.jobs import TuningJobs
from localaws.world import World

validation_code = "ValidationException"


def runtime_of(handlers: Iterable[object]) -> Runtime:
    """The one of SageMaker's handlers that answers invocations."""
    [runtime] = [handler for handler in handlers if isinstance(handler, Runtime)]
    return runtime


def handlers(world: World) -> list[object]:
    """Everything that serves an operation of SageMaker over one world."""
    machine = Machine.of(world)
    training = TrainingJobs(machine)
    hosts = Hosts()
    return [
        training,
        TuningJobs(world, training),
        ProcessingJobs(machine),
        TransformJobs(machine),
        Models(world),
        ModelPackageGroups(world),
        ModelPackages(world),
        EndpointConfigs(world),
        Endpoints(machine, hosts),
        Runtime(world, hosts),  # started when endpoints are; ended before their hosts are
        Experiments(world),
        Trials(world),
        TrialComponents(world),
        Artifacts(world),
        Associations(world),
        *group_handlers(world),
        Search(world),
        Tags(world),
        machine,  # last: when all have put back what waits, jobs may start; and first to end
    ]
