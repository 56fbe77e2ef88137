"""Lists are filtered, ordered and paged as SageMaker's; tags go with every kind of resource."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError


@pytest.fixture(scope="module")
def configs(client, bucket_of_module) -> list[str]:
    """Endpoint configurations 0 to 11 of one word, oldest first."""
    sagemaker, word = client("sagemaker"), bucket_of_module
    image = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1"
    sagemaker.create_model(ModelName=f"{word}-model", PrimaryContainer={"Image": image})
    variant = {"VariantName": "v", "ModelName": f"{word}-model", "InstanceType": "ml.m5.large"}
    names = [f"{word}-{number:02}" for number in range(12)]
    for name in names:
        sagemaker.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=[{**variant, "InitialInstanceCount": 1}]
        )
    return names


@pytest.fixture(scope="module")
def bucket_of_module() -> str:
    """A word no other test uses."""
    import uuid

    return f"list-{uuid.uuid4().hex[:8]}"


def listed(client, word: str, **request) -> list[str]:
    """The names on the first page."""
    answer = client("sagemaker").list_endpoint_configs(NameContains=word, **request)
    return [entry["EndpointConfigName"] for entry in answer["EndpointConfigs"]]


def test_a_list_is_newest_first_and_ten_long(client, configs, bucket_of_module):
    """
    Without options the ten newest come, newest first.
    """
    assert configs[:1:-1] == listed(client, bucket_of_module)


def test_order_can_be_chosen(client, configs, bucket_of_module):
    """
    By name ascending, by creation ascending.
    """
    assert configs[:3] == listed(client, bucket_of_module, SortBy="Name", SortOrder="Ascending", MaxResults=3)
    assert configs[:3] == listed(
        client, bucket_of_module, SortBy="CreationTime", SortOrder="Ascending", MaxResults=3
    )


def test_pages_neither_repeat_nor_lose(client, configs, bucket_of_module):
    """
    boto3's paginator sees each once, also when something is created between two pages.
    """
    sagemaker = client("sagemaker")
    pages = iter(
        sagemaker.get_paginator("list_endpoint_configs").paginate(NameContains=bucket_of_module, MaxResults=5)
    )
    names = [entry["EndpointConfigName"] for entry in next(pages)["EndpointConfigs"]]
    extra = f"{bucket_of_module}-late"
    variant = {"VariantName": "v", "ModelName": f"{bucket_of_module}-model", "InstanceType": "ml.m5.large"}
    sagemaker.create_endpoint_config(
        EndpointConfigName=extra, ProductionVariants=[{**variant, "InitialInstanceCount": 1}]
    )
    for page in pages:
        names += [entry["EndpointConfigName"] for entry in page["EndpointConfigs"]]
    sagemaker.delete_endpoint_config(EndpointConfigName=extra)
    assert configs[::-1] == names


def test_times_bound_a_list(client, configs, bucket_of_module):
    """
    CreationTimeAfter a day ahead finds nothing, CreationTimeBefore it everything.
    """
    import datetime

    tomorrow = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    assert [] == listed(client, bucket_of_module, CreationTimeAfter=tomorrow)
    assert 10 == len(listed(client, bucket_of_module, CreationTimeBefore=tomorrow))


def test_a_foreign_token_is_refused(client):
    """
    A NextToken this endpoint did not give is a ValidationException.
    """
    with pytest.raises(ClientError, match="NextToken") as refused:
        client("sagemaker").list_models(NextToken="bm90IG91cnM=")
    assert "ValidationException" == refused.value.response["Error"]["Code"]


def test_a_filter_nobody_implements_is_refused(client):
    """
    Warm pools are not there, so their filter is not passed over.
    """
    with pytest.raises(ClientError, match="WarmPoolStatusEquals"):
        client("sagemaker").list_training_jobs(WarmPoolStatusEquals="Available")


def test_jobs_are_listed_by_status(account):
    """
    StatusEquals finds the failed ones; a summary has status and times.
    """
    good, bad = account.train(), account.train("raise SystemExit(1)")
    failed = account.sagemaker.list_training_jobs(StatusEquals="Failed", MaxResults=100)[
        "TrainingJobSummaries"
    ]
    names = [summary["TrainingJobName"] for summary in failed]
    assert bad["TrainingJobName"] in names
    assert good["TrainingJobName"] not in names
    summary = next(entry for entry in failed if entry["TrainingJobName"] == bad["TrainingJobName"])
    assert ("Failed", bad["TrainingEndTime"]) == (summary["TrainingJobStatus"], summary["TrainingEndTime"])
    job = account.process("pass")
    found = account.sagemaker.list_processing_jobs(
        NameContains=job["ProcessingJobName"], StatusEquals="Completed"
    )
    assert [job["ProcessingJobArn"]] == [
        entry["ProcessingJobArn"] for entry in found["ProcessingJobSummaries"]
    ]


class TestTags:
    """Tags by ARN."""

    def test_tags_are_added_listed_and_removed(self, account):
        """
        Those of the request and those added later; the same key is overwritten.
        """
        arn = account.train(Tags=[{"Key": "run", "Value": "1"}, {"Key": "env", "Value": "local"}])[
            "TrainingJobArn"
        ]
        sagemaker = account.sagemaker
        sagemaker.add_tags(
            ResourceArn=arn, Tags=[{"Key": "run", "Value": "2"}, {"Key": "cost", "Value": "x"}]
        )
        sagemaker.delete_tags(ResourceArn=arn, TagKeys=["cost", "never"])
        tags = {tag["Key"]: tag["Value"] for tag in sagemaker.list_tags(ResourceArn=arn)["Tags"]}
        assert {"run": "2", "env": "local"} == tags

    def test_every_kind_has_tags(self, account):
        """
        Models, configurations, endpoints, groups, processing and transform jobs keep the tags they were created with.
        """
        sagemaker, tags = account.sagemaker, [{"Key": "run", "Value": "1"}]
        word = account.bucket
        image = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1"
        model = account.model("def model_fn(d): return 1\ndef transform_fn(*a): return 'x', 'text/csv'")
        variant = {
            "VariantName": "v",
            "ModelName": model,
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
        }
        account.put("in/a", "1")
        made = [
            sagemaker.create_model(ModelName=word, PrimaryContainer={"Image": image}, Tags=tags)["ModelArn"],
            sagemaker.create_endpoint_config(
                EndpointConfigName=word, ProductionVariants=[variant], Tags=tags
            )["EndpointConfigArn"],
            sagemaker.create_endpoint(EndpointName=word, EndpointConfigName=word, Tags=tags)["EndpointArn"],
            sagemaker.create_model_package_group(ModelPackageGroupName=word, Tags=tags)[
                "ModelPackageGroupArn"
            ],
            account.process("pass", Tags=tags)["ProcessingJobArn"],
            account.transform(model, account.uri("in/"), Tags=tags)["TransformJobArn"],
        ]
        assert [tags] * 6 == [sagemaker.list_tags(ResourceArn=arn)["Tags"] for arn in made]
        account.settled(word)
        sagemaker.delete_endpoint(EndpointName=word)

    def test_an_unknown_resource_has_no_tags(self, account):
        """
        ValidationException, not an empty list.
        """
        with pytest.raises(ClientError, match="not found"):
            account.sagemaker.list_tags(ResourceArn="arn:aws:sagemaker:us-east-1:123456789012:model/nobody")


LISTS = {
    "list_training_jobs": ["WarmPoolStatusEquals", "TrainingPlanArnEquals"],
    "list_processing_jobs": [],
    "list_transform_jobs": [],
    "list_hyper_parameter_tuning_jobs": [],
    "list_models": [],
    "list_endpoint_configs": [],
    "list_endpoints": [],
    "list_model_packages": ["ModelPackageGroupName"],
    "list_model_package_groups": ["CrossAccountFilterOption"],
    "list_experiments": [],
    "list_trials": ["ExperimentName", "TrialComponentName"],
    "list_trial_components": ["ExperimentName", "TrialName", "SourceArn"],
}
"""The lists, and what is not asked of each here: not served, or the name of something that must be there."""


@pytest.mark.parametrize(("method", "left_out"), LISTS.items(), ids=LISTS)
def test_every_list_takes_all_its_filters(client, method, left_out):
    """
    Each list takes every filter and order of the service model, all at once, and finds nothing of a name nobody has.
    """
    sagemaker = client("sagemaker")
    shape = sagemaker.meta.service_model.operation_model(
        sagemaker.meta.method_to_api_mapping[method]
    ).input_shape
    request = {"MaxResults": 5}
    for name, member in shape.members.items():
        if name in [*left_out, "NextToken", "MaxResults"]:
            continue
        if member.type_name == "timestamp":
            request[name] = 0 if name.endswith("After") else 1
        else:
            request[name] = member.enum[0] if member.enum else "nobody"
    answer = getattr(sagemaker, method)(**request)
    [items] = [value for name, value in answer.items() if name != "ResponseMetadata"]

    assert [] == items


@pytest.mark.parametrize("order", ["Ascending", "Descending"])
def test_jobs_are_sorted_by_status_then_name_in_pages(account, order):
    """
    SortBy Status groups the jobs of a word by status, and pages of one neither repeat nor lose any.
    """
    import uuid

    word = f"sorted-{uuid.uuid4().hex[:8]}"
    for number, script in enumerate(["pass", "raise SystemExit(1)", "pass"]):
        account.train(script, TrainingJobName=f"{word}-{number}")
    pages = account.sagemaker.get_paginator("list_training_jobs").paginate(
        NameContains=word, SortBy="Status", SortOrder=order, PaginationConfig={"PageSize": 1}
    )
    names = [entry["TrainingJobName"][-1] for page in pages for entry in page["TrainingJobSummaries"]]

    assert ["0", "2", "1"][:: 1 if order == "Ascending" else -1] == names
