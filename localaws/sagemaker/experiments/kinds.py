"""How AWS speaks of experiments, trials and trial components."""

from __future__ import annotations

from localaws.sagemaker.documents import Kind
from localaws.sagemaker.refusals import invalid
from localaws.world import World

EXPERIMENT = Kind(
    type="experiment",
    name="ExperimentName",
    arn="ExperimentArn",
    exists="Experiment names must be unique within an AWS account and region. Experiment with name ({name}) "
    "already exists.",
    missing="Experiment '{name}' does not exist.",
    missing_code="ResourceNotFound",
)
TRIAL = Kind(
    type="experiment-trial",
    name="TrialName",
    arn="TrialArn",
    exists="Trial names must be unique within an AWS account and region. Trial with name ({name}) already "
    "exists.",
    missing="Trial '{name}' does not exist.",
    missing_code="ResourceNotFound",
)
COMPONENT = Kind(
    type="experiment-trial-component",
    name="TrialComponentName",
    arn="TrialComponentArn",
    exists="Trial component names must be unique within an AWS account and region. Trial component with name "
    "({name}) already exists.",
    missing="Trial component '{name}' does not exist.",
    missing_code="ResourceNotFound",
)


def plain_name(world: World, kind: Kind, given: str) -> str:
    """The name of a resource given by name or ARN.

    Raises:
        AwsError: It is another account's or region's, or of another kind.
    """
    if not given.startswith("arn:"):
        return given
    prefix = world.arn("sagemaker", f"{kind.type}/")
    if not given.startswith(prefix):
        raise invalid(f"{given} is not a {kind.type} of this account and region ({prefix}…)")
    return given.removeprefix(prefix)
