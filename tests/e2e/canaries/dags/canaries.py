"""Jobs and tasks that say every secret they know, in every place a careless program might."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airflow.sdk import BaseHook, dag
from airflow.sdk.log import mask_logs

from foldline.errors import DataError
from foldline.layout import S3Uri
from foldline.outcomes import TRAINING
from foldline.requests import channel, training_request
from foldline.steps.fitting import TrainingSettings
from foldline.trials import encode
from operators.base import StepOperator
from operators.pipeline import pipeline
from operators.report import ReportOperator
from operators.steprun import StepRun

SAID = json.loads(Path(os.environ["CANARIES"]).read_text())
PROGRAM = """
import json, os, pathlib, sys, time
time.sleep(float(os.environ["SECONDS"]))
said = json.loads(pathlib.Path(__file__).with_name("said.json").read_text())
print(*said["log"], sep="\\n", flush=True)
if os.environ["THEN"] == "job fails":
    failure = pathlib.Path(os.environ["FOLDLINE_JOB_DIR"], "output", "failure")
    failure.write_text("\\n".join(said["failure"]))
    sys.exit(1)
"""
steps = pipeline("canaries")


class CanaryOperator(StepOperator):
    """Runs a job that says all it knows; then, as told, says it itself."""

    def __init__(self, *, then: str, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.then = then

    def work(self, run: StepRun) -> Mapping[str, Any]:
        """The job's name."""
        settings = run.settings(TrainingSettings)
        program = S3Uri.parse(f"s3://{run.pipeline.environment.bucket}/programs/")
        run.objects.put_document(program / "said.json", SAID)
        run.objects.put_bytes(program / "canary.py", PROGRAM.encode(), "text/x-python")
        request = training_request(
            settings.job,
            run.pipeline.environment,
            role=run.pipeline.environment.role,
            module="training.fit",
            code=run.code,
            channels=[channel("program", program)],
            hyperparameters=encode(settings.hyperparameters),
            output=run.layout.jobs,
            metrics={},
        )
        request["AlgorithmSpecification"]["ContainerEntrypoint"] = ["python3", "-m", "canary"]
        request["Environment"] |= {
            "PYTHONPATH": "/opt/ml/input/data/program",
            "THEN": self.then,
            "SECONDS": "2" if self.deferrable else "0",
        }
        outcome = run.run_job(TRAINING, request, job=settings.job)
        connection = BaseHook.get_connection("raw_db")
        line = f"{dict(os.environ)} {connection.get_uri()} {connection.password} {connection.extra}"
        with Path(os.environ["CANARY_LINES"]).open("a") as file:
            file.write(str(mask_logs(None, "info", {"event": line})) + "\n")
        run.evidence.update(said=SAID["evidence"])
        run.detail = SAID["evidence"][0]
        if self.then == "task fails":
            try:
                raise ValueError(SAID["cause"])
            except ValueError as error:
                raise DataError("the data are not there", cause=SAID["error"]) from error
        return {"job": outcome.name, **SAID["result"].get(self.then, {})}

    def defer(self, **keywords: Any) -> None:
        """Keep what Airflow will store of the trigger."""
        with Path(os.environ["CANARY_TRIGGERS"]).open("a") as file:
            file.write(repr(keywords["trigger"].serialize()) + repr(keywords.get("kwargs")) + "\n")
        super().defer(**keywords)


@dag(**steps.dag)
def canaries() -> None:
    """Three endings, two ways of waiting."""
    step = steps["training"]
    endings = ["ends", "task fails", "job fails", "result is secret"]
    tasks = [
        CanaryOperator(
            step=step, task_id=f"{word}_{end.replace(' ', '_')}", then=end, deferrable=word == "defer"
        )
        for word, end in zip(["stay", "defer", "stay", "defer"], endings, strict=True)
    ]
    tasks >> ReportOperator(step=steps["report"]).as_teardown()


canaries()
