"""The Resource Groups Tagging API over the tags of all services."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"


@pytest.fixture(scope="module")
def tagging(client: Any) -> Any:
    """A client; every service holds resources with a tag of this module's own, ``shelf``."""
    red = [{"Key": "shelf", "Value": "red"}, {"Key": "row", "Value": "1"}]
    client("sagemaker").create_model_package_group(ModelPackageGroupName="Shelf", Tags=red)
    client("athena").create_work_group(Name="shelf", Tags=[{"Key": "shelf", "Value": "blue"}])
    client("glue").create_data_quality_ruleset(
        Name="shelf", Ruleset="Rules = [ RowCount > 0 ]", Tags={"shelf": "red", "row": "2"}
    )
    client("s3").create_bucket(Bucket="shelf-bucket")
    client("s3").put_bucket_tagging(
        Bucket="shelf-bucket", Tagging={"TagSet": [{"Key": "shelf", "Value": "green"}]}
    )
    client("cloudwatch").put_metric_alarm(
        AlarmName="shelf",
        MetricName="m",
        Namespace="n",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        Tags=[{"Key": "shelf", "Value": "red"}],
    )
    return client("resourcegroupstaggingapi")


def shelf(tagging: Any, *filters: tuple[str, list[str]], **more: Any) -> list[str]:
    """Services and resources that the filters mean, beside having the tag ``shelf``."""
    wanted = [("shelf", []), *filters]
    answer = tagging.get_resources(
        TagFilters=[{"Key": key, "Values": values} for key, values in wanted], **more
    )
    arns = [one["ResourceARN"].split(":", 5) for one in answer["ResourceTagMappingList"]]
    return [f"{arn[2]}:{arn[5]}" for arn in arns]


def test_resources_of_all_services_are_found_by_a_key(tagging: Any) -> None:
    """
    SageMaker, Glue, Athena, CloudWatch and S3 answer as one; a resource without the tag is not among them.
    """
    assert [
        "athena:workgroup/shelf",
        "cloudwatch:alarm:shelf",
        "glue:dataQualityRuleset/shelf",
        "s3:shelf-bucket",
        "sagemaker:model-package-group/Shelf",
    ] == shelf(tagging)


def test_values_of_one_filter_are_alternatives_and_filters_are_all_to_hold(tagging: Any) -> None:
    """
    Red or green has four; of those only two have a row, and one has row 2.
    """
    colours = ("shelf", ["red", "green"])

    assert 4 == len(shelf(tagging, colours))
    assert 2 == len(shelf(tagging, colours, ("row", [])))
    assert ["glue:dataQualityRuleset/shelf"] == shelf(tagging, colours, ("row", ["2", "3"]))
    assert [] == shelf(tagging, ("shelf", ["blue"]), ("row", []))


@pytest.mark.parametrize(
    ("types", "found"),
    [
        (["s3"], ["s3:shelf-bucket"]),
        (["s3:bucket"], ["s3:shelf-bucket"]),
        (["sagemaker:model-package-group", "athena"], ["athena:workgroup/shelf", "sagemaker:model-package-group/Shelf"]),
        (["sagemaker:model"], []),
        (["cloudwatch:alarm"], ["cloudwatch:alarm:shelf"]),
    ],
)  # fmt: skip
def test_types_are_a_service_or_a_service_and_the_type_in_the_arn(
    tagging: Any, types: list[str], found: list[str]
) -> None:
    """
    Several types are alternatives; `model` does not mean `model-package-group`.
    """
    assert found == shelf(tagging, ResourceTypeFilters=types)


def test_pages_hold_every_resource_once(tagging: Any) -> None:
    """
    The paginator reads five resources in pages of two, and the last page's token is empty.
    """
    pages = list(
        tagging.get_paginator("get_resources").paginate(
            TagFilters=[{"Key": "shelf"}], PaginationConfig={"PageSize": 2}
        )
    )

    arns = [one["ResourceARN"] for page in pages for one in page["ResourceTagMappingList"]]
    assert [2, 2, 1] == [len(page["ResourceTagMappingList"]) for page in pages]
    assert 5 == len(set(arns))
    assert "" == pages[-1]["PaginationToken"]


def test_arns_are_looked_up_and_unknown_ones_left_out(tagging: Any) -> None:
    """
    A list of ARNs answers the tags of those that exist, without an error for the rest.
    """
    bucket = "arn:aws:s3:::shelf-bucket"
    answer = tagging.get_resources(ResourceARNList=[bucket, "arn:aws:s3:::nobodys"])

    assert [
        {"ResourceARN": bucket, "Tags": [{"Key": "shelf", "Value": "green"}]}
    ] == answer["ResourceTagMappingList"]  # fmt: skip


def test_keys_and_values_in_use_are_listed(tagging: Any) -> None:
    """
    `shelf` is a key in use, with exactly the values that some resource has.
    """
    assert {"row", "shelf"} <= set(tagging.get_tag_keys()["TagKeys"])
    assert ["blue", "green", "red"] == tagging.get_tag_values(Key="shelf")["TagValues"]
    assert [] == tagging.get_tag_values(Key="never")["TagValues"]


@pytest.mark.parametrize(
    "request_",
    [
        {"ResourceARNList": ["arn:aws:s3:::b"], "TagFilters": [{"Key": "k"}]},
        {"ResourceARNList": ["arn:aws:s3:::b"], "ResourceTypeFilters": ["s3"]},
        {"ResourceARNList": ["arn:aws:s3:::b"], "ResourcesPerPage": 5},
        {"ResourcesPerPage": 101},
        {"TagsPerPage": 99},
        {"PaginationToken": "mine"},
        {"ExcludeCompliantResources": True},
        {"TagFilters": [{"Key": "k", "Values": [str(number) for number in range(21)]}]},
    ],
    ids="+".join,
)
def test_what_aws_refuses_is_refused_with_its_code(tagging: Any, request_: dict[str, Any]) -> None:
    """
    InvalidParameterException, as in the service's model.
    """
    with pytest.raises(tagging.exceptions.InvalidParameterException):
        tagging.get_resources(**request_)


def test_compliance_is_refused_by_name(tagging: Any) -> None:
    """
    There are no tag policies here; no answer pretends that all comply.
    """
    with pytest.raises(ClientError, match="IncludeComplianceDetails") as refused:
        tagging.get_resources(IncludeComplianceDetails=True)
    assert "NotImplemented" == refused.value.response["Error"]["Code"]


def test_a_deleted_resource_and_a_removed_tag_are_found_no_more(tagging: Any, client: Any) -> None:
    """
    What a service forgets, its tags go with it.
    """
    client("sagemaker").create_model_package_group(
        ModelPackageGroupName="brief", Tags=[{"Key": "brief", "Value": "x"}]
    )
    arn = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package-group/brief"

    def found() -> list[str]:
        answer = tagging.get_resources(TagFilters=[{"Key": "brief"}])
        return [one["ResourceARN"] for one in answer["ResourceTagMappingList"]]

    assert [arn] == found()
    client("sagemaker").delete_tags(ResourceArn=arn, TagKeys=["brief"])
    assert [] == found()
    client("sagemaker").add_tags(ResourceArn=arn, Tags=[{"Key": "brief", "Value": "y"}])
    assert [arn] == found()
    client("sagemaker").delete_model_package_group(ModelPackageGroupName="brief")
    assert [] == found()
