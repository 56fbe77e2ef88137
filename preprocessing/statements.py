"""The statements of tables, sensors and Redshift's UNLOAD. Read by Airflow; pure: text in, text out."""

# ruff: noqa: S608  # composes SQL: names come from checked step files and are quoted, values are parameters
from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from foldline.layout import S3Uri
from foldline.requests import Request, merged

if TYPE_CHECKING:
    from foldline.environment import Environment
    from foldline.steps.queries import (
        FreshnessSettings,
        QuerySettings,
        RedshiftUnloadSettings,
        RowCountSettings,
        SensorSettings,
        TableSettings,
    )


def text_of(query: str) -> str:
    """A statement as it can stand inside another, or alone: no final semicolon."""
    return query.strip().rstrip(";").rstrip()


def query_statement(settings: QuerySettings, query: str) -> str:
    """The step's statement; of a result that must be one row, Athena is asked for two at most."""
    text = text_of(query)
    wrapped = settings.fetch == "one" and text.lstrip("( \n").upper().startswith(("SELECT", "WITH"))
    return f"SELECT * FROM (\n{text}\n) LIMIT 2" if wrapped else text


def staged_name(settings: TableSettings, key: str, generation: int) -> str:
    """The catalogue's name of a version while it is written: nobody else's, and never read."""
    return f"{settings.table}__{key}_g{generation}"


def create_statement(settings: TableSettings, query: str, name: str, target: S3Uri) -> str:
    """Writes the query's rows as Parquet below ``target``, and tells the catalogue under ``name``."""
    return (
        f'CREATE TABLE "{settings.database}"."{name}"\n'
        f"WITH (format = 'PARQUET', write_compression = '{settings.compression}', "
        f"external_location = '{target}')\nAS\n{text_of(query)}"
    )


def row_count_statement(settings: RowCountSettings) -> str:
    """Counts the rows of the table, or of the partition."""
    return f"SELECT COUNT(*) AS row_count FROM {_table(settings)}"


def freshness_statement(settings: FreshnessSettings) -> str:
    """The newest moment, and its age in seconds by Athena's clock; both NULL of a table without rows."""
    newest = f'MAX("{settings.column}")'
    now = "CAST(current_timestamp AT TIME ZONE 'UTC' AS TIMESTAMP)"
    age = f"date_diff('second', CAST({newest} AS TIMESTAMP), {now})"
    return f"SELECT CAST({newest} AS VARCHAR) AS newest, {age} AS age_seconds FROM {_table(settings)}"


def _table(settings: SensorSettings) -> str:
    where = " AND ".join(f'"{column}" = ?' for column in settings.partition)
    return f'"{settings.database}"."{settings.table}"' + (f" WHERE {where}" if where else "")


def redshift_statements(
    settings: RedshiftUnloadSettings, environment: Environment, query: str, key: str, target: S3Uri
) -> list[str]:
    """Three statements for one transaction: the rows set aside, counted, unloaded.

    An UNLOAD holds its query as a quoted text, into which the Data API binds no parameter. A temporary table
    takes them, and what is counted is exactly what is unloaded.
    """
    name = f"foldline_{key}"
    key_id = (environment.kms_key or "").rpartition(":key/")[2]
    encrypted = f"\nKMS_KEY_ID '{key_id}' ENCRYPTED" if key_id else ""
    return [
        f"CREATE TEMP TABLE {name} AS\n{text_of(query)}",
        f"SELECT COUNT(*) AS row_count FROM {name}",
        f"UNLOAD ('SELECT * FROM {name}')\nTO '{target}'\nIAM_ROLE '{settings.role}'\n"
        f"FORMAT AS PARQUET{encrypted}",
    ]


def redshift_request(settings: RedshiftUnloadSettings, statements: Iterable[str]) -> Request:
    """The BatchExecuteStatement request without its token."""
    request: Request = {"Sqls": list(statements), "Database": settings.database}
    members = {
        "WorkgroupName": settings.workgroup,
        "ClusterIdentifier": settings.cluster,
        "DbUser": settings.user,
        "SecretArn": settings.secret,
    }
    request |= {member: value for member, value in members.items() if value is not None}
    if settings.parameters:
        request["Parameters"] = [
            {"name": name, "value": _plain(value)} for name, value in settings.parameters.items()
        ]
    return merged(request, settings.request)


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
