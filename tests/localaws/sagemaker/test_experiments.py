"""Experiments, trials and trial components, those of jobs, and metrics that programs report."""

from __future__ import annotations

import time
import uuid

import pytest
from botocore.exceptions import ClientError


def fresh(word: str) -> str:
    """A name nothing else has."""
    return f"{word}-{uuid.uuid4().hex[:12]}"


def refusal(call, **request) -> tuple[str, str]:
    """The error a call is refused with: code and text."""
    with pytest.raises(ClientError) as refused:
        call(**request)
    return refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]


@pytest.fixture
def trial(account) -> tuple[str, str]:
    """An experiment and a trial of it, by name."""
    experiment, name = fresh("experiment"), fresh("trial")
    account.sagemaker.create_experiment(ExperimentName=experiment)
    account.sagemaker.create_trial(TrialName=name, ExperimentName=experiment)
    return experiment, name


def test_an_experiment_is_kept(account):
    """
    An experiment is described as it was created and updated, tags included; a second of its name already exists.
    """
    name = fresh("experiment")
    arn = account.sagemaker.create_experiment(
        ExperimentName=name, Description="first", Tags=[{"Key": "a", "Value": "b"}]
    )["ExperimentArn"]
    account.sagemaker.update_experiment(ExperimentName=name, DisplayName="Shown")
    found = account.sagemaker.describe_experiment(ExperimentName=name)
    code, text = refusal(account.sagemaker.create_experiment, ExperimentName=name)

    assert (name, arn, "Shown", "first") == tuple(
        found[member] for member in ("ExperimentName", "ExperimentArn", "DisplayName", "Description")
    )
    assert [{"Key": "a", "Value": "b"}] == account.sagemaker.list_tags(ResourceArn=arn)["Tags"]
    assert "ValidationException" == code
    assert "already exists" in text


def test_what_is_not_there_is_not_found(account):
    """
    An unknown experiment, trial or trial component is ResourceNotFound, as is a trial of an unknown experiment.
    """
    sagemaker, name = account.sagemaker, fresh("nobody")

    assert "ResourceNotFound" == refusal(sagemaker.describe_experiment, ExperimentName=name)[0]
    assert "ResourceNotFound" == refusal(sagemaker.describe_trial, TrialName=name)[0]
    assert "ResourceNotFound" == refusal(sagemaker.describe_trial_component, TrialComponentName=name)[0]
    assert "ResourceNotFound" == refusal(sagemaker.create_trial, TrialName=name, ExperimentName=name)[0]


def test_components_belong_to_trials(account, trial):
    """
    A component is listed by trial and experiment while it is associated; nothing that is still in use is deleted.
    """
    sagemaker, (experiment, name), component = account.sagemaker, trial, fresh("component")
    sagemaker.create_trial_component(TrialComponentName=component)
    sagemaker.associate_trial_component(TrialComponentName=component, TrialName=name)
    sagemaker.associate_trial_component(TrialComponentName=component, TrialName=name)
    by_trial = sagemaker.list_trial_components(TrialName=name)["TrialComponentSummaries"]
    by_experiment = sagemaker.list_trial_components(ExperimentName=experiment)["TrialComponentSummaries"]
    trials = sagemaker.list_trials(TrialComponentName=component)["TrialSummaries"]
    in_use = [
        refusal(sagemaker.delete_experiment, ExperimentName=experiment)[0],
        refusal(sagemaker.delete_trial, TrialName=name)[0],
        refusal(sagemaker.delete_trial_component, TrialComponentName=component)[0],
    ]
    sagemaker.disassociate_trial_component(TrialComponentName=component, TrialName=name)
    sagemaker.delete_trial_component(TrialComponentName=component)
    sagemaker.delete_trial(TrialName=name)
    sagemaker.delete_experiment(ExperimentName=experiment)

    assert [component] == [one["TrialComponentName"] for one in by_trial]
    assert [component] == [one["TrialComponentName"] for one in by_experiment]
    assert [name] == [one["TrialName"] for one in trials]
    assert ["ValidationException"] * 3 == in_use


def test_updates_are_merged(account):
    """
    UpdateTrialComponent adds parameters and artifacts to those there are, and removes those it names.
    """
    name = fresh("component")
    account.sagemaker.create_trial_component(
        TrialComponentName=name,
        Parameters={"depth": {"NumberValue": 3}, "loss": {"StringValue": "l2"}},
        OutputArtifacts={"model": {"Value": "s3://bucket/model"}},
    )
    account.sagemaker.update_trial_component(
        TrialComponentName=name,
        Parameters={"rate": {"NumberValue": 0.5}},
        ParametersToRemove=["loss"],
        Status={"PrimaryStatus": "Completed"},
    )
    found = account.sagemaker.describe_trial_component(TrialComponentName=name)

    assert {"depth": {"NumberValue": 3.0}, "rate": {"NumberValue": 0.5}} == found["Parameters"]
    assert {"model": {"Value": "s3://bucket/model"}} == found["OutputArtifacts"]
    assert "Completed" == found["Status"]["PrimaryStatus"]


def test_lists_come_in_pages(account, trial):
    """
    ListTrials pages through an experiment's trials, sorted by name if asked.
    """
    experiment, first = trial
    names = [first, *(fresh("trial") for _ in range(4))]
    for name in names[1:]:
        account.sagemaker.create_trial(TrialName=name, ExperimentName=experiment)
    pages = list(
        account.sagemaker.get_paginator("list_trials").paginate(
            ExperimentName=experiment, SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": 2}
        )
    )

    assert [2, 2, 1] == [len(page["TrialSummaries"]) for page in pages]
    assert sorted(names) == [one["TrialName"] for page in pages for one in page["TrialSummaries"]]


def test_metrics_are_summed_up(account):
    """
    Values put by BatchPutMetrics are told with least, most, last, mean, deviation and count.
    """
    name = fresh("component")
    arn = account.sagemaker.create_trial_component(TrialComponentName=name)["TrialComponentArn"]
    data = [
        {"MetricName": "loss", "Timestamp": int(time.time()), "Step": step, "Value": value}
        for step, value in enumerate([4.0, 1.0, 1.0])
    ]
    account.clients("sagemaker-metrics").batch_put_metrics(TrialComponentName=name, MetricData=data)
    [found] = account.sagemaker.describe_trial_component(TrialComponentName=name)["Metrics"]
    unknown = refusal(
        account.clients("sagemaker-metrics").batch_put_metrics, TrialComponentName="nobody", MetricData=data
    )
    told = {
        member: found[member] for member in ("MetricName", "SourceArn", "Max", "Min", "Last", "Avg", "Count")
    }

    assert {
        "MetricName": "loss", "SourceArn": arn, "Max": 4.0, "Min": 1.0, "Last": 1.0, "Avg": 2.0, "Count": 3
    } == told  # fmt: skip
    assert 2**0.5 == pytest.approx(found["StdDev"])
    assert "ResourceNotFound" == unknown[0]


def test_a_training_job_becomes_a_component(account, trial):
    """
    A job with an ExperimentConfig has a component in the trial: its status, parameters, artifacts, and its metrics.
    """
    experiment, name = trial
    request = account.training_request(
        'for value in (3, 1, 2): print(f"loss={value};")',
        HyperParameters={"depth": "3", "kind": "tree"},
        ExperimentConfig={
            "ExperimentName": experiment,
            "TrialName": name,
            "TrialComponentDisplayName": "Fit",
        },
    )
    request["AlgorithmSpecification"]["MetricDefinitions"] = [{"Name": "loss", "Regex": "loss=(.*?);"}]
    account.sagemaker.create_training_job(**request)
    job = account.trained(request["TrainingJobName"])
    [listed] = account.sagemaker.list_trial_components(TrialName=name)["TrialComponentSummaries"]
    [by_source] = account.sagemaker.list_trial_components(SourceArn=job["TrainingJobArn"])[
        "TrialComponentSummaries"
    ]
    found = account.sagemaker.describe_trial_component(TrialComponentName=listed["TrialComponentName"])
    [metric] = found["Metrics"]

    assert f"{request['TrainingJobName']}-aws-training-job" == listed["TrialComponentName"]
    assert listed["TrialComponentName"] == by_source["TrialComponentName"]
    assert {"SourceArn": job["TrainingJobArn"], "SourceType": "SageMakerTrainingJob"} == found["Source"]
    assert "Fit" == found["DisplayName"]
    assert "Completed" == found["Status"]["PrimaryStatus"]
    assert {"NumberValue": 3.0} == found["Parameters"]["depth"]
    assert {"StringValue": "tree"} == found["Parameters"]["kind"]
    assert {"StringValue": "ml.m5.large"} == found["Parameters"]["SageMaker.InstanceType"]
    assert (
        job["ModelArtifacts"]["S3ModelArtifacts"]
        == found["OutputArtifacts"]["SageMaker.ModelArtifact"]["Value"]
    )
    assert (1.0, 3.0, 2.0, 3) == tuple(metric[member] for member in ("Min", "Max", "Last", "Count"))


def test_a_processing_job_gets_a_trial_of_its_own(account, trial):
    """
    A job that names an experiment and no trial is the component of a new trial of that experiment.
    """
    experiment, name = trial
    job = account.process("pass", ExperimentConfig={"ExperimentName": experiment})
    trials = account.sagemaker.list_trials(ExperimentName=experiment)["TrialSummaries"]
    [new] = {one["TrialName"] for one in trials} - {name}
    [component] = account.sagemaker.list_trial_components(TrialName=new)["TrialComponentSummaries"]

    assert job["ProcessingJobArn"] == component["TrialComponentSource"]["SourceArn"]
    assert "Completed" == component["Status"]["PrimaryStatus"]


def test_a_job_of_an_unknown_trial_is_refused(account):
    """
    A job that names a trial that is not there is ResourceNotFound, and is not created.
    """
    request = account.training_request(ExperimentConfig={"TrialName": "nobody"})
    code, _ = refusal(account.sagemaker.create_training_job, **request)
    gone = refusal(account.sagemaker.describe_training_job, TrainingJobName=request["TrainingJobName"])

    assert "ResourceNotFound" == code
    assert "ValidationException" == gone[0]


def test_artifacts_are_associated(account):
    """
    An artifact is one for its source; what came of it is listed from either end until that is taken back.
    """
    sagemaker, component = account.sagemaker, fresh("component")
    uri = account.uri(fresh("data"))
    to = sagemaker.create_trial_component(TrialComponentName=component)["TrialComponentArn"]
    arn = sagemaker.create_artifact(ArtifactName="data", Source={"SourceUri": uri}, ArtifactType="DataSet")[
        "ArtifactArn"
    ]
    again = refusal(sagemaker.create_artifact, Source={"SourceUri": uri}, ArtifactType="DataSet")
    sagemaker.add_association(SourceArn=arn, DestinationArn=to, AssociationType="ContributedTo")
    twice = refusal(sagemaker.add_association, SourceArn=arn, DestinationArn=to)
    nowhere = refusal(sagemaker.add_association, SourceArn=arn, DestinationArn=arn + "0")
    by_source = sagemaker.list_associations(SourceArn=arn)["AssociationSummaries"]
    by_destination = sagemaker.list_associations(DestinationArn=to, SourceType="DataSet")[
        "AssociationSummaries"
    ]
    in_use = refusal(sagemaker.delete_artifact, ArtifactArn=arn)
    sagemaker.delete_association(SourceArn=arn, DestinationArn=to)
    sagemaker.delete_artifact(Source={"SourceUri": uri})
    gone = refusal(sagemaker.describe_artifact, ArtifactArn=arn)

    assert [(arn, to, "ContributedTo", "DataSet")] == [
        (one["SourceArn"], one["DestinationArn"], one["AssociationType"], one["SourceType"])
        for one in by_source
    ]
    assert by_source == by_destination
    assert ["ValidationException"] * 3 == [again[0], twice[0], in_use[0]]
    assert "already exists" in again[1]
    assert ["ResourceNotFound"] * 2 == [nowhere[0], gone[0]]
    assert [] == sagemaker.list_artifacts(SourceUri=uri)["ArtifactSummaries"]
