"""Params: what one run may change, and the settings it changes by that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from foldline.stepfiles.documents import Document, Place
from foldline.stepfiles.problems import Problem, nearest, shown
from foldline.steps.fields import slot_at
from foldline.steps.settings import StepSettings

FILE = "params"
"""What messages name as the file of a param."""


class BadParam(ValueError):
    """A param that cannot be put in its setting's place."""


def current(step: StepSettings, document: Document, keys: list[str]) -> Any:
    """The setting as it is written, or its default as it would be written."""
    written: Any = document.value
    for key in keys:
        written = written.get(key) if isinstance(written, dict) else None
    if written is not None:
        return written
    value: Any = step.document()
    for key in keys:
        value = value[key]
    return value


def schema(step: StepSettings, document: Document, path: str) -> dict[str, Any]:
    """Keywords for Airflow's ``Param`` of the setting at ``path``: default, type, bounds, description."""
    keys = path.split(".")[1:]
    slot = slot_at(type(step), keys)
    assert slot is not None, "load_pipeline refused a param that stands for no setting"
    value = current(step, document, keys)
    keywords = slot.schema or _schema_of(value)
    if isinstance(value, date):
        value = value.isoformat()
    description = slot.field.description if slot.field is not None else None
    return {"default": value, **keywords, "description": f"{description or 'Stands for'} ({path})"}


def _schema_of(value: Any) -> dict[str, Any]:
    if isinstance(value, date):
        return {"type": "string", "format": "date"}
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, int | float):
        return {"type": "integer" if isinstance(value, int) else "number"}
    return {"type": "string"} if isinstance(value, str) else {}


def fitting(name: str, value: Any, now: Any) -> Any:
    """``value`` as a trigger's JSON gives it, in the type of the setting's present value.

    Raises:
        BadParam: A date setting is given something else.
    """
    if not isinstance(now, date):
        return value
    try:
        return value if isinstance(value, date) else date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise BadParam(f"{shown(value)}, must be a date such as {now.isoformat()}") from error


def place(name: str) -> Place:
    """Where a param's value is said to be written."""
    return Place(f"{FILE} {name}", 0)


def told_as_param(problem: Problem, params: Mapping[str, str]) -> Problem:
    """A problem of a setting that a param changed, told at the param; any other problem as it is."""
    name = problem.file.removeprefix(f"{FILE} ")
    if name == problem.file:
        return problem
    return replace(problem, file=FILE, path=f"{name} ({params[name]})")


def unknown(name: str, params: Mapping[str, str]) -> str:
    """What to say of a param the pipeline does not have."""
    near = nearest(name, params)
    known = ", ".join(params) or "(none)"
    return f"{name!r} is not one of {known}" + (f"; did you mean {near!r}?" if near else "")
