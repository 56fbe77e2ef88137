"""The SageMaker SDK builds a model from an artifact and a script, deploys it, asks it, and deletes it."""

from __future__ import annotations

import io
import json
import sys
import tarfile
import tempfile
from pathlib import Path

from sagemaker.core.helper.session_helper import Session
from sagemaker.serve.builder.schema_builder import SchemaBuilder
from sagemaker.serve.model_builder import ModelBuilder
from sagemaker.train.configs import SourceCode

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
ROLE = "arn:aws:iam::123456789012:role/sdk-role"
INFERENCE = """
import json, pathlib

def model_fn(folder):
    return json.loads(pathlib.Path(folder, "model.json").read_text())

def input_fn(body, content_type):
    return json.loads(body)

def predict_fn(rows, model):
    return [model["slope"] * value for value in rows]

def output_fn(found, accept):
    return json.dumps(found), "application/json"
"""


def main() -> None:
    """Deploy and ask."""
    session = Session(default_bucket="sagemaker-us-east-1-123456789012")
    bucket = session.default_bucket()
    body = json.dumps({"slope": 3}).encode()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        member = tarfile.TarInfo("model.json")
        member.size = len(body)
        tar.addfile(member, io.BytesIO(body))
    session.boto_session.client("s3").put_object(Bucket=bucket, Key="m/model.tar.gz", Body=archive.getvalue())
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "inference.py").write_text(INFERENCE)
        builder = ModelBuilder(
            s3_model_data_url=f"s3://{bucket}/m/model.tar.gz",
            image_uri=IMAGE,
            role_arn=ROLE,
            sagemaker_session=session,
            instance_type="ml.m5.large",
            schema_builder=SchemaBuilder(sample_input=[1, 2], sample_output=[3, 6]),
            source_code=SourceCode(source_dir=folder, entry_script="inference.py"),
        )
        model = builder.build(model_name="sdk-model")
        endpoint = builder.deploy(endpoint_name="sdk-endpoint", instance_type="ml.m5.large", wait=False)
        endpoint.wait_for_status("InService", poll=1)
    answer = endpoint.invoke(body=json.dumps([1, 2]), content_type="application/json")
    found = answer.body.read().decode()
    endpoint.delete()
    json.dump({"model": model.model_name, "answer": json.loads(found)}, sys.stdout)


if __name__ == "__main__":
    main()
