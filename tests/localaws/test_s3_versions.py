"""Versions of S3 objects through boto3: what is written stays, what is deleted is marked, what is named is served."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from localaws.s3.blobs import Objects
from localaws.s3.index import ENABLED, SUSPENDED, VERSIONING
from localaws.s3.rows import Marker, StoredObject
from localaws.s3.schema import SCHEMA


def error_of(call, **arguments) -> tuple[str, int, dict]:
    """Code, status and headers of the error a call ends with."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    metadata = response["ResponseMetadata"]
    return response["Error"]["Code"], metadata["HTTPStatusCode"], metadata["HTTPHeaders"]


@pytest.fixture
def s3(client):
    return client("s3")


@pytest.fixture
def versioned(s3, bucket) -> str:
    """A bucket that keeps versions."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


def put(s3, bucket: str, key: str, body: bytes) -> str | None:
    """Put an object; its version."""
    return s3.put_object(Bucket=bucket, Key=key, Body=body).get("VersionId")


def read(s3, bucket: str, key: str, **named: str) -> bytes:
    return s3.get_object(Bucket=bucket, Key=key, **named)["Body"].read()


def listed(s3, bucket: str, **options) -> list[tuple[str, str, bool, bool]]:
    """Key, version, whether the latest and whether a marker, of every version, in the order of the answer."""
    found = s3.list_object_versions(Bucket=bucket, **options)
    items = [(item, False) for item in found.get("Versions", [])]
    items += [(item, True) for item in found.get("DeleteMarkers", [])]
    return sorted((item["Key"], item["VersionId"], item["IsLatest"], marker) for item, marker in items)


class TestWrites:
    def test_each_write_is_a_version(self, s3, versioned):
        """
        Each write has a version of its own; a key means the newest, and every one can be read by name.
        """
        first, second = put(s3, versioned, "k", b"1"), put(s3, versioned, "k", b"2")
        assert first != second
        assert b"2" == read(s3, versioned, "k")
        assert (b"1", b"2") == tuple(read(s3, versioned, "k", VersionId=name) for name in (first, second))
        head = s3.head_object(Bucket=versioned, Key="k", VersionId=first)
        assert (first, 1) == (head["VersionId"], head["ContentLength"])
        assert second == s3.get_object(Bucket=versioned, Key="k")["VersionId"]

    def test_without_versioning_there_are_no_versions(self, s3, bucket):
        """
        A bucket that never had versions says nothing of them; what it holds is the version null.
        """
        assert put(s3, bucket, "k", b"1") is None
        assert "VersionId" not in s3.get_object(Bucket=bucket, Key="k")
        assert [("k", "null", True, False)] == listed(s3, bucket)
        assert b"1" == read(s3, bucket, "k", VersionId="null")

    def test_what_was_there_before_is_the_null_version(self, s3, bucket):
        """
        An object from before versioning becomes the null version, and stays when a new one is written.
        """
        put(s3, bucket, "k", b"old")
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        put(s3, bucket, "k", b"new")
        assert (b"new", b"old") == (read(s3, bucket, "k"), read(s3, bucket, "k", VersionId="null"))

    def test_suspended(self, s3, versioned):
        """
        With versioning suspended the null version is written anew each time; named versions stay.
        """
        kept = put(s3, versioned, "k", b"kept")
        s3.put_bucket_versioning(Bucket=versioned, VersioningConfiguration={"Status": "Suspended"})
        assert "Suspended" == s3.get_bucket_versioning(Bucket=versioned)["Status"]
        for body in (b"1", b"2"):
            assert "null" == put(s3, versioned, "k", body)
        assert sorted([("k", "null", True, False), ("k", kept, False, False)]) == listed(s3, versioned)
        assert (b"2", b"kept") == (read(s3, versioned, "k"), read(s3, versioned, "k", VersionId=kept))

    def test_copies_and_uploads_in_parts(self, s3, versioned):
        """
        A version can be the source of a copy, even onto its own key; a completed upload is a version too.
        """
        first = put(s3, versioned, "k", b"1")
        put(s3, versioned, "k", b"2")
        source = {"Bucket": versioned, "Key": "k", "VersionId": first}
        copied = s3.copy_object(Bucket=versioned, Key="k", CopySource=source)
        assert first == copied["CopySourceVersionId"]
        assert (b"1", copied["VersionId"]) == (
            read(s3, versioned, "k"),
            s3.head_object(Bucket=versioned, Key="k")["VersionId"],
        )
        upload = s3.create_multipart_upload(Bucket=versioned, Key="k")["UploadId"]
        place = {"Bucket": versioned, "Key": "k", "UploadId": upload}
        part = s3.upload_part_copy(**place, PartNumber=1, CopySource=source)
        assert first == part["CopySourceVersionId"]
        parts = {"Parts": [{"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}]}
        done = s3.complete_multipart_upload(**place, MultipartUpload=parts)
        again = s3.complete_multipart_upload(**place, MultipartUpload=parts)
        assert done["VersionId"] == again["VersionId"]
        assert 4 == len(listed(s3, versioned))

    def test_tags_belong_to_a_version(self, s3, versioned):
        """
        Tags are set on one version and leave the others alone.
        """
        first, second = put(s3, versioned, "k", b"1"), put(s3, versioned, "k", b"2")
        tags = [{"Key": "a", "Value": "1"}]
        s3.put_object_tagging(Bucket=versioned, Key="k", VersionId=first, Tagging={"TagSet": tags})
        found = s3.get_object_tagging(Bucket=versioned, Key="k", VersionId=first)
        assert (tags, first) == (found["TagSet"], found["VersionId"])
        assert [] == s3.get_object_tagging(Bucket=versioned, Key="k")["TagSet"]
        assert second == s3.head_object(Bucket=versioned, Key="k")["VersionId"]

    def test_wrong_versions(self, s3, versioned):
        """
        A version that is none is an InvalidArgument, one that does not exist NoSuchVersion.
        """
        put(s3, versioned, "k", b"1")
        unknown = {"Bucket": versioned, "Key": "k", "VersionId": "0" * 32}
        assert ("NoSuchVersion", 404) == error_of(s3.get_object, **unknown)[:2]
        assert ("InvalidArgument", 400) == error_of(s3.get_object, **unknown | {"VersionId": "x"})[:2]
        assert ("IllegalVersioningConfigurationException", 400) == error_of(
            s3.put_bucket_versioning, Bucket=versioned, VersioningConfiguration={"Status": "On"}
        )[:2]
        assert ("NotImplemented", 501) == error_of(
            s3.put_bucket_versioning,
            Bucket=versioned,
            VersioningConfiguration={"Status": "Enabled", "MFADelete": "Enabled"},
        )[:2]


class TestDeletions:
    def test_marker(self, s3, versioned):
        """
        A deletion leaves a marker: the key is gone, its versions are not, and removing the marker brings it back.
        """
        version = put(s3, versioned, "k", b"1")
        gone = s3.delete_object(Bucket=versioned, Key="k")
        assert gone["DeleteMarker"]
        code, status, headers = error_of(s3.get_object, Bucket=versioned, Key="k")
        assert ("NoSuchKey", 404, "true") == (code, status, headers["x-amz-delete-marker"])
        assert gone["VersionId"] == headers["x-amz-version-id"]
        assert 0 == s3.list_objects_v2(Bucket=versioned)["KeyCount"]
        assert b"1" == read(s3, versioned, "k", VersionId=version)
        named = {"Bucket": versioned, "Key": "k", "VersionId": gone["VersionId"]}
        assert ("MethodNotAllowed", 405) == error_of(s3.get_object, **named)[:2]
        assert ("405", 405) == error_of(s3.head_object, **named)[:2]
        back = s3.delete_object(**named)
        assert (True, gone["VersionId"]) == (back["DeleteMarker"], back["VersionId"])
        assert b"1" == read(s3, versioned, "k")

    def test_version_removed_for_good(self, s3, versioned):
        """
        Removing the current version makes the one before it current again; removing an older one changes nothing.
        """
        versions = [put(s3, versioned, "k", body) for body in (b"1", b"2", b"3")]
        s3.delete_object(Bucket=versioned, Key="k", VersionId=versions[1])
        assert b"3" == read(s3, versioned, "k")
        s3.delete_object(Bucket=versioned, Key="k", VersionId=versions[2])
        assert b"1" == read(s3, versioned, "k")
        s3.delete_object(Bucket=versioned, Key="k", VersionId=versions[0])
        assert ("404", 404) == error_of(s3.head_object, Bucket=versioned, Key="k")[:2]
        assert [] == listed(s3, versioned)

    def test_suspended(self, s3, versioned):
        """
        With versioning suspended a deletion replaces the null version by a null marker.
        """
        kept = put(s3, versioned, "k", b"kept")
        s3.put_bucket_versioning(Bucket=versioned, VersioningConfiguration={"Status": "Suspended"})
        put(s3, versioned, "k", b"null")
        for _ in range(2):
            assert "null" == s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
        assert sorted([("k", "null", True, True), ("k", kept, False, False)]) == listed(s3, versioned)

    def test_many(self, s3, versioned):
        """
        One request deletes keys and versions, and tells of each what became of it; errors do not stop it.
        """
        version = put(s3, versioned, "a", b"1")
        put(s3, versioned, "b", b"1")
        etag = s3.put_object(Bucket=versioned, Key="c", Body=b"1")["ETag"]
        wanted = [
            {"Key": "a", "VersionId": version},
            {"Key": "b"},
            {"Key": "c", "ETag": '"other"'},
            {"Key": "d", "VersionId": "nonsense"},
        ]
        found = s3.delete_objects(Bucket=versioned, Delete={"Objects": wanted})
        removed, marked = found["Deleted"]
        assert {"Key": "a", "VersionId": version} == removed
        assert ("b", True) == (marked["Key"], marked["DeleteMarker"])
        assert [("c", "PreconditionFailed"), ("d", "NoSuchVersion")] == [
            (item["Key"], item["Code"]) for item in found["Errors"]
        ]
        quiet = {"Objects": [{"Key": "c", "ETag": etag}, {"Key": "d", "VersionId": "?"}], "Quiet": True}
        found = s3.delete_objects(Bucket=versioned, Delete=quiet)
        assert ("Deleted" not in found, 1) == (True, len(found["Errors"]))

    def test_conditions(self, s3, versioned):
        """
        A deletion may demand that the object is there, and unchanged.
        """
        put(s3, versioned, "k", b"1")
        place = {"Bucket": versioned, "Key": "k"}
        assert ("PreconditionFailed", 412) == error_of(s3.delete_object, **place, IfMatch='"other"')[:2]
        s3.delete_object(**place, IfMatch="*")
        assert ("NoSuchKey", 404) == error_of(s3.delete_object, **place, IfMatch="*")[:2]

    def test_bucket_with_versions_is_not_empty(self, s3, versioned):
        """
        A bucket whose keys are all deleted still holds their versions; without these it can go.
        """
        put(s3, versioned, "k", b"1")
        s3.delete_object(Bucket=versioned, Key="k")
        assert ("BucketNotEmpty", 409) == error_of(s3.delete_bucket, Bucket=versioned)[:2]
        import boto3

        resource = boto3.resource(
            "s3", endpoint_url=s3.meta.endpoint_url, aws_access_key_id="a", aws_secret_access_key="b"
        )
        resource.Bucket(versioned).object_versions.delete()
        s3.delete_bucket(Bucket=versioned)
        assert ("404", 404) == error_of(s3.head_bucket, Bucket=versioned)[:2]


class TestListing:
    @pytest.mark.parametrize("size", [1, 2, 3, 1000])
    def test_pages(self, s3, versioned, size):
        """
        Pages of any size together give every version once, by key and newest first, and one latest of each key.
        """
        expected: list[tuple[str, str]] = []
        for key in ("a", "b/1", "b/2", "c"):
            versions = [put(s3, versioned, key, body) for body in (b"1", b"2")]
            expected += [(key, version) for version in reversed(versions)]
        pages = s3.get_paginator("list_object_versions").paginate(
            Bucket=versioned, PaginationConfig={"PageSize": size}
        )
        items = [item for found in pages for item in found.get("Versions", [])]
        assert expected == [(item["Key"], item["VersionId"]) for item in items]
        assert [True, False] * 4 == [item["IsLatest"] for item in items]
        folded = s3.list_object_versions(Bucket=versioned, Delimiter="/")
        assert ["b/"] == [item["Prefix"] for item in folded["CommonPrefixes"]]
        assert ["a", "a", "c", "c"] == [item["Key"] for item in folded["Versions"]]
        assert ["b/2"] == [
            item["Key"]
            for item in s3.list_object_versions(Bucket=versioned, Prefix="b/2", MaxKeys=1)["Versions"]
        ]

    def test_page_behind_a_version_that_is_gone(self, s3, versioned):
        """
        A listing goes on behind a version that was removed meanwhile, as whoever empties a bucket needs.
        """
        versions = [put(s3, versioned, "k", b"x") for _ in range(4)]
        first = s3.list_object_versions(Bucket=versioned, MaxKeys=2)
        for item in first["Versions"]:
            s3.delete_object(Bucket=versioned, Key="k", VersionId=item["VersionId"])
        rest = s3.list_object_versions(
            Bucket=versioned,
            KeyMarker=first["NextKeyMarker"],
            VersionIdMarker=first["NextVersionIdMarker"],
        )
        assert versions[1::-1] == [item["VersionId"] for item in rest["Versions"]]


WRITES = st.lists(
    st.tuples(
        st.sampled_from(["put", "delete", "remove", ENABLED, SUSPENDED]),
        st.sampled_from("ab"),
        st.integers(0, 9),
    ),
    max_size=25,
)


@settings(max_examples=80, deadline=None)
@given(steps=WRITES)
def test_any_history_reads_as_a_plain_list_would(tmp_path_factory, steps):
    """
    After any writes, deletions and changes of versioning, the index says what a list of versions per key says.
    """
    objects = Objects(tmp_path_factory.mktemp("s3"))
    objects.index.database.change("INSERT INTO bucket(name, created) VALUES('b', 0)")
    status, model = None, {"a": [], "b": []}  # each key's versions, newest first: name, or name and marker
    for count, (action, key, pick) in enumerate(steps):
        versions = model[key]
        if action in (ENABLED, SUSPENDED):
            status = action
            objects.index.set_setting("b", VERSIONING, action)
        elif action == "remove" and versions:
            name = versions[pick % len(versions)][0]
            objects.index.delete_version("b", key, name)
            model[key] = [version for version in versions if version[0] != name]
        elif action == "put":
            item = objects.put_bytes("b", key, b"%d" % count)
            model[key] = [(item.version, count), *_without_null(versions, status)]
        elif action == "delete":
            removed = objects.index.delete("b", key)
            marker = [(removed.version, None)] if status else []
            model[key] = marker + _without_null(versions, status)
    for key, versions in model.items():
        found = [item for item in objects.index.scan_versions("b") if item.key == key]
        assert versions == [(item.version, _content(item)) for item in found]
        now = objects.index.find("b", key)
        assert (versions[0][1] if versions else None) == (None if now is None else _content(now))
    named = {item.path.name for item in objects.index.scan_versions("b") if isinstance(item, StoredObject)}
    assert named == set(objects.index.live_blobs())
    objects.close()


def _without_null(versions: list, status: str | None) -> list:
    """What a write leaves of a key's versions."""
    return versions if status == ENABLED else [version for version in versions if version[0] != "null"]


def _content(item: StoredObject | Marker) -> int | None:
    return None if isinstance(item, Marker) else int(item.path.read_bytes())


@pytest.fixture
def old_state(tmp_path) -> Iterator:
    """A state folder as it was before there were versions."""
    from localaws.database import Database

    database = Database(tmp_path / "s3.db", "")
    schema = SCHEMA.replace(
        " version TEXT NOT NULL DEFAULT 'null',\n    number INTEGER NOT NULL DEFAULT 0,", ""
    )
    database._connection.executescript(schema)
    database.change("INSERT INTO bucket VALUES('b', 0)")
    (tmp_path / "blobs" / "ab").mkdir(parents=True)
    (tmp_path / "blobs" / "ab" / "abc").write_bytes(b"old")
    details = '{"metadata": {"a": "1"}, "headers": {}, "checksums": {}, "tags": {}, "parts": []}'
    database.change("INSERT INTO object VALUES('b', 'k', 'abc', 3, 'e', 1.0, ?)", details)
    database.close()
    return tmp_path


def test_state_from_before_versions(old_state):
    """
    A state folder from before there were versions opens, its objects being null versions.
    """
    objects = Objects(old_state)
    found = objects.get("b", "k")
    assert (b"old", "null", {"a": "1"}) == (found.path.read_bytes(), found.version, found.metadata)
    objects.put_bytes("b", "k", b"new")
    assert b"new" == objects.get("b", "k").path.read_bytes()
    objects.close()
