"""The main job: through Airflow and the local endpoint, beside the same functions called directly."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from bench.direct import run_direct
from bench.measure import Row, seconds
from foldline.cli.run import run_pipeline
from foldline.config import Pipeline

GOAL = 180.0


def rows(pipeline: Pipeline, fraction: float) -> list[Row]:
    """Seconds of the whole run, and of its parts; the raw files lie in S3 already."""
    began = time.perf_counter()
    finished = run_pipeline(pipeline, {}, lambda event: None)
    took = time.perf_counter() - began
    assert finished.succeeded, finished.log
    assert finished.record is not None
    with tempfile.TemporaryDirectory() as scratch:
        direct = seconds(lambda: run_direct(pipeline, fraction, Path(scratch, "run")))
    found = [
        Row(
            "flight_delays, whole run (Airflow, jobs, SQL, endpoint)",
            f"{took:.1f} s",
            f"same functions directly {direct:.1f} s",
            took / direct,
            f"at most {GOAL:.0f} s",
            took <= GOAL,
        )
    ]
    in_tasks = sum(task.seconds for task in finished.record.tasks)
    found.append(
        Row("of it outside the tasks (Airflow's start, scheduling between tasks)", f"{took - in_tasks:.1f} s")
    )
    found += [
        Row(
            f"task {task.task_id}" + (f" [{task.map_index}]" if task.map_index >= 0 else ""),
            f"{task.seconds:.2f} s",
        )
        for task in finished.record.tasks
    ]
    return found
