"""The ingest statements: the query, judged by the step's rules. Read by Airflow; pure: text in, text out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from foldline.layout import S3Uri
    from foldline.steps.data import IngestSettings

KEPT = "kept"
"""What the audit calls rows that no rule drops."""


def judged(settings: IngestSettings, query: str) -> str:
    """Common table expressions: ``source`` is the query, ``judged`` adds ``dropped_by`` (NULL when kept)."""
    cases = "\n".join(f"        WHEN {rule} THEN '{name}'" for name, rule in settings.rules.items())
    verdict = f"CASE\n{cases}\n    END" if cases else "CAST(NULL AS VARCHAR)"
    return (
        f"WITH source AS (\n{query.strip().rstrip(';')}\n),\n"
        f"judged AS (\n    SELECT source.*, {verdict} AS dropped_by\n    FROM source\n)\n"
    )


def audit_statement(settings: IngestSettings, query: str) -> str:
    """Counts rows by the first rule they break; ``kept`` are the others."""
    return (
        judged(settings, query)
        + f"SELECT COALESCE(dropped_by, '{KEPT}') AS verdict, COUNT(*) AS row_count FROM judged GROUP BY 1"
    )


def unload_statement(settings: IngestSettings, query: str, target: S3Uri) -> str:
    """Writes the kept rows' columns as Parquet below ``target``."""
    columns = ", ".join(f'"{column}"' for column in settings.columns)
    return (
        "UNLOAD (\n"
        + judged(settings, query)
        + f"SELECT {columns} FROM judged WHERE dropped_by IS NULL\n) TO '{target}'\n"
        + "WITH (format = 'PARQUET', compression = 'SNAPPY')"
    )


def literals(values: Mapping[str, Any]) -> list[str]:
    """Athena's ExecutionParameters: SQL literals, so that a value can never become SQL."""
    return [literal(value) for value in values.values()]


def literal(value: str | int | float | bool | dt.date) -> str:
    """``value`` as an SQL literal."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"
