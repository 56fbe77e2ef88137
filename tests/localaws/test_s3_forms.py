"""S3 uploads by a browser's form: fields, policies, answers."""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
import urllib.error
import urllib.request
import zlib
from email.message import Message

import pytest

Fields = dict[str, str]
BOUNDARY = "----a browser's own boundary"


@pytest.fixture
def s3(client):
    return client("s3")


def post(url: str, fields: Fields, data: bytes, name: str = "cat ü.png") -> tuple[int, Message, bytes]:
    """Send a form as a browser does; status, headers and body of the answer, redirects not followed."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
        for field, value in fields.items()
    ]
    head = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: image/png'
    body = b"".join(parts) + f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + data
    return send(url, body + f"\r\n--{BOUNDARY}--\r\n".encode())


def send(url: str, body: bytes, kind: str = f'multipart/form-data; boundary="{BOUNDARY}"'):
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    request = urllib.request.Request(url, data=body, headers={"Content-Type": kind}, method="POST")
    try:
        with urllib.request.build_opener(Stay).open(request) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def signed(conditions: list, hours: float = 1) -> Fields:
    """The fields of a policy with these conditions."""
    end = dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours)
    policy = {"expiration": end.strftime("%Y-%m-%dT%H:%M:%SZ"), "conditions": conditions}
    return {"policy": base64.b64encode(json.dumps(policy).encode()).decode(), "x-amz-signature": "0"}


def test_presigned_post(s3, bucket):
    """
    What generate_presigned_post makes, uploads: the file's name fills the key, the fields become its headers.
    """
    wanted = {"Content-Type": "image/png", "x-amz-meta-by": "me"}
    form = s3.generate_presigned_post(
        bucket,
        "up/${filename}",
        Fields=dict(wanted),
        Conditions=[wanted, ["content-length-range", 1, 9_000_000]],
    )
    data = os.urandom(3_000_000) + f"\r\n--{BOUNDARY[:-1]}".encode()
    status, headers, _ = post(form["url"], form["fields"], data)
    found = s3.get_object(Bucket=bucket, Key="up/cat ü.png")
    assert (204, found["ETag"]) == (status, headers["ETag"])
    assert data == found["Body"].read()
    assert ("image/png", {"by": "me"}) == (found["ContentType"], found["Metadata"])


def test_answers(s3, endpoint, bucket):
    """
    The browser gets the status it asked for, a document with it, or a place to go to.
    """
    url = f"{endpoint.url}/{bucket}"
    status, headers, body = post(url, {"key": "a", "success_action_status": "201"}, b"x")
    assert (201, True) == (status, b"<PostResponse" in body and b"<Key>a</Key>" in body)
    assert f"{url}/a" == headers["Location"]
    assert 200 == post(url, {"key": "b", "success_action_status": "200"}, b"x")[0]
    status, headers, _ = post(url, {"key": "c", "success_action_redirect": "http://there/?q=1"}, b"x")
    assert 303 == status
    assert headers["Location"].startswith(f"http://there/?q=1&bucket={bucket}&key=c&etag=")
    assert ["a", "b", "c"] == [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]]


def test_tags_and_checksums(s3, endpoint, bucket):
    """
    A form may set tags, and give a checksum, which is compared.
    """
    tagging = "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>"
    url = f"{endpoint.url}/{bucket}"
    fields = {"key": "k", "tagging": tagging, "x-amz-checksum-crc32": "AAAAAA=="}
    assert b"BadDigest" in post(url, fields, b"other")[2]
    fields["x-amz-checksum-crc32"] = base64.b64encode(zlib.crc32(b"data").to_bytes(4, "big")).decode()
    assert 204 == post(url, fields, b"data")[0]
    assert [{"Key": "a", "Value": "1"}] == s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]


@pytest.mark.parametrize(
    ("conditions", "hours", "size", "words"),
    [
        ([["starts-with", "$key", "up/"]], -1, 1, "Policy expired."),
        ([["starts-with", "$key", "other/"]], 1, 1, "Policy Condition failed"),
        ([{"key": "other"}], 1, 1, "Policy Condition failed"),
        ([], 1, 1, "Extra input fields: key"),
        ([{"bucket": "another"}, ["eq", "$key", "up/k"]], 1, 1, "$bucket"),
        ([{"key": "up/k"}, ["content-length-range", 5, 9]], 1, 4, "EntityTooSmall"),
        ([{"key": "up/k"}, ["content-length-range", 5, 9]], 1, 10, "EntityTooLarge"),
        ([["unlike", "$key", "up/k"]], 1, 1, "InvalidPolicyDocument"),
    ],
)
def test_policies_that_do_not_hold(s3, endpoint, bucket, conditions, hours, size, words):
    """
    A form that its policy does not let through stores nothing, and is told which condition it was.
    """
    fields = {"key": "up/k", **signed(conditions, hours)}
    status, _, body = post(f"{endpoint.url}/{bucket}", fields, b"x" * size)
    assert words in body.decode()
    assert status in (400, 403)
    assert 0 == s3.list_objects_v2(Bucket=bucket)["KeyCount"]


def test_forms_that_are_none(s3, endpoint, bucket):
    """
    A form without a key, a file, an end, or that is no form, is refused and stores nothing.
    """
    url = f"{endpoint.url}/{bucket}"
    assert b"must contain a field named 'key'" in post(url, {}, b"x")[2]
    assert (
        b"must contain a field named 'X-Amz-Signature'" in post(url, {"key": "k", "policy": "e30="}, b"x")[2]
    )
    no_file = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n--{BOUNDARY}--\r\n'
    assert b"exactly one file upload" in send(url, no_file.encode())[2]
    endless = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"\r\n\r\nhalf'
    assert b"must contain a field named" in send(url, endless.encode())[2]
    with_key = no_file.removesuffix("--\r\n") + '\r\nContent-Disposition: form-data; name="file"\r\n\r\nhalf'
    assert b"MalformedPOSTRequest" in send(url, with_key.encode())[2]
    assert b"enclosure-type multipart/form-data" in send(url, b"x=1", "application/x-www-form-urlencoded")[2]
    assert b"MaxPostPreDataLengthExceeded" in post(url, {"key": "k", "x-ignore-a": "a" * 30_000}, b"x")[2]
    assert 0 == s3.list_objects_v2(Bucket=bucket)["KeyCount"]
