"""XGBoost's gradient-boosted trees through its native interface. Container side.

The scikit-learn wrapper would import scikit-learn, which takes longer than many a fold's fit; hyperparameters
keep the wrapper's names and the fitted trees are the same.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from foldline.errors import DataError
from preprocessing.lean import xgboost_without_sklearn
from training.features import Categories, Features, Labels, Numbers

MODEL, COLUMNS = "model.ubj", "columns.json"


class BoostedTrees:
    """`xgboost.XGBClassifier` with native categorical splits.

    Categories are numbered from the training rows; one that was not seen there counts as missing.

    Args:
        n_estimators: Rounds of boosting.
        n_jobs: Threads; 0 is all. Never more than ``OMP_NUM_THREADS``.
        random_state: Seed of row and column sampling.
        parameters: The wrapper's other arguments, passed on.
    """

    HYPERPARAMETERS: ClassVar[frozenset[str]] = frozenset(
        {
            "base_score",
            "booster",
            "colsample_bylevel",
            "colsample_bynode",
            "colsample_bytree",
            "gamma",
            "grow_policy",
            "learning_rate",
            "max_bin",
            "max_cat_threshold",
            "max_cat_to_onehot",
            "max_delta_step",
            "max_depth",
            "max_leaves",
            "min_child_weight",
            "monotone_constraints",
            "n_estimators",
            "n_jobs",
            "num_parallel_tree",
            "random_state",
            "reg_alpha",
            "reg_lambda",
            "sampling_method",
            "scale_pos_weight",
            "subsample",
            "tree_method",
        }
    )

    def __init__(
        self, *, n_estimators: int = 100, n_jobs: int = 0, random_state: int = 0, **parameters: Any
    ) -> None:
        self.rounds, self.threads, self.seed = n_estimators, n_jobs, random_state
        self.parameters = parameters
        self.numeric: tuple[str, ...] = ()
        self.categories: dict[str, tuple[str, ...]] = {}
        self.booster: Any = None

    def fit(self, features: Features, labels: Labels) -> None:
        """Grow the trees."""
        xgboost = xgboost_without_sklearn()
        self.numeric = tuple(features.numeric)
        self.categories = {name: _seen(column) for name, column in features.categorical.items()}
        threads = allowed_threads(self.threads)
        rows = self._rows(features, threads)
        if self.parameters.get("tree_method", "hist") == "hist" and "booster" not in self.parameters:
            # Binned at once, without a float copy; the bins must be as many as the trees will ask for.
            bins = {name: self.parameters[name] for name in ("max_bin",) if name in self.parameters}
            matrix = xgboost.QuantileDMatrix(label=labels, **rows, **bins)
        else:
            matrix = xgboost.DMatrix(label=labels, **rows)
        settings = {**self.parameters, "objective": "binary:logistic", "seed": self.seed, "nthread": threads}
        self.booster = xgboost.train(settings, matrix, num_boost_round=self.rounds)

    def predict(self, features: Features) -> Numbers:
        """The probability of class 1 for each row.

        Raises:
            DataError: The columns are not those the model was fitted on.
        """
        columns = (*self.numeric, *self.categories)
        if features.names != columns:
            raise DataError(
                "the rows have other columns than the model",
                cause=f"rows: {', '.join(features.names)}\nmodel: {', '.join(columns)}",
                mend="fit the model again on the folds these rows come from",
            )
        matrix = xgboost_without_sklearn().DMatrix(**self._rows(features, allowed_threads(self.threads)))
        return np.asarray(self.booster.predict(matrix), dtype=np.float64)

    def save(self, folder: Path) -> None:
        """Write the trees as UBJSON and the columns with their categories as JSON."""
        self.booster.save_model(folder / MODEL)
        columns = {"numeric": self.numeric, "categorical": self.categories}
        (folder / COLUMNS).write_text(json.dumps(columns), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> BoostedTrees:
        """The model that :meth:`save` wrote."""
        model = cls()
        columns = json.loads((folder / COLUMNS).read_text("utf-8"))
        model.numeric = tuple(columns["numeric"])
        model.categories = {name: tuple(values) for name, values in columns["categorical"].items()}
        model.booster = xgboost_without_sklearn().Booster(model_file=folder / MODEL)
        return model

    def _rows(self, features: Features, threads: int) -> dict[str, Any]:
        """Arguments of a DMatrix: one float32 column per feature, categories as their numbers."""
        matrix: NDArray[np.float32] = np.empty((features.rows, len(features.names)), dtype=np.float32)
        for position, numbers in enumerate(features.numeric.values()):
            matrix[:, position] = numbers
        for position, (name, column) in enumerate(features.categorical.items(), len(features.numeric)):
            matrix[:, position] = _numbered(column, self.categories[name])
        kinds = ["float"] * len(features.numeric) + ["c"] * len(features.categorical)
        return {
            "data": matrix,
            "feature_names": list(features.names),
            "feature_types": kinds,
            "enable_categorical": True,
            "nthread": threads,
        }


def allowed_threads(wanted: int) -> int:
    """The threads to use when ``wanted`` are asked for (0: all): never more than ``OMP_NUM_THREADS``."""
    limit = int(os.environ.get("OMP_NUM_THREADS") or 0)
    return min(wanted, limit) if wanted > 0 and limit > 0 else max(wanted, limit, 0)


def _seen(column: Categories) -> tuple[str, ...]:
    present = np.unique(column.codes)
    return tuple(sorted(column.values[code] for code in present if column.values[code]))


def _numbered(column: Categories, known: tuple[str, ...]) -> NDArray[np.float32]:
    number = {value: float(position) for position, value in enumerate(known)}
    lookup = np.array([number.get(value, np.nan) for value in column.values], dtype=np.float32)
    return lookup[column.codes] if column.codes.size else np.empty(0, dtype=np.float32)
