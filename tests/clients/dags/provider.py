"""Airflow's own Amazon operators in one DAG."""

from __future__ import annotations

import io
import tarfile

from airflow.providers.amazon.aws.operators.athena import AthenaOperator
from airflow.providers.amazon.aws.operators.glue_crawler import GlueCrawlerOperator
from airflow.providers.amazon.aws.operators.s3 import (
    S3CreateBucketOperator,
    S3CreateObjectOperator,
    S3ListOperator,
)
from airflow.providers.amazon.aws.operators.sagemaker import (
    SageMakerEndpointConfigOperator,
    SageMakerEndpointOperator,
    SageMakerModelOperator,
    SageMakerProcessingOperator,
    SageMakerTrainingOperator,
    SageMakerTransformOperator,
)
from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.sdk import DAG, chain

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
ROLE = "arn:aws:iam::123456789012:role/airflow-role"
BUCKET = "airflow-provider"
RESOURCES = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
SCRIPT = (
    "def model_fn(folder):\n    return None\n\n\ndef input_fn(body, kind):\n    return body\n\n\n"
    "def predict_fn(data, model):\n    return str(sum(map(int, data.decode().strip().split(','))))\n\n\n"
    "def output_fn(found, accept):\n    return found + chr(10)\n"
)


def archive() -> bytes:
    """A model's tar file with its script."""
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w:gz") as tar:
        member = tarfile.TarInfo("code/inference.py")
        member.size = len(SCRIPT)
        tar.addfile(member, io.BytesIO(SCRIPT.encode()))
    return body.getvalue()


def training(name: str) -> dict:
    """A training job that writes a model."""
    program = "open('/opt/ml/model/m', 'w').write('1'); print('score=0.5;')"
    return {
        "TrainingJobName": name,
        "RoleArn": ROLE,
        "AlgorithmSpecification": {
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["python3", "-c", program],
            "MetricDefinitions": [{"Name": "score", "Regex": "score=([0-9.]+);"}],
        },
        "InputDataConfig": [
            {
                "ChannelName": "train",
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/rows/"}},
            }
        ],
        "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/models/"},
        "ResourceConfig": RESOURCES,
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    }


PROCESSING = {
    "ProcessingJobName": "provider-processing",
    "RoleArn": ROLE,
    "AppSpecification": {
        "ImageUri": IMAGE,
        "ContainerEntrypoint": [
            "python3",
            "-c",
            "open('/opt/ml/processing/out/n', 'w').write(open('/opt/ml/processing/in/a.csv').read())",
        ],
    },
    "ProcessingInputs": [
        {
            "InputName": "rows",
            "S3Input": {
                "S3Uri": f"s3://{BUCKET}/rows/",
                "LocalPath": "/opt/ml/processing/in",
                "S3DataType": "S3Prefix",
                "S3InputMode": "File",
            },
        }
    ],
    "ProcessingOutputConfig": {
        "Outputs": [
            {
                "OutputName": "n",
                "S3Output": {
                    "S3Uri": f"s3://{BUCKET}/processed/",
                    "LocalPath": "/opt/ml/processing/out",
                    "S3UploadMode": "EndOfJob",
                },
            }
        ]
    },
    "ProcessingResources": {"ClusterConfig": RESOURCES},
}
MODEL = {
    "ModelName": "provider-model",
    "ExecutionRoleArn": ROLE,
    "PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": f"s3://{BUCKET}/model.tar.gz"},
}
TRANSFORM = {
    "TransformJobName": "provider-transform",
    "ModelName": "provider-model",
    "TransformInput": {
        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/rows/"}},
        "ContentType": "text/csv",
        "SplitType": "Line",
    },
    "BatchStrategy": "SingleRecord",
    "TransformOutput": {"S3OutputPath": f"s3://{BUCKET}/transformed/", "AssembleWith": "Line"},
    "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
}
ENDPOINT_CONFIG = {
    "EndpointConfigName": "provider-config",
    "ProductionVariants": [
        {
            "VariantName": "all",
            "ModelName": "provider-model",
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
        }
    ],
}


QUICK = {"check_interval": 1, "wait_for_completion": True}
with DAG("provider", schedule=None) as dag:
    chain(
        S3CreateBucketOperator(task_id="bucket", bucket_name=BUCKET),
        S3CreateObjectOperator(
            task_id="rows", s3_bucket=BUCKET, s3_key="rows/a.csv", data="1,2\n3,4\n", replace=True
        ),
        S3CreateObjectOperator(
            task_id="artifact", s3_bucket=BUCKET, s3_key="model.tar.gz", data=archive(), replace=True
        ),
        S3KeySensor(task_id="there", bucket_key=f"s3://{BUCKET}/rows/a.csv", poke_interval=1),
        S3ListOperator(task_id="listed", bucket=BUCKET, prefix="rows/"),
        GlueCrawlerOperator(
            task_id="crawl",
            config={
                "Name": "provider-crawler",
                "Role": ROLE,
                "DatabaseName": "provider",
                "Targets": {"S3Targets": [{"Path": f"s3://{BUCKET}/rows/"}]},
            },
            poll_interval=1,
        ),
        AthenaOperator(
            task_id="query",
            query="SELECT sum(col1) FROM rows",
            database="provider",
            output_location=f"s3://{BUCKET}/results/",
            sleep_time=1,
        ),
        SageMakerProcessingOperator(task_id="processing", config=PROCESSING, **QUICK),
        SageMakerTrainingOperator(
            task_id="training", config=training("provider-training"), print_log=False, **QUICK
        ),
        SageMakerTrainingOperator(
            task_id="again", config=training("provider-training"), print_log=False, **QUICK
        ),
        SageMakerModelOperator(task_id="model", config=MODEL),
        SageMakerTransformOperator(task_id="transform", config=TRANSFORM, **QUICK),
        SageMakerEndpointConfigOperator(task_id="config", config=ENDPOINT_CONFIG),
        SageMakerEndpointOperator(
            task_id="endpoint",
            config={"EndpointName": "provider-endpoint", "EndpointConfigName": "provider-config"},
            **QUICK,
        ),
        SageMakerEndpointOperator(
            task_id="existing",
            config={"EndpointName": "provider-endpoint", "EndpointConfigName": "provider-config"},
            **QUICK,
        ),
    )
