"""What our DAG file costs Airflow's parser, beside a DAG of the same shape whose tasks are empty.

The empty DAG has as many tasks, arrows and params as ours: the ratio is what our operators and files add.
"""

from __future__ import annotations

import contextlib
import io
import logging
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.measure import Row, alternated

ROOT = Path(__file__).parents[1]
EMPTY = """
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Param, dag


@dag(schedule=None, params={f"p{n}": Param(n, type="integer") for n in range(5)}, default_args={"retries": 1})
def empty():
    before = None
    for number in range(14):
        here = EmptyOperator(task_id=f"task_{number}")
        if before is not None:
            before >> here
        before = here


empty()
"""
GOAL = 1.2


def parse(folder: Path) -> None:
    """Parse a folder as the DAG processor does."""
    from airflow.dag_processing.dagbag import DagBag

    with contextlib.redirect_stdout(io.StringIO()):
        bag = DagBag(str(folder))
    assert not bag.import_errors, bag.import_errors


def fresh_process(folder: Path) -> float:
    """Seconds of a new interpreter that imports Airflow and parses the folder once, as a CI check does."""
    program = f"from bench.parse import parse; from pathlib import Path; parse(Path({str(folder)!r}))"
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - began


def rows() -> list[Row]:
    """Parse times of an empty DAG and of ours."""
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as scratch:
        empty, ours = Path(scratch, "empty"), Path(scratch, "ours")
        empty.mkdir()
        (empty / "empty.py").write_text(EMPTY)
        shutil.copytree(ROOT / "dags", ours, ignore=shutil.ignore_patterns("__pycache__"))
        parse(empty)
        fresh = [(fresh_process(ours), fresh_process(empty)) for _ in range(5)]
        parse(ours)
        warm, bare = alternated(lambda: parse(ours), lambda: parse(empty), 25)
    cold, cold_bare = median(pair[0] for pair in fresh), median(pair[1] for pair in fresh)
    return [
        Row(
            "DAG file parsed in a new process (Airflow and all imports)",
            f"{cold:.2f} s",
            f"empty tasks {cold_bare:.2f} s",
            cold / cold_bare,
            f"ratio at most {GOAL}",
            cold / cold_bare <= GOAL,
        ),
        Row(
            "DAG file parsed again in the same process",
            f"{warm * 1000:.1f} ms",
            f"empty tasks {bare * 1000:.1f} ms",
            warm / bare,
        ),
    ]
