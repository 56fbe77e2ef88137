"""The SageMaker SDK 2 trains a script-mode estimator, attaches to its job, deploys it, asks it and transforms with it."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import sagemaker
from sagemaker.inputs import TrainingInput
from sagemaker.sklearn import SKLearn

ROLE = "arn:aws:iam::123456789012:role/sdk-role"
SCRIPT = """
import argparse, os, pathlib

import joblib
import numpy as np
from sklearn.linear_model import LinearRegression
from slope import slope_of

if __name__ == "__main__":
    reader = argparse.ArgumentParser()
    reader.add_argument("--normalize", type=bool)
    reader.add_argument("--model-dir", default=os.environ["SM_MODEL_DIR"])
    reader.add_argument("--train", default=os.environ["SM_CHANNEL_TRAIN"])
    found = reader.parse_args()
    rows = np.loadtxt(pathlib.Path(found.train, "rows.csv"), delimiter=",")
    model = LinearRegression().fit(rows[:, 1:], rows[:, 0])
    print(f"slope={slope_of(model)};")
    joblib.dump(model, pathlib.Path(found.model_dir, "model.joblib"))

def model_fn(folder):
    return joblib.load(pathlib.Path(folder, "model.joblib"))
"""


def main() -> None:
    """Train, attach, deploy, ask, transform; print what came out."""
    # Named, because without a name the SDK asks AWS's own STS by its address for the account.
    session = sagemaker.Session(default_bucket="sagemaker-us-east-1-123456789012")
    client, bucket = session.sagemaker_client, session.default_bucket()
    with tempfile.TemporaryDirectory() as folder:
        source, data = Path(folder, "source"), Path(folder, "rows.csv")
        source.mkdir()
        (source / "train.py").write_text(SCRIPT)
        (source / "slope.py").write_text("def slope_of(model):\n    return float(model.coef_[0])\n")
        data.write_text("4,1,1\n7,2,1\n11,3,2\n5,1,2\n")
        rows = session.upload_data(str(data), bucket, "sdk2/train")
        asked = Path(folder, "asked.csv")
        asked.write_text("1,0\n2,0\n")
        questions = session.upload_data(str(asked), bucket, "sdk2/asked")
        estimator = SKLearn(
            entry_point="train.py",
            source_dir=str(source),
            role=ROLE,
            framework_version="1.2-1",
            instance_type="ml.m5.large",
            instance_count=1,
            sagemaker_session=session,
            hyperparameters={"normalize": True},
            metric_definitions=[{"Name": "slope", "Regex": "slope=([0-9.]+);"}],
            use_spot_instances=True,
            max_run=600,
            max_wait=900,
        )
        estimator.fit({"train": TrainingInput(rows, content_type="text/csv")}, wait=False)
        name = estimator.latest_training_job.name
        waiter = client.get_waiter(
            "training_job_completed_or_stopped"
        )  # the SDK's own looks every five seconds
        waiter.wait(TrainingJobName=name, WaiterConfig={"Delay": 1})
    session.logs_for_job(name)
    attached = SKLearn.attach(name, sagemaker_session=session)
    predictor = estimator.deploy(1, "ml.m5.large", wait=False)
    client.get_waiter("endpoint_in_service").wait(
        EndpointName=predictor.endpoint_name, WaiterConfig={"Delay": 1}
    )
    answer = predictor.predict(np.array([[4.0, 0.0], [5.0, 0.0]])).round(6).tolist()
    predictor.delete_model()
    predictor.delete_endpoint()
    transformer = estimator.transformer(
        1, "ml.m5.large", accept="text/csv", assemble_with="Line", output_path=f"s3://{bucket}/sdk2/told"
    )
    transformer.transform(questions, content_type="text/csv", split_type="Line", wait=False)
    client.get_waiter("transform_job_completed_or_stopped").wait(
        TransformJobName=transformer.latest_transform_job.name, WaiterConfig={"Delay": 1}
    )
    told = session.read_s3_file(bucket, "sdk2/told/asked.csv.out").split()
    values = estimator.training_job_analytics.dataframe()["value"].tolist()
    document = {
        "attached": [attached.hyperparameters()["normalize"], attached.model_data == estimator.model_data],
        "answer": answer,
        "told": [round(float(value), 6) for value in told],
        "metric": round(values[-1], 6),
    }
    json.dump(document, sys.stdout)


if __name__ == "__main__":
    main()
