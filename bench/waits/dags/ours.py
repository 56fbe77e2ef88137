"""Short work by our operators, and tasks that are handed over and wait for nothing.

A task is called ``<whose>-<mode>-<kind>-<seconds>-<number>``. Tasks go one after another in a few lanes,
so that each meets a calm machine.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, BaseOperator

from bench.nowait import NoWait
from bench.waitjobs import DATA, KINDS, LENGTHS, LONG, MODEL, MODES, SETTINGS, lane
from operators.athena import AthenaQueryOperator
from operators.glue_job import GlueJobOperator
from operators.pipeline import pipeline
from operators.processing_job import ProcessingJobOperator
from operators.training_job import TrainingJobOperator
from operators.transform_job import TransformJobOperator

TIMES = 3
steps = pipeline("waits")


def ours(mode: str, kind: str, seconds: int, number: int) -> BaseOperator:
    """One of our operators."""
    common: dict[str, Any] = {
        "task_id": f"ours-{mode}-{kind}-{seconds}-{number}",
        "step": steps[kind],
        "deferrable": mode == "deferring",
        "trigger_rule": "all_done",
    }
    if kind == "training":
        return TrainingJobOperator(best={"hyperparameters": {"seconds": seconds}}, **common)
    if kind == "transform":
        return TransformJobOperator(model=MODEL, data=DATA, **common)
    classes = {"processing": ProcessingJobOperator, "query": AthenaQueryOperator, "glue": GlueJobOperator}
    return classes[kind](**common)


with DAG("ours", **SETTINGS):
    lane([NoWait(task_id=f"nothing-{number}", trigger_rule="all_done") for number in range(6)])
    for mode in MODES:
        ours(mode, "training", LONG, 0)
        lane([ours(mode, "training", seconds, number) for number in range(TIMES) for seconds in LENGTHS])
        lane([ours(mode, kind, seconds, 0) for kind, seconds in KINDS.items()])
