"""Listings of buckets and objects: order, prefixes, delimiters, pages."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localaws.s3.blobs import Objects
from localaws.s3.listing import page


@pytest.fixture
def s3(client):
    return client("s3")


@pytest.fixture
def filled(s3, bucket):
    for key in ["a", "a/1", "a/2", "a/b/3", "b", "c/4", "d"]:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    return bucket


class TestObjects:
    def test_delimiter(self, s3, filled):
        """
        A delimiter folds keys into common prefixes, counted once.
        """
        found = s3.list_objects_v2(Bucket=filled, Delimiter="/")
        assert ["a", "b", "d"] == [item["Key"] for item in found["Contents"]]
        assert ["a/", "c/"] == [item["Prefix"] for item in found["CommonPrefixes"]]
        assert 5 == found["KeyCount"]

    def test_prefix_and_delimiter(self, s3, filled):
        """
        Under a prefix, folding begins behind it.
        """
        found = s3.list_objects_v2(Bucket=filled, Prefix="a/", Delimiter="/")
        assert ["a/1", "a/2"] == [item["Key"] for item in found["Contents"]]
        assert ["a/b/"] == [item["Prefix"] for item in found["CommonPrefixes"]]

    @pytest.mark.parametrize("operation", ["list_objects_v2", "list_objects"])
    @pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
    def test_pages(self, s3, filled, operation, size):
        """
        Pages of any size together give every key and prefix once, in order.
        """
        pages = s3.get_paginator(operation).paginate(
            Bucket=filled, Delimiter="/", PaginationConfig={"PageSize": size}
        )
        keys, prefixes = [], []
        for found in pages:
            keys += [item["Key"] for item in found.get("Contents", [])]
            prefixes += [item["Prefix"] for item in found.get("CommonPrefixes", [])]
        assert (["a", "b", "d"], ["a/", "c/"]) == (keys, prefixes)

    def test_start_after(self, s3, filled):
        """
        A listing begins behind the key it is told to.
        """
        found = s3.list_objects_v2(Bucket=filled, StartAfter="a/2")
        assert ["a/b/3", "b", "c/4", "d"] == [item["Key"] for item in found["Contents"]]

    def test_keys_that_need_spelling(self, s3, bucket):
        """
        Keys with blanks, plus signs, control characters and other scripts come back as they are.
        """
        keys = sorted(["a b", "a+b", "a&<b>", "a\nb", "日本", "ü", "%41", "a?b#c"], key=str.encode)
        for key in keys:
            s3.put_object(Bucket=bucket, Key=key, Body=b"")
        assert keys == [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]]
        assert keys == [item["Key"] for item in s3.list_objects(Bucket=bucket)["Contents"]]

    def test_more_than_one_page_of_keys(self, client, s3, bucket, endpoint):
        """
        A page holds at most 1,000 keys, and says that there are more.
        """
        s3.put_object(Bucket=bucket, Key="source", Body=b"")
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: s3.put_object(Bucket=bucket, Key=f"k/{n:04}", Body=b""), range(1100)))
        first = s3.list_objects_v2(Bucket=bucket, Prefix="k/")
        assert (1000, True) == (first["KeyCount"], first["IsTruncated"])
        rest = s3.list_objects_v2(
            Bucket=bucket, Prefix="k/", ContinuationToken=first["NextContinuationToken"]
        )
        assert [f"k/{n:04}" for n in range(1000, 1100)] == [item["Key"] for item in rest["Contents"]]
        folded = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
        assert (["source"], ["k/"]) == (
            [item["Key"] for item in folded["Contents"]],
            [item["Prefix"] for item in folded["CommonPrefixes"]],
        )


@settings(max_examples=60, deadline=None)
@given(
    keys=st.lists(
        st.text(st.sampled_from("ab/\U0010ffff"), min_size=1, max_size=5), max_size=25, unique=True
    ),
    prefix=st.text(st.sampled_from("ab/"), max_size=2),
    size=st.integers(1, 5),
)
def test_any_keys_list_as_sorting_would(tmp_path_factory, keys, prefix, size):
    """
    For any keys, prefix and page size, the pages give what grouping the sorted keys gives.
    """
    objects = Objects(tmp_path_factory.mktemp("s3"))
    objects.index.database.change("INSERT INTO bucket(name, created) VALUES('b', 0)")
    for key in keys:
        objects.put_bytes("b", key, b"")
    expected = []
    for key in sorted((key for key in keys if key.startswith(prefix)), key=str.encode):
        end = key.find("/", len(prefix))
        name = key if end < 0 else key[: end + 1]
        if not expected or expected[-1] != name:
            expected.append(name)
    seen, after = [], ""
    while after is not None:
        scan = partial(objects.index.scan, "b", prefix)
        found = page(scan, prefix=prefix, delimiter="/", after=after, limit=size)
        seen += sorted([*(item.key for item in found.items), *found.prefixes], key=str.encode)
        after = found.last
    objects.close()
    assert expected == seen


class TestBuckets:
    def test_create_again_is_no_error(self, s3, bucket):
        """
        Creating one's own bucket again succeeds, as in us-east-1.
        """
        assert 200 == s3.create_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"]
        assert bucket in [item["Name"] for item in s3.list_buckets()["Buckets"]]

    def test_pages_of_buckets(self, s3, bucket):
        """
        Buckets are listed by prefix, in pages when asked.
        """
        for number in (1, 2):
            s3.create_bucket(Bucket=f"{bucket}-{number}")
        pages = s3.get_paginator("list_buckets").paginate(Prefix=bucket, PaginationConfig={"PageSize": 2})
        found = [[item["Name"] for item in page["Buckets"]] for page in pages]
        assert [[bucket, f"{bucket}-1"], [f"{bucket}-2"]] == found

    def test_location(self, s3, bucket):
        """
        A bucket of us-east-1 has no location constraint; another one has what it was created with.
        """
        assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None
        other = f"{bucket}-west"
        s3.create_bucket(Bucket=other, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        assert "eu-west-1" == s3.get_bucket_location(Bucket=other)["LocationConstraint"]
        assert "eu-west-1" == s3.head_bucket(Bucket=other)["BucketRegion"]

    @pytest.mark.parametrize("name", ["Upper", "ab", "under_score", "dot..dot", "1.2.3.4", "-dash"])
    def test_bad_names(self, s3, endpoint, name):
        """
        A bucket's name must be one AWS takes.
        """
        import urllib.error
        import urllib.request

        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(urllib.request.Request(f"{endpoint.url}/{name}", method="PUT"))
        assert 400 == caught.value.code
        assert b"<Code>InvalidBucketName</Code>" in caught.value.read()

    def test_delete(self, s3, bucket):
        """
        A bucket with objects cannot be deleted; an empty one can, and is gone.
        """
        s3.put_object(Bucket=bucket, Key="k", Body=b"")
        with pytest.raises(s3.exceptions.ClientError) as caught:
            s3.delete_bucket(Bucket=bucket)
        assert "BucketNotEmpty" == caught.value.response["Error"]["Code"]
        s3.delete_object(Bucket=bucket, Key="k")
        s3.delete_bucket(Bucket=bucket)
        with pytest.raises(s3.exceptions.ClientError):
            s3.head_bucket(Bucket=bucket)

    def test_settings(self, s3, bucket):
        """
        Settings that are kept come back; a new bucket has AWS's defaults; the others are refused by name.
        """
        assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
        assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]["BlockPublicAcls"]
        rule = {
            "ID": "multipart",
            "Filter": {"Prefix": ""},
            "Status": "Enabled",
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        }
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
        assert [rule] == s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        with pytest.raises(s3.exceptions.ClientError) as caught:
            s3.put_object_lock_configuration(Bucket=bucket)
        error = caught.value.response["Error"]
        assert ("NotImplemented", "localaws does not implement s3.PutObjectLockConfiguration") == (
            error["Code"],
            error["Message"],
        )

    def test_virtual_host_style(self, connect, endpoint, bucket):
        """
        A bucket may stand in front of the host's name.
        """
        from urllib.parse import urlsplit
        from urllib.request import Request, urlopen

        port = urlsplit(endpoint.url).port
        connect(endpoint, "s3").put_object(Bucket=bucket, Key="a/k", Body=b"data")
        for host in (
            f"{bucket}.localhost:{port}",
            f"{bucket}.s3.localhost:{port}",
            f"{bucket}.127.0.0.1:{port}",
        ):
            with urlopen(Request(f"{endpoint.url}/a/k", headers={"Host": host})) as answer:
                assert b"data" == answer.read()
