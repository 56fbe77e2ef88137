"""Estimators by dotted name. Container side; an estimator is imported on demand, this module costs nothing.

An own estimator is a class in this package with the members of :class:`Estimator`; step files name it as
``training.<module>.<Class>``.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast

from foldline.errors import ConfigError
from preprocessing.spelling import suggestion

if TYPE_CHECKING:
    from training.features import Features, Labels, Numbers

ESTIMATORS = {
    "xgboost.XGBClassifier": "training.boosting.BoostedTrees",
    "training.baseline.HistoricalRate": "training.baseline.HistoricalRate",
}
"""The class that stands for each name a step file may give as `estimator`."""


class Estimator(Protocol):
    """A binary classifier that can be fitted, asked, saved and loaded; nothing is pickled."""

    HYPERPARAMETERS: ClassVar[frozenset[str]]
    """Names the constructor takes."""

    def __init__(self, **hyperparameters: Any) -> None: ...

    def fit(self, features: Features, labels: Labels) -> None:
        """Learn from rows of both classes."""

    def predict(self, features: Features) -> Numbers:
        """The probability of class 1 for each row."""

    def save(self, folder: Path) -> None:
        """Write the fitted model below ``folder``."""

    @classmethod
    def load(cls, folder: Path) -> Estimator:
        """The model that :meth:`save` wrote."""


def estimator_class(name: str) -> type[Estimator]:
    """The class that ``name`` stands for.

    Raises:
        ConfigError: There is no such estimator; names the nearest one.
    """
    path = ESTIMATORS.get(name, name)
    module, _, attribute = path.rpartition(".")
    try:
        if module.partition(".")[0] != "training":
            raise ImportError(f"{name} is neither listed nor in the package `training`")
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"unknown estimator {name!r}",
            where="`estimator` of the step file",
            cause=str(error),
            mend=suggestion(name, ESTIMATORS)
            + " An own one is a class in training/: training.<module>.<Class>",
        ) from error
    return cast("type[Estimator]", found)


def new_estimator(name: str, hyperparameters: dict[str, Any]) -> Estimator:
    """An unfitted estimator.

    Raises:
        ConfigError: The estimator or one of its hyperparameters is unknown; names the nearest.
    """
    kind = estimator_class(name)
    unknown = sorted(set(hyperparameters) - kind.HYPERPARAMETERS)
    if unknown:
        raise ConfigError(
            f"{name} has no hyperparameter {', '.join(map(repr, unknown))}",
            where="`hyperparameters` or `space` of the step file",
            mend="; ".join(f"{one}: {suggestion(one, kind.HYPERPARAMETERS)}" for one in unknown),
        )
    return kind(**hyperparameters)
