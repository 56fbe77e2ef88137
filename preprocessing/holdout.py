"""The hold-out: rows no fold ever sees, as CSV to predict and a Parquet file of answers. Container side."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from foldline.errors import DataError
from foldline.folds import Schema
from preprocessing.table import LABEL, ROW_ID, labels_of

WHERE = "preprocessing.yaml: holdout"


def holdout_rule(settings: dict[str, Any] | None) -> str:
    """The rule in words, such as ``flight_date >= 2013-12-01``; empty when nothing is held out."""
    return f"{settings['column']} >= {settings['from']}" if settings else ""


def held_out(rows: pa.Table, settings: dict[str, Any] | None) -> NDArray[np.bool_]:
    """Which rows the rule keeps out of the folds.

    Args:
        rows: Rows with the rule's column.
        settings: ``{"column": …, "from": …}``; None holds nothing out.

    Raises:
        DataError: The rule's value is not of the column's type, a row has no value, or the rule takes all
            rows or none.
    """
    if settings is None:
        return np.zeros(rows.num_rows, dtype=np.bool_)
    name, start = settings["column"], str(settings["from"])
    column = rows[name]
    try:
        mask = pc.greater_equal(column, pa.scalar(start).cast(column.type))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"{start!r} cannot be compared with {name}, which is of type {column.type}",
            where=f"{WHERE}.from",
            cause=str(error),
            mend="write a value of the column's type, such as 2013-12-01 for a date",
        ) from error
    if mask.null_count:
        raise DataError(
            f"{mask.null_count} rows have no {name}, so the hold-out rule cannot place them",
            where=f"{WHERE}.column",
            mend=f"drop these rows by a rule in ingest.yaml ({name} IS NULL)",
        )
    taken = np.asarray(mask, dtype=np.bool_)
    if taken.all() or not taken.any():
        bounds = pc.min_max(column).as_py()
        raise DataError(
            f"{holdout_rule(settings)} holds out {'all' if taken.all() else 'none'} of {taken.size} rows",
            where=WHERE,
            cause=f"{name} runs from {bounds['min']} to {bounds['max']}",
            mend="move `from` inside this range, or leave `holdout` out",
        )
    return taken


def write_holdout(folder: Path, rows: pa.Table, schema: Schema, rule: str) -> None:
    """Write ``features/part-00000.csv``, ``labels/part-00000.parquet`` and ``holdout.json`` below ``folder``.

    The CSV has no header: row id, then the features in the schema's order; a missing value is an empty
    field; a number is the shortest text that reads back as the same float64.

    Raises:
        DataError: The rows are of one class only, so that no score of them is defined.
    """
    positives = int(labels_of(rows).sum())
    if rows.num_rows and positives in (0, rows.num_rows):
        raise DataError(
            f"the hold-out has one class only: {positives} of {rows.num_rows} rows are positive",
            where=WHERE,
            mend="move `from` so that rows of both classes are held out",
        )
    for name in ("features", "labels"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    with (folder / "features" / "part-00000.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(_lines(rows, schema))
    answers = rows.select([ROW_ID, LABEL, *schema.features])
    pq.write_table(answers, folder / "labels" / "part-00000.parquet", compression="zstd")
    summary = {"rows": rows.num_rows, "positives": positives, "rule": rule}
    (folder / "holdout.json").write_text(json.dumps(summary, indent=2), "utf-8")


def _lines(rows: pa.Table, schema: Schema) -> Iterable[tuple[Any, ...]]:
    numbers = (
        [None if math.isnan(value) else value for value in rows[name].to_pylist()] for name in schema.numeric
    )
    categories = (rows[name].to_pylist() for name in schema.categorical)
    return zip(rows[ROW_ID].to_pylist(), *numbers, *categories, strict=True)
