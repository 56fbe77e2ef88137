"""A script of yours, run by Glue exactly once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from foldline.contracts import check
from foldline.errors import ConfigError
from foldline.names import digest
from foldline.remote.glue.jobs import GlueJobs, GlueWork
from foldline.remote.glue.runs import GlueOutcome
from foldline.remote.logs.glue import glue_log_lines
from foldline.requests import Request
from foldline.runs import JobRecord
from foldline.steps.glue import GlueJobSettings, is_own_argument
from operators.base import StepOperator
from operators.results import GlueJobResult
from operators.steprun import QUEUE_SECONDS, StepRun
from preprocessing.glue_request import glue_job_definition, glue_job_name, glue_run_request, owner_tags


class GlueJobOperator(StepOperator):
    """Run a Python or Spark script beside the step file as a Glue job.

    Args:
        arguments: Values of this run over the step's `arguments`: plain ones, or results of other tasks,
            which stand for their member of the argument's name, else for their `uri`.
        **kwargs: See `operators.base.StepOperator`.
    """

    template_fields: Sequence[str] = (*StepOperator.template_fields, "arguments")

    def __init__(self, *, arguments: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.arguments = arguments

    def work(self, run: StepRun) -> GlueJobResult:
        """The run, once it has succeeded."""
        settings = run.settings(GlueJobSettings)
        definition = self._definition(run, settings)
        given = {name: given_value(run.step, name, value) for name, value in (self.arguments or {}).items()}
        request = glue_run_request(settings, definition, raw=run.common.raw(), arguments=given)
        identity = run.identity("glue-job", {"definition": definition, "run": request})
        work = GlueWork(
            definition,
            request,
            identity,
            lambda generation: run.layout.output(run.step, f"{identity.key}-g{generation}"),
            settings.max_runtime + QUEUE_SECONDS,
            settings.on_timeout,
        )
        where = f"step {run.step!r}"
        check("glue", "CreateJob", definition, where=where)
        check("glue", "StartJobRun", work.start_request(0), where=where)
        logs = run.clients.client("logs")
        jobs = GlueJobs(
            run.clients.client("glue"),
            run.clock,
            run.waits,
            run.memory,
            run.backoff,
            lambda ended: glue_log_lines(logs, run.clock, ended),
        )
        outcome = jobs.run(work)
        run.jobs.append(_record(outcome))
        run.evidence["dpu_seconds"] = outcome.dpu_seconds
        run.detail = f"{outcome.dpu_seconds:.0f} DPU seconds"
        return {
            "job": work.name,
            "run": outcome.run["Id"],
            "uri": str(work.output(outcome.generation)),
            "seconds": int(outcome.run.get("ExecutionTime", 0)),
            "dpu_seconds": outcome.dpu_seconds,
        }

    def _definition(self, run: StepRun, settings: GlueJobSettings) -> Request:
        """The CreateJob request; its script is in S3, by its content, so no other text can take its place."""
        text = (run.pipeline.folder / settings.script).read_bytes()
        script = run.common.script(digest(text.decode("utf-8")), settings.script)
        run.objects.put_bytes(script, text, "text/x-python")
        env, place = run.pipeline.environment.name, run.place
        return glue_job_definition(
            settings,
            run.pipeline.environment,
            name=glue_job_name(env, place.dag_id, place.task_id, place.map_index),
            script=script,
            tags=owner_tags(env, place.dag_id, place.task_id),
        )


def given_value(step: str, name: str, value: Any) -> Any:
    """The plain value that a DAG hands in for an argument.

    Raises:
        ConfigError: It is none, or the name is not the DAG's to give.
    """
    found = value.get(name, value.get("uri")) if isinstance(value, Mapping) else value
    if is_own_argument(name) or not isinstance(found, str | int | float | bool):
        raise ConfigError(
            f"step {step!r} was handed no plain value for the argument {name!r}, or may not be handed any",
            where=f"{name}={value!r}"[:500],
            mend="hand in text, a number, true, false, or a result with a member of that name or a `uri`",
        )
    return found


def _record(outcome: GlueOutcome) -> JobRecord:
    """What the run record keeps of a run."""
    run, started = outcome.run, outcome.run.get("StartedOn")
    return JobRecord(
        name=f"{run['JobName']}/{run['Id']}",
        kind="glue-job",
        status=run["JobRunState"],
        seconds=float(run.get("ExecutionTime", 0)),
        instance=str(run.get("WorkerType", "")),
        instances=int(run.get("NumberOfWorkers", 1)),
        generation=outcome.generation,
        started=started.isoformat() if started else "",
    )
