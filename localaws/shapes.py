"""Requests checked and answers shaped by botocore's own service models, generically for every operation."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ServiceModel, Shape

from localaws.errors import AwsError
from localaws.patterns import matches

SHOWN = 200  # characters of a list or map in an error
NUMBERS = ("integer", "long", "float", "double")
PYTHON_TYPES: dict[str, tuple[type[Any], ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "character": (str,),
    "blob": (str, bytes),
    "boolean": (bool,),
    "timestamp": (int, float, str),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
}


@cache
def service_model(name: str) -> ServiceModel:
    """Botocore's model of a service, loaded at first use (SageMaker's takes 0.1 s)."""
    return botocore.session.get_session().get_service_model(name)


def check(shape: Shape | None, values: dict[str, Any], code: str) -> dict[str, Any]:
    """The request's members as the model knows them; unknown ones are dropped, as AWS does.

    Args:
        shape: The operation's input shape; None takes no members.
        values: The request as it came.
        code: The service's code for a failed validation.

    Raises:
        AwsError: Every broken constraint, in AWS's sentence; or SerializationException for a wrong type.
    """
    if shape is None:
        return {}
    problems: list[str] = []
    known: dict[str, Any] = _check(shape, values, "", problems)
    if problems:
        count = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected: "
        raise AwsError(code, count + "; ".join(problems))
    return known


def _check(shape: Shape, value: Any, path: str, problems: list[str]) -> Any:
    """The known part of a value; what is wrong with it is added to the problems."""
    kind = shape.type_name
    if not isinstance(value, PYTHON_TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        where = path or "the request"
        raise AwsError("SerializationException", f"{where}: expected {kind}, got {type(value).__name__}")
    _check_constraints(shape, value, path, problems)
    return _check_members(shape, value, path, problems)


def _check_members(shape: Shape, value: Any, path: str, problems: list[str]) -> Any:
    if shape.type_name == "structure":
        return _check_structure(shape, value, path, problems)
    if shape.type_name == "list":
        return [_check(shape.member, item, f"{path}.{n}.member", problems) for n, item in enumerate(value, 1)]
    if shape.type_name == "map":
        for key in value:
            _check_constraints(shape.key, key, path, problems)
        return {k: _check(shape.value, v, f"{path}.{k}.member", problems) for k, v in value.items()}
    return value


def _check_structure(shape: Shape, value: dict[str, Any], path: str, problems: list[str]) -> dict[str, Any]:
    prefix = path and path + "."
    for name in shape.required_members:
        if value.get(name) is None:
            at = prefix + _lower_first(name)
            problems.append(f"Value null at '{at}' failed to satisfy constraint: Member must not be null")
    return {
        name: _check(member, value[name], prefix + _lower_first(name), problems)
        for name, member in shape.members.items()
        if value.get(name) is not None
    }


def _check_constraints(shape: Shape, value: Any, path: str, problems: list[str]) -> None:
    kind, rules = shape.type_name, shape.metadata
    broken = []
    if kind in NUMBERS or kind in ("string", "list", "map"):
        size, word = (value, "value") if kind in NUMBERS else (len(value), "length")
        if "max" in rules and size > rules["max"]:
            broken.append(f"have {word} less than or equal to {rules['max']}")
        if "min" in rules and size < rules["min"]:
            broken.append(f"have {word} greater than or equal to {rules['min']}")
    if kind == "string":
        if "enum" in rules and value not in rules["enum"]:
            broken.append(f"satisfy enum value set: [{', '.join(rules['enum'])}]")
        elif "pattern" in rules and not matches(rules["pattern"], value):
            broken.append(f"satisfy regular expression pattern: {rules['pattern']}")
    shown = value if isinstance(value, str) else str(value)[:SHOWN]
    for rule in broken:
        problems.append(f"Value '{shown}' at '{path}' failed to satisfy constraint: Member must {rule}")


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]


def shaped(shape: Shape | None, value: Any) -> Any:
    """A value as the output shape has it: unknown and empty (None) members dropped, times in seconds."""
    if shape is None:
        return {}
    kind = shape.type_name
    if kind == "structure":
        members = shape.members
        return {
            name: shaped(members[name], v) for name, v in value.items() if v is not None and name in members
        }
    if kind == "list":
        return [shaped(shape.member, item) for item in value]
    if kind == "map":
        return {key: shaped(shape.value, item) for key, item in value.items()}
    if kind == "timestamp":
        return round(value.timestamp() if isinstance(value, dt.datetime) else float(value), 3)
    return value
