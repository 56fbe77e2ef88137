"""S3 keys, addresses and limits: every key that AWS takes, spelt every way that clients spell it."""

from __future__ import annotations

import http.client
import re
import urllib.error
import urllib.request
from urllib.parse import quote, urlsplit

import pytest
from botocore.client import Config
from botocore.exceptions import ClientError


@pytest.fixture
def s3(client):
    return client("s3")


def error_of(call, **arguments) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"]


def raw(endpoint, method: str, target: str, body: bytes = b"", **headers: str) -> tuple[int, dict, bytes]:
    """One request without a signature, its target as it is."""
    connection = http.client.HTTPConnection(urlsplit(endpoint.url).netloc, timeout=20)
    connection.request(
        method, target, body, {name.replace("_", "-"): value for name, value in headers.items()}
    )
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read()
    connection.close()
    return found


class TestKeys:
    @pytest.mark.parametrize(
        "key",
        [
            *(".", "..", "../x", "a/../b", "a//b", "/", "a/", "=", "%", "~a"),
            *("a b", "a+b", "a%20b", "a?b", "a#b", "a&b=c", "a;b", "a'b\"c", "a\\b", "a\tb"),
            *("ü/日本/😀", "x" * 1024, "ü" * 512, "versionId", "?uploads"),
        ],
        ids=lambda key: ascii(key)[1:20],
    )
    def test_any_key(self, s3, endpoint, bucket, key):
        """
        A key of any form is one object: written, read, listed, copied, and removed without touching its kin.
        """
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
        assert key.encode() == s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        assert [key] == [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]]
        s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": key})
        assert key.encode() == raw(endpoint, "GET", f"/{bucket}/{quote(key, safe='')}")[2]
        s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key}]})
        assert ["copy"] == [item["Key"] for item in s3.list_objects(Bucket=bucket)["Contents"]]

    def test_too_long(self, s3, bucket):
        """
        A key of more than 1,024 bytes is refused, to whatever it belongs.
        """
        assert "KeyTooLongError" == error_of(s3.put_object, Bucket=bucket, Key="ü" * 513, Body=b"")
        found = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k" * 1025}]})
        assert ["KeyTooLongError"] == [item["Code"] for item in found["Errors"]]

    def test_spelt_for_xml(self, s3, endpoint, bucket):
        """
        Keys are percent-encoded in a listing that asks for it, with prefix, delimiter and markers.
        """
        s3.put_object(Bucket=bucket, Key="a b/ü+", Body=b"")
        _, _, body = raw(
            endpoint, "GET", f"/{bucket}?list-type=2&encoding-type=url&prefix=a%20b/&delimiter=%3D"
        )
        assert b"<Key>a%20b/%C3%BC%2B</Key>" in body
        assert b"<Prefix>a%20b/</Prefix><Delimiter>%3D</Delimiter>" in body
        assert b"InvalidArgument" in raw(endpoint, "GET", f"/{bucket}?encoding-type=base64")[2]


class TestListing:
    def test_long_delimiters_and_owners(self, s3, bucket):
        """
        A delimiter may be longer than a character; owners are told where they are asked for.
        """
        for key in ("a--b--c", "a-b", "a--d"):
            s3.put_object(Bucket=bucket, Key=key, Body=b"")
        found = s3.list_objects_v2(Bucket=bucket, Delimiter="--", FetchOwner=True)
        assert ["a--"] == [item["Prefix"] for item in found["CommonPrefixes"]]
        assert [("a-b", "123456789012")] == [(item["Key"], item["Owner"]["ID"]) for item in found["Contents"]]
        assert "Owner" not in s3.list_objects_v2(Bucket=bucket)["Contents"][0]
        assert "Owner" in s3.list_objects(Bucket=bucket)["Contents"][0]

    def test_uploads_by_prefix(self, s3, bucket):
        """
        Uploads under way are listed by key, folded by a delimiter, in pages.
        """
        for key in ("a/1", "a/2", "b", "b", "c"):
            s3.create_multipart_upload(Bucket=bucket, Key=key)
        found = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
        assert ["a/"] == [item["Prefix"] for item in found["CommonPrefixes"]]
        pages = s3.get_paginator("list_multipart_uploads").paginate(
            Bucket=bucket, PaginationConfig={"PageSize": 2}
        )
        uploads = [(item["Key"], item["UploadId"]) for page in pages for item in page["Uploads"]]
        assert ["a/1", "a/2", "b", "b", "c"] == [key for key, _ in uploads]
        assert 5 == len(set(uploads))


class TestReading:
    def test_several_ranges_are_the_whole(self, s3, bucket):
        """
        S3 serves one range; a request for several gets the whole object.
        """
        s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
        found = s3.get_object(Bucket=bucket, Key="k", Range="bytes=0-1,4-5")
        assert (200, b"0123456789") == (found["ResponseMetadata"]["HTTPStatusCode"], found["Body"].read())
        assert "InvalidRange" == error_of(s3.get_object, Bucket=bucket, Key="k", Range="bytes=-0")

    def test_headers_of_the_answer_may_be_named(self, s3, bucket):
        """
        The query may name headers of the answer.
        """
        s3.put_object(Bucket=bucket, Key="k", Body=b"x")
        wanted = {
            "ResponseContentType": "text/a",
            "ResponseCacheControl": "no-store",
            "ResponseContentDisposition": 'attachment; filename="b"',
            "ResponseContentEncoding": "gzip",
            "ResponseContentLanguage": "de",
        }
        found = s3.get_object(Bucket=bucket, Key="k", **wanted)
        assert list(wanted.values()) == [found[name.removeprefix("Response")] for name in wanted]

    def test_metadata_limit(self, s3, bucket):
        """
        Two kilobytes of metadata are taken, a byte more is too large.
        """
        s3.put_object(Bucket=bucket, Key="k", Body=b"", Metadata={"name": "v" * 2044})
        code = error_of(s3.put_object, Bucket=bucket, Key="k", Body=b"", Metadata={"name": "v" * 2045})
        assert "MetadataTooLarge" == code


class TestAddresses:
    def test_by_host(self, endpoint, connect, bucket):
        """
        boto3 with virtual-host addresses reaches the bucket in front of localhost.
        """
        port = urlsplit(endpoint.url).port
        connect(endpoint, "s3").put_object(Bucket=bucket, Key="a/k", Body=b"data")
        for host in (f"{bucket}.localhost:{port}", f"{bucket}.s3.localhost:{port}"):
            assert b"data" == raw(endpoint, "GET", "/a/k", Host=host)[2]
        dotted = f"{bucket}.with.dots"
        assert 200 == raw(endpoint, "PUT", "/", Host=f"{dotted}.localhost:{port}")[0]
        assert 200 == raw(endpoint, "HEAD", f"/{dotted}")[0]

    def test_without_a_signature(self, endpoint, connect, bucket):
        """
        A client without credentials is served like any other.
        """
        from botocore import UNSIGNED

        anonymous = connect(endpoint, "s3", config=Config(signature_version=UNSIGNED))
        anonymous.put_object(Bucket=bucket, Key="k", Body=b"data")
        assert b"data" == anonymous.get_object(Bucket=bucket, Key="k")["Body"].read()

    @pytest.mark.parametrize("version", ["s3", "s3v4"])
    def test_presigned_until(self, endpoint, connect, bucket, version):
        """
        A presigned URL of either signature works until its time is over.
        """
        client = connect(endpoint, "s3", config=Config(signature_version=version))
        client.put_object(Bucket=bucket, Key="k", Body=b"data")
        url = client.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"}, ExpiresIn=60)
        with urllib.request.urlopen(url) as answer:
            assert b"data" == answer.read()
        if version == "s3":
            expired = re.sub(r"Expires=\d+", "Expires=1000000000", url)
        else:
            expired = url.replace("X-Amz-Date=20", "X-Amz-Date=19")
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(expired)
        assert (403, True) == (caught.value.code, b"Request has expired" in caught.value.read())

    def test_regions_of_buckets_are_told(self, endpoint, s3, bucket):
        """
        HEAD of a bucket names its region, also to whoever asks without a signature.
        """
        assert "us-east-1" == raw(endpoint, "HEAD", f"/{bucket}")[1]["x-amz-bucket-region"]
