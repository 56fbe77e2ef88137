"""What an algorithm's module is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from localaws.algorithms import recordio
from localaws.algorithms.hyperparameters import Parameter
from localaws.algorithms.job import Job
from localaws.algorithms.requests import COMMON, JSON
from localaws.algorithms.tables import CSV, Matrix

CHANNELS = ("train", "validation", "test")
TRAINING_TYPES = (recordio.CONTENT_TYPE, CSV)
MODEL = "model_algo-1"


class Reply(Protocol):
    """What a model says of a request's rows."""

    def body(self, accept: str) -> tuple[bytes, str]:
        """As a response's bytes and content type."""


class Predictor(Protocol):
    """A loaded model."""

    def predict(self, rows: Matrix) -> Reply:
        """What it says of some rows; CustomerError when they are not what it was fitted to."""


@dataclass(frozen=True)
class Algorithm:
    """A built-in algorithm.

    Attributes:
        parameters: Its hyperparameters.
        train: Fits a model and writes it to the job's model folder, given all hyperparameters' values.
        load: Reads what ``train`` wrote.
        channels: The channels it takes.
        request_types: The content types its model takes.
        accept: The response format of a request that asks for none.
        check: Refuses hyperparameters that do not go together; runs before any data is read.
    """

    parameters: Mapping[str, Parameter]
    train: Callable[[Job, Mapping[str, Any]], None]
    load: Callable[[Path], Predictor]
    channels: Sequence[str] = CHANNELS
    request_types: Sequence[str] = COMMON
    accept: str = JSON
    check: Callable[[Mapping[str, Any]], None] = lambda _values: None
