"""A query on Redshift → Parquet files in S3."""

from __future__ import annotations

from foldline.errors import DataError
from foldline.names import digest
from foldline.remote.warehouse.redshift import Warehouse
from foldline.requests import Request
from foldline.runs import JobRecord
from foldline.steps.queries import RedshiftUnloadSettings
from operators.athena_runs import query_file
from operators.base import StepOperator
from operators.results import TableResult
from operators.steprun import StepRun
from preprocessing.statements import redshift_request, redshift_statements

COUNT = 2
"""Which statement of the batch counts the rows."""


class RedshiftUnloadOperator(StepOperator):
    """Run the step's query on Redshift and UNLOAD its rows as Parquet, exactly once."""

    def work(self, run: StepRun) -> TableResult:
        """Where the rows are and how many."""
        settings = run.settings(RedshiftUnloadSettings)
        query, where = query_file(run, settings.query)
        identity = run.identity("statement", {"query": query, "settings": settings.document()})
        target = run.layout.table(identity.key)

        def request(generation: int) -> Request:
            environment, place = run.pipeline.environment, target / f"g{generation}/"
            statements = redshift_statements(settings, environment, query, identity.key, place)
            return redshift_request(settings, statements)

        warehouse = Warehouse(
            run.clients.client("redshift-data"), run.clock, run.waits, run.memory, run.backoff
        )
        ended = warehouse.run(identity, request, budget=settings.max_runtime, where=where)
        rows = warehouse.scalar(f"{ended.statement_id}:{COUNT}")
        created = ended.description.get("CreatedAt")
        run.jobs.append(
            JobRecord(
                name=ended.statement_id,
                kind="statement",
                status=ended.description["Status"],
                seconds=ended.seconds,
                generation=ended.generation,
                started=created.isoformat() if created else "",
            )
        )
        run.evidence.update(rows=rows, seconds=ended.seconds, query_ids=[ended.statement_id])
        run.detail = f"{rows:,} rows in {ended.seconds:.1f} s"
        if rows < settings.min_rows:
            raise DataError(
                f"the query of step {run.step!r} gives {rows:,} rows, must give {settings.min_rows:,}",
                where=f"{where} (Redshift statement {ended.statement_id})",
                mend="widen `parameters` (dates?), or lower `min_rows`",
            )
        table = target / f"g{ended.generation}/"
        content = digest([item.etag for item in run.objects.below(table)])
        return {"uri": str(table), "rows": rows, "digest": content, "query_id": ended.statement_id}
