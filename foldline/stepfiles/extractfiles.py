"""What is wrong with an extract step beside its query file and its environment: found without a database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from foldline.environment import Environment
from foldline.sourcesql import names_in, query_faults
from foldline.stepfiles.problems import nearest
from foldline.steps.extract import ExtractSettings
from foldline.steps.settings import Conflict, StepSettings


def extract_conflicts(folder: Path, settings: StepSettings, env: Environment | None) -> Iterator[Conflict]:
    """All that is wrong, told at the setting to mend.

    Args:
        folder: The pipeline's folder.
        settings: Any step.
        env: The environment, when that is right alone.
    """
    if not isinstance(settings, ExtractSettings):
        return
    if settings.query is not None:
        yield from _query(folder, settings, settings.query)
    public = settings.allow_public is not None
    if settings.runs_on == "job" and env is not None and not env.subnets and not public:
        yield Conflict(
            ("runs_on",),
            f"'job' reaches a database, and environment {env.name} names no subnets; "
            "name them, or say under `allow_public` why it needs none",
        )


def _query(folder: Path, settings: ExtractSettings, name: str) -> Iterator[Conflict]:
    try:
        text = (folder / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        there = [file.name for file in folder.glob("*.sql")]
        message = f"{name!r}, there is no such file in {folder.parent.name}/{folder.name}"
        yield Conflict(("query",), message, nearest(name, there))
        return
    for fault in query_faults(text):
        yield Conflict(("query",), f"{name} {fault}")
    wanted = names_in(text)
    for parameter in settings.parameters:
        if parameter not in wanted:
            message = f"{name} has no `:{parameter}`"
            yield Conflict(("parameters", parameter), message, nearest(parameter, wanted))
    if missing := [parameter for parameter in wanted if parameter not in settings.parameters]:
        listed = ", ".join(f"`:{parameter}`" for parameter in missing)
        yield Conflict(("parameters",), f"has no value for {listed} of {name}")
