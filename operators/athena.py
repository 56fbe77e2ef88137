"""Statements on Athena: a table's rows judged and unloaded, and a query of one's own."""

from __future__ import annotations

import json
from typing import Any

from foldline.errors import ConfigError, DataError
from foldline.names import digest
from foldline.stepfiles.statements import refused_statement
from foldline.steps.data import IngestSettings
from foldline.steps.queries import QuerySettings
from operators.athena_runs import cost_usd, query_file, run_query, scanned
from operators.base import StepOperator
from operators.results import QueryResult, TableResult
from operators.steprun import StepRun
from preprocessing.ingest import KEPT, audit_statement, literals, unload_statement
from preprocessing.statements import query_statement

ROW_CHARACTERS = 4_000
"""A fetched row is at most this long as JSON: results of tasks are names and figures."""


class AthenaUnloadOperator(StepOperator):
    """Run the step's query, count what each rule drops, and UNLOAD the rest as Parquet."""

    def work(self, run: StepRun) -> TableResult:
        """Where the table is and how many rows it has."""
        settings = run.settings(IngestSettings)
        query, where = query_file(run, settings.query)
        values = literals(settings.parameters)
        audited = audit_statement(settings, query)
        audit = run_query(
            run,
            settings,
            lambda generation: audited,
            values,
            where=where,
            label="audit",
            extra=settings.request,
        )
        counts = {str(verdict): int(rows or 0) for verdict, rows in run.queries.rows(audit.query_id)}
        kept, rows_in = counts.pop(KEPT, 0), sum(counts.values())
        run.evidence.update(
            rows_in=rows_in + kept,
            rows_kept=kept,
            dropped={rule: counts.get(rule, 0) for rule in settings.rules},
            rules=dict(settings.rules),
        )
        if kept == 0:
            raise DataError(
                f"the query of step {run.step!r} gives no rows",
                where=f"{where} (Athena query {audit.query_id})",
                cause=f"{rows_in} rows before the rules; dropped: {counts or 'none'}",
                mend="widen `parameters` (dates?), or look at `rules`",
            )
        identity = run.identity("query", {"query": query, "settings": settings.document()}, "unload")
        target = run.layout.table(digest({"key": identity.key}))
        unload = run_query(
            run,
            settings,
            lambda generation: unload_statement(settings, query, target / f"g{generation}/"),
            values,
            where=where,
            label="unload",
            extra=settings.request,
        )
        run.detail = f"{kept:,} rows kept of {rows_in + kept:,}, {scanned(run)}"
        table = target / f"g{unload.generation}/"
        content = digest([item.etag for item in run.objects.below(table)])
        return {"uri": str(table), "rows": kept, "digest": content, "query_id": unload.query_id}


class AthenaQueryOperator(StepOperator):
    """Run one statement on Athena, exactly once; with ``fetch: one`` later tasks read its row."""

    def work(self, run: StepRun) -> QueryResult:
        """The query's id, figures and place, and its row where one is wanted."""
        settings = run.settings(QuerySettings)
        query, where = query_file(run, settings.query)
        if refused := refused_statement(settings, query):
            raise ConfigError(
                f"the statement of step {run.step!r} is refused; nothing was sent",
                where=where,
                cause=refused,
                mend="mend the file; `foldline validate` says the same",
            )
        text = query_statement(settings, query)
        outcome = run_query(
            run,
            settings,
            lambda generation: text,
            literals(settings.parameters),
            where=where,
            extra=settings.request,
        )
        row = _only_row(run, outcome.query_id, where) if settings.fetch == "one" else None
        run.detail = scanned(run)
        return {
            "query_id": outcome.query_id,
            "uri": outcome.output,
            "row": row,
            "bytes_scanned": outcome.bytes_scanned,
            "cost_usd": cost_usd(run, outcome),
            "seconds": outcome.seconds,
        }


def _only_row(run: StepRun, query_id: str, where: str) -> dict[str, Any]:
    columns, rows = run.queries.first_rows(query_id, 2)
    if len(rows) != 1:
        raise DataError(
            f"Athena query {query_id} gives {'no row' if not rows else 'more than one row'}, must give one",
            where=where,
            mend="aggregate or add a condition, or write `fetch: nothing`",
        )
    row = {column["Name"]: typed(cell, column["Type"]) for column, cell in zip(columns, rows[0], strict=True)}
    if (size := len(json.dumps(row))) > ROW_CHARACTERS:
        raise DataError(
            f"the row of Athena query {query_id} is too large for a task's result: {size:,} characters",
            where=where,
            mend=f"select less ({ROW_CHARACTERS:,} at most), or let later tasks read the query's `uri`",
        )
    return row


def typed(cell: str | None, kind: str) -> str | int | float | bool | None:
    """A result's cell as JSON has it; decimals, dates and times stay texts, which lose nothing."""
    if cell is None:
        return None
    if kind in ("tinyint", "smallint", "integer", "bigint"):
        return int(cell)
    if kind in ("float", "double", "real"):
        number = float(cell)
        return number if number - number == 0 else cell  # JSON has neither NaN nor Infinity
    return cell == "true" if kind == "boolean" else cell
