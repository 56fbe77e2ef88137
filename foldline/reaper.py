"""The reaper: what nobody owns in one environment, found, and done away with when asked to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from foldline.aws import Clients
from foldline.config import load_pipeline
from foldline.environment import Environment
from foldline.errors import ConfigError
from foldline.layout import S3Uri
from foldline.project import pipelines, project_root
from foldline.reaping import Limits, RunState, TaskState, Verdict, verdicts
from foldline.remote.calls import Clock
from foldline.remote.orphans.survey import Runs, Survey
from foldline.remote.orphans.sweep import Sweep
from foldline.remote.paging import PAUSE_SECONDS, PacedLists


@dataclass(frozen=True)
class Reaper:
    """Looks for orphans of one environment.

    Attributes:
        environment: The environment.
        clients: Its clients.
        clock: Time.
        runs: Who knows whether runs live.
        limits: How long things are left alone.
        pause: Seconds between two List calls at least.
        root: The project; by default the nearest.
    """

    environment: Environment
    clients: Clients
    clock: Clock
    runs: Runs
    limits: Limits = field(default_factory=Limits)
    pause: float = PAUSE_SECONDS
    root: Path | None = None

    def found(self) -> list[Verdict]:
        """What nobody owns; nothing is changed."""
        names = tuple(pipelines(self.root))
        survey = Survey(
            self.clients.client,
            PacedLists(self.clock, self.pause),
            self.environment.name,
            self.environment.bucket,
            self.environment.account,
            names,
            deployed(names, self.environment.name, self.root or project_root()),
            self.runs,
            self.limits,
        )
        return verdicts(survey.world(), dt.datetime.now(dt.UTC), self.limits)

    def apply(self, found: Sequence[Verdict]) -> S3Uri:
        """Do away with what was found; where the audit lies.

        Raises:
            EnvironmentFault: Some of it failed; the rest was done, the audit tells which.
        """
        sweep = Sweep(
            self.clients.client,
            PacedLists(self.clock, self.pause),
            self.environment.name,
            self.environment.bucket,
            self.environment.account,
        )
        return sweep.carry_out(found, dt.datetime.now(dt.UTC))


@dataclass(frozen=True)
class OneOfSeveral:
    """What an Airflow knows that shares its environment with others: a run it lacks may live elsewhere.

    Attributes:
        known: What this one knows.
    """

    known: Runs

    def run(self, dag: str, run: str) -> RunState:
        """The state of a run; one that is not here is unknown."""
        state = self.known.run(dag, run)
        return "unknown" if state == "gone" else state

    def task(self, dag: str, run: str, task: str, map_index: int) -> TaskState:
        """The state of one task instance."""
        return self.known.task(dag, run, task, map_index)


def deployed(names: Sequence[str], env: str, root: Path) -> frozenset[str] | None:
    """Endpoints that steps of the pipelines name; None when a pipeline's files are wrong."""
    try:
        loaded = [load_pipeline(name, env=env, root=root) for name in names]
    except ConfigError:
        return None
    found = {
        getattr(settings, "endpoint", None) for pipeline in loaded for settings in pipeline.steps.values()
    }
    return frozenset(name for name in found if isinstance(name, str))
