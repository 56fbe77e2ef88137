"""S3 through clients that know nothing of the local endpoint: boto3's extras, pyarrow, pandas."""

from __future__ import annotations

import hashlib
import os
import threading

import pytest

MIB = 1 << 20


@pytest.fixture
def s3(client):
    return client("s3")


@pytest.fixture
def aws(monkeypatch, endpoint):
    """The environment a user sets to reach the endpoint."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


class TestBoto3:
    def test_large_files(self, s3, bucket, tmp_path):
        """
        The transfer manager moves 64 MB up and down in parallel parts, and the file is the same.
        """
        source, target = tmp_path / "source", tmp_path / "target"
        source.write_bytes(os.urandom(64 * MIB))
        s3.upload_file(str(source), bucket, "file", ExtraArgs={"ChecksumAlgorithm": "SHA256"})
        found = s3.head_object(Bucket=bucket, Key="file", ChecksumMode="ENABLED")
        assert (64 * MIB, "COMPOSITE") == (found["ContentLength"], found["ChecksumType"])
        s3.download_file(bucket, "file", str(target))
        digests = [hashlib.sha256(path.read_bytes()).digest() for path in (source, target)]
        assert digests[0] == digests[1]

    def test_waiters(self, s3, bucket):
        """
        boto3's waiters see buckets and objects come and go.
        """
        fast = {"Delay": 1, "MaxAttempts": 20}
        s3.get_waiter("bucket_exists").wait(Bucket=bucket, WaiterConfig=fast)
        threading.Timer(0.1, s3.put_object, kwargs={"Bucket": bucket, "Key": "k", "Body": b""}).start()
        s3.get_waiter("object_exists").wait(Bucket=bucket, Key="k", WaiterConfig=fast)
        s3.delete_object(Bucket=bucket, Key="k")
        s3.get_waiter("object_not_exists").wait(Bucket=bucket, Key="k", WaiterConfig=fast)
        s3.delete_bucket(Bucket=bucket)
        s3.get_waiter("bucket_not_exists").wait(Bucket=bucket, WaiterConfig=fast)
        assert bucket not in [item["Name"] for item in s3.list_buckets()["Buckets"]]

    def test_resources(self, aws, bucket):
        """
        boto3's resources work too.
        """
        import boto3

        found = boto3.resource("s3").Bucket(bucket)
        found.put_object(Key="a/1", Body=b"1")
        found.Object("a/2").put(Body=b"2")
        assert ["a/1", "a/2"] == [item.key for item in found.objects.filter(Prefix="a/")]
        assert b"2" == found.Object("a/2").get()["Body"].read()
        found.objects.all().delete()
        assert [] == list(found.objects.all())


class TestReaders:
    def test_pandas(self, endpoint, bucket):
        """
        pandas writes and reads Parquet through pyarrow's client.
        """
        import pandas as pd
        from pyarrow import fs

        store = fs.S3FileSystem(
            access_key="a", secret_key="b", endpoint_override=endpoint.url, region="us-east-1"
        )
        table = pd.DataFrame({"a": range(1000), "b": [f"row {n}" for n in range(1000)]})
        table.to_parquet(f"{bucket}/table.parquet", filesystem=store)
        found = pd.read_parquet(f"{bucket}/table.parquet", filesystem=store, columns=["a"])
        assert list(range(1000)) == found["a"].tolist()

    def test_pyarrow_sees_a_file_system(self, endpoint, bucket):
        """
        pyarrow makes, lists, moves and removes files and folders.
        """
        from pyarrow import fs

        store = fs.S3FileSystem(
            access_key="a", secret_key="b", endpoint_override=endpoint.url, region="us-east-1"
        )
        store.create_dir(f"{bucket}/folder/inner")
        with store.open_output_stream(
            f"{bucket}/folder/inner/file", metadata={"Content-Type": "text/a"}
        ) as file:
            file.write(b"data")
        store.copy_file(f"{bucket}/folder/inner/file", f"{bucket}/folder/copy")
        store.move(f"{bucket}/folder/inner/file", f"{bucket}/folder/moved")
        selector = fs.FileSelector(f"{bucket}/folder", recursive=True)
        names = {info.base_name: info.type for info in store.get_file_info(selector)}
        assert {"copy": fs.FileType.File, "moved": fs.FileType.File, "inner": fs.FileType.Directory} == names
        with store.open_input_file(f"{bucket}/folder/copy") as file:
            file.seek(2)
            assert b"ta" == file.read()
        store.delete_dir(f"{bucket}/folder")
        assert fs.FileType.NotFound == store.get_file_info(f"{bucket}/folder/copy").type
