"""What a DAG file asks for: a pipeline's steps and the keyword arguments of its `@dag`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from airflow.sdk import Asset, Param

from foldline.config import Pipeline, load_pipeline
from foldline.notices import Event
from operators.assets import asset
from operators.notifications import StepNotifier, notifiers


@dataclass(frozen=True)
class Steps:
    """The steps of one pipeline, by name.

    Attributes:
        pipeline: Checked settings of all of them.
    """

    pipeline: Pipeline

    def __getitem__(self, name: str) -> str:
        """Address of a step, such as ``flight_delays.tuning``: what operators take as ``step``.

        Raises:
            ConfigError: The pipeline has no such step.
        """
        self.pipeline[name]  # refuses a name that is no step
        return f"{self.pipeline.name}.{name}"

    def asset(self, name: str) -> Asset:
        """What another DAG can be scheduled on: ``raw``, ``table``, ``features``, ``model`` or ``endpoint``.

        Raises:
            ConfigError: The pipeline has no step that makes it.
        """
        return asset(self.pipeline, name)

    def notifiers(self, event: Event) -> list[StepNotifier]:
        """Who is told of ``event`` by ``notify`` in pipeline.yaml: ``failure``, ``success`` or ``approval``.

        The DAG's own callbacks are in :attr:`dag`; ``approval`` goes to an operator that waits for a person.
        """
        return notifiers(event, self.pipeline.name, getattr(self.pipeline.settings.notify, event))

    @property
    def dag(self) -> dict[str, Any]:
        """Keyword arguments of Airflow's ``@dag``: id, schedule, typed params, retries, who is told."""
        settings = self.pipeline.settings
        return {
            "dag_id": self.pipeline.name,
            "description": settings.description,
            "schedule": settings.schedule,
            "start_date": dt.datetime.combine(settings.start, dt.time(), dt.UTC),
            "catchup": False,
            "tags": list(settings.tags),
            "max_active_runs": 1,
            "params": {name: Param(**schema) for name, schema in self.pipeline.param_schemas().items()},
            "on_failure_callback": self.notifiers("failure") or None,
            "on_success_callback": self.notifiers("success") or None,
            "default_args": {"retries": settings.retries, "retry_delay": dt.timedelta(seconds=10)},
        }


def pipeline(name: str) -> Steps:
    """The steps of ``infra/<name>/``, checked; milliseconds, no network.

    Raises:
        ConfigError: A file is wrong; every problem is listed. Only this pipeline's DAG is affected.
    """
    return Steps(load_pipeline(name))
