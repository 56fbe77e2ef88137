"""A query's rows → a Glue table that readers see whole, the old version or the new one."""

from __future__ import annotations

from foldline.errors import DataError
from foldline.names import digest
from foldline.remote.warehouse.swaps import Swaps, Version
from foldline.steps.queries import TableSettings
from operators.athena_runs import cost_usd, query_file, run_query, scanned
from operators.base import StepOperator
from operators.results import SwappedTableResult
from operators.steprun import StepRun
from preprocessing.ingest import literals
from preprocessing.statements import create_statement, staged_name

SWAPPED = "swapped"
"""What is remembered once the version was put in place: a later run may have put its own there since."""


class AthenaTableOperator(StepOperator):
    """Write the query's rows to a place of their own, then put them in the place of the table.

    CREATE TABLE AS writes below a prefix that holds this task's key and the generation, under a name that
    nobody reads; what fails or is killed there never shows. One UpdateTable then changes the location. Files
    of the last ``keep`` versions stay for readers that began before.
    """

    def work(self, run: StepRun) -> SwappedTableResult:
        """The table, its files and its rows."""
        settings = run.settings(TableSettings)
        query, where = query_file(run, settings.query)
        asked = {"query": query, "settings": settings.document()}
        identity = run.identity("table", asked)
        target = run.common.table_versions(settings.table) / f"{identity.key}/"
        swaps, owner = self._swaps(run, settings), f"{run.pipeline.environment.name}/{self.step}"
        swaps.current(settings.database, settings.table, owner)  # a foreign table is refused before any cost
        outcome = run_query(
            run,
            settings,
            lambda generation: create_statement(
                settings,
                query,
                staged_name(settings, identity.key, generation),
                target / f"g{generation}/",
            ),
            literals(settings.parameters),
            where=where,
            extra=settings.request,
        )
        for failed in range(outcome.generation):
            swaps.remove(target / f"g{failed}/")
        location = target / f"g{outcome.generation}/"
        staged = staged_name(settings, identity.key, outcome.generation)
        rows = run.queries.rows_written(outcome.query_id) or 0
        if rows < settings.min_rows:
            swaps.forget(settings.database, staged)
            swaps.remove(location)
            raise DataError(
                f"the query of step {run.step!r} gives {rows:,} rows, must give {settings.min_rows:,}",
                where=f"{where} (Athena query {outcome.query_id})",
                cause=f"table {settings.database}.{settings.table} is as it was",
                mend="widen `parameters` (dates?), or lower `min_rows`",
            )
        version = Version(staged, location, rows)
        if run.memory.get(SWAPPED) is None:
            swaps.swap(
                settings.database,
                settings.table,
                version,
                key=identity.key,
                owner=owner,
                keep=settings.keep,
            )
            run.memory.put(SWAPPED, {"location": str(location)})
        run.evidence.update(rows=rows, table=f"{settings.database}.{settings.table}")
        run.detail = f"{rows:,} rows, {scanned(run)}"
        return {
            "uri": str(location),
            "rows": rows,
            "digest": digest([item.etag for item in run.objects.below(location)]),
            "query_id": outcome.query_id,
            "database": settings.database,
            "table": settings.table,
            "bytes_scanned": outcome.bytes_scanned,
            "cost_usd": cost_usd(run, outcome),
            "seconds": outcome.seconds,
        }

    def _swaps(self, run: StepRun, settings: TableSettings) -> Swaps:
        return Swaps(
            run.clients.client("glue"),
            run.clients.client("s3"),
            run.clock,
            run.pipeline.environment.account,
            run.common.table_versions(settings.table),
        )
