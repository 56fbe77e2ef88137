"""The SageMaker SDK trains a script with local input, then processes with a framework processor."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from sagemaker.core.helper.session_helper import Session
from sagemaker.core.processing import FrameworkProcessor, ProcessingInput, ProcessingOutput
from sagemaker.core.shapes import ProcessingS3Input, ProcessingS3Output, StoppingCondition
from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, InputData, MetricDefinition, OutputDataConfig, SourceCode

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
ROLE = "arn:aws:iam::123456789012:role/sdk-role"
TRAIN = """
import argparse, json, os, pathlib

reader = argparse.ArgumentParser()
reader.add_argument("--depth", type=int)
reader.add_argument("--model-dir", default=os.environ["SM_MODEL_DIR"])
found = reader.parse_args()
rows = pathlib.Path(os.environ["SM_CHANNEL_TRAIN"], "rows.csv").read_text().splitlines()
print(f"rows={len(rows)};")
pathlib.Path(found.model_dir, "model.json").write_text(json.dumps({"depth": found.depth, "rows": len(rows)}))
"""
PROCESS = """
import pathlib

rows = pathlib.Path("/opt/ml/processing/input/rows.csv").read_text().splitlines()
pathlib.Path("/opt/ml/processing/output/count.txt").write_text(str(len(rows)))
"""


def main() -> None:
    """Run both and print what came out."""
    # Named, because without a name the SDK asks AWS's own STS by its address for the account.
    session = Session(default_bucket="sagemaker-us-east-1-123456789012")
    bucket = session.default_bucket()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "source")
        source.mkdir()
        (source / "train.py").write_text(TRAIN)
        (source / "process.py").write_text(PROCESS)
        data = Path(folder, "data")
        data.mkdir()
        (data / "rows.csv").write_text("1,2\n3,4\n5,6\n")
        trainer = ModelTrainer(
            training_image=IMAGE,
            role=ROLE,
            sagemaker_session=session,
            source_code=SourceCode(source_dir=str(source), entry_script="train.py"),
            compute=Compute(instance_type="ml.m5.large", instance_count=1, volume_size_in_gb=1),
            stopping_condition=StoppingCondition(max_runtime_in_seconds=300),
            hyperparameters={"depth": 3},
            output_data_config=OutputDataConfig(s3_output_path=f"s3://{bucket}/models"),
            base_job_name="sdk-train",
        )
        trainer.with_metric_definitions([MetricDefinition(name="rows", regex=r"rows=(\d+);")])
        trainer.train([InputData(channel_name="train", data_source=str(data))], wait=True, logs=True)
        job = trainer._latest_training_job
        job.refresh()
        processor = FrameworkProcessor(
            image_uri=IMAGE,
            role=ROLE,
            instance_type="ml.m5.large",
            instance_count=1,
            sagemaker_session=session,
        )
        uri = session.upload_data(str(data), bucket, "raw")
        processor.run(
            code="process.py",
            source_dir=str(source),
            inputs=[
                ProcessingInput(
                    input_name="rows",
                    s3_input=ProcessingS3Input(
                        s3_uri=uri,
                        local_path="/opt/ml/processing/input",
                        s3_data_type="S3Prefix",
                        s3_input_mode="File",
                    ),
                )
            ],
            outputs=[
                ProcessingOutput(
                    output_name="count",
                    s3_output=ProcessingS3Output(
                        s3_uri=f"s3://{bucket}/counted",
                        local_path="/opt/ml/processing/output",
                        s3_upload_mode="EndOfJob",
                    ),
                )
            ],
            wait=True,
            logs=False,
        )
    counted = session.read_s3_file(bucket, "counted/count.txt")
    json.dump(
        {
            "status": job.training_job_status,
            "metrics": {metric.metric_name: metric.value for metric in job.final_metric_data_list},
            "artifact": job.model_artifacts.s3_model_artifacts,
            "counted": counted,
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
