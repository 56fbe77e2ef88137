"""S3 objects through boto3: what is put comes back, and what AWS refuses is refused in its words."""

from __future__ import annotations

import base64
import hashlib
import urllib.error
import urllib.request
import zlib

import pytest
from botocore.exceptions import ClientError


def error_of(call, **arguments) -> tuple[str, int]:
    """Code and status of the error a call ends with."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.fixture
def s3(client):
    return client("s3")


class TestPutAndGet:
    def test_body_metadata_and_headers_come_back(self, s3, bucket):
        """
        An object comes back with its bytes, its system headers and its user metadata.
        """
        s3.put_object(
            Bucket=bucket,
            Key="a/b c+ü.txt",
            Body=b"hello",
            ContentType="text/plain",
            CacheControl="no-cache",
            Metadata={"Source": "unit", "umlaut": "=?UTF-8?B?w7w=?="},
        )
        found = s3.get_object(Bucket=bucket, Key="a/b c+ü.txt")
        assert b"hello" == found["Body"].read()
        assert "text/plain" == found["ContentType"]
        assert "no-cache" == found["CacheControl"]
        assert "unit" == found["Metadata"]["source"]
        assert f'"{hashlib.md5(b"hello").hexdigest()}"' == found["ETag"]

    def test_empty_object(self, s3, bucket):
        """
        An object of no bytes is an object.
        """
        s3.put_object(Bucket=bucket, Key="empty", Body=b"")
        assert b"" == s3.get_object(Bucket=bucket, Key="empty")["Body"].read()
        assert 0 == s3.head_object(Bucket=bucket, Key="empty")["ContentLength"]

    def test_overwrite_is_whole(self, s3, bucket):
        """
        A reader that began before an overwrite reads the old object to its end.
        """
        s3.put_object(Bucket=bucket, Key="k", Body=b"a" * 3_000_000)
        body = s3.get_object(Bucket=bucket, Key="k")["Body"]
        start = body.read(10)
        s3.put_object(Bucket=bucket, Key="k", Body=b"b" * 3_000_000)
        assert b"a" * 3_000_000 == start + body.read()
        assert b"b" == s3.get_object(Bucket=bucket, Key="k", Range="bytes=0-0")["Body"].read()

    @pytest.mark.parametrize(
        ("wanted", "body", "shown"),
        [
            ("bytes=0-0", b"0", "bytes 0-0/10"),
            ("bytes=3-5", b"345", "bytes 3-5/10"),
            ("bytes=7-", b"789", "bytes 7-9/10"),
            ("bytes=-4", b"6789", "bytes 6-9/10"),
            ("bytes=8-99", b"89", "bytes 8-9/10"),
        ],
    )
    def test_ranges(self, s3, bucket, wanted, body, shown):
        """
        A range answers 206 with just its bytes.
        """
        s3.put_object(Bucket=bucket, Key="digits", Body=b"0123456789")
        found = s3.get_object(Bucket=bucket, Key="digits", Range=wanted)
        assert (206, body) == (found["ResponseMetadata"]["HTTPStatusCode"], found["Body"].read())
        assert shown == found["ContentRange"]

    def test_range_past_the_end(self, s3, bucket):
        """
        A range of which no byte exists is an InvalidRange.
        """
        s3.put_object(Bucket=bucket, Key="digits", Body=b"0123456789")
        assert ("InvalidRange", 416) == error_of(
            s3.get_object, Bucket=bucket, Key="digits", Range="bytes=10-"
        )

    def test_missing_things(self, s3, bucket):
        """
        A missing key is NoSuchKey, a missing bucket NoSuchBucket; a HEAD says only 404.
        """
        assert ("NoSuchKey", 404) == error_of(s3.get_object, Bucket=bucket, Key="none")
        assert ("NoSuchBucket", 404) == error_of(s3.get_object, Bucket="no-such-bucket", Key="none")
        assert ("NoSuchBucket", 404) == error_of(s3.put_object, Bucket="no-such-bucket", Key="k", Body=b"x")
        assert ("404", 404) == error_of(s3.head_object, Bucket=bucket, Key="none")

    def test_leading_and_double_slashes_are_kept(self, s3, bucket):
        """
        A key may begin with a slash, hold two in a row, or look like a path upwards.
        """
        keys = ["/lead", "a//b", "../up", "./dot", "trail/"]
        for key in keys:
            s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
        assert sorted(keys) == [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]]
        assert [key.encode() for key in keys] == [
            s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys
        ]


class TestConditions:
    def test_put_only_if_absent(self, s3, bucket):
        """
        If-None-Match: * lets exactly the first writer through.
        """
        s3.put_object(Bucket=bucket, Key="lock", Body=b"1", IfNoneMatch="*")
        assert ("PreconditionFailed", 412) == error_of(
            s3.put_object, Bucket=bucket, Key="lock", Body=b"2", IfNoneMatch="*"
        )
        assert b"1" == s3.get_object(Bucket=bucket, Key="lock")["Body"].read()

    def test_put_only_over_the_known_version(self, s3, bucket):
        """
        If-Match lets a writer through only over the version it names.
        """
        first = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
        s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfMatch=first)
        assert ("PreconditionFailed", 412) == error_of(
            s3.put_object, Bucket=bucket, Key="k", Body=b"3", IfMatch=first
        )
        assert ("NoSuchKey", 404) == error_of(
            s3.put_object, Bucket=bucket, Key="none", Body=b"3", IfMatch=first
        )

    def test_conditional_get(self, s3, bucket):
        """
        A GET of what the client has already is 304, of what it no longer is 412.
        """
        etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
        assert ("304", 304) == error_of(s3.get_object, Bucket=bucket, Key="k", IfNoneMatch=etag)
        assert ("PreconditionFailed", 412) == error_of(
            s3.get_object, Bucket=bucket, Key="k", IfMatch='"other"'
        )
        modified = s3.head_object(Bucket=bucket, Key="k")["LastModified"]
        assert ("304", 304) == error_of(s3.get_object, Bucket=bucket, Key="k", IfModifiedSince=modified)
        assert b"1" == s3.get_object(Bucket=bucket, Key="k", IfUnmodifiedSince=modified)["Body"].read()

    def test_copy_only_if(self, s3, bucket):
        """
        A copy may demand something of its source, and of what it replaces.
        """
        etag = s3.put_object(Bucket=bucket, Key="source", Body=b"1")["ETag"]
        copy = {"Bucket": bucket, "Key": "k", "CopySource": {"Bucket": bucket, "Key": "source"}}
        failed = ("PreconditionFailed", 412)
        assert failed == error_of(s3.copy_object, **copy, CopySourceIfMatch='"other"')
        assert failed == error_of(s3.copy_object, **copy, CopySourceIfNoneMatch=etag)
        s3.copy_object(**copy, CopySourceIfMatch=etag, IfNoneMatch="*")
        assert failed == error_of(s3.copy_object, **copy, IfNoneMatch="*")
        assert failed == error_of(s3.copy_object, **copy, IfMatch='"other"')
        s3.copy_object(**copy, IfMatch=etag)
        assert b"1" == s3.get_object(Bucket=bucket, Key="k")["Body"].read()

    def test_contradictory_questions(self, s3, bucket):
        """
        A part and a range at once, and a customer's key for an object that has none, are refused.
        """
        place = {"Bucket": bucket, "Key": "k"}
        s3.put_object(**place, Body=b"1")
        invalid = ("InvalidRequest", 400)
        assert invalid == error_of(s3.get_object, **place, PartNumber=1, Range="bytes=0-0")
        key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
        assert invalid == error_of(s3.get_object, **place, **key)
        refused = ("NotImplemented", 501)
        assert refused == error_of(s3.put_object, **place, Body=b"", WriteOffsetBytes=1)
        assert refused == error_of(s3.put_object, **place, Body=b"", StorageClass="GLACIER")

    def test_expected_owner(self, s3, bucket):
        """
        A request that expects another account to own the bucket is denied.
        """
        s3.put_object(Bucket=bucket, Key="k", Body=b"1", ExpectedBucketOwner="123456789012")
        assert ("AccessDenied", 403) == error_of(
            s3.get_object, Bucket=bucket, Key="k", ExpectedBucketOwner="999999999999"
        )


class TestChecksums:
    @pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
    def test_checksum_is_kept_and_checked_by_the_reader(self, s3, bucket, algorithm):
        """
        A checksum given with the object comes back with it.
        """
        put = s3.put_object(Bucket=bucket, Key="k", Body=b"data", ChecksumAlgorithm=algorithm)
        got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
        assert b"data" == got["Body"].read()
        assert put[f"Checksum{algorithm}"] == got[f"Checksum{algorithm}"]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"ContentMD5": base64.b64encode(hashlib.md5(b"other").digest()).decode()},
            {"ChecksumCRC32": base64.b64encode(zlib.crc32(b"other").to_bytes(4, "big")).decode()},
            {"ChecksumSHA256": base64.b64encode(hashlib.sha256(b"other").digest()).decode()},
        ],
        ids=["md5", "crc32", "sha256"],
    )
    def test_wrong_digest_stores_nothing(self, s3, bucket, wrong):
        """
        A body that does not fit its digest is a BadDigest, and no object.
        """
        assert ("BadDigest", 400) == error_of(s3.put_object, Bucket=bucket, Key="k", Body=b"data", **wrong)
        assert ("404", 404) == error_of(s3.head_object, Bucket=bucket, Key="k")


class TestChunkedUploads:
    """Uploads in S3's own chunks, their checksum behind them, as SDKs of every language send them."""

    def put(self, endpoint, bucket, body: bytes, **headers: str) -> tuple[int, bytes]:
        request = urllib.request.Request(
            f"{endpoint.url}/{bucket}/chunked",
            data=body,
            method="PUT",
            headers={
                "Content-Encoding": "gzip,aws-chunked",
                "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
                "x-amz-trailer": "x-amz-checksum-crc32",
                **headers,
            },
        )
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def framed(self, *chunks: bytes, checksum: bytes) -> bytes:
        pieces = [b"%x;chunk-signature=0\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks]
        return b"".join(pieces) + b"0\r\nx-amz-checksum-crc32:" + checksum + b"\r\n\r\n"

    def test_framing_is_taken_off(self, s3, endpoint, bucket):
        """
        The object is the chunks' data; the trailer's checksum is checked and kept; the encoding loses aws-chunked.
        """
        checksum = base64.b64encode(zlib.crc32(b"one two").to_bytes(4, "big"))
        body = self.framed(b"one ", b"two", checksum=checksum)
        assert (200, b"") == self.put(endpoint, bucket, body, **{"x-amz-decoded-content-length": "7"})
        found = s3.get_object(Bucket=bucket, Key="chunked", ChecksumMode="ENABLED")
        assert (b"one two", "gzip") == (found["Body"].read(), found["ContentEncoding"])
        assert checksum.decode() == found["ChecksumCRC32"]

    @pytest.mark.parametrize(
        ("checksum", "length", "code"),
        [(b"AAAAAA==", "7", b"BadDigest"), (b"", "9", b"IncompleteBody")],
        ids=["checksum", "length"],
    )
    def test_wrong_trailers(self, s3, endpoint, bucket, checksum, length, code):
        """
        A wrong checksum or length behind the data stores nothing.
        """
        body = self.framed(b"one ", b"two", checksum=checksum)
        status, text = self.put(endpoint, bucket, body, **{"x-amz-decoded-content-length": length})
        assert (400, True) == (status, code in text)
        assert ("404", 404) == error_of(s3.head_object, Bucket=bucket, Key="chunked")

    def test_framing_that_is_none(self, s3, endpoint, bucket):
        """
        A body that only claims to be chunked is an IncompleteBody.
        """
        for body in (b"plain data", b"10;x\r\nshort", b""):
            status, text = self.put(endpoint, bucket, body)
            assert (400, True) == (status, b"IncompleteBody" in text)


class TestCopyAndDelete:
    def test_copy_keeps_or_replaces_metadata(self, s3, bucket):
        """
        A copy has the source's metadata and tags, or new ones when asked.
        """
        source = {"Bucket": bucket, "Key": "source"}
        s3.put_object(**source, Body=b"data", Metadata={"a": "1"}, Tagging="t=1", ContentType="text/csv")
        s3.copy_object(Bucket=bucket, Key="same", CopySource=source)
        s3.copy_object(
            Bucket=bucket, Key="new", CopySource=source, Metadata={"b": "2"}, MetadataDirective="REPLACE"
        )
        same, new = (s3.get_object(Bucket=bucket, Key=key) for key in ("same", "new"))
        assert ({"a": "1"}, "text/csv", 1) == (same["Metadata"], same["ContentType"], same["TagCount"])
        assert {"b": "2"} == new["Metadata"]
        assert b"data" == same["Body"].read() == new["Body"].read()

    def test_copy_onto_itself(self, s3, bucket):
        """
        A copy of an object onto itself that changes nothing is refused, one that changes metadata is done.
        """
        source = {"Bucket": bucket, "Key": "k"}
        s3.put_object(**source, Body=b"data")
        assert ("InvalidRequest", 400) == error_of(s3.copy_object, **source, CopySource=source)
        s3.copy_object(**source, CopySource=source, Metadata={"a": "1"}, MetadataDirective="REPLACE")
        assert {"a": "1"} == s3.head_object(**source)["Metadata"]

    def test_delete_is_idempotent(self, s3, bucket):
        """
        Deleting an object twice is no error.
        """
        s3.put_object(Bucket=bucket, Key="k", Body=b"data")
        for _ in range(2):
            assert 204 == s3.delete_object(Bucket=bucket, Key="k")["ResponseMetadata"]["HTTPStatusCode"]
        assert ("404", 404) == error_of(s3.head_object, Bucket=bucket, Key="k")

    def test_delete_many(self, s3, bucket):
        """
        DeleteObjects names every key it deleted, also those that were not there; Quiet names none.
        """
        for key in ("a", "b"):
            s3.put_object(Bucket=bucket, Key=key, Body=b"")
        found = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "none"}]})
        assert ["a", "none"] == [item["Key"] for item in found["Deleted"]]
        quiet = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "b"}], "Quiet": True})
        assert "Deleted" not in quiet
        assert 0 == s3.list_objects_v2(Bucket=bucket)["KeyCount"]

    def test_object_tags(self, s3, bucket):
        """
        Tags are set, read and cleared without touching the object.
        """
        etag = s3.put_object(Bucket=bucket, Key="k", Body=b"data")["ETag"]
        tags = [{"Key": "stage", "Value": "a&b"}]
        s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": tags})
        assert tags == s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]
        assert etag == s3.head_object(Bucket=bucket, Key="k")["ETag"]
        s3.delete_object_tagging(Bucket=bucket, Key="k")
        assert [] == s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]


class TestPresigned:
    def test_presigned_get_and_put(self, s3, bucket):
        """
        A presigned URL reads and writes without other credentials, and may name the answer's type.
        """
        put = s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "k"})
        with urllib.request.urlopen(urllib.request.Request(put, data=b"data", method="PUT")) as answer:
            assert 200 == answer.status
        get = s3.generate_presigned_url(
            "get_object", {"Bucket": bucket, "Key": "k", "ResponseContentType": "text/x-test"}
        )
        with urllib.request.urlopen(get) as answer:
            assert (b"data", "text/x-test") == (answer.read(), answer.headers["Content-Type"])

    def test_expired(self, s3, bucket):
        """
        A presigned URL whose time is over is denied.
        """
        from botocore.auth import S3SigV4QueryAuth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        s3.put_object(Bucket=bucket, Key="k", Body=b"data")
        request = AWSRequest("GET", f"{s3.meta.endpoint_url}/{bucket}/k")
        S3SigV4QueryAuth(Credentials("a", "b"), "s3", "us-east-1", expires=60).add_auth(request)
        url = request.url
        stamp = url.partition("X-Amz-Date=")[2][:16]
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(url.replace(stamp, "20200101T000000Z"))
        assert 403 == caught.value.code
        assert b"Request has expired" in caught.value.read()
