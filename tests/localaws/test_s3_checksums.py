"""Checksums of S3 objects: every algorithm is computed and compared, of bodies, of parts and of whole uploads."""

from __future__ import annotations

import base64
import hashlib
import os
import urllib.error
import urllib.request
import zlib

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from localaws.s3 import crc

MIB = 1 << 20


@pytest.fixture
def s3(client):
    return client("s3")


def error_of(call, **arguments) -> tuple[str, str]:
    """Code and text of the error a call ends with."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def crc_of(name: str, data: bytes) -> bytes:
    digest = crc.Crc(name)
    digest.update(data)
    return digest.digest()


def text(name: str, data: bytes) -> str:
    """A checksum as S3 writes it."""
    digest = crc_of(name, data) if name.startswith("crc") else hashlib.new(name, data).digest()
    return base64.b64encode(digest).decode()


class TestCrc:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [("crc32", "cbf43926"), ("crc32c", "e3069283"), ("crc64nvme", "ae8b14860a799888")],
    )
    def test_check_values(self, name, expected):
        """
        Each CRC of "123456789" is the one its catalogue entry gives.
        """
        assert expected == crc_of(name, b"123456789").hex()

    @settings(max_examples=30, deadline=None)
    @given(size=st.integers(0, 20_000), cut=st.integers(0, 20_000), seed=st.integers(0, 255))
    def test_pieces(self, size, cut, seed):
        """
        However data is cut, its CRC is the same; joined from the pieces' CRCs it is the same too.
        """
        data = hashlib.shake_128(bytes([seed])).digest(size)
        first, second = data[:cut], data[cut:]
        assert zlib.crc32(data).to_bytes(4, "big") == crc_of("crc32", data)
        for name in ("crc32c", "crc64nvme"):
            digest = crc.Crc(name)
            digest.update(first)
            digest.update(second)
            whole = crc_of(name, data)
            assert whole == digest.digest()
            joined = crc.combined(name, crc_of(name, first), crc_of(name, second), len(second))
            assert whole == joined


ALGORITHMS = ["crc32", "crc32c", "crc64nvme", "sha1", "sha256", "sha512", "md5"]


class TestUploads:
    @pytest.mark.parametrize("name", ALGORITHMS)
    def test_compared_and_kept(self, s3, bucket, name):
        """
        A right checksum comes back with the object, and with its attributes; a wrong one stores nothing.
        """
        member, place = f"Checksum{name.upper()}", {"Bucket": bucket, "Key": name}
        wrong = {member: text(name, b"other")}
        assert "BadDigest" == error_of(s3.put_object, **place, Body=b"data", **wrong)[0]
        assert 0 == s3.list_objects_v2(Bucket=bucket)["KeyCount"]
        right = text(name, b"data")
        assert right == s3.put_object(**place, Body=b"data", **{member: right})[member]
        found = s3.get_object(**place, ChecksumMode="ENABLED")
        assert (right, "FULL_OBJECT") == (found[member], found["ChecksumType"])
        attributes = s3.get_object_attributes(**place, ObjectAttributes=["Checksum", "ObjectSize", "ETag"])
        assert (right, 4) == (attributes["Checksum"][member], attributes["ObjectSize"])
        assert found["ETag"].strip('"') == attributes["ETag"]
        assert [name.upper()] == s3.list_objects_v2(Bucket=bucket)["Contents"][0]["ChecksumAlgorithm"]

    def test_computed_by_a_copy(self, s3, bucket):
        """
        A copy may ask for a checksum its source has not.
        """
        s3.put_object(Bucket=bucket, Key="source", Body=b"data")
        source = {"Bucket": bucket, "Key": "source"}
        copied = s3.copy_object(Bucket=bucket, Key="k", CopySource=source, ChecksumAlgorithm="CRC64NVME")
        assert text("crc64nvme", b"data") == copied["CopyObjectResult"]["ChecksumCRC64NVME"]

    @pytest.mark.parametrize(
        ("headers", "words"),
        [
            ({"x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-sha1": "x"}, b"Expecting a single"),
            ({"x-amz-checksum-crc32": "nonsense"}, b"Value for x-amz-checksum-crc32 header is invalid"),
            ({"x-amz-sdk-checksum-algorithm": "CRC32"}, b"no corresponding x-amz-checksum-"),
            ({"x-amz-checksum-xxhash3": "AAAAAAAAAAA="}, b"does not implement s3.XXHASH3 checksums"),
            ({"x-amz-trailer": "x-amz-checksum-crc99"}, b"Checksum algorithm provided is unsupported"),
        ],
        ids=["two", "nonsense", "none", "xxhash", "unknown"],
    )
    def test_contradictions(self, endpoint, bucket, headers, words):
        """
        Headers that name two checksums, none, or one that is none, are refused in AWS's words.
        """
        request = urllib.request.Request(
            f"{endpoint.url}/{bucket}/k", data=b"data", method="PUT", headers=headers
        )
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request)
        assert words in caught.value.read()


class TestParts:
    BODIES = (os.urandom(5 * MIB), b"tail")

    def upload(self, s3, bucket: str, name: str, **options) -> tuple[dict, list[dict]]:
        """An upload in two parts: the arguments of every call on it, and its parts for the completion."""
        algorithm = {"ChecksumAlgorithm": name.upper()}
        made = s3.create_multipart_upload(Bucket=bucket, Key="k", **algorithm, **options)
        place = {"Bucket": bucket, "Key": "k", "UploadId": made["UploadId"]}
        member, parts = f"Checksum{name.upper()}", []
        for number, body in enumerate(self.BODIES, 1):
            given = {member: text(name, body)}
            etag = s3.upload_part(**place, PartNumber=number, Body=body, **given)["ETag"]
            parts.append({"PartNumber": number, "ETag": etag, **given})
        return place, parts

    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("crc32c", "FULL_OBJECT"),
            ("crc64nvme", "FULL_OBJECT"),
            ("crc32c", "COMPOSITE"),
            ("sha256", "COMPOSITE"),
        ],
    )
    def test_of_an_upload(self, s3, bucket, name, kind):
        """
        A multipart object has the checksum of its bytes or of its parts' checksums, and shows each part's.
        """
        place, parts = self.upload(s3, bucket, name, ChecksumType=kind)
        member = f"Checksum{name.upper()}"
        digests = b"".join(base64.b64decode(part[member]) for part in parts)
        expected = {"FULL_OBJECT": text(name, b"".join(self.BODIES)), "COMPOSITE": text(name, digests) + "-2"}
        wrong = {member: text(name, b"other")}
        complete = s3.complete_multipart_upload
        assert "BadDigest" == error_of(complete, **place, MultipartUpload={"Parts": parts}, **wrong)[0]
        done = complete(**place, MultipartUpload={"Parts": parts}, ChecksumType=kind)
        assert (expected[kind], kind) == (done[member], done["ChecksumType"])
        names = ["ObjectParts", "Checksum"]
        found = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=names, MaxParts=1)
        (part,) = found["ObjectParts"]["Parts"]
        assert (1, 5 * MIB, parts[0][member]) == (part["PartNumber"], part["Size"], part[member])
        assert (2, True) == (found["ObjectParts"]["TotalPartsCount"], found["ObjectParts"]["IsTruncated"])
        second = s3.get_object(Bucket=bucket, Key="k", PartNumber=2, ChecksumMode="ENABLED")
        assert (parts[1][member], b"tail") == (second[member], second["Body"].read())

    def test_every_part_of_a_composite_must_be_named_with_its_checksum(self, s3, bucket):
        """
        A completion that leaves out a part's checksum is refused where the object's is made of these.
        """
        place, parts = self.upload(s3, bucket, "crc32")
        bare = [{"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in parts]
        code, message = error_of(s3.complete_multipart_upload, **place, MultipartUpload={"Parts": bare})
        assert "InvalidRequest" == code
        assert message.endswith("It was missing for part 1 in the request.")

    def test_wrong_kinds(self, s3, bucket):
        """
        A type the algorithm cannot have, and a part with another algorithm's checksum, are refused.
        """
        create = s3.create_multipart_upload
        place = {"Bucket": bucket, "Key": "k"}
        for algorithm, kind in (("SHA256", "FULL_OBJECT"), ("CRC64NVME", "COMPOSITE")):
            options = {"ChecksumAlgorithm": algorithm, "ChecksumType": kind}
            assert "cannot be used with the" in error_of(create, **place, **options)[1]
        upload = create(**place, ChecksumAlgorithm="SHA256")["UploadId"]
        code, message = error_of(
            s3.upload_part, **place, UploadId=upload, PartNumber=1, Body=b"x", ChecksumAlgorithm="CRC32"
        )
        assert ("InvalidRequest", True) == (code, "expected checksum Type: sha256" in message)
        assert message.endswith("actual checksum Type: crc32")
