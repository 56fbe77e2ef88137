"""What a DAG hands to a job of one's own: S3 addresses, or results of other tasks that name them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from foldline.errors import ConfigError
from foldline.layout import S3Uri

KEYS = ("uri", "model")
"""Where results of `operators.results` name what they are of."""


def address(name: str, value: Any, step: str) -> S3Uri:
    """The S3 address in ``value``: a text, or a result with ``uri``, ``model`` or ``outputs``.

    Of several ``outputs`` the one called ``name`` is meant, or the only one; `ProcessingJobOperator.named`
    names another.

    Raises:
        ConfigError: There is none in it.
    """
    if isinstance(value, Mapping) and "of" in value:
        name, value = value["named"], value["of"]
        value = {"outputs": {name: value.get("outputs", {}).get(name)}}
    found: Any = value
    if isinstance(value, Mapping):
        outputs = value.get("outputs") or {}
        only = next(iter(outputs.values())) if len(outputs) == 1 else None
        found = outputs.get(name, only) or next((value[key] for key in KEYS if value.get(key)), None)
    try:
        return S3Uri.parse(found)
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"step {step!r} was handed no S3 address for {name!r}",
            where=f"{name}={value!r}"[:500],
            mend="hand in s3://bucket/key, or the result of a task that names one",
        ) from error


def addresses(declared: Mapping[str, str | None], given: Mapping[str, Any], step: str) -> dict[str, S3Uri]:
    """The address of each declared name: the DAG's where it hands one in, else the step file's.

    Args:
        declared: Names of the step file; None where the DAG is to hand the address in.
        given: What the DAG hands in.
        step: Name of the step, for messages.

    Raises:
        ConfigError: One is missing, or handed in under a name the step does not have.
    """
    if strangers := sorted(given.keys() - declared.keys()):
        raise ConfigError(
            f"step {step!r} has no {', '.join(strangers)}",
            mend=f"hand in only what its file names: {', '.join(declared) or '(nothing)'}",
        )
    if missing := [name for name, uri in declared.items() if uri is None and given.get(name) is None]:
        raise ConfigError(
            f"step {step!r} was not handed {', '.join(missing)}",
            mend="hand it in where the DAG makes the operator, or give its S3 address in the step file",
        )
    values = {name: uri if given.get(name) is None else given[name] for name, uri in declared.items()}
    return {name: address(name, value, step) for name, value in values.items()}
