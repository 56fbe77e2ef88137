"""Serving: the four functions SageMaker's inference toolkit calls. Container side; no Arrow, no pandas.

A request holds feature values only, in the schema's order: text/csv without a header, or application/json as
``{"instances": [[…], …]}`` or ``{"instances": [{"column": value, …}, …]}``. A missing value is an empty field
or null.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.records import Record, RequestProblem, csv_records, features_of, json_records
from training.artifact import Card, read_card, read_model
from training.features import Numbers
from training.models import Estimator

CSV, JSON = "text/csv", "application/json"


@dataclass(frozen=True)
class Served:
    """A model and what it is."""

    card: Card
    model: Estimator


def model_fn(model_dir: str) -> Served:
    """The model in ``model_dir``, the unpacked model.tar.gz."""
    folder = Path(model_dir)
    card = read_card(folder)
    return Served(card, read_model(folder, card))


def input_fn(body: bytes | str, content_type: str) -> list[Record]:
    """The records of a request, not yet checked against the model's columns.

    Raises:
        RequestProblem: 415 for another content type, 400 for a body that is not of its type or empty.
    """
    text = body if isinstance(body, str) else _decoded(body)
    kind = content_type.partition(";")[0].strip().lower()
    readers = {CSV: csv_records, JSON: json_records}
    if kind not in readers:
        raise RequestProblem(f"content type {content_type!r} is none of {', '.join(readers)}", 415)
    return readers[kind](text)


def predict_fn(records: Sequence[Record], served: Served) -> Numbers:
    """The probability of class 1 for each record.

    Raises:
        RequestProblem: 400 for a record that does not fit the columns; names record and column.
    """
    return served.model.predict(features_of(records, served.card.schema))


def output_fn(prediction: Numbers, accept: str) -> str:
    """The answer: one probability per line, or ``{"predictions": [{"probability": p}, …]}``.

    Numbers are written so that they read back as the same float64.

    Raises:
        RequestProblem: 406 when neither form is accepted.
    """
    values = prediction.tolist()
    for choice in (accept or JSON).split(","):
        kind = choice.partition(";")[0].strip().lower()
        if kind in (JSON, "*/*", "application/*"):
            return json.dumps({"predictions": [{"probability": value} for value in values]})
        if kind in (CSV, "text/*"):
            return "".join(f"{value!r}\n" for value in values)
    raise RequestProblem(f"accept {accept!r} names none of {CSV}, {JSON}", 406)


def _decoded(body: bytes) -> str:
    try:
        return bytes(body).decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestProblem(f"the body is not UTF-8: {error}") from error
