"""Feature groups: their rules, their life, what is said of their features."""

from __future__ import annotations

import uuid

import pytest
from botocore.exceptions import ClientError

from tests.localaws.sagemaker.featurestore.conftest import DEFINITIONS, ROLE, request, until


def refusal(call, **members) -> tuple[str, str]:
    """The code and the text of a refusal."""
    with pytest.raises(ClientError) as caught:
        call(**members)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_group_is_described_with_what_feature_store_fills_in(store, group):
    """The location, the table and both statuses are there once the group is Created."""
    table = group["FeatureGroupName"].lower().replace("-", "_")
    offline = group["OfflineStoreConfig"]

    assert ("Created", {"Status": "Active"}) == (group["FeatureGroupStatus"], group["OfflineStoreStatus"])
    assert {
        "TableName": f"{table}_{int(group['CreationTime'].timestamp())}",
        "Catalog": "AwsDataCatalog",
        "Database": "sagemaker_featurestore",
    } == offline["DataCatalogConfig"]
    assert (False, "Glue") == (offline["DisableGlueTableCreation"], offline["TableFormat"])
    assert {"EnableOnlineStore": True, "StorageType": "Standard"} == group["OnlineStoreConfig"]
    assert DEFINITIONS == {
        feature["FeatureName"]: feature["FeatureType"] for feature in group["FeatureDefinitions"]
    }


def test_a_group_without_its_bucket_fails(store):
    """It is CreateFailed with the reason, takes no records, and can be deleted."""
    group = store.create(OfflineStoreConfig={"S3StorageConfig": {"S3Uri": "s3://no-such-bucket-at-all/x"}})
    name = group["FeatureGroupName"]

    assert "CreateFailed" == group["FeatureGroupStatus"]
    assert "no-such-bucket-at-all" in group["FailureReason"]
    with pytest.raises(ClientError, match="CreateFailed"):
        store.put(group, {"Id": 1, "When": "2026-01-01T00:00:00Z"})
    store.sagemaker.delete_feature_group(FeatureGroupName=name)
    assert "ResourceNotFound" == refusal(store.sagemaker.describe_feature_group, FeatureGroupName=name)[0]


@pytest.mark.parametrize(
    ("changes", "code", "named"),
    [
        ({"RecordIdentifierFeatureName": "Nobody"}, "ValidationException", "RecordIdentifierFeatureName"),
        ({"EventTimeFeatureName": "Nobody"}, "ValidationException", "EventTimeFeatureName"),
        ({"EventTimeFeatureName": "Id"}, "ValidationException", "String or Fractional"),
        ({"features": {**DEFINITIONS, "is_deleted": "String"}}, "ValidationException", "is_deleted"),
        ({"features": {**DEFINITIONS, "Hour": "Integral"}}, "ValidationException", "Hour"),
        ({"features": {**DEFINITIONS, "amount": "Integral"}}, "ValidationException", "amount"),
        ({"features": {**DEFINITIONS, "Flag": "Boolean"}}, "ValidationException", "featureType"),
        ({"OnlineStoreConfig": None, "OfflineStoreConfig": None}, "ValidationException", "at least one"),
        ({"RoleArn": None}, "ValidationException", "RoleArn"),
        (
            {"OnlineStoreConfig": {"EnableOnlineStore": True, "TtlDuration": {"Unit": "Days"}}},
            "ValidationException",
            "TtlDuration",
        ),
        (
            {"ThroughputConfig": {"ThroughputMode": "Provisioned", "ProvisionedReadCapacityUnits": 1}},
            "ValidationException",
            "Provisioned",
        ),
        (
            {"OfflineStoreConfig": {"S3StorageConfig": {"S3Uri": "s3://b/x"}, "TableFormat": "Iceberg"}},
            "NotImplemented",
            "Iceberg",
        ),
    ],
)
def test_a_wrong_group_is_refused(store, changes, code, named):
    """What is wrong is named, and nothing is made."""
    whole = request("wrong-group", store.bucket, **changes)
    found, message = refusal(store.sagemaker.create_feature_group, **whole)

    assert (code, True) == (found, named in message)
    assert (
        "ResourceNotFound"
        == refusal(store.sagemaker.describe_feature_group, FeatureGroupName="wrong-group")[0]
    )


def test_a_collection_needs_the_store_in_memory(store):
    """Lists are refused where the online store is not InMemory."""
    whole = request("wrong-group", store.bucket)
    whole["FeatureDefinitions"].append(
        {"FeatureName": "Tags", "FeatureType": "String", "CollectionType": "List"}
    )

    assert "InMemory" in refusal(store.sagemaker.create_feature_group, **whole)[1]


def test_names_are_taken_once(store, group):
    """A second group of one name is ResourceInUse, in the words scripts look for."""
    name = group["FeatureGroupName"]
    whole = request(name, store.bucket)
    code, message = refusal(store.sagemaker.create_feature_group, **whole)

    assert "ResourceInUse" == code
    assert f"Resource Already Exists: FeatureGroup with name {name} already exists" in message


def test_groups_are_listed_by_filters_and_in_order(store):
    """Names, statuses, sort keys and pages narrow and order the list."""
    word = uuid.uuid4().hex[:8]
    for letter in "bca":
        store.create(FeatureGroupName=f"{word}-{letter}", OfflineStoreConfig=None)

    def listed(**members) -> list[str]:
        page = store.sagemaker.list_feature_groups(NameContains=word, **members)
        return [summary["FeatureGroupName"][-1] for summary in page["FeatureGroupSummaries"]]

    assert ["a", "b", "c"] == listed(SortBy="Name", SortOrder="Ascending")
    assert ["a", "c", "b"] == listed(SortBy="CreationTime", SortOrder="Descending")
    assert ["a", "b"] == listed(SortBy="Name", SortOrder="Ascending", MaxResults=2)
    assert [] == listed(FeatureGroupStatusEquals="CreateFailed")
    assert 3 == len(listed(FeatureGroupStatusEquals="Created"))
    assert [] == listed(OfflineStoreStatusEquals="Active")


def test_a_deleted_group_leaves_its_files_and_table(store):
    """What waits is written first; online nothing is left for a new group of the name."""
    group = store.create()
    name = group["FeatureGroupName"]
    store.put(group, {"Id": 1, "When": "2026-01-01T00:00:00Z"})
    store.sagemaker.delete_feature_group(FeatureGroupName=name)

    assert [("1",)] == store.ask(group, "SELECT id FROM {table}")
    code, message = refusal(store.sagemaker.describe_feature_group, FeatureGroupName=name)
    sentence = f"Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name {name}"
    assert ("ResourceNotFound", sentence) == (code, message)
    again = store.create(FeatureGroupName=name, OfflineStoreConfig=None)
    assert {} == store.get(again, 1)


def test_tags_are_a_groups_own(store):
    """Tags come with the group, and can be added and listed by its ARN."""
    group = store.create(Tags=[{"Key": "team", "Value": "growth"}], OfflineStoreConfig=None)
    store.sagemaker.add_tags(ResourceArn=group["FeatureGroupArn"], Tags=[{"Key": "stage", "Value": "test"}])

    found = store.sagemaker.list_tags(ResourceArn=group["FeatureGroupArn"])["Tags"]
    assert {"team": "growth", "stage": "test"} == {tag["Key"]: tag["Value"] for tag in found}


def test_the_size_online_is_told(store):
    """A group tells how many bytes it has online."""
    group = store.create(OfflineStoreConfig=None)
    assert 0 == group["OnlineStoreTotalSizeBytes"]
    store.put(group, {"Id": 1, "When": "2026-01-01T00:00:00Z", "Note": "x" * 1000})

    assert 1000 < store.ready(group["FeatureGroupName"])["OnlineStoreTotalSizeBytes"] < 1200


class TestUpdates:
    """UpdateFeatureGroup."""

    def test_features_are_added(self, store):
        """New features take values at once; the update is told as successful."""
        group = store.create(OfflineStoreConfig=None)
        name = group["FeatureGroupName"]
        answer = store.sagemaker.update_feature_group(
            FeatureGroupName=name,
            FeatureAdditions=[{"FeatureName": "Colour", "FeatureType": "String"}],
        )
        store.put(group, {"Id": 1, "When": "2026-01-01T00:00:00Z", "Colour": "red"})

        assert group["FeatureGroupArn"] == answer["FeatureGroupArn"]
        assert "red" == store.get(group, 1)["Colour"]
        assert {"Status": "Successful"} == store.ready(name)["LastUpdateStatus"]

    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"FeatureAdditions": [{"FeatureName": "ID", "FeatureType": "String"}]},
            {"OnlineStoreConfig": {"StorageType": "InMemory"}},
            {
                "OnlineStoreConfig": {"StorageType": "Standard_V2"},
                "FeatureAdditions": [{"FeatureName": "New", "FeatureType": "String"}],
            },
        ],
        ids=["nothing", "a feature that is there", "into memory", "two things"],
    )
    def test_a_wrong_update_is_refused(self, store, group, changes):
        """Exactly one thing that can be changed is asked for."""
        name = group["FeatureGroupName"]

        assert (
            "ValidationException"
            == refusal(store.sagemaker.update_feature_group, FeatureGroupName=name, **changes)[0]
        )
        assert group["FeatureDefinitions"] == store.ready(name)["FeatureDefinitions"]

    def test_the_storage_is_migrated_once(self, store):
        """Standard becomes Standard_V2, which takes updates of single features, and not back."""
        group = store.create(OfflineStoreConfig=None)
        name = group["FeatureGroupName"]
        config = {"StorageType": "Standard_V2"}
        store.sagemaker.update_feature_group(FeatureGroupName=name, OnlineStoreConfig=config)

        assert "Standard_V2" == store.ready(name)["OnlineStoreConfig"]["StorageType"]
        back = {"OnlineStoreConfig": {"StorageType": "Standard"}}
        assert (
            "ValidationException"
            == refusal(store.sagemaker.update_feature_group, FeatureGroupName=name, **back)[0]
        )


class TestMetadata:
    """What is said of single features."""

    def test_description_and_parameters(self, store, group):
        """They are added, replaced by key and removed; the type is the feature's."""
        whose = {"FeatureGroupName": group["FeatureGroupArn"], "FeatureName": "Amount"}
        store.sagemaker.update_feature_metadata(
            **whose,
            Description="what was paid",
            ParameterAdditions=[{"Key": "unit", "Value": "EUR"}, {"Key": "pii", "Value": "no"}],
        )
        store.sagemaker.update_feature_metadata(
            **whose, ParameterAdditions=[{"Key": "unit", "Value": "USD"}], ParameterRemovals=["pii"]
        )
        found = store.sagemaker.describe_feature_metadata(**whose)

        assert ("Fractional", "what was paid") == (found["FeatureType"], found["Description"])
        assert [{"Key": "unit", "Value": "USD"}] == found["Parameters"]
        assert found["CreationTime"] <= found["LastModifiedTime"]

    def test_a_feature_that_is_not_there(self, store, group):
        """It is ResourceNotFound, by name."""
        code, message = refusal(
            store.sagemaker.describe_feature_metadata,
            FeatureGroupName=group["FeatureGroupName"],
            FeatureName="Nobody",
        )

        assert ("ResourceNotFound", True) == (code, "Nobody" in message)


def test_a_stop_amid_the_making_of_a_group(start, open_store, tmp_path):
    """A group that a realistic server was still making when it was killed is Created by the next."""
    running = start(tmp_path / "state", 0, "--realistic")
    store = open_store(running)
    store.sagemaker.create_feature_group(**request("slow", store.bucket, RoleArn=ROLE))
    assert "Creating" == store.sagemaker.describe_feature_group(FeatureGroupName="slow")["FeatureGroupStatus"]
    assert "ResourceInUse" == refusal(store.sagemaker.delete_feature_group, FeatureGroupName="slow")[0]
    running.process.kill()
    running.process.wait()

    store = open_store(start(tmp_path / "state"), store.bucket)
    assert "Created" == store.ready("slow")["FeatureGroupStatus"]


def test_the_pages_show_groups(store, group, endpoint):
    """A person sees the list, and a group with its features."""
    import urllib.request

    def shown(path: str) -> str:
        asked = urllib.request.Request(f"{endpoint.url}/_localaws/ui/{path}")
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return answer.read().decode()

    assert group["FeatureGroupName"] in until(lambda: shown("features"), bool)
    one = shown(f"features/{group['FeatureGroupName']}")
    assert "Amount" in one and "Fractional" in one
