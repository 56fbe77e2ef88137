"""Settings of S3 buckets: kept, given back, and refused where AWS refuses them."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def s3(client):
    return client("s3")


def error_of(call, **arguments) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"]


def statement(bucket: str, **changes) -> str:
    """A policy of one statement."""
    one = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:DeleteObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        **changes,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [one]})


class TestPolicy:
    def test_kept_as_it_came(self, s3, bucket):
        """
        A policy comes back to the letter, says whether it is public, and can be deleted.
        """
        assert "NoSuchBucketPolicy" == error_of(s3.get_bucket_policy, Bucket=bucket)
        text = statement(bucket)
        s3.put_bucket_policy(Bucket=bucket, Policy=text)
        assert text == s3.get_bucket_policy(Bucket=bucket)["Policy"]
        assert not s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"]
        s3.delete_bucket_policy(Bucket=bucket)
        assert "NoSuchBucketPolicy" == error_of(s3.get_bucket_policy_status, Bucket=bucket)

    @pytest.mark.parametrize(
        "text",
        [
            "no JSON",
            "[]",
            "{}",
            '{"Version": "1999-01-01", "Statement": [{}]}',
            '{"Statement": [{"Effect": "Perhaps"}]}',
            '{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*"}]}',
            statement("another-bucket"),
            statement("another-bucket", Resource="*", Action="ec2:RunInstances"),
        ],
    )
    def test_malformed(self, s3, bucket, text):
        """
        A policy that is no JSON, lacks a member, or is about something else, is malformed.
        """
        assert "MalformedPolicy" == error_of(s3.put_bucket_policy, Bucket=bucket, Policy=text)

    def test_public_policies_are_blocked(self, s3, bucket):
        """
        A policy for everyone needs the public access block taken off first.
        """
        text = statement(bucket, Effect="Allow", Action="s3:GetObject")
        assert "AccessDenied" == error_of(s3.put_bucket_policy, Bucket=bucket, Policy=text)
        s3.delete_public_access_block(Bucket=bucket)
        code = error_of(s3.get_public_access_block, Bucket=bucket)
        assert "NoSuchPublicAccessBlockConfiguration" == code
        s3.put_bucket_policy(Bucket=bucket, Policy=text)
        assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"]


class TestAcl:
    def test_without_acls(self, s3, bucket):
        """
        A new bucket takes no ACL but its owner's; that one may be said.
        """
        s3.put_object(Bucket=bucket, Key="k", Body=b"", ACL="bucket-owner-full-control")
        code = error_of(s3.put_object, Bucket=bucket, Key="k", Body=b"", ACL="public-read")
        assert "AccessControlListNotSupported" == code
        assert "AccessControlListNotSupported" == error_of(
            s3.put_object_acl, Bucket=bucket, Key="k", ACL="authenticated-read"
        )
        (grant,) = s3.get_object_acl(Bucket=bucket, Key="k")["Grants"]
        assert ("CanonicalUser", "FULL_CONTROL") == (grant["Grantee"]["Type"], grant["Permission"])
        code = error_of(s3.create_bucket, Bucket=f"{bucket}-2", ACL="public-read")
        assert "InvalidBucketAclWithObjectOwnership" == code

    def test_with_acls(self, s3, bucket):
        """
        Where objects are their writers' and public access is not blocked, ACLs are kept and given back.
        """
        rules = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=rules)
        assert rules == s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
        put = {"Bucket": bucket, "Key": "k"}
        assert "AccessDenied" == error_of(s3.put_object, **put, Body=b"", ACL="public-read")
        s3.delete_public_access_block(Bucket=bucket)
        s3.put_object(**put, Body=b"", ACL="public-read")
        _, everyone = s3.get_object_acl(**put)["Grants"]
        assert ("Group", "READ") == (everyone["Grantee"]["Type"], everyone["Permission"])
        s3.put_object_acl(**put, GrantReadACP='id="abc"')
        assert ["FULL_CONTROL", "READ_ACP"] == [g["Permission"] for g in s3.get_object_acl(**put)["Grants"]]
        s3.put_bucket_acl(Bucket=bucket, ACL="authenticated-read")
        policy = s3.get_bucket_acl(Bucket=bucket)
        s3.put_object_acl(**put, AccessControlPolicy={key: policy[key] for key in ("Grants", "Owner")})
        assert policy["Grants"] == s3.get_object_acl(**put)["Grants"]

    def test_deleted_controls(self, s3, bucket):
        """
        Ownership controls that were deleted are not found.
        """
        s3.delete_bucket_ownership_controls(Bucket=bucket)
        assert "OwnershipControlsNotFoundError" == error_of(s3.get_bucket_ownership_controls, Bucket=bucket)


KEPT = {
    "bucket_cors": (
        {"CORSConfiguration": {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}},
        {"CORSConfiguration": {"CORSRules": [{"AllowedMethods": ["BREW"], "AllowedOrigins": ["*"]}]}},
    ),
    "bucket_website": (
        {"WebsiteConfiguration": {"IndexDocument": {"Suffix": "index.html"}}},
        {"WebsiteConfiguration": {"ErrorDocument": {"Key": "error.html"}}},
    ),
    "bucket_accelerate_configuration": (
        {"AccelerateConfiguration": {"Status": "Enabled"}},
        {"AccelerateConfiguration": {"Status": "Perhaps"}},
    ),
    "bucket_request_payment": (
        {"RequestPaymentConfiguration": {"Payer": "Requester"}},
        {"RequestPaymentConfiguration": {"Payer": "Nobody"}},
    ),
    "bucket_logging": (
        {"BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "", "TargetPrefix": "logs/"}}},
        {"BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "no-such", "TargetPrefix": ""}}},
    ),
    "bucket_lifecycle_configuration": (
        {
            "LifecycleConfiguration": {
                "Rules": [{"Filter": {"Prefix": "a"}, "Status": "Enabled", "Expiration": {"Days": 3}}]
            }
        },
        {"LifecycleConfiguration": {"Rules": [{"Filter": {"Prefix": "a"}, "Status": "Enabled"}]}},
    ),
    "bucket_encryption": (
        {
            "ServerSideEncryptionConfiguration": {
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
            }
        },
        {
            "ServerSideEncryptionConfiguration": {
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "rot13"}}]
            }
        },
    ),
}


@pytest.mark.parametrize("name", KEPT)
def test_kept_or_refused(s3, bucket, name):
    """
    A setting comes back as it was put; one that AWS would not take is refused and changes nothing.
    """
    right, wrong = KEPT[name]
    if name == "bucket_logging":
        right["BucketLoggingStatus"]["LoggingEnabled"]["TargetBucket"] = bucket
    put, get = getattr(s3, f"put_{name}"), getattr(s3, f"get_{name}")
    put(Bucket=bucket, **right)
    with pytest.raises(ClientError):
        put(Bucket=bucket, **wrong)
    (body,) = right.values()
    found = get(Bucket=bucket)
    found = found.get("ServerSideEncryptionConfiguration", found)
    assert body == {key: found.get(key) for key in body}


def test_default_encryption_shows_on_objects(s3, bucket):
    """
    An object put into a bucket encrypted by KMS says so, unless it was put with another encryption.
    """
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "key"}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"")
    assert ("aws:kms", "key") == (put["ServerSideEncryption"], put["SSEKMSKeyId"])
    s3.put_object(Bucket=bucket, Key="k", Body=b"", ServerSideEncryption="AES256")
    assert "AES256" == s3.head_object(Bucket=bucket, Key="k")["ServerSideEncryption"]


def test_notifications_are_refused(s3, bucket):
    """
    No event is ever sent, so a configuration with a target is refused; the empty one is taken.
    """
    queue = {"QueueArn": "arn:aws:sqs:us-east-1:123456789012:q", "Events": ["s3:ObjectCreated:*"]}
    put = s3.put_bucket_notification_configuration
    code = error_of(put, Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [queue]})
    assert "NotImplemented" == code
    put(Bucket=bucket, NotificationConfiguration={})
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("put_object_lock_configuration", {}),
        ("put_object_retention", {"Key": "k"}),
        ("put_object_legal_hold", {"Key": "k"}),
        ("get_object_torrent", {"Key": "k"}),
        ("restore_object", {"Key": "k"}),
        ("list_bucket_inventory_configurations", {}),
        ("list_bucket_metrics_configurations", {}),
        ("rename_object", {"Key": "k", "RenameSource": "/b/k"}),
        ("create_session", {}),
    ],
)
def test_refused_by_name(s3, bucket, call, arguments):
    """
    What is not there is refused as NotImplemented.
    """
    assert "NotImplemented" == error_of(getattr(s3, call), Bucket=bucket, **arguments)


class TestCreation:
    def test_again(self, s3, bucket):
        """
        One's own bucket again is no error in us-east-1, and one in any other region.
        """
        west = {"LocationConstraint": "eu-west-1"}
        s3.create_bucket(Bucket=f"{bucket}-w", CreateBucketConfiguration=west)
        again = {"Bucket": f"{bucket}-w", "CreateBucketConfiguration": west}
        assert "BucketAlreadyOwnedByYou" == error_of(s3.create_bucket, **again)
        assert 200 == s3.create_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"]
        found = s3.list_buckets(Prefix=bucket, BucketRegion="eu-west-1")["Buckets"]
        assert [f"{bucket}-w"] == [item["Name"] for item in found]

    def test_refused(self, s3, bucket):
        """
        A region that is none, an object lock and a page of too many buckets are refused.
        """
        for region in ("us-east-1", "mars-north-1"):
            wrong = {"Bucket": f"{bucket}-x", "CreateBucketConfiguration": {"LocationConstraint": region}}
            assert "InvalidLocationConstraint" == error_of(s3.create_bucket, **wrong)
        code = error_of(s3.create_bucket, Bucket=f"{bucket}-x", ObjectLockEnabledForBucket=True)
        assert "NotImplemented" == code
        assert "InvalidArgument" == error_of(s3.list_buckets, MaxBuckets=20_000)

    def test_with_tags(self, s3, bucket):
        """
        A bucket may be created with its tags.
        """
        tags = [{"Key": "stage", "Value": "dev"}]
        name = f"{bucket}-t"
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"Tags": tags})
        assert tags == s3.get_bucket_tagging(Bucket=name)["TagSet"]
