"""The trial component of a job: made when its ExperimentConfig asks for one, from then on told by the job."""

from __future__ import annotations

from typing import Any

from localaws.sagemaker.documents import Documents
from localaws.sagemaker.experiments.kinds import COMPONENT, EXPERIMENT, TRIAL
from localaws.sagemaker.experiments.metrics import summary
from localaws.sagemaker.tuning.curves import Curve
from localaws.world import World

SOURCES = {
    "training-job": ("TrainingJobName", "SageMakerTrainingJob", "Training"),
    "processing-job": ("ProcessingJobName", "SageMakerProcessingJob", "Processing"),
    "transform-job": ("TransformJobName", "SageMakerTransformJob", "Transform"),
}  # by resource type: the member with the name, the type of the component's source, its display name


def record_job(world: World, kind: str, job: dict[str, Any]) -> None:
    """Make the trial component of a new job, if its ExperimentConfig asks for one.

    To be called in the transaction that stores the job, so that a refusal leaves neither.

    Args:
        world: Where both are stored.
        kind: ``training-job``, ``processing-job`` or ``transform-job``.
        job: The job's document.

    Raises:
        AwsError: ResourceNotFound: the experiment or the trial is not there.
    """
    config = job.get("ExperimentConfig")
    if not config:
        return
    member, source, shown = SOURCES[kind]
    name = job[member]
    arn = world.arn("sagemaker", f"{kind}/{name}")
    trial = _trial(world, config, f"{name}-aws-trial")
    run = {"RunName": config["RunName"]} if "RunName" in config else {}
    Documents(world, COMPONENT).create(
        {
            "TrialComponentName": f"{name}-aws-{kind}",
            "DisplayName": config.get("TrialComponentDisplayName", shown),
        },
        Source={"SourceArn": arn, "SourceType": source},
        _Job=[kind, name],
        _Trials=[trial] if trial else [],
        _Metrics={},
        **run,
    )


def _trial(world: World, config: dict[str, Any], new: str) -> str:
    """The trial a job's component goes to; a new one of the experiment when none is named."""
    experiment, trial = config.get("ExperimentName"), config.get("TrialName")
    if experiment:
        Documents(world, EXPERIMENT).need(experiment)
    if trial:
        Documents(world, TRIAL).need(trial)
        return str(trial)
    if not experiment:
        return ""
    request = {"TrialName": new, "DisplayName": new, "ExperimentName": experiment}
    return str(Documents(world, TRIAL).create(request)["TrialName"])


def of_job(world: World, component: dict[str, Any]) -> dict[str, Any]:
    """What a component says because its job does; nothing when it has none, or that was deleted."""
    if "_Job" not in component:
        return {}
    kind, name = component["_Job"]
    job = world.store.get(f"sagemaker:{kind}", name)
    if job is None:
        return {}
    told = {"training-job": _of_training, "processing-job": _of_processing, "transform-job": _of_transform}
    return told[kind](world, job)


def _of_training(world: World, job: dict[str, Any]) -> dict[str, Any]:
    algorithm = job["AlgorithmSpecification"]
    channels = {
        channel["ChannelName"]: channel["DataSource"].get("S3DataSource", {}).get("S3Uri", "")
        for channel in job.get("InputDataConfig", [])
    }
    model = job.get("ModelArtifacts", {}).get("S3ModelArtifacts")
    return {
        **_standing(job, "Training"),
        "Parameters": _parameters(job.get("HyperParameters", {}), job["ResourceConfig"]),
        "InputArtifacts": _artifacts({"SageMaker.ImageUri": algorithm.get("TrainingImage", ""), **channels}),
        "OutputArtifacts": _artifacts({"SageMaker.ModelArtifact": model} if model else {}),
        "Metrics": [
            summary(definition["Name"], job["TrainingJobArn"], values)
            for definition in algorithm.get("MetricDefinitions", [])
            if (values := Curve(world.logs, job["TrainingJobName"], definition["Regex"]).timed())
        ],
    }


def _of_processing(world: World, job: dict[str, Any]) -> dict[str, Any]:
    inputs = {
        one["InputName"]: one.get("S3Input", {}).get("S3Uri", "") for one in job.get("ProcessingInputs", [])
    }
    outputs = job.get("ProcessingOutputConfig", {}).get("Outputs", [])
    return {
        **_standing(job, "Processing"),
        "Parameters": _parameters(job.get("Environment", {}), job["ProcessingResources"]["ClusterConfig"]),
        "InputArtifacts": _artifacts({"SageMaker.ImageUri": job["AppSpecification"]["ImageUri"], **inputs}),
        "OutputArtifacts": _artifacts(
            {one["OutputName"]: one.get("S3Output", {}).get("S3Uri", "") for one in outputs}
        ),
    }


def _of_transform(world: World, job: dict[str, Any]) -> dict[str, Any]:
    source = job["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
    return {
        **_standing(job, "Transform"),
        "Parameters": _parameters(job.get("Environment", {}), job["TransformResources"]),
        "InputArtifacts": _artifacts(
            {"SageMaker.ModelName": job["ModelName"], "SageMaker.TransformInput": source}
        ),
        "OutputArtifacts": _artifacts({"SageMaker.TransformOutput": job["TransformOutput"]["S3OutputPath"]}),
    }


def _standing(job: dict[str, Any], word: str) -> dict[str, Any]:
    """Status and times."""
    message = job.get("FailureReason") or job.get("SecondaryStatus") or ""
    status = {"PrimaryStatus": job[f"{word}JobStatus"], "Message": message[:1024]}
    return {"Status": status, "StartTime": job.get(f"{word}StartTime"), "EndTime": job.get(f"{word}EndTime")}


def _parameters(given: dict[str, str], resources: dict[str, Any]) -> dict[str, Any]:
    """Hyperparameters or variables, and the instances."""
    members = ("InstanceCount", "InstanceType", "VolumeSizeInGB")
    instances = {f"SageMaker.{member}": resources[member] for member in members if member in resources}
    return {name: _value(value) for name, value in {**given, **instances}.items()}


def _value(value: Any) -> dict[str, Any]:
    try:
        return {"NumberValue": float(value)}
    except ValueError:
        return {"StringValue": str(value)}


def _artifacts(values: dict[str, str]) -> dict[str, Any]:
    return {name: {"Value": value} for name, value in values.items() if value}
