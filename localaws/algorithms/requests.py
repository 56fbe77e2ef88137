"""Bodies of inference requests as matrices: CSV, JSON, JSON lines, RecordIO and libsvm.

Source: AWS documentation, Common data formats for inference.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from scipy import sparse

from localaws.algorithms import recordio
from localaws.algorithms.errors import CustomerError
from localaws.algorithms.tables import CSV, LIBSVM, Matrix, media_type, parse, stacked

JSON, JSON_LINES = "application/json", "application/jsonlines"
SAME = {"application/x-jsonlines": JSON_LINES}
COMMON = (CSV, JSON, JSON_LINES, recordio.CONTENT_TYPE)


def request_matrix(data: bytes, content_type: str) -> Matrix:
    """The rows of a request.

    Raises:
        CustomerError: The body is not of its content type.
    """
    name, _ = media_type(content_type)
    name = SAME.get(name, name)
    try:
        if name == JSON:
            return _instances(_json_instances(json.loads(data)))
        if name == JSON_LINES:
            return _instances([json.loads(line) for line in data.decode().splitlines() if line.strip()])
        return parse(data, name, 0).features
    except CustomerError:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise CustomerError(f"unable to evaluate payload provided as {name}: {error}") from error


def fitted(matrix: Matrix, width: int) -> Matrix:
    """A request's rows at a model's width; narrower sparse rows are filled up.

    Raises:
        CustomerError: They have other features than the model.
    """
    found = matrix.shape[1]
    if found < width and sparse.issparse(matrix):
        matrix.resize(matrix.shape[0], width)
    elif found != width:
        raise CustomerError(
            f"unable to evaluate payload provided: the rows have {found} features, the model has {width}"
        )
    return matrix


def _json_instances(document: Any) -> list[Any]:
    instances = document.get("instances") if isinstance(document, Mapping) else None
    if not isinstance(instances, list):
        raise ValueError("a JSON request is an object with the list 'instances'")
    return instances


def _instances(instances: Iterable[Any]) -> Matrix:
    tensors = [_tensor(instance) for instance in instances]
    if not tensors:
        raise ValueError("there are no instances")
    return stacked(tensors)


def _tensor(instance: Mapping[str, Any]) -> recordio.Tensor:
    """``{"features": [...]}``, ``{"features": {...}}`` or ``{"data": {"features": {...}}}``."""
    features = instance.get("data", instance)["features"]
    if not isinstance(features, Mapping):
        return recordio.dense(features)
    return recordio.Tensor(
        np.asarray(features["values"], np.float32),
        np.asarray(features.get("keys", ()), np.uint64),
        tuple(features.get("shape", ())) if "keys" in features else (),
    )


__all__ = ["COMMON", "CSV", "JSON", "JSON_LINES", "LIBSVM", "fitted", "request_matrix"]
