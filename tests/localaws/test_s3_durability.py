"""S3 through sudden ends: what was acknowledged is there and whole, what was not leaves no trace."""

from __future__ import annotations

import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from localaws.s3.blobs import Objects

MIB = 1 << 20


def blobs(state) -> set[str]:
    """The names of all blob files."""
    return {path.name for path in (state / "blobs").glob("??/*")}


def test_killed_while_writing(start, connect, tmp_path):
    """
    A server killed amid uploads, overwrites and deletions loses nothing it acknowledged, shows nothing half, and
    keeps no file that belongs to nothing.
    """
    state = tmp_path / "state"
    running = start(state)
    s3 = connect(running, "s3")
    for bucket in ("plain", "versions"):
        s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
    acknowledged: dict[tuple[str, str], str] = {}  # place and version to the digest of the body
    deleted: set[str] = set()
    enough = threading.Event()

    def write(worker: int) -> None:
        for count in range(10_000):
            body = os.urandom(1000 + 40_000 * (count % 3)) + b"end"
            digest = hashlib.sha256(body).hexdigest()
            try:
                key = f"{worker}/{count}"
                s3.put_object(Bucket="plain", Key=key, Body=body, Metadata={"digest": digest})
                acknowledged["plain", key] = digest
                version = s3.put_object(Bucket="versions", Key=f"{worker}", Body=body)["VersionId"]
                acknowledged[f"versions/{worker}", version] = digest
                if count % 5 == 0:
                    deleted.add(key)
                    s3.delete_object(Bucket="plain", Key=key)
            except (BotoCoreError, ClientError):
                return
            if len(acknowledged) > 120:
                enough.set()

    with ThreadPoolExecutor(4) as pool:
        workers = [pool.submit(write, worker) for worker in range(4)]
        assert enough.wait(60)
        running.process.kill()
        running.process.wait()
        for worker in workers:
            worker.result()

    s3 = connect(start(state), "s3")
    listed = {item["Key"]: item for item in s3.list_objects_v2(Bucket="plain").get("Contents", [])}
    for (place, name), digest in acknowledged.items():
        bucket, _, key = place.partition("/")
        if bucket == "versions":
            found = s3.get_object(Bucket=bucket, Key=key, VersionId=name)
        elif name in deleted:
            continue
        else:
            found = s3.get_object(Bucket=bucket, Key=name)
        assert digest == hashlib.sha256(found["Body"].read()).hexdigest()
    for key in listed:
        found = s3.get_object(Bucket="plain", Key=key)
        assert found["Metadata"]["digest"] == hashlib.sha256(found["Body"].read()).hexdigest()
    versions = s3.get_paginator("list_object_versions").paginate(Bucket="versions")
    kept = sum(len(page.get("Versions", [])) for page in versions)
    assert len(listed) + kept == len(blobs(state))


def test_completion_asked_again_after_a_kill(start, connect, tmp_path):
    """
    A client that lost the answer to its completion because the server died asks again and is told the same.
    """
    state = tmp_path / "state"
    running = start(state)
    s3 = connect(running, "s3")
    s3.create_bucket(Bucket="b-1")
    place = {"Bucket": "b-1", "Key": "k"}
    place["UploadId"] = s3.create_multipart_upload(**place)["UploadId"]
    etag = s3.upload_part(**place, PartNumber=1, Body=b"part")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    first = s3.complete_multipart_upload(**place, MultipartUpload=parts)
    running.process.kill()
    running.process.wait()
    s3 = connect(start(state), "s3")
    assert first["ETag"] == s3.complete_multipart_upload(**place, MultipartUpload=parts)["ETag"]
    s3.put_object(Bucket="b-1", Key="k", Body=b"newer")
    with pytest.raises(ClientError, match="NoSuchUpload"):
        s3.complete_multipart_upload(**place, MultipartUpload=parts)
    assert b"newer" == s3.get_object(Bucket="b-1", Key="k")["Body"].read()


def test_lost_data_is_found_at_the_start(tmp_path, caplog):
    """
    An object whose data a power cut took away is removed at the next start, the log naming it; the version before
    it serves again, and files of nothing are swept.
    """
    objects = Objects(tmp_path)
    objects.index.database.change("INSERT INTO bucket(name, created) VALUES('b', 0)")
    objects.put_bytes("b", "whole", b"data")
    objects.index.set_setting("b", "versioning", "Enabled")
    before = objects.put_bytes("b", "k", b"before")
    short = objects.put_bytes("b", "k", b"after")
    gone = objects.put_bytes("b", "gone", b"data")
    objects.close()
    short.path.chmod(0o644)
    short.path.write_bytes(b"af")
    gone.path.unlink()
    (gone.path.parent / "stray").write_bytes(b"of nothing")
    objects = Objects(tmp_path)
    assert ["k", "whole"] == [item.key for item in objects.list("b")]
    assert before.version == objects.get("b", "k").version
    assert b"before" == objects.get("b", "k").path.read_bytes()
    assert f"s3://b/gone (version {gone.version}) lost its data" in caplog.text
    assert 2 == len(blobs(tmp_path))
    objects.close()


def test_overwritten_while_read(client, bucket):
    """
    Readers of an object that is overwritten all the time see one of its versions whole, never a mixture.
    """
    s3, size = client("s3"), 2 * MIB
    s3.put_object(Bucket=bucket, Key="k", Body=bytes(size))
    stop = threading.Event()

    def overwrite(worker: int) -> None:
        for count in range(1, 200):
            if stop.is_set():
                return
            s3.put_object(Bucket=bucket, Key="k", Body=bytes([(worker * 100 + count) % 256]) * size)

    def look(_: int) -> set[tuple[int, int]]:
        seen = set()
        for _ in range(15):
            body = s3.get_object(Bucket=bucket, Key="k")["Body"].read()
            seen.add((len(body), len(set(body))))
        return seen

    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(overwrite, worker) for worker in range(2)]
        seen = set().union(*pool.map(look, range(2)))
        stop.set()
        for writer in writers:
            writer.result()
    assert {(size, 1)} == seen
