"""Contracts: a request against AWS's own service model, offline.

botocore itself finds wrong types, unknown and missing members. Its service models also hold lengths,
patterns, enums and ranges, which it does not check and AWS does: here they are checked before anything is
sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from foldline.errors import RequestError
from foldline.patterns import compiled
from foldline.stepfiles.problems import nearest, shown

_PYTHON_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "string": ((str,), "text"),
    "character": ((str,), "text"),
    "boolean": ((bool,), "true or false"),
    "integer": ((int,), "a whole number"),
    "long": ((int,), "a whole number"),
    "float": ((int, float), "a number"),
    "double": ((int, float), "a number"),
    "timestamp": ((date, str, int, float), "a timestamp"),
    "structure": ((Mapping,), "a mapping"),
    "map": ((Mapping,), "a mapping"),
    "list": ((list, tuple), "a list"),
}
_ENUMS_SHOWN = 8
_ONE = {"characters": "character", "entries": "entry"}


@lru_cache
def _operation(service: str, operation: str) -> Any:
    from botocore.exceptions import UnknownServiceError
    from botocore.model import OperationNotFoundError

    try:
        return _service(service).operation_model(operation)
    except UnknownServiceError as error:
        raise ValueError(f"botocore knows no service {service!r}") from error
    except OperationNotFoundError as error:
        raise ValueError(f"botocore knows no operation {service}.{operation}") from error


@lru_cache
def _service(service: str) -> Any:
    from botocore.loaders import create_loader
    from botocore.model import ServiceModel

    return ServiceModel(create_loader().load_service_model(service, "service-2"), service)


def violations(service: str, operation: str, request: Mapping[str, Any]) -> list[str]:
    """Everything in ``request`` that breaks the service model, each with its path; empty when nothing does.

    Args:
        service: botocore's name of the service, such as ``sagemaker``.
        operation: API operation, such as ``CreateTrainingJob``.
        request: The call's arguments.

    Raises:
        ValueError: There is no such service or operation.
    """
    shape = _operation(service, operation).input_shape
    if shape is None:
        return [f"{name}: {operation} takes no arguments" for name in request]
    return list(_broken(shape, request, ""))


def check(service: str, operation: str, request: Mapping[str, Any], where: str = "") -> None:
    """Refuse a request that AWS would refuse.

    Args:
        service: botocore's name of the service.
        operation: API operation.
        request: The call's arguments.
        where: What asks for the call, such as a step file.

    Raises:
        RequestError: The request breaks the service model; every violation is in the message.
    """
    if broken := violations(service, operation, request):
        raise RequestError(
            f"the {operation} request breaks the service model of {service}; nothing was sent",
            where=where,
            cause="\n".join(broken),
            mend="correct the step file; `foldline validate` shows the same without running anything",
        )


def instance_types(operation: str) -> tuple[str, ...]:
    """Instance types that a SageMaker operation knows; empty when it takes none."""
    pending, seen = [_operation("sagemaker", operation).input_shape], set()
    while pending:
        shape = pending.pop(0)
        if shape.type_name == "string" and shape.enum and shape.enum[0].startswith("ml."):
            return tuple(shape.enum)
        if shape.name not in seen:
            seen.add(shape.name)
            pending += shape.members.values() if shape.type_name == "structure" else []
            pending += [shape.member] if shape.type_name == "list" else []
    return ()


def _broken(shape: Any, value: Any, path: str) -> Iterator[str]:
    """Violations of ``shape`` at ``path``."""
    kind = shape.type_name
    if getattr(shape, "is_document_type", False):
        return
    if kind == "blob":
        if not isinstance(value, bytes | bytearray | str) and not hasattr(value, "read"):
            yield f"{path}: {shown(value)}, must be bytes"
        return
    if not _is_of(kind, value):
        yield f"{path}: {shown(value)}, must be {_PYTHON_TYPES[kind][1]}"
    elif kind == "structure":
        yield from _broken_structure(shape, value, path)
    elif kind == "map":
        yield from _broken_size(shape, value, path, "entries")
        for key, item in value.items():
            yield from _broken(shape.key, key, f"{path}[{key}]")
            yield from _broken(shape.value, item, f"{path}.{key}")
    elif kind == "list":
        yield from _broken_size(shape, value, path, "entries")
        for number, item in enumerate(value):
            yield from _broken(shape.member, item, f"{path}[{number}]")
    elif kind == "string":
        yield from _broken_text(shape, value, path)
    elif kind in ("integer", "long", "float", "double"):
        yield from _broken_range(shape, value, path)


def _is_of(kind: str, value: Any) -> bool:
    """Whether a Python value can stand for a shape's kind; true and false are no numbers."""
    return isinstance(value, _PYTHON_TYPES[kind][0]) and (kind == "boolean" or not isinstance(value, bool))


def _broken_structure(shape: Any, value: Mapping[str, Any], path: str) -> Iterator[str]:
    below = f"{path}." if path else ""
    for name in shape.required_members:
        if name not in value:
            yield f"{below}{name}: is missing"
    for name, item in value.items():
        if name not in shape.members:
            yield f"{below}{name}: unknown member{_hint(name, shape.members)}"
        elif item is None:
            yield f"{below}{name}: null; leave it out"
        else:
            yield from _broken(shape.members[name], item, f"{below}{name}")
    if getattr(shape, "is_tagged_union", False) and len(value) != 1:
        yield f"{path}: must have exactly one of {', '.join(shape.members)}"


def _broken_size(shape: Any, value: Any, path: str, unit: str) -> Iterator[str]:
    low, high, size = shape.metadata.get("min"), shape.metadata.get("max"), len(value)
    unit = _ONE[unit] if size == 1 else unit
    if low is not None and size < low:
        yield f"{path}: {size} {unit}, at least {low}"
    if high is not None and size > high:
        yield f"{path}: {size} {unit}, at most {high}"


def _broken_text(shape: Any, value: str, path: str) -> Iterator[str]:
    metadata = shape.metadata
    if shape.enum:
        if value not in shape.enum:
            yield f"{path}: {shown(value)} {_not_among(value, shape.enum)}"
        return
    sizes = list(_broken_size(shape, value, path, "characters"))
    yield from sizes
    pattern = compiled(metadata["pattern"]) if "pattern" in metadata and not sizes else None
    if pattern is not None and pattern.fullmatch(value) is None:
        yield f"{path}: {shown(value)} does not match {metadata['pattern']}"


def _not_among(value: str, known: list[str]) -> str:
    if len(known) <= _ENUMS_SHOWN:
        return f"is not one of {', '.join(known)}{_hint(value, known)}"
    return f"is not one of {len(known)} known values{_hint(value, known)}"


def _broken_range(shape: Any, value: float, path: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and value < low:
        yield f"{path}: {value}, at least {low}"
    if high is not None and value > high:
        yield f"{path}: {value}, at most {high}"


def _hint(word: str, known: Any) -> str:
    near = nearest(word, known)
    return f"; did you mean {near!r}?" if near else ""
