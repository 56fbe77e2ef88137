"""A baseline that any model has to beat: the historical rate of class 1 among rows alike. Container side."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from foldline.errors import ConfigError
from preprocessing.spelling import suggestion
from training.features import Features, Labels, Numbers

MODEL = "historical_rate.json"
Key = tuple[str, ...]


class HistoricalRate:
    """The rate of class 1 by key, shrunk to the rate of the next shorter key, down to the overall rate.

    With ``by: [carrier, dep_hour]`` a flight is judged by its carrier and hour; a rare pair leans on its
    carrier, a rare carrier on all flights, and an unseen key has its parent's rate:
    rate = (positives + prior_rows x parent's rate) / (rows + prior_rows).

    Args:
        by: Feature columns, the most important first; numbers are keys by value.
        prior_rows: Weight of the parent's rate, in rows; > 0.

    Source: Micci-Barreca, A preprocessing scheme for high-cardinality categorical attributes,
    SIGKDD Explorations 3(1), 2001.
    """

    HYPERPARAMETERS: ClassVar[frozenset[str]] = frozenset({"by", "prior_rows"})

    def __init__(self, *, by: Sequence[str], prior_rows: float = 50) -> None:
        if not by or prior_rows <= 0:
            raise ConfigError(
                f"one column and prior_rows > 0 must be given, got by={list(by)}, prior_rows={prior_rows}",
                where="`hyperparameters` of the baseline",
            )
        self.by, self.prior_rows = tuple(by), prior_rows
        self.rates: dict[Key, float] = {}

    def fit(self, features: Features, labels: Labels) -> None:
        """Count rows and positives by every prefix of the key."""
        self.rates = {(): float(labels.mean())}
        for length in range(1, len(self.by) + 1):
            keys, group = _keys(features, self.by[:length])
            rows = np.bincount(group, minlength=len(keys))
            positives = np.bincount(group, weights=labels, minlength=len(keys))
            for key, count, positive in zip(keys, rows.tolist(), positives.tolist(), strict=True):
                parent = self.rates[key[:-1]]
                self.rates[key] = (positive + self.prior_rows * parent) / (count + self.prior_rows)

    def predict(self, features: Features) -> Numbers:
        """The rate of the longest key that was seen, for each row."""
        keys, group = _keys(features, self.by)
        return np.array([self._rate(key) for key in keys], dtype=np.float64)[group]

    def save(self, folder: Path) -> None:
        """Write the rates as JSON."""
        rates = [[*key, rate] for key, rate in self.rates.items()]
        document = {"by": self.by, "prior_rows": self.prior_rows, "rates": rates}
        (folder / MODEL).write_text(json.dumps(document), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> HistoricalRate:
        """The model that :meth:`save` wrote."""
        document = json.loads((folder / MODEL).read_text("utf-8"))
        model = cls(by=document["by"], prior_rows=document["prior_rows"])
        model.rates = {tuple(key): rate for *key, rate in document["rates"]}
        return model

    def _rate(self, key: Key) -> float:
        while key not in self.rates:
            key = key[:-1]
        return self.rates[key]


def _keys(features: Features, by: Sequence[str]) -> tuple[list[Key], NDArray[np.int64]]:
    """The distinct keys, and the number of each row's key."""
    group: NDArray[np.int64] = np.zeros(features.rows, dtype=np.int64)
    keys: list[Key] = [()]
    for name in by:
        texts, codes = _coded(features, name)
        pairs, group = np.unique(group * len(texts) + codes, return_inverse=True)
        keys = [(*keys[pair // len(texts)], texts[pair % len(texts)]) for pair in pairs.tolist()]
    return keys, group


def _coded(features: Features, name: str) -> tuple[list[str], NDArray[Any]]:
    """One column as the texts of its values, and the number of each row's text."""
    if name in features.categorical:
        column = features.categorical[name]
        return list(column.values), column.codes.astype(np.int64)
    if name in features.numeric:
        values, codes = np.unique(features.numeric[name], return_inverse=True)
        return [repr(value) for value in values.tolist()], codes
    raise ConfigError(
        f"the baseline's column {name!r} is no feature",
        where="`hyperparameters.by` of the baseline",
        mend=suggestion(name, features.names),
    )
