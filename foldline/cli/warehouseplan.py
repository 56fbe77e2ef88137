"""What the steps on Athena and Redshift would send, built offline; part of `foldline.cli.plan`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from foldline.remote.warehouse.queries import query_request
from foldline.remote.warehouse.redshift import batch_request
from foldline.remote.warehouse.swaps import Version, table_input
from foldline.steps.data import IngestSettings
from foldline.steps.queries import (
    FreshnessSettings,
    QuerySettings,
    RedshiftUnloadSettings,
    RowCountSettings,
    TableSettings,
)
from preprocessing.ingest import audit_statement, literals, unload_statement
from preprocessing.statements import (
    create_statement,
    freshness_statement,
    query_statement,
    redshift_request,
    redshift_statements,
    row_count_statement,
    staged_name,
)

if TYPE_CHECKING:
    from foldline.cli.plan import Plan, PlannedCall

KEY = "a" * 20
"""Stands for what earlier steps and Airflow would give."""


def ingest_calls(plan: Plan, step: str, settings: IngestSettings) -> Iterator[PlannedCall]:
    """The audit and the UNLOAD."""
    query, values = _query(plan, settings.query), literals(settings.parameters)
    for text in (audit_statement(settings, query), unload_statement(settings, query, plan.table)):
        yield _statement(plan, step, text, settings.database, values, extra=settings.request)


def query_calls(plan: Plan, step: str, settings: QuerySettings) -> Iterator[PlannedCall]:
    """The statement."""
    text, values = query_statement(settings, _query(plan, settings.query)), literals(settings.parameters)
    yield _statement(plan, step, text, settings.database, values, extra=settings.request)


def table_calls(plan: Plan, step: str, settings: TableSettings) -> Iterator[PlannedCall]:
    """The CREATE TABLE AS, and the swap of a table without columns."""
    staged, target = staged_name(settings, KEY, 0), plan.common.table_versions(settings.table) / f"{KEY}/"
    text = create_statement(settings, _query(plan, settings.query), staged, target)
    values = literals(settings.parameters)
    yield _statement(plan, step, text, settings.database, values, extra=settings.request)
    version = Version(staged, target, 0)
    body = table_input({"StorageDescriptor": {}}, settings.table, version, {"foldline:owner": step})
    request = {"DatabaseName": settings.database, "TableInput": body}
    yield plan.call(step, "glue", "UpdateTable", request)


def row_count_calls(plan: Plan, step: str, settings: RowCountSettings) -> Iterator[PlannedCall]:
    """One look."""
    values = literals(settings.partition)
    yield _statement(plan, step, row_count_statement(settings), settings.database, values, extra={})


def freshness_calls(plan: Plan, step: str, settings: FreshnessSettings) -> Iterator[PlannedCall]:
    """One look."""
    values = literals(settings.partition)
    yield _statement(plan, step, freshness_statement(settings), settings.database, values, extra={})


def redshift_calls(plan: Plan, step: str, settings: RedshiftUnloadSettings) -> Iterator[PlannedCall]:
    """The batch that counts and unloads."""
    query, environment = _query(plan, settings.query), plan.pipeline.environment
    statements = redshift_statements(settings, environment, query, KEY, plan.table)
    request = redshift_request(settings, statements)
    asked = batch_request(plan.identity(step, "statement", request), 0, request)
    yield plan.call(step, "redshift-data", "BatchExecuteStatement", asked)


def _query(plan: Plan, file: str) -> str:
    """The text of a step's SQL file, or a stand-in where it is missing, which is told elsewhere."""
    path = plan.pipeline.folder / file
    return path.read_text(encoding="utf-8") if path.is_file() else "SELECT 1"


def _statement(
    plan: Plan,
    step: str,
    text: str,
    database: str,
    values: list[str],
    *,
    extra: dict[str, Any],
) -> PlannedCall:
    environment = plan.pipeline.environment
    request = query_request(
        plan.identity(step, "query", {"text": text}),
        0,
        text,
        values,
        database=database,
        workgroup=environment.workgroup,
        output=plan.common.queries,
        owner=environment.account,
        kms_key=environment.kms_key,
        extra=extra,
    )
    return plan.call(step, "athena", "StartQueryExecution", request)
