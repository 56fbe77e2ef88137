"""Databases by Airflow's connections: the driver's own connection, for whoever reads rows."""

from __future__ import annotations

from typing import Any

from foldline.errors import ConfigError


def database_connection(name: str, where: str) -> tuple[Any, str]:
    """A new DB-API connection by the hook of an Airflow connection, and the connection's type.

    Args:
        name: Id of the connection; its password stays in the hook, and Airflow masks it wherever it writes.
        where: The step, for errors.

    Raises:
        ConfigError: There is no such connection, its provider is not installed, or it is no database's.
    """
    from airflow.providers.common.sql.hooks.sql import DbApiHook
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowException, AirflowNotFoundException

    try:
        connection = BaseHook.get_connection(name)
        hook = connection.get_hook()
    except AirflowNotFoundException as error:
        raise ConfigError(
            f"Airflow has no connection {name!r}",
            where=where,
            mend="add it (`airflow connections add`, AIRFLOW_CONN_…, a secrets backend), or name another",
        ) from error
    except (AirflowException, ImportError) as error:
        raise ConfigError(
            f"the connection {name!r} has no hook here",
            where=where,
            cause=str(error),
            mend="install the Airflow provider of its type, such as apache-airflow-providers-postgres",
        ) from error
    if not isinstance(hook, DbApiHook):
        raise ConfigError(
            f"the connection {name!r} is of type {connection.conn_type!r}, which is no database",
            where=where,
            mend="name a connection whose hook is DB-API",
        )
    return hook.get_conn(), str(connection.conn_type)
