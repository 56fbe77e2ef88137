"""OpenLineage: what each step's task reads and writes, told to Airflow's provider when it is installed.

Three sources, none of them a describe: the results of earlier tasks that an operator takes, the requests of
the jobs it started, and its own result. A step whose input stands in its settings is named in `declared`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from foldline.aws import Clients
from foldline.config import Pipeline, load_pipeline
from foldline.layout import PipelineLayout
from foldline.lineage import Dataset, handed, once, read_by, stored, table, tables_of, written_by
from foldline.redaction import redacted
from foldline.remote.calls import SystemClock, find
from foldline.steps.data import CatalogueSettings
from foldline.steps.queries import SensorSettings
from operators.sessions import airflow_session
from operators.steprun import StepRun

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage

log = logging.getLogger(__name__)
PATIENCE = 5.0
"""Seconds for one look into the catalogue; lineage is not worth more of a task's time."""


class Lineage:
    """What the OpenLineage provider asks an operator for; without it, nobody calls these methods."""

    step: str
    template_fields: Any
    last_run: StepRun | None = None
    last_result: Mapping[str, Any] = {}

    def get_openlineage_facets_on_start(self) -> OperatorLineage | None:
        """What the task is about to read; called when it starts and each time it comes back to a worker."""
        pipeline, _, step = self.step.rpartition(".")
        found = load_pipeline(pipeline)
        return emitted([*handed_to(self, found), *declared(found, step)], [], {}, {})

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage | None:
        """What the task read and wrote, and the jobs that did it; the same after a failure."""
        run = self.last_run
        if run is None:
            return self.get_openlineage_facets_on_start()
        pipeline, home = run.pipeline, run.common
        inputs = [
            *handed_to(self, pipeline),
            *declared(pipeline, run.step),
            *(one for request in run.requests for one in read_by(request, home)),
        ]
        made = [
            *handed(self.last_result, pipeline.environment, home),
            *(one for request in run.requests for one in written_by(request, home)),
        ]
        read = {(one.namespace, one.name) for one in inputs}
        outputs = [one for one in made if (one.namespace, one.name) not in read]
        return emitted(
            [with_columns(one, pipeline) for one in once(inputs)],
            [with_columns(one, pipeline) for one in once(outputs)],
            run_facets(run),
            job_facets(run),
        )

    def get_openlineage_facets_on_failure(self, task_instance: Any) -> OperatorLineage | None:
        """See :meth:`get_openlineage_facets_on_complete`."""
        return self.get_openlineage_facets_on_complete(task_instance)


def handed_to(operator: Any, pipeline: Pipeline) -> list[Dataset]:
    """The data sets in the results that a task takes."""
    home = PipelineLayout(pipeline.environment.bucket, pipeline.name)
    values = [getattr(operator, name, None) for name in operator.template_fields if name != "step"]
    return handed(values, pipeline.environment, home)


def declared(pipeline: Pipeline, step: str) -> list[Dataset]:
    """The data sets that a step's settings say it reads."""
    settings, environment = pipeline.steps.get(step), pipeline.environment
    home = PipelineLayout(environment.bucket, pipeline.name)
    if isinstance(settings, CatalogueSettings):
        raw = [stored(home.raw(name), home) for name in settings.tables]
        return [one for one in raw if one is not None]
    if isinstance(settings, SensorSettings):
        return [table(environment, settings.database, settings.table)]
    text, database = query_text(pipeline, step), getattr(settings, "database", "")
    return [table(environment, *pair) for pair in tables_of(text, database)] if text and database else []


def query_text(pipeline: Pipeline, step: str) -> str:
    """The SQL file of a step; empty when it has none."""
    query = getattr(pipeline.steps.get(step), "query", None)
    path = pipeline.folder / query if query else None
    return path.read_text(encoding="utf-8") if path is not None and path.is_file() else ""


def with_columns(one: Dataset, pipeline: Pipeline) -> Dataset:
    """A table with its columns from the catalogue; anything else as it is."""
    if not one.name.startswith("table/"):
        return one
    environment = pipeline.environment
    _, database, name = one.name.split("/", 2)
    # Clients of its own: the provider asks in a forked process, which must not share the task's connections.
    clients = Clients(environment, airflow_session(environment.aws_conn_id, environment.region))
    try:
        answer = find(
            clients.client("glue").get_table, SystemClock(PATIENCE), DatabaseName=database, Name=name
        )
    except Exception as error:
        log.info("lineage goes without the columns of %s.%s: %s", database, name, error)
        return one
    if answer is None:
        return one
    found = answer["Table"]
    columns = [*found["StorageDescriptor"].get("Columns", ()), *found.get("PartitionKeys", ())]
    return Dataset(
        one.namespace,
        one.name,
        one.version,
        tuple((column["Name"], column.get("Type", "")) for column in columns),
        one.rows,
    )


def run_facets(run: StepRun) -> dict[str, Any]:
    """The run's facets: its jobs and figures and, of a query, its id at Athena."""
    from openlineage.client.facet_v2 import external_query_run

    from operators.lineagefacets import FoldlineRunFacet

    queries = [job.name for job in run.jobs if job.kind == "query"]
    jobs = [
        {"name": job.name, "kind": job.kind, "status": job.status, "arn": job.arn, "seconds": job.seconds}
        for job in run.jobs
    ]
    figures = {
        key: value
        for key, value in run.evidence.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    facets: dict[str, Any] = {
        "foldline": FoldlineRunFacet(
            pipeline=run.pipeline.name,
            step=run.step,
            environment=run.pipeline.environment.name,
            config=run.pipeline.digest,
            jobs=jobs,
            figures=figures,
        )
    }
    if queries:
        source = f"awsathena://athena.{run.pipeline.environment.region}.amazonaws.com"
        facets["externalQuery"] = external_query_run.ExternalQueryRunFacet(queries[-1], source)
    return facets


def job_facets(run: StepRun) -> dict[str, Any]:
    """The job's facets: the query of a step that has one."""
    from openlineage.client.facet_v2 import sql_job

    text = query_text(run.pipeline, run.step)
    return {"sql": sql_job.SQLJobFacet(query=redacted(text))} if text else {}


def emitted(
    inputs: list[Dataset], outputs: list[Dataset], run: dict[str, Any], job: dict[str, Any]
) -> OperatorLineage:
    """The data sets and facets as the provider takes them."""
    from airflow.providers.openlineage.extractors import OperatorLineage

    from operators.lineagefacets import input_dataset, output_dataset

    return OperatorLineage(
        inputs=[input_dataset(one) for one in once(inputs)],
        outputs=[output_dataset(one) for one in once(outputs)],
        run_facets=run,
        job_facets=job,
    )
