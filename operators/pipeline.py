"""What a DAG file asks for: a pipeline's steps and the keyword arguments of its `@dag`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from airflow.sdk import Param

from foldline.config import Pipeline, load_pipeline


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

    @property
    def dag(self) -> dict[str, Any]:
        """Keyword arguments of Airflow's ``@dag``: id, schedule, typed params, retries."""
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
            "default_args": {"retries": settings.retries, "retry_delay": dt.timedelta(seconds=10)},
        }


def pipeline(name: str) -> Steps:
    """The steps of ``infra/<name>/``, checked; milliseconds, no network.

    Raises:
        ConfigError: A file is wrong; every problem is listed. Only this pipeline's DAG is affected.
    """
    return Steps(load_pipeline(name))
