"""The SageMaker SDK 2 processes with a script, tunes an estimator, attaches to the search and registers the best model."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import sagemaker
from sagemaker.processing import ProcessingInput, ProcessingOutput
from sagemaker.sklearn import SKLearn, SKLearnModel
from sagemaker.sklearn.processing import SKLearnProcessor
from sagemaker.tuner import CategoricalParameter, ContinuousParameter, HyperparameterTuner

ROLE = "arn:aws:iam::123456789012:role/sdk-role"
COUNT = """
import pathlib, sys

rows = pathlib.Path("/opt/ml/processing/input/rows.csv").read_text().splitlines()
pathlib.Path("/opt/ml/processing/output/count.txt").write_text(f"{len(rows)} {sys.argv[1:]}")
"""
TRAIN = """
import argparse, os, pathlib

reader = argparse.ArgumentParser()
reader.add_argument("--rate", type=float)
reader.add_argument("--booster", choices=["tree", "linear"])
found = reader.parse_args()
print(f"loss={(found.rate - 0.3) ** 2};")
pathlib.Path(os.environ["SM_MODEL_DIR"], "rate").write_text(str(found.rate))
"""
COMMON = {"role": ROLE, "framework_version": "1.2-1", "instance_type": "ml.m5.large", "instance_count": 1}


def counted(session: sagemaker.Session, folder: Path) -> str:
    """What a processing job found."""
    (folder / "rows.csv").write_text("1,2\n3,4\n5,6\n")
    (folder / "count.py").write_text(COUNT)
    processor = SKLearnProcessor(sagemaker_session=session, **COMMON)
    processor.run(
        str(folder / "count.py"),
        inputs=[ProcessingInput(source=str(folder / "rows.csv"), destination="/opt/ml/processing/input")],
        outputs=[ProcessingOutput(output_name="count", source="/opt/ml/processing/output")],
        arguments=["--kind", "rows"],
        wait=False,
    )
    job = processor.latest_job
    waiter = session.sagemaker_client.get_waiter("processing_job_completed_or_stopped")
    waiter.wait(ProcessingJobName=job.job_name, WaiterConfig={"Delay": 1})
    session.logs_for_processing_job(job.job_name)
    [output] = job.describe()["ProcessingOutputConfig"]["Outputs"]
    return sagemaker.s3.S3Downloader.read_file(f"{output['S3Output']['S3Uri']}/count.txt", session)


def tuned(session: sagemaker.Session, folder: Path) -> tuple[HyperparameterTuner, dict]:
    """A tuner attached to a search that has ended, and what the search found."""
    (folder / "train.py").write_text(TRAIN)
    tuner = HyperparameterTuner(
        SKLearn(entry_point=str(folder / "train.py"), sagemaker_session=session, **COMMON),
        "loss",
        {"rate": ContinuousParameter(0.01, 1.0), "booster": CategoricalParameter(["tree", "linear"])},
        metric_definitions=[{"Name": "loss", "Regex": "loss=([0-9.e-]+);"}],
        objective_type="Minimize",
        strategy="Random",
        max_jobs=3,
        max_parallel_jobs=2,
    )
    tuner.fit(job_name="sdk2-tuning", wait=False)
    while tuner.describe()["HyperParameterTuningJobStatus"] == "InProgress":
        time.sleep(0.2)
    attached = HyperparameterTuner.attach("sdk2-tuning", sagemaker_session=session)
    table = tuner.analytics().dataframe()
    best = table.loc[table["FinalObjectiveValue"].idxmin()]
    found = {"trials": len(table), "best": best["TrainingJobName"] == attached.best_training_job()}
    ranges = attached.hyperparameter_ranges().values()
    return attached, found | {"ranges": sorted(one["Name"] for kind in ranges for one in kind)}


def main() -> None:
    """Process, tune, register; print what came out."""
    session = sagemaker.Session(default_bucket="sagemaker-us-east-1-123456789012")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        count = counted(session, folder)
        tuner, found = tuned(session, folder)
        model = SKLearnModel(
            model_data=tuner.best_estimator().model_data,
            role=ROLE,
            entry_point=str(folder / "train.py"),
            framework_version="1.2-1",
            sagemaker_session=session,
        )
        package = model.register(
            content_types=["text/csv"],
            response_types=["text/csv"],
            inference_instances=["ml.m5.large"],
            transform_instances=["ml.m5.large"],
            model_package_group_name="sdk2-models",
            approval_status="PendingManualApproval",
        )
    package.update_approval_status("Approved")
    described = session.sagemaker_client.describe_model_package(ModelPackageName=package.model_package_arn)
    document = {
        "counted": count,
        **found,
        "version": described["ModelPackageVersion"],
        "approval": described["ModelApprovalStatus"],
    }
    json.dump(document, sys.stdout)


if __name__ == "__main__":
    main()
