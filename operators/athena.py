"""Tables of the catalogue → one table of Parquet files, judged by stated rules."""

from __future__ import annotations

from collections.abc import Callable

from foldline.errors import ConfigError, DataError
from foldline.names import digest
from foldline.remote.queries import QueryOutcome
from foldline.runs import JobRecord
from foldline.steps.data import IngestSettings
from operators.base import StepOperator
from operators.results import TableResult
from operators.steprun import StepRun
from preprocessing.ingest import KEPT, audit_statement, parameter_literals, unload_statement

Statement = Callable[[int], str]
"""The text of a statement for a generation."""


class AthenaUnloadOperator(StepOperator):
    """Run the step's query, count what each rule drops, and UNLOAD the rest as Parquet."""

    def work(self, run: StepRun) -> TableResult:
        """Where the table is and how many rows it has."""
        settings = run.settings(IngestSettings)
        query = query_text(run, settings)
        audit = self._query(run, settings, "audit", lambda generation: audit_statement(settings, query))
        counts = {str(verdict): int(rows or 0) for verdict, rows in run.queries.rows(audit.query_id)}
        kept, rows_in = counts.pop(KEPT, 0), sum(counts.values())
        run.evidence.update(
            rows_in=rows_in + kept,
            rows_kept=kept,
            dropped={rule: counts.get(rule, 0) for rule in settings.rules},
            rules=dict(settings.rules),
            bytes_scanned=audit.bytes_scanned,
            seconds=audit.seconds,
            query_ids=[audit.query_id],
        )
        if kept == 0:
            raise DataError(
                f"the query of step {run.step!r} gives no rows",
                where=f"infra/{run.pipeline.name}/{settings.query}",
                cause=f"{rows_in} rows before the rules; dropped: {counts or 'none'}",
                mend="widen `parameters` (dates?), or look at `rules`",
            )
        identity = run.identity("query", {"query": query, "settings": settings.document()}, "unload")
        target = run.layout.table(digest({"key": identity.key}))
        unload = self._query(
            run,
            settings,
            "unload",
            lambda generation: unload_statement(settings, query, target / f"g{generation}/"),
        )
        run.evidence["bytes_scanned"] += unload.bytes_scanned
        run.evidence["seconds"] += unload.seconds
        run.evidence["query_ids"].append(unload.query_id)
        run.detail = f"{kept:,} rows kept of {rows_in + kept:,}"
        table = target / f"g{unload.generation}/"
        content = digest([item.etag for item in run.objects(table)])
        return {"uri": str(table), "rows": kept, "digest": content, "query_id": unload.query_id}

    def _query(
        self, run: StepRun, settings: IngestSettings, label: str, statement: Statement
    ) -> QueryOutcome:
        literals = parameter_literals(settings)
        identity = run.identity("query", {"text": statement(0), "parameters": literals}, label)
        outcome = run.queries.run(
            identity,
            statement,
            database=settings.database,
            workgroup=run.pipeline.environment.workgroup,
            parameters=literals,
            budget=settings.max_runtime,
            where=f"infra/{run.pipeline.name}/{settings.query}",
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
        return outcome


def query_text(run: StepRun, settings: IngestSettings) -> str:
    """The step's SQL file.

    Raises:
        ConfigError: It is not there.
    """
    path = run.pipeline.folder / settings.query
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"the query of step {run.step!r} cannot be read",
            where=str(path),
            cause=str(error),
            mend="write the file, or correct `query`",
        ) from error
