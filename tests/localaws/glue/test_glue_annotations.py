"""What Glue keeps beside tables, through boto3: statistics, indexes, policies, security configurations."""

from __future__ import annotations

import uuid

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def glue(client):
    return client("glue")


@pytest.fixture
def place(glue) -> dict:
    """A table of one column, partitioned by day."""
    name = f"db_{uuid.uuid4().hex[:8]}"
    glue.create_database(DatabaseInput={"Name": name})
    columns = {"Columns": [{"Name": "a", "Type": "bigint"}]}
    keys = [{"Name": "day", "Type": "date"}]
    table = {"Name": "t", "StorageDescriptor": columns, "PartitionKeys": keys}
    glue.create_table(DatabaseName=name, TableInput=table)
    return {"DatabaseName": name, "TableName": "t"}


def refused(code: str, call, **request) -> None:
    with pytest.raises(ClientError) as caught:
        call(**request)
    assert code == caught.value.response["Error"]["Code"]


def test_column_statistics(glue, place):
    """
    They are kept by column; what is not there is named in the answer.
    """
    data = {"Type": "LONG", "LongColumnStatisticsData": {"NumberOfNulls": 1, "NumberOfDistinctValues": 5}}
    given = {"ColumnType": "bigint", "AnalyzedTime": 0, "StatisticsData": data}
    both = [{"ColumnName": "a", **given}, {"ColumnName": "b", **given}]
    errors = glue.update_column_statistics_for_table(**place, ColumnStatisticsList=both)["Errors"]
    assert ["b"] == [error["ColumnStatistics"]["ColumnName"] for error in errors]
    found = glue.get_column_statistics_for_table(**place, ColumnNames=["a", "b"])
    assert [data] == [one["StatisticsData"] for one in found["ColumnStatisticsList"]]
    assert ["b"] == [error["ColumnName"] for error in found["Errors"]]
    glue.delete_column_statistics_for_table(**place, ColumnName="a")
    refused("EntityNotFoundException", glue.delete_column_statistics_for_table, **place, ColumnName="a")


def test_partition_indexes(glue, place):
    """
    They are over partition keys, with the keys' types; one of a name.
    """
    index = {"Keys": ["day"], "IndexName": "by_day"}
    glue.create_partition_index(**place, PartitionIndex=index)
    refused("AlreadyExistsException", glue.create_partition_index, **place, PartitionIndex=index)
    wrong = {"Keys": ["a"], "IndexName": "by_a"}
    refused("InvalidInputException", glue.create_partition_index, **place, PartitionIndex=wrong)
    [found] = glue.get_partition_indexes(**place)["PartitionIndexDescriptorList"]
    assert ("by_day", "ACTIVE", [{"Name": "day", "Type": "date"}]) == (
        found["IndexName"],
        found["IndexStatus"],
        found["Keys"],
    )
    glue.delete_partition_index(**place, IndexName="by_day")
    assert [] == glue.get_partition_indexes(**place)["PartitionIndexDescriptorList"]


def test_resource_policies(glue):
    """
    A policy is replaced or deleted only when it is as expected.
    """
    arn = f"arn:aws:glue:us-east-1:123456789012:database/{uuid.uuid4().hex}"
    policy = {"PolicyInJson": "{}", "ResourceArn": arn}
    mark = glue.put_resource_policy(**policy, PolicyExistsCondition="NOT_EXIST")["PolicyHash"]
    failed = "ConditionCheckFailureException"
    refused(failed, glue.put_resource_policy, **policy, PolicyExistsCondition="NOT_EXIST")
    refused(failed, glue.delete_resource_policy, ResourceArn=arn, PolicyHashCondition="other")
    assert "{}" == glue.get_resource_policy(ResourceArn=arn)["PolicyInJson"]
    glue.delete_resource_policy(ResourceArn=arn, PolicyHashCondition=mark)
    refused("EntityNotFoundException", glue.get_resource_policy, ResourceArn=arn)


def test_security_configurations(glue):
    """
    They are made once, listed and deleted; the catalogue's encryption settings are those that were put.
    """
    name, encryption = uuid.uuid4().hex, {"S3Encryption": [{"S3EncryptionMode": "SSE-S3"}]}
    given = {"Name": name, "EncryptionConfiguration": encryption}
    glue.create_security_configuration(**given)
    refused("AlreadyExistsException", glue.create_security_configuration, **given)
    found = glue.get_security_configuration(Name=name)["SecurityConfiguration"]
    assert encryption == found["EncryptionConfiguration"]
    assert name in [one["Name"] for one in glue.get_security_configurations()["SecurityConfigurations"]]
    glue.delete_security_configuration(Name=name)
    refused("EntityNotFoundException", glue.get_security_configuration, Name=name)
    settings = {"EncryptionAtRest": {"CatalogEncryptionMode": "SSE-KMS"}}
    glue.put_data_catalog_encryption_settings(DataCatalogEncryptionSettings=settings)
    kept = glue.get_data_catalog_encryption_settings()["DataCatalogEncryptionSettings"]
    assert settings["EncryptionAtRest"] == kept["EncryptionAtRest"]
