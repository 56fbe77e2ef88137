"""Records of a request and the feature columns they make. Container side."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from foldline.folds import Schema
from preprocessing.spelling import suggestion
from training.features import Categories, Features

try:  # AWS's model server passes on the status of its own kind of error only; every other one becomes a 500
    from sagemaker_inference.errors import (  # type: ignore[import-not-found]
        BaseInferenceToolkitError as ServerError,
    )
except ImportError:
    ServerError = Exception

Record = list[Any] | dict[str, Any]


class RequestProblem(ServerError):  # type: ignore[misc]  # the base depends on the image
    """A request that cannot be answered: the caller's to mend.

    Args:
        message: What is wrong, with record and column where there are any.
        status_code: HTTP status of the answer.
    """

    def __init__(self, message: str, status_code: int = 400) -> None:
        Exception.__init__(self, message)
        self.message, self.status_code, self.phrase = message, status_code, "Bad Request"

    def __str__(self) -> str:
        return self.message


def csv_records(text: str) -> list[Record]:
    """The lines of a CSV text without header; an empty line is one missing value.

    Raises:
        RequestProblem: The text is no CSV or has no line.
    """
    try:
        lines = csv.reader(io.StringIO(text, newline=""), strict=True)
        records: list[Record] = [line or [""] for line in lines]
    except csv.Error as error:
        raise RequestProblem(f"the body is not CSV: {error}") from error
    return _some(records)


def json_records(text: str) -> list[Record]:
    """The instances of ``{"instances": […]}``, each a list of values or an object by column.

    Raises:
        RequestProblem: The text is no such document.
    """
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise RequestProblem(f"the body is not JSON: {error}") from error
    instances = document.get("instances") if isinstance(document, dict) else None
    if not isinstance(instances, list) or not all(isinstance(one, list | dict) for one in instances):
        raise RequestProblem('the body must be {"instances": [[value, …] or {"column": value, …}, …]}')
    return _some(instances)


def features_of(records: Sequence[Record], schema: Schema) -> Features:
    """The feature columns of the records.

    Raises:
        RequestProblem: A record has other columns than the schema, or a value is not of its column's kind.
    """
    rows = [_in_order(record, number, schema.features) for number, record in enumerate(records, 1)]
    columns = dict(zip(schema.features, zip(*rows, strict=True), strict=True))
    numeric = {name: np.array(_read(name, columns[name], _number)) for name in schema.numeric}
    categorical = {name: Categories.of(_read(name, columns[name], _category)) for name in schema.categorical}
    return Features(numeric, categorical)


def _in_order(record: Record, number: int, names: tuple[str, ...]) -> list[Any]:
    if isinstance(record, list):
        if len(record) != len(names):
            raise RequestProblem(
                f"record {number} has {len(record)} values, the model reads {len(names)}: {', '.join(names)}"
            )
        return record
    unknown = next((name for name in record if name not in names), None)
    if unknown is not None:
        raise RequestProblem(
            f"record {number}: the model reads no column {unknown!r}; {suggestion(unknown, names)}"
        )
    missing = next((name for name in names if name not in record), None)
    if missing is not None:
        raise RequestProblem(
            f"record {number}: column {missing!r} is not given; null says that it has no value"
        )
    return [record[name] for name in names]


def _read(name: str, values: Sequence[Any], reader: Callable[[Any], Any]) -> list[Any]:
    read = []
    for number, value in enumerate(values, 1):
        try:
            read.append(reader(value))
        except (TypeError, ValueError) as error:
            raise RequestProblem(f"record {number}, column {name!r}: {error}") from error
    return read


def _number(value: Any) -> float:
    """A finite number; NaN for none."""
    if value is None or value == "":
        return math.nan
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{value!r} is no number") from None
    if math.isinf(number):
        raise ValueError(f"{value!r} is not finite")
    return number


def _category(value: Any) -> str:
    """A category as the folds hold it: text, an integer's digits, true or false; "" for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    raise ValueError(f"{value!r} is no category: text or an integer is expected")


def _some(records: list[Record]) -> list[Record]:
    if not records:
        raise RequestProblem("the body holds no record")
    return records
