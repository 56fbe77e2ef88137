"""Search: resources by their properties."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.sagemaker.search.filters import matches, values_at


def found(account, expression: dict[str, Any], **parts: Any) -> list[str]:
    """The names of the trial components an expression means."""
    request = {
        "Resource": "ExperimentTrialComponent",
        "SearchExpression": expression,
        "MaxResults": 2,
        **parts,
    }
    pages = account.sagemaker.get_paginator("search").paginate(**request)
    return [result["TrialComponent"]["TrialComponentName"] for page in pages for result in page["Results"]]


@pytest.fixture
def components(account) -> str:
    """Five components c0-… to c4-… whose depth is their number; the end of their names."""
    mark = uuid.uuid4().hex[:12]
    for depth in range(5):
        account.sagemaker.create_trial_component(
            TrialComponentName=f"c{depth}-{mark}",
            DisplayName=mark,
            Parameters={
                "depth": {"NumberValue": depth},
                "SageMaker.Kind": {"StringValue": "odd" if depth % 2 else "even"},
            },
            Tags=[{"Key": "mark", "Value": mark}],
        )
    return mark


def test_filters_orders_and_pages(account, components):
    """
    Components are found by tag and parameter, in the order of a parameter, page by page.
    """
    filters = [
        {"Name": "Tags.mark", "Operator": "Equals", "Value": components},
        {"Name": "Parameters.depth", "Operator": "GreaterThan", "Value": "1"},
    ]
    down = found(account, {"Filters": filters}, SortBy="Parameters.depth", SortOrder="Descending")
    up = found(account, {"Filters": filters}, SortBy="Parameters.depth", SortOrder="Ascending")

    assert [f"c{depth}-{components}" for depth in (4, 3, 2)] == down
    assert down[::-1] == up


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        ({"Name": "Parameters.depth", "Operator": "In", "Value": "1, 3"}, {1, 3}),
        ({"Name": "Parameters.depth", "Operator": "NotEquals", "Value": "0"}, {1, 2, 3, 4}),
        ({"Name": "Parameters.depth", "Operator": "LessThanOrEqualTo", "Value": "1"}, {0, 1}),
        ({"Name": "Parameters.SageMaker.Kind", "Value": "odd"}, {1, 3}),
        ({"Name": "TrialComponentName", "Operator": "Contains", "Value": "c2-"}, {2}),
        ({"Name": "Parameters.nothing", "Operator": "Exists"}, set()),
        ({"Name": "Parameters.nothing", "Operator": "NotExists"}, {0, 1, 2, 3, 4}),
        (
            {"Name": "CreationTime", "Operator": "GreaterThan", "Value": "2020-01-01T00:00:00Z"},
            {0, 1, 2, 3, 4},
        ),
        ({"Name": "CreationTime", "Operator": "LessThan", "Value": "2020-01-01"}, set()),
    ],
)
def test_operators(account, components, one, expected):
    """
    Each operator means what it says, of numbers, texts and times.
    """
    mark = {"Name": "DisplayName", "Value": components}

    assert {f"c{depth}-{components}" for depth in expected} == set(found(account, {"Filters": [mark, one]}))


def test_sub_expressions(account, components):
    """
    Expressions nest, joined by And or Or.
    """
    either = {
        "Operator": "Or",
        "Filters": [{"Name": "Parameters.depth", "Value": "0"}, {"Name": "Parameters.depth", "Value": "4"}],
    }
    expression = {"Filters": [{"Name": "DisplayName", "Value": components}], "SubExpressions": [either]}

    assert {f"c0-{components}", f"c4-{components}"} == set(found(account, expression))


def test_training_jobs_by_metric_and_channel(account):
    """
    A training job is found by a hyperparameter, by a final metric, and by one item of its input channels.
    """
    mark = uuid.uuid4().hex
    request = account.training_request('print("loss=0.25;")', HyperParameters={"mark": mark})
    request["AlgorithmSpecification"]["MetricDefinitions"] = [{"Name": "valid:loss", "Regex": "loss=(.*?);"}]
    account.sagemaker.create_training_job(**request)
    account.trained(request["TrainingJobName"])
    channel = {
        "NestedPropertyName": "InputDataConfig",
        "Filters": [
            {"Name": "InputDataConfig.ChannelName", "Value": "code"},
            {
                "Name": "InputDataConfig.DataSource.S3DataSource.S3Uri",
                "Operator": "Contains",
                "Value": "s3://",
            },
        ],
    }
    expression = {
        "Filters": [
            {"Name": "HyperParameters.mark", "Value": mark},
            {"Name": "Metrics.valid:loss", "Operator": "LessThan", "Value": "0.3"},
            {"Name": "TrainingJobStatus", "Value": "Completed"},
        ],
        "NestedFilters": [channel],
    }
    answer = account.sagemaker.search(Resource="TrainingJob", SearchExpression=expression)
    expression["Filters"][1]["Operator"] = "GreaterThan"
    none = account.sagemaker.search(Resource="TrainingJob", SearchExpression=expression)

    assert [request["TrainingJobName"]] == [
        one["TrainingJob"]["TrainingJobName"] for one in answer["Results"]
    ]
    assert {"Value": 1, "Relation": "EqualTo"} == answer["TotalHits"]
    assert [] == none["Results"]


def test_components_tell_their_parents_and_their_job(account):
    """
    A result has the trials a component is in, and the training job it comes from.
    """
    experiment, trial = f"e-{uuid.uuid4().hex[:8]}", f"t-{uuid.uuid4().hex[:8]}"
    account.sagemaker.create_experiment(ExperimentName=experiment)
    account.sagemaker.create_trial(TrialName=trial, ExperimentName=experiment)
    job = account.train(ExperimentConfig={"ExperimentName": experiment, "TrialName": trial})
    filters = [{"Name": "Parents.TrialName", "Value": trial}]
    [result] = account.sagemaker.search(
        Resource="ExperimentTrialComponent", SearchExpression={"Filters": filters}
    )["Results"]
    component = result["TrialComponent"]

    assert [{"TrialName": trial, "ExperimentName": experiment}] == component["Parents"]
    assert job["TrainingJobName"] == component["SourceDetail"]["TrainingJob"]["TrainingJobName"]


@pytest.mark.parametrize(
    ("request_", "code", "text"),
    [
        ({"Resource": "Pipeline"}, "NotImplemented", "Search of Pipeline"),
        ({"Resource": "TrainingJob", "SortBy": "Colour"}, "ValidationException", "Colour"),
        ({"Resource": "Model", "NextToken": "x"}, "ValidationException", "NextToken"),
        ({"Resource": "Model", "CrossAccountFilterOption": "CrossAccount"}, "NotImplemented", "CrossAccount"),
    ],
)
def test_refused(account, request_, code, text):
    """
    Other resources and accounts are refused by name, unknown properties and tokens as AWS does.
    """
    with pytest.raises(ClientError) as refused:
        account.sagemaker.search(**request_)

    assert code == refused.value.response["Error"]["Code"]
    assert text in refused.value.response["Error"]["Message"]


def test_paths_may_hold_dots():
    """
    A path finds members whose own names hold dots, and looks into every item of a list.
    """
    document = {"Parameters": {"a.b": 1, "a": {"b": 2}}, "List": [{"Name": "x"}, {"Name": "y"}]}

    assert [1] == values_at(document, "Parameters.a.b")
    assert ["x", "y"] == values_at(document, "List.Name")
    assert [] == values_at(document, "Parameters.c")


def test_an_empty_expression_means_everything():
    """
    Without any filter every document matches, whatever the operator.
    """
    assert matches({"a": 1}, {})
    assert matches({"a": 1}, {"Operator": "Or"})
    assert not matches(
        {"a": time.time()}, {"Filters": [{"Name": "a", "Operator": "LessThan", "Value": "2020-01-01"}]}
    )


def test_feature_groups_are_searched(client):
    """Search finds a feature group by its name."""
    sagemaker = client("sagemaker")
    sagemaker.create_feature_group(
        FeatureGroupName="searched-group",
        RecordIdentifierFeatureName="id",
        EventTimeFeatureName="at",
        FeatureDefinitions=[
            {"FeatureName": "id", "FeatureType": "String"},
            {"FeatureName": "at", "FeatureType": "String"},
        ],
        OnlineStoreConfig={"EnableOnlineStore": True},
    )
    filters = [{"Name": "FeatureGroupName", "Operator": "Contains", "Value": "searched-gr"}]
    found = sagemaker.search(Resource="FeatureGroup", SearchExpression={"Filters": filters})["Results"]

    assert ["searched-group"] == [result["FeatureGroup"]["FeatureGroupName"] for result in found]
