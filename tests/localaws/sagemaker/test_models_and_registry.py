"""Models and the model registry keep what they are given and answer in AWS's words."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"


def code_of(error: pytest.ExceptionInfo) -> str:
    """The error code of a refusal."""
    return error.value.response["Error"]["Code"]


class TestModels:
    """Models."""

    def test_a_model_is_kept_and_deleted(self, account):
        """
        Describe gives back the container; after Delete there is no such model.
        """
        name = account.model("def model_fn(d): return 1")
        model = account.sagemaker.describe_model(ModelName=name)
        assert account.uri(f"{name}/model.tar.gz") == model["PrimaryContainer"]["ModelDataUrl"]
        assert model["ModelArn"].endswith(f":model/{name}")
        account.sagemaker.delete_model(ModelName=name)
        with pytest.raises(ClientError, match=f'Could not find model "{model["ModelArn"]}"') as refused:
            account.sagemaker.describe_model(ModelName=name)
        assert "ValidationException" == code_of(refused)

    def test_a_second_model_of_a_name_is_refused(self, account):
        """
        "Cannot create already existing model" with the ARN.
        """
        name = account.model("def model_fn(d): return 1")
        with pytest.raises(ClientError, match="Cannot create already existing model") as refused:
            account.sagemaker.create_model(ModelName=name, PrimaryContainer={"Image": IMAGE})
        assert "ValidationException" == code_of(refused)

    def test_model_data_must_be_there(self, account):
        """
        CreateModel looks for the archive.
        """
        uri = account.uri("nothing/model.tar.gz")
        with pytest.raises(ClientError, match=f"Could not find model data at {uri}"):
            account.sagemaker.create_model(
                ModelName="m", PrimaryContainer={"Image": IMAGE, "ModelDataUrl": uri}
            )

    def test_a_model_needs_containers(self, account):
        """
        One of PrimaryContainer and Containers, with an image or a package.
        """
        with pytest.raises(ClientError, match="either PrimaryContainer or Containers"):
            account.sagemaker.create_model(ModelName="m")
        with pytest.raises(ClientError, match="an Image or a ModelPackageName"):
            account.sagemaker.create_model(ModelName="m", PrimaryContainer={"Environment": {"A": "b"}})


class TestRegistry:
    """Model package groups and their versions."""

    def group(self, account, name: str) -> str:
        """A new group of a name."""
        name = f"{name}-{account.bucket}"
        account.sagemaker.create_model_package_group(
            ModelPackageGroupName=name, ModelPackageGroupDescription="d"
        )
        return name

    def version(self, account, group: str, **members) -> str:
        """A new version; its ARN."""
        data = account.put("model.tar.gz", b"x")
        specification = {
            "Containers": [{"Image": IMAGE, "ModelDataUrl": data, "Environment": {"A": "1", "B": "1"}}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        }
        request = {"ModelPackageGroupName": group, "InferenceSpecification": specification, **members}
        return account.sagemaker.create_model_package(**request)["ModelPackageArn"]

    def test_groups_are_created_once(self, account):
        """
        The second time the message begins as Airflow's hook expects it.
        """
        group = self.group(account, "once")
        with pytest.raises(ClientError) as refused:
            account.sagemaker.create_model_package_group(ModelPackageGroupName=group)
        assert "ValidationException" == code_of(refused)
        assert refused.value.response["Error"]["Message"].startswith("Model Package Group already exists")
        described = account.sagemaker.describe_model_package_group(ModelPackageGroupName=group)
        assert ("Completed", "d") == (
            described["ModelPackageGroupStatus"],
            described["ModelPackageGroupDescription"],
        )

    def test_versions_are_numbered_and_described_by_arn(self, account):
        """
        …/<group>/1, …/<group>/2; a deleted version's number is not given again; metrics and metadata are kept.
        """
        group = self.group(account, "numbers")
        metrics = {"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": "s3://b/k"}}}
        first = self.version(
            account,
            group,
            ModelMetrics=metrics,
            CustomerMetadataProperties={"auc": "0.75"},
            ClientToken="t" * 36,
        )
        again = self.version(
            account,
            group,
            ModelMetrics=metrics,
            CustomerMetadataProperties={"auc": "0.75"},
            ClientToken="t" * 36,
        )
        second = self.version(account, group)
        assert first == again
        assert (f"model-package/{group}/1", f"model-package/{group}/2") == tuple(
            arn.rpartition(":")[2] for arn in (first, second)
        )
        package = account.sagemaker.describe_model_package(ModelPackageName=first)
        assert (group, 1, "PendingManualApproval", "Completed") == tuple(
            package[member]
            for member in (
                "ModelPackageGroupName",
                "ModelPackageVersion",
                "ModelApprovalStatus",
                "ModelPackageStatus",
            )
        )
        assert (metrics, {"auc": "0.75"}) == (package["ModelMetrics"], package["CustomerMetadataProperties"])
        account.sagemaker.delete_model_package(ModelPackageName=second)
        assert self.version(account, group).endswith(f"{group}/3")

    def test_a_client_token_belongs_to_one_request(self, account):
        """
        The same token with other parameters is refused.
        """
        group = self.group(account, "tokens")
        token = f"token-{account.bucket}-0123456789"
        self.version(account, group, ClientToken=token)
        with pytest.raises(ClientError, match="was used with other parameters"):
            self.version(account, group, ClientToken=token, ModelPackageDescription="another")

    def test_approval_and_metadata_change(self, account):
        """
        Update approves, merges metadata and removes keys; lists filter by approval.
        """
        group = self.group(account, "approval")
        first = self.version(account, group, CustomerMetadataProperties={"a": "1", "b": "2"})
        second = self.version(account, group)
        account.sagemaker.update_model_package(
            ModelPackageArn=first,
            ModelApprovalStatus="Approved",
            ApprovalDescription="beats the champion",
            CustomerMetadataProperties={"c": "3"},
            CustomerMetadataPropertiesToRemove=["b"],
        )
        package = account.sagemaker.describe_model_package(ModelPackageName=first)
        assert ("Approved", "beats the champion") == (
            package["ModelApprovalStatus"],
            package["ApprovalDescription"],
        )
        assert {"a": "1", "c": "3"} == package["CustomerMetadataProperties"]
        listed = account.sagemaker.list_model_packages(ModelPackageGroupName=group)["ModelPackageSummaryList"]
        assert [second, first] == [entry["ModelPackageArn"] for entry in listed]
        approved = account.sagemaker.list_model_packages(
            ModelPackageGroupName=group, ModelApprovalStatus="Approved"
        )
        assert [first] == [entry["ModelPackageArn"] for entry in approved["ModelPackageSummaryList"]]

    def test_packages_of_their_own_name(self, account):
        """
        Without a group a package is found by its name, and only the unversioned list shows it.
        """
        name = f"alone-{account.bucket}"
        account.sagemaker.create_model_package(ModelPackageName=name)
        assert name == account.sagemaker.describe_model_package(ModelPackageName=name)["ModelPackageName"]
        listed = account.sagemaker.list_model_packages(NameContains=name)["ModelPackageSummaryList"]
        assert [name] == [entry["ModelPackageName"] for entry in listed]
        with pytest.raises(ClientError, match="Exactly one of"):
            account.sagemaker.create_model_package(ModelPackageName=name, ModelPackageGroupName="x")

    def test_unknown_packages_and_groups(self, account):
        """
        Both are ValidationException "… does not exist."; a batch describe says so for each.
        """
        arn = f"arn:aws:sagemaker:us-east-1:123456789012:model-package/nobody-{account.bucket}/7"
        with pytest.raises(ClientError, match=f"ModelPackage {arn} does not exist") as refused:
            account.sagemaker.describe_model_package(ModelPackageName=arn)
        assert "ValidationException" == code_of(refused)
        with pytest.raises(ClientError, match=r"ModelPackageGroup .* does not exist"):
            self.version(account, f"nobody-{account.bucket}")
        batch = account.sagemaker.batch_describe_model_package(ModelPackageArnList=[arn])
        assert {arn} == set(batch["BatchDescribeModelPackageErrorMap"])

    def test_a_group_with_versions_cannot_be_deleted(self, account):
        """
        ConflictException until its last version is gone.
        """
        group = self.group(account, "full")
        arn = self.version(account, group)
        with pytest.raises(ClientError) as refused:
            account.sagemaker.delete_model_package_group(ModelPackageGroupName=group)
        assert "ConflictException" == code_of(refused)
        account.sagemaker.delete_model_package(ModelPackageName=arn)
        account.sagemaker.delete_model_package_group(ModelPackageGroupName=group)
        assert (
            []
            == account.sagemaker.list_model_package_groups(NameContains=group)["ModelPackageGroupSummaryList"]
        )

    def test_a_package_with_an_algorithm_is_refused(self, account):
        """
        Algorithm resources are not there.
        """
        with pytest.raises(ClientError, match="SourceAlgorithmSpecification") as refused:
            account.sagemaker.create_model_package(
                ModelPackageName="x",
                SourceAlgorithmSpecification={"SourceAlgorithms": [{"AlgorithmName": "a"}]},
            )
        assert "NotImplemented" == code_of(refused)
