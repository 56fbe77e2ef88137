"""The SageMaker SDK searches hyperparameters of a script with a tuning job."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from sagemaker.core.helper.session_helper import Session
from sagemaker.core.parameter import CategoricalParameter, ContinuousParameter, IntegerParameter
from sagemaker.core.shapes import OutputDataConfig, StoppingCondition
from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, SourceCode
from sagemaker.train.tuner import HyperparameterTuner

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
ROLE = "arn:aws:iam::123456789012:role/sdk-role"
SCRIPT = """
import argparse

reader = argparse.ArgumentParser()
reader.add_argument("--rate", type=float)
reader.add_argument("--depth", type=int)
reader.add_argument("--booster")
found, _ = reader.parse_known_args()
assert found.booster in ("tree", "linear"), found.booster
print(f"loss={(found.rate - 0.3) ** 2 + (found.depth - 4) ** 2};")
"""


def main() -> None:
    """Tune and print the best."""
    session = Session(default_bucket="sagemaker-us-east-1-123456789012")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "train.py").write_text(SCRIPT)
        trainer = ModelTrainer(
            training_image=IMAGE,
            role=ROLE,
            sagemaker_session=session,
            source_code=SourceCode(source_dir=folder, entry_script="train.py"),
            compute=Compute(instance_type="ml.m5.large", instance_count=1, volume_size_in_gb=1),
            stopping_condition=StoppingCondition(max_runtime_in_seconds=300),
            output_data_config=OutputDataConfig(s3_output_path=f"s3://{session.default_bucket()}/tuned"),
            base_job_name="sdk-tune",
        )
        tuner = HyperparameterTuner(
            model_trainer=trainer,
            objective_metric_name="loss",
            objective_type="Minimize",
            metric_definitions=[{"Name": "loss", "Regex": "loss=([0-9.e-]+);"}],
            hyperparameter_ranges={
                "rate": ContinuousParameter(0.01, 1.0),
                "depth": IntegerParameter(3, 5),
                "booster": CategoricalParameter(["tree", "linear"]),
            },
            strategy="Random",
            max_jobs=4,
            max_parallel_jobs=2,
            random_seed=7,
        )
        tuner.tune(job_name="sdk-tuning", wait=False)
        tuner.latest_tuning_job.wait(poll=1)
    job = tuner.latest_tuning_job.refresh()
    best = job.best_training_job
    json.dump(
        {
            "status": job.hyper_parameter_tuning_job_status,
            "completed": job.training_job_status_counters.completed,
            "best": tuner.best_training_job(),
            "value": best.final_hyper_parameter_tuning_job_objective_metric.value,
            "tuned": best.tuned_hyper_parameters,
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
