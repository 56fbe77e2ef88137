"""One row of the fault table, and the files that its tests are in."""

from __future__ import annotations

from dataclasses import dataclass

REAL = "tests/faults/test_orchestrator.py::"
LONG = "tests/faults/test_orchestrator_long.py::"
KILLING = "tests/faults/test_killing.py::"
CALLS = "tests/faults/test_calls_faults.py::"
OUTCOMES = "tests/faults/test_outcomes_faults.py::"
ENDPOINTS = "tests/faults/test_endpoint_faults.py::"
STORAGE = "tests/faults/test_storage_faults.py::"
CONFIG = "tests/faults/test_config_faults.py::"
DEPLOYED = "tests/dags/test_endpoint_deployment.py::"
TRIGGERS = "tests/dags/test_triggers.py::"
OWN_JOBS = "tests/dags/test_sagemaker_operators.py::"
JOBS = "tests/unit/foldline/test_jobs.py::"
GENERATIONS = "tests/unit/foldline/test_generations.py::"
SETTINGS = "tests/unit/foldline/test_own_jobs.py::"
POLLER = "tests/unit/foldline/test_poller.py::"
QUERIES = "tests/unit/foldline/test_queries.py::"
GLUE = "tests/unit/foldline/test_glue_jobs.py::"
REAPING = "tests/unit/foldline/test_reaping.py::"
REAP = "tests/reaper/test_reap.py::"
BAD_CONFIGS = "tests/unit/foldline/test_bad_configs.py::"


@dataclass(frozen=True)
class Row:
    """One fault.

    Attributes:
        id: Of the project's fault model.
        fault: What goes wrong.
        happens: What the project makes of it.
        guard: What sees to it: the piece of code without which a test fails.
        tests: pytest node ids.
        checked: Whether the guard was taken out and a test of the row seen to fail.
        lacks: What of the fault model's row is not built; empty when nothing is.
    """

    id: str
    fault: str
    happens: str
    guard: str
    tests: tuple[str, ...]
    checked: bool = False
    lacks: str = ""
