"""Predictions as response bodies: JSON, JSON lines, CSV and RecordIO.

Source: AWS documentation, the inference formats of each built-in algorithm.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from localaws.algorithms import recordio
from localaws.algorithms.requests import JSON, JSON_LINES, SAME
from localaws.algorithms.tables import CSV, media_type


class UnknownAccept(ValueError):
    """A response format the algorithm does not have."""


@dataclass(frozen=True)
class Predictions:
    """What a model says of some rows.

    Attributes:
        columns: By name, of shape (rows,) or (rows, values).
        plural: What AWS calls all of them in JSON.
        verbose: The columns of a response whose type says ``verbose=true``; the same when empty.
    """

    columns: Mapping[str, np.ndarray]
    plural: str = "predictions"
    verbose: Mapping[str, np.ndarray] = field(default_factory=dict)

    def body(self, accept: str) -> tuple[bytes, str]:
        """The response's bytes and content type.

        Raises:
            UnknownAccept: No such format.
        """
        name, options = media_type(accept)
        if self.verbose and options.get("verbose") == "true":
            return Predictions(self.verbose, self.plural).body(name)
        name = SAME.get(name, name)
        if name == JSON:
            return json.dumps({self.plural: list(self._rows())}).encode(), name
        if name == JSON_LINES:
            return "".join(json.dumps(row) + "\n" for row in self._rows()).encode(), name
        if name == CSV:
            return self._csv(), name
        if name == recordio.CONTENT_TYPE:
            return recordio.write(self._records()), name
        raise UnknownAccept(
            f"the response format {accept!r} is not one of {', '.join((JSON, JSON_LINES, CSV))}, "
            f"{recordio.CONTENT_TYPE}"
        )

    def _rows(self) -> Iterator[dict[str, Any]]:
        lists = [column.tolist() for column in self.columns.values()]
        for values in zip(*lists, strict=True):
            yield dict(zip(self.columns, values, strict=True))

    def _csv(self) -> bytes:
        columns = [column.reshape(len(column), -1).tolist() for column in self.columns.values()]
        lines = (
            ",".join(str(value) for part in parts for value in part) for parts in zip(*columns, strict=True)
        )
        return "".join(line + "\n" for line in lines).encode()

    def _records(self) -> Iterator[recordio.Record]:
        columns = {name: column.reshape(len(column), -1) for name, column in self.columns.items()}
        for number in range(len(next(iter(columns.values())))):
            label = {name: recordio.dense(column[number]) for name, column in columns.items()}
            yield recordio.Record({}, label)
