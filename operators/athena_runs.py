"""One Athena statement of a step: run exactly once, and its figures in the run's record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from foldline.errors import ConfigError
from foldline.remote.warehouse.queries import QueryOutcome
from foldline.runs import JobRecord
from operators.steprun import StepRun

Statement = Callable[[int], str]
"""The text of a statement for a generation."""


class Asking(Protocol):
    """What a step's settings say of the statements it runs."""

    @property
    def database(self) -> str:
        """Glue database."""
        ...

    @property
    def max_runtime(self) -> int:
        """Seconds a statement may take."""
        ...


def run_query(
    run: StepRun,
    settings: Asking,
    statement: Statement,
    parameters: Sequence[str],
    *,
    where: str,
    label: str = "",
    extra: Mapping[str, Any] | None = None,
) -> QueryOutcome:
    """The outcome of one statement; its id, bytes, seconds and cost are added to the run's evidence.

    Args:
        run: The task's run.
        settings: Database and time limit.
        statement: The text for a generation.
        parameters: SQL literals for its ``?``.
        where: The file to mend, for errors.
        label: What tells it from the other statements of the task.
        extra: Raw fields of the request.
    """
    asked = {"text": statement(0), "parameters": list(parameters)}
    outcome = run.queries.run(
        run.identity("query", asked, label),
        statement,
        database=settings.database,
        workgroup=run.pipeline.environment.workgroup,
        parameters=parameters,
        budget=settings.max_runtime,
        where=where,
        extra=extra,
    )
    submitted = outcome.execution["Status"].get("SubmissionDateTime")
    run.jobs.append(
        JobRecord(
            name=outcome.query_id,
            kind="query",
            status=outcome.execution["Status"]["State"],
            seconds=outcome.seconds,
            generation=outcome.generation,
            started=submitted.isoformat() if submitted else "",
        )
    )
    evidence = run.evidence
    evidence["query_ids"] = [*evidence.get("query_ids", ()), outcome.query_id]
    evidence["bytes_scanned"] = evidence.get("bytes_scanned", 0) + outcome.bytes_scanned
    evidence["seconds"] = evidence.get("seconds", 0.0) + outcome.seconds
    evidence["cost_usd"] = evidence.get("cost_usd", 0.0) + cost_usd(run, outcome)
    return outcome


def cost_usd(run: StepRun, outcome: QueryOutcome) -> float:
    """US dollars of a query at the environment's price."""
    return outcome.cost(run.pipeline.environment.athena_usd_per_tb)


def scanned(run: StepRun) -> str:
    """What the step's statements have read, for people who watch: ``1.2 MB scanned, 0.00005 USD``."""
    figures = run.evidence
    return f"{figures['bytes_scanned'] / 1e6:,.1f} MB scanned, {figures['cost_usd']:.5f} USD"


def query_file(run: StepRun, name: str) -> tuple[str, str]:
    """The text of a step's SQL file, and how messages name it.

    Raises:
        ConfigError: It is not there.
    """
    path = run.pipeline.folder / name
    try:
        return path.read_text(encoding="utf-8"), f"infra/{run.pipeline.name}/{name}"
    except OSError as error:
        raise ConfigError(
            f"the query of step {run.step!r} cannot be read",
            where=str(path),
            cause=str(error),
            mend="write the file, or correct `query`",
        ) from error
