"""Several runs under way while every part of Airflow is killed at random; the seed makes it the same again."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from tests.faults.airflow import OVER, ROLES, Airflow
from tests.faults.jobs import UNDER_WAY, doubles
from tests.faults.processes import parent_of
from tests.faults.rest import Refused
from tests.faults.steps import Jobs

pytestmark = [pytest.mark.xdist_group("airflow-faults"), pytest.mark.scheduler, pytest.mark.soak]
MINUTES = float(os.environ.get("FAULTS_MINUTES", "3"))
SEED = int(os.environ.get("FAULTS_SEED", "1"))
DAGS = ("folds_staying", "folds_deferring")
FOLDS = 3
WORKERS = ("worker -9", "worker -TERM", "supervisor -9")
STRIKES = (*WORKERS, *(f"{role} -9" for role in ROLES))
SETTLE_SECONDS = 420.0


@dataclass
class Storm:
    """Kills things at random.

    Attributes:
        airflow: What is struck.
        chance: Of everything that is left to chance.
        struck: How often each kind of strike was made.
    """

    airflow: Airflow
    chance: random.Random
    struck: Counter[str] = field(default_factory=Counter)
    _down_since: float | None = None
    _spared_until: float = 0.0

    def strike(self, runs: dict[str, str]) -> None:
        """One kill; a role is started again a little later, so that its absence is felt."""
        kind = self.chance.choice(WORKERS if self._roles_are_spared() else STRIKES)
        what, _, how = kind.partition(" ")
        if what in ROLES:
            self.airflow.kill(what, whole=self.chance.random() < 0.5)
            time.sleep(self.chance.uniform(0.0, 4.0))
            self.airflow.restart(what)
            self._down_since = time.monotonic()
        elif (pid := self._worker(runs)) is None:
            return
        else:
            with suppress(OSError):  # it ended by itself in the meantime
                target = parent_of(pid) if what == "supervisor" else pid
                os.kill(target, signal.SIGTERM if how == "-TERM" else signal.SIGKILL)
        self.struck[kind] += 1

    def _roles_are_spared(self) -> bool:
        """Until all are up again, and then for as long as that took: a slow machine gets on with its tasks too."""
        if self._down_since is not None and self._all_up():
            self._spared_until = 2 * time.monotonic() - self._down_since
            self._down_since = None
        return self._down_since is not None or time.monotonic() < self._spared_until

    def _all_up(self) -> bool:
        with suppress(OSError, Refused):
            return self.airflow.is_healthy()
        return False

    def _worker(self, runs: dict[str, str]) -> int | None:
        with suppress(OSError, Refused):
            rows = [row for run, dag in runs.items() for row in self.airflow.tasks(dag, run)]
            pids = [row["pid"] for row in rows if row["state"] == "running" and row["pid"]]
            return int(self.chance.choice(pids)) if pids else None
        return None


def test_kills_at_random_cost_no_job_and_no_run(airflow: Airflow, jobs: Jobs) -> None:
    """
    Runs of mapped jobs end in success, each piece of work with one job; nothing is left running.
    """
    chance = random.Random(SEED)
    storm = Storm(airflow, chance)
    runs: dict[str, str] = {}
    end = time.monotonic() + MINUTES * 60
    number = 0
    while time.monotonic() < end:
        under_way = [run for run in runs if not (airflow.gates / run / "all").exists()]
        if len(under_way) < 3:
            dag = DAGS[number % len(DAGS)]
            run = f"storm-{SEED}-{number}"
            airflow.until(lambda dag=dag, run=run: _triggered(airflow, dag, run), f"{run} is triggered")
            runs[run] = dag
            number += 1
        elif chance.random() < 0.35:
            airflow.open(chance.choice(under_way))
        storm.strike({run: runs[run] for run in under_way})
        time.sleep(chance.uniform(1.0, 6.0))
    for run in runs:
        airflow.open(run)
    states = {run: airflow.wait(dag, run, OVER, SETTLE_SECONDS) for run, dag in runs.items()}

    found = {run: jobs(run) for run in runs}
    tries = Counter(row["try_number"] for run, dag in runs.items() for row in airflow.tasks(dag, run))
    print(
        f"\nseed {SEED}: {len(runs)} runs, {sum(map(len, found.values()))} jobs, {sum(storm.struck.values())} kills "
        f"({', '.join(f'{count} {kind}' for kind, count in sorted(storm.struck.items()))}); "
        f"tasks by tries {dict(sorted(tries.items()))}"
    )
    assert sum(storm.struck.values()) > 0
    assert dict.fromkeys(runs, "success") == states
    assert [] == [work for run in found.values() for work in doubles(run)]
    assert dict.fromkeys(runs, FOLDS + 1) == {run: len(of_run) for run, of_run in found.items()}
    assert [] == [job.name for run in found.values() for job in run if job.status in UNDER_WAY]


def _triggered(airflow: Airflow, dag: str, run: str) -> bool:
    try:
        airflow.trigger(dag, run, {"k": FOLDS})
    except Refused as error:
        if error.status != 409:  # 409: an earlier request was done though its answer was lost
            raise
    return True
