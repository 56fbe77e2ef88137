"""S3 through Airflow's own hook, operators and sensor."""

from __future__ import annotations

import os
import tempfile

import pytest

os.environ.setdefault(
    "AIRFLOW_HOME", tempfile.mkdtemp(prefix="foldline-airflow-")
)  # before Airflow is imported
os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
pytestmark = pytest.mark.slow  # importing Airflow takes seconds


@pytest.fixture
def aws(monkeypatch, endpoint):
    """The environment a user sets to reach the endpoint."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def test_hook(aws, bucket, tmp_path):
    """
    Airflow's S3 hook loads, reads, lists, copies and deletes, and knows what is not there.
    """
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    hook = S3Hook(aws_conn_id=None)
    hook.load_string("text", "a/key", bucket, replace=True)
    with pytest.raises(ValueError, match="already exists"):
        hook.load_string("text", "a/key", bucket)
    (tmp_path / "file").write_bytes(b"file")
    hook.load_file(tmp_path / "file", "a/file", bucket)
    assert "text" == hook.read_key("a/key", bucket)
    assert ["a/file", "a/key"] == hook.list_keys(bucket, prefix="a/")
    assert ["a/"] == hook.list_prefixes(bucket, delimiter="/")
    hook.copy_object("a/key", "b/key", bucket, bucket)
    assert hook.check_for_wildcard_key("b/*", bucket)
    assert not hook.check_for_key("b/none", bucket)
    assert not hook.check_for_bucket("no-such-bucket-here")
    hook.delete_objects(bucket, ["a/key", "a/file"])
    hook.delete_bucket(bucket, force_delete=True)
    assert not hook.check_for_bucket(bucket)


def test_operators(aws, bucket):
    """
    Airflow's S3 operators and its key sensor do what they say.
    """
    from airflow.providers.amazon.aws.operators.s3 import (
        S3CopyObjectOperator,
        S3CreateBucketOperator,
        S3CreateObjectOperator,
        S3DeleteBucketOperator,
        S3DeleteObjectsOperator,
        S3ListOperator,
        S3PutBucketTaggingOperator,
    )
    from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor

    def run(operator, name: str, **options):
        return operator(task_id=name, aws_conn_id=None, **options)

    other = f"{bucket}-other"
    run(S3CreateBucketOperator, "make", bucket_name=other).execute({})
    run(S3PutBucketTaggingOperator, "tag", bucket_name=other, key="a", value="1").execute({})
    run(S3CreateObjectOperator, "put", s3_bucket=other, s3_key="x/k", data="d").execute({})
    copy = {"source_bucket_key": f"s3://{other}/x/k", "dest_bucket_key": f"s3://{other}/y/k"}
    run(S3CopyObjectOperator, "copy", **copy).execute({})
    assert ["x/k", "y/k"] == run(S3ListOperator, "list", bucket=other).execute({})
    sensor = {"bucket_name": other, "wildcard_match": True}
    assert run(S3KeySensor, "sense", bucket_key="y/*", **sensor).poke({})
    assert not run(S3KeySensor, "miss", bucket_key="z/*", **sensor).poke({})
    run(S3DeleteObjectsOperator, "clear", bucket=other, prefix="x/").execute({})
    assert ["y/k"] == run(S3ListOperator, "again", bucket=other).execute({})
    run(S3DeleteBucketOperator, "remove", bucket_name=other, force_delete=True).execute({})
