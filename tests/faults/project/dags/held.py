"""DAGs whose training jobs run until a test lets them go: one job or k folds, staying or deferring."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

from airflow.sdk import Param, dag, task

from foldline.outcomes import TRAINING
from foldline.requests import training_request
from foldline.steps.fitting import CrossValidationSettings
from operators.base import StepOperator
from operators.pipeline import pipeline
from operators.steprun import StepRun

GATES = Path(os.environ.get("FAULTS_GATES", "/nonexistent"))
PROGRAM = (
    'for look in $(seq 9000); do for gate; do [ -e "$gate" ] && '
    '{ read word < "$gate"; echo "gate: $word"; [ "$word" = ok ]; exit; }; done; sleep 0.1; done; exit 9'
)
"""What the job runs: it ends as the first open gate says."""

steps = pipeline("held")


class HeldJobOperator(StepOperator):
    """One training job that ends when its gate, or its run's, is opened (`tests.faults.airflow.Airflow.open`)."""

    template_fields = ("step", "fold")

    def __init__(self, *, fold: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fold = fold

    def work(self, run: StepRun) -> dict[str, Any]:
        """The job's name and whether it was adopted."""
        settings, environment = run.settings(CrossValidationSettings), run.pipeline.environment
        request = training_request(
            settings.job,
            environment,
            role=environment.role,
            module="held",
            code=run.code,
            channels=[],
            hyperparameters={},
            output=run.layout.jobs,
            metrics={},
        )
        folder = GATES / run.place.run_id
        gates = [str(folder / f"{run.place.task_id}.{run.place.map_index}"), str(folder / "all")]
        request["AlgorithmSpecification"]["ContainerEntrypoint"] = ["/bin/sh", "-c", PROGRAM, "held", *gates]
        outcome = run.run_job(TRAINING, request, job=settings.job)
        return {"job": outcome.name, "adopted": outcome.adopted}


@task
def numbers(k: str) -> list[int]:
    """[0, …, k-1]: what the mapped tasks expand over."""
    return list(range(int(k)))


def dag_settings(name: str) -> dict[str, Any]:
    """Keyword arguments of ``@dag``, with retries a test can wait for."""
    return {
        **steps.dag,
        "dag_id": name,
        "max_active_runs": 16,
        "params": {"k": Param(3, type="integer")},
        "default_args": {"retries": 50, "retry_delay": dt.timedelta(seconds=1)},
    }


def declare(word: str, *, deferrable: bool) -> None:
    """The DAGs of one way to wait; an argument of a DAG function would be taken for a param of the DAG."""

    @dag(**dag_settings(f"one_{word}"))
    def one() -> None:
        """One held job."""
        HeldJobOperator(task_id="fit", step=steps["cross_validation"], deferrable=deferrable)

    @dag(**dag_settings(f"folds_{word}"))
    def folds() -> None:
        """A held job per fold, then one more."""
        fits = HeldJobOperator.partial(
            task_id="fit", step=steps["cross_validation"], deferrable=deferrable
        ).expand(fold=numbers("{{ params.k }}"))
        fits >> HeldJobOperator(task_id="final", step=steps["cross_validation"], deferrable=deferrable)

    one()
    folds()


declare("staying", deferrable=False)
declare("deferring", deferrable=True)
