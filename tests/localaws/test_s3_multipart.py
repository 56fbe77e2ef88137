"""Multipart uploads: by hand, by boto3's transfer manager, by pyarrow."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

MIB = 1 << 20


@pytest.fixture
def s3(client):
    return client("s3")


@pytest.fixture
def upload(s3, bucket):
    """An upload under way, as the arguments every call on it takes."""
    found = s3.create_multipart_upload(
        Bucket=bucket, Key="big", ContentType="text/csv", Metadata={"rows": "9"}, Tagging="a=1"
    )
    return {"Bucket": bucket, "Key": "big", "UploadId": found["UploadId"]}


def error_of(call, **arguments) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"]


def parts(*etags):
    return {"Parts": [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]}


def test_parts_become_one_object(s3, upload):
    """
    The parts in order are the object; its ETag is the digest of their digests.
    """
    first, second = b"a" * 5 * MIB, b"b" * 10
    etags = [
        s3.upload_part(**upload, PartNumber=number, Body=body)["ETag"]
        for number, body in enumerate([first, second], 1)
    ]
    done = s3.complete_multipart_upload(**upload, MultipartUpload=parts(*etags))
    digests = b"".join(hashlib.md5(body).digest() for body in (first, second))
    assert f'"{hashlib.md5(digests).hexdigest()}-2"' == done["ETag"]
    found = s3.get_object(Bucket=upload["Bucket"], Key="big")
    assert first + second == found["Body"].read()
    assert ("text/csv", {"rows": "9"}, 1) == (found["ContentType"], found["Metadata"], found["TagCount"])
    part = s3.get_object(Bucket=upload["Bucket"], Key="big", PartNumber=2)
    assert (second, 2) == (part["Body"].read(), part["PartsCount"])


def test_nothing_is_visible_before_completion(s3, upload):
    """
    Until it is completed an upload is no object, and aborted it never becomes one.
    """
    s3.upload_part(**upload, PartNumber=1, Body=b"x")
    assert 0 == s3.list_objects_v2(Bucket=upload["Bucket"])["KeyCount"]
    listed = s3.list_multipart_uploads(Bucket=upload["Bucket"])["Uploads"]
    assert [upload["UploadId"]] == [item["UploadId"] for item in listed]
    s3.abort_multipart_upload(**upload)
    assert "NoSuchUpload" == error_of(s3.upload_part, **upload, PartNumber=1, Body=b"x")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=upload["Bucket"])


def test_bad_completions(s3, upload):
    """
    A part that was not uploaded, the wrong order, a small part not at the end: each has its error.
    """
    etag = s3.upload_part(**upload, PartNumber=1, Body=b"x")["ETag"]
    other = s3.upload_part(**upload, PartNumber=2, Body=b"y")["ETag"]
    complete = s3.complete_multipart_upload
    assert "InvalidPart" == error_of(complete, **upload, MultipartUpload=parts('"none"'))
    assert "EntityTooSmall" == error_of(complete, **upload, MultipartUpload=parts(etag, other))
    backwards = {"Parts": parts(etag, other)["Parts"][::-1]}
    assert "InvalidPartOrder" == error_of(complete, **upload, MultipartUpload=backwards)
    assert "MalformedXML" == error_of(complete, **upload, MultipartUpload={"Parts": []})
    complete(**upload, MultipartUpload=parts(etag))
    assert "NoSuchUpload" == error_of(complete, **upload, MultipartUpload=parts(etag, other))


def test_list_parts(s3, upload):
    """
    Parts are listed by number, in pages; one uploaded again counts once.
    """
    for number in (3, 1, 2, 2):
        s3.upload_part(**upload, PartNumber=number, Body=b"x" * number)
    pages = s3.get_paginator("list_parts").paginate(**upload, PaginationConfig={"PageSize": 2})
    assert [(1, 1), (2, 2), (3, 3)] == [
        (part["PartNumber"], part["Size"]) for page in pages for part in page["Parts"]
    ]


def test_copy_parts(s3, bucket, upload):
    """
    Ranges of another object serve as parts.
    """
    data = os.urandom(6 * MIB)
    s3.put_object(Bucket=bucket, Key="source", Body=data)
    etags = [
        s3.upload_part_copy(
            **upload,
            PartNumber=number,
            CopySource={"Bucket": bucket, "Key": "source"},
            CopySourceRange=f"bytes={start}-{last}",
        )["CopyPartResult"]["ETag"]
        for number, (start, last) in enumerate([(0, 5 * MIB - 1), (5 * MIB, 6 * MIB - 1)], 1)
    ]
    s3.complete_multipart_upload(**upload, MultipartUpload=parts(*etags))
    assert data == s3.get_object(Bucket=bucket, Key="big")["Body"].read()


def test_completion_only_if_absent(s3, bucket, upload):
    """
    A completion with If-None-Match: * does not replace an object that came meanwhile.
    """
    etag = s3.upload_part(**upload, PartNumber=1, Body=b"x")["ETag"]
    s3.put_object(Bucket=bucket, Key="big", Body=b"first")
    code = error_of(s3.complete_multipart_upload, **upload, MultipartUpload=parts(etag), IfNoneMatch="*")
    assert "PreconditionFailed" == code
    assert b"first" == s3.get_object(Bucket=bucket, Key="big")["Body"].read()


def test_transfer_manager(s3, bucket, tmp_path):
    """
    boto3's transfer manager moves 20 MB up and down in parallel parts without a change, and copies it.
    """
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(os.urandom(20_000_000))
    s3.upload_file(str(source), bucket, "file")
    assert s3.head_object(Bucket=bucket, Key="file")["ETag"].endswith('-3"')
    copied = s3.copy_object(Bucket=bucket, Key="whole", CopySource={"Bucket": bucket, "Key": "file"})
    digest = hashlib.md5(source.read_bytes()).hexdigest()
    assert f'"{digest}"' == copied["CopyObjectResult"]["ETag"], (
        "a copy in one step has the digest of its bytes"
    )
    s3.copy({"Bucket": bucket, "Key": "file"}, bucket, "copy")
    s3.download_file(bucket, "copy", str(target))
    assert source.read_bytes() == target.read_bytes()


@pytest.mark.parametrize("kind", ["COMPOSITE", "FULL_OBJECT"])
def test_checksums_of_parts(s3, bucket, kind):
    """
    A multipart object has a checksum of its parts' checksums, or of its bytes, as the upload was created.
    """
    import base64
    import zlib

    bodies = [os.urandom(5 * MIB), b"tail"]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="CRC32", ChecksumType=kind)[
        "UploadId"
    ]
    done = []
    for number, body in enumerate(bodies, 1):
        part = s3.upload_part(
            Bucket=bucket, Key="k", UploadId=upload, PartNumber=number, Body=body, ChecksumAlgorithm="CRC32"
        )
        done.append({"PartNumber": number, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]})
    s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": done})
    sums = [zlib.crc32(body).to_bytes(4, "big") for body in bodies]
    whole = zlib.crc32(b"".join(bodies)).to_bytes(4, "big")
    composite = base64.b64encode(zlib.crc32(b"".join(sums)).to_bytes(4, "big")).decode() + "-2"
    expected = {"COMPOSITE": composite, "FULL_OBJECT": base64.b64encode(whole).decode()}[kind]
    found = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (expected, kind) == (found["ChecksumCRC32"], found["ChecksumType"])
    assert b"".join(bodies) == found["Body"].read()


def test_pyarrow_reads_and_writes(endpoint, bucket, tmp_path):
    """
    pyarrow's own S3 client (C++) writes a Parquet data set and reads it back.
    """
    import pyarrow as pa
    import pyarrow.dataset as ds
    from pyarrow import fs

    store = fs.S3FileSystem(
        access_key="a", secret_key="b", endpoint_override=endpoint.url, region="us-east-1"
    )
    table = pa.table({"part": ["x", "y", "x"], "value": list(range(3))})
    ds.write_dataset(table, f"{bucket}/table", format="parquet", filesystem=store, partitioning=["part"])
    with store.open_output_stream(f"{bucket}/big") as stream:
        for _ in range(12):
            stream.write(b"m" * MIB)
    found = ds.dataset(f"{bucket}/table", filesystem=store, partitioning=["part"]).to_table()
    assert {("x", 0), ("y", 1), ("x", 2)} == set(
        zip(found["part"].to_pylist(), found["value"].to_pylist(), strict=True)
    )
    assert 12 * MIB == store.get_file_info(f"{bucket}/big").size


def test_racing_writers(s3, bucket):
    """
    Of many writers of one key each object read is whole and somebody's, and If-None-Match lets one through.
    """
    bodies = [bytes([number]) * 200_000 for number in range(8)]
    wins = []

    def write(body: bytes) -> None:
        for _ in range(5):
            s3.put_object(Bucket=bucket, Key="k", Body=body)
            assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() in bodies
        try:
            s3.put_object(Bucket=bucket, Key="once", Body=body, IfNoneMatch="*")
            wins.append(body)
        except ClientError as error:
            assert "PreconditionFailed" == error.response["Error"]["Code"]

    with ThreadPoolExecutor(len(bodies)) as pool:
        list(pool.map(write, bodies))
    assert wins == [s3.get_object(Bucket=bucket, Key="once")["Body"].read()]
