"""Requests of Glue jobs and Glue data quality. Read by Airflow; pure: settings in, plain dicts out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from foldline.names import TAG, digest, slug, tag_value
from foldline.requests import Request, merged

if TYPE_CHECKING:
    from foldline.environment import Environment
    from foldline.layout import S3Uri
    from foldline.steps.glue import GlueJobSettings, GlueQualitySettings

PYTHON_SHELL, PYTHON_SPARK = "3.9", "3"
OF_THE_RUN = ("Timeout", "MaxCapacity", "WorkerType", "NumberOfWorkers", "ExecutionClass")
"""What a definition says and a run repeats: a definition that changes meanwhile does not change the run."""


def glue_job_name(env: str, dag: str, task: str, map_index: int = -1) -> str:
    """Name of the one job definition of a task; mapped tasks have one each, so that they run side by side."""
    owner = {"env": env, "dag": dag, "task": task, "map": map_index}
    number = f"-m{map_index}" if map_index >= 0 else ""
    return f"foldline-{slug(env, 20)}-{slug(dag, 60)}-{slug(task, 60)}{number}-{digest(owner, 10)}"


def owner_tags(env: str, dag: str, task: str) -> dict[str, str]:
    """Tags that say whose a definition or ruleset is; runs share it, so none of theirs."""
    return {f"{TAG}env": env, f"{TAG}dag": tag_value(dag), f"{TAG}task": tag_value(task)}


def glue_job_definition(
    settings: GlueJobSettings, environment: Environment, *, name: str, script: S3Uri, tags: Mapping[str, str]
) -> Request:
    """The CreateJob request.

    Args:
        settings: The step.
        environment: Gives the role.
        name: See :func:`glue_job_name`.
        script: The script, by its content.
        tags: See :func:`owner_tags`.
    """
    spark = settings.runtime == "spark"
    size: Request = (
        {"WorkerType": settings.workers.type, "NumberOfWorkers": settings.workers.count}
        if spark
        else {"MaxCapacity": settings.dpu}
    )
    version = {"GlueVersion": settings.glue_version} if spark else {}
    request: Request = {
        "Name": name,
        "Role": environment.role_for("glue_job"),
        "Command": {
            "Name": "glueetl" if spark else "pythonshell",
            "ScriptLocation": str(script),
            "PythonVersion": PYTHON_SPARK if spark else PYTHON_SHELL,
        },
        "ExecutionProperty": {"MaxConcurrentRuns": 1},
        "MaxRetries": 0,
        "JobRunQueuingEnabled": False,
        "Timeout": math.ceil(settings.max_runtime / 60),
        **version,
        **size,
        "Tags": dict(tags),
    }
    return merged(request, settings.request)


def glue_run_request(
    settings: GlueJobSettings,
    definition: Request,
    *,
    raw: S3Uri,
    arguments: Mapping[str, Any] | None = None,
) -> Request:
    """The StartJobRun request, without the arguments that tell one run from another.

    Args:
        settings: The step.
        definition: See :func:`glue_job_definition`.
        raw: The pipeline's raw folders.
        arguments: Values of this run over those of the step.
    """
    given = {**settings.arguments, **(arguments or {})}
    modules = {"--additional-python-modules": ",".join(settings.modules)} if settings.modules else {}
    return {
        "JobName": definition["Name"],
        **{member: definition[member] for member in OF_THE_RUN if member in definition},
        "Arguments": {
            **{f"--{name}": argument_text(value) for name, value in given.items()},
            **modules,
            "--scriptLocation": definition["Command"]["ScriptLocation"],
            "--foldline_raw": str(raw),
        },
    }


def argument_text(value: Any) -> str:
    """A value as an argument: ``true`` and ``false``, ISO dates, plain numbers and text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)


def ruleset_request(settings: GlueQualitySettings, text: str, env: str, tags: Mapping[str, str]) -> Request:
    """The CreateDataQualityRuleset request; a ruleset is named by its content and never changed.

    Args:
        settings: The step.
        text: The rules.
        env: Name of the environment.
        tags: See :func:`owner_tags`.
    """
    key = digest({"text": text, "database": settings.database, "table": settings.table})
    return {
        "Name": f"foldline-{slug(env, 20)}-{settings.database}-{settings.table}-{key}"[-255:],
        "Ruleset": text,
        "TargetTable": {"DatabaseName": settings.database, "TableName": settings.table},
        "ClientToken": key,
        "Tags": dict(tags),
    }


def quality_run_request(settings: GlueQualitySettings, environment: Environment, ruleset: str) -> Request:
    """The StartDataQualityRulesetEvaluationRun request, without its token."""
    request: Request = {
        "DataSource": _table(settings.database, settings.table),
        "Role": environment.role_for("glue_quality"),
        "NumberOfWorkers": settings.workers,
        "Timeout": math.ceil(settings.max_runtime / 60),
        "RulesetNames": [ruleset],
    }
    if settings.references:
        request["AdditionalDataSources"] = {
            name: _table(settings.database, table) for name, table in settings.references.items()
        }
    return merged(request, settings.request)


def _table(database: str, table: str) -> Request:
    return {"GlueTable": {"DatabaseName": database, "TableName": table}}
