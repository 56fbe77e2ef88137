"""What a training job leaves in S3: its checkpoints, its model, its output data. Each may be stored again."""

from __future__ import annotations

from typing import Any

from localaws.jobs.artifacts import upload_archive, upload_tree
from localaws.jobs.sandbox import Instance
from localaws.s3.blobs import Objects
from localaws.sagemaker.training.stage import checkpoint_folder


def save_checkpoints(objects: Objects, job: dict[str, Any], hosts: list[Instance]) -> None:
    """Store what the hosts left in their checkpoint folders."""
    checkpoints = job.get("CheckpointConfig")
    if checkpoints:
        for host in hosts:
            upload_tree(objects, checkpoint_folder(host, checkpoints), checkpoints["S3Uri"])


def upload_results(objects: Objects, job: dict[str, Any], hosts: list[Instance]) -> str:
    """Store the model and the output data; the model's URI."""
    output = job["OutputDataConfig"]
    uri = f"{output['S3OutputPath'].rstrip('/')}/{job['TrainingJobName']}/output"
    models, data = [host.root / "model" for host in hosts], [host.root / "output" / "data" for host in hosts]
    if output.get("CompressionType") == "NONE":
        for folder in data:
            upload_tree(objects, folder, f"{uri}/data/")
        for model in models:
            upload_tree(objects, model, f"{uri}/model/")
        return f"{uri}/model/"
    upload_archive(objects, data, f"{uri}/output.tar.gz")
    upload_archive(objects, models, f"{uri}/model.tar.gz")
    return f"{uri}/model.tar.gz"
