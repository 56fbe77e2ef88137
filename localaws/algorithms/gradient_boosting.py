"""XGBoost in AWS's algorithm mode: fitted, logged and served as the image ``sagemaker-xgboost`` does."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xgboost
from scipy import sparse
from xgboost.callback import EarlyStopping, TrainingCallback

from localaws.algorithms import recordio
from localaws.algorithms.algorithm import Algorithm
from localaws.algorithms.boosting_checkpoints import Checkpoints
from localaws.algorithms.boosting_metrics import CUSTOM, HIGHER, custom_metrics
from localaws.algorithms.boosting_parameters import PARAMETERS, booster_parameters, check, eval_metrics
from localaws.algorithms.errors import CustomerError
from localaws.algorithms.job import Channel, Job
from localaws.algorithms.quality import say
from localaws.algorithms.requests import JSON, JSON_LINES
from localaws.algorithms.responses import Predictions
from localaws.algorithms.tables import CSV, LIBSVM, PARQUET, Matrix, Table, media_type, read_channel

TYPES = (CSV, LIBSVM, PARQUET, recordio.CONTENT_TYPE)
MODEL_FILE = "xgboost-model"


class Log(TrainingCallback):  # type: ignore[misc]  # xgboost is untyped here
    """Prints a line for each round, ``[3]#011train-rmse:0.1#011validation-rmse:0.2``; ends when told to.

    Args:
        done: Rounds an earlier attempt has boosted.
        keep_on_termination: Whether SIGTERM ends the training after its round, and not the program at once.
    """

    def __init__(self, done: int, *, keep_on_termination: bool) -> None:
        super().__init__()
        self._done = done
        self._ending = False
        if keep_on_termination:
            signal.signal(signal.SIGTERM, self._end)

    def _end(self, *_: object) -> None:
        self._ending = True

    def after_iteration(self, model: Any, epoch: int, evals_log: Mapping[str, Any]) -> bool:
        """Print; whether to stop here."""
        scores = "".join(
            f"#011{data}-{name}:{values[-1]:.5f}"
            for data, metrics in evals_log.items()
            for name, values in metrics.items()
        )
        say(f"[{self._done + epoch}]{scores}")
        return self._ending


def train(job: Job, values: Mapping[str, Any]) -> None:
    """Fit a booster."""
    tables = {
        name: _table(job.channels[name], values) for name in ("train", "validation") if name in job.channels
    }
    wide = max(table.features.shape[1] for table in tables.values())
    matrices = [(_matrix(table, wide), name) for name, table in tables.items()]
    metrics = eval_metrics(values, job.given.get("_tuning_objective_metric", ""))
    own = [name for name in metrics if name in CUSTOM]
    parameters = booster_parameters(values)
    if metrics:
        parameters["eval_metric"] = [name for name in metrics if name not in CUSTOM]
    parameters["disable_default_eval_metric"] = bool(own)
    checkpoints = Checkpoints(job.root / "checkpoints")
    start, done = checkpoints.latest()
    callbacks = [Log(done, keep_on_termination=values["save_model_on_termination"] == "true"), checkpoints]
    if values["early_stopping_rounds"] and "validation" in tables:
        callbacks.append(_early_stopping(values["early_stopping_rounds"], metrics))
    try:
        booster = xgboost.train(
            parameters,
            matrices[0][0],
            num_boost_round=max(values["num_round"] - done, 0),
            evals=matrices,
            custom_metric=custom_metrics(own, values["num_class"]) if own else None,
            callbacks=callbacks,
            verbose_eval=False,
            xgb_model=start,
        )
    except xgboost.core.XGBoostError as error:
        raise CustomerError(f"XGB train call failed with exception:\n {error}") from error
    best = booster.attr("best_iteration")
    if best is not None:  # counted from where this attempt began
        booster.set_attr(best_iteration=str(done + int(best)))
    (job.model / MODEL_FILE).write_bytes(booster.save_raw("ubj"))


def _early_stopping(rounds: int, metrics: list[str]) -> Any:
    """Stop by the last metric on the validation data; XGBoost knows which way its own go."""
    last = next((name for name in reversed(metrics) if name in CUSTOM), metrics[-1] if metrics else None)
    maximize = last in HIGHER if last in CUSTOM else None
    return EarlyStopping(rounds, metric_name=last, data_name="validation", maximize=maximize)


@dataclass(frozen=True)
class Scores:
    """A booster's scores of a request's rows."""

    values: np.ndarray

    def body(self, accept: str) -> tuple[bytes, str]:
        """As AWS's image writes them: in CSV commas are between rows, lines in a batch transform."""
        if media_type(accept)[0] != CSV:
            return Predictions({"score": self.values}).body(accept)
        rows = [str(value) for value in self.values.tolist()]
        if os.environ.get("SAGEMAKER_BATCH"):
            return "".join(row + "\n" for row in rows).encode(), CSV
        return ",".join(rows).encode(), CSV


class BoosterPredictor:
    """A loaded booster."""

    def __init__(self, booster: Any) -> None:
        self._booster = booster
        rounds = booster.attr("best_iteration")
        self._rounds = (0, int(rounds) + 1) if rounds is not None else (0, 0)

    def predict(self, rows: Matrix) -> Scores:
        """The booster's score of each row, for softprob of each class."""
        wide = self._booster.num_features()
        if rows.shape[1] < wide and sparse.issparse(rows):
            rows.resize(rows.shape[0], wide)
        elif rows.shape[1] == wide + 1 and not sparse.issparse(rows):
            rows = rows[:, 1:]  # as AWS's image does: the label was left in
        if rows.shape[1] != wide:
            raise CustomerError(
                f"Feature size of inference data {rows.shape[1]} is not consistent with feature size of "
                f"trained model {wide}."
            )
        matrix = xgboost.DMatrix(rows)
        score = self._booster.predict(matrix, iteration_range=self._rounds, validate_features=False)
        return Scores(np.asarray(score))


def load(folder: Path) -> BoosterPredictor:
    """The booster in a model's folder: AWS's name for it, or the only file.

    Raises:
        CustomerError: There is none, or xgboost cannot read it.
    """
    files = [folder / MODEL_FILE] if (folder / MODEL_FILE).is_file() else sorted(folder.glob("[!.]*"))
    if not files:
        raise CustomerError(f"model.tar.gz holds no {MODEL_FILE}")
    booster = xgboost.Booster()
    try:
        booster.load_model(bytearray(files[0].read_bytes()))
    except xgboost.core.XGBoostError as error:
        raise CustomerError(f"Unable to load model: {error}") from error
    return BoosterPredictor(booster)


def _table(channel: Channel, values: Mapping[str, Any]) -> Table:
    table = read_channel(channel, default=LIBSVM, accepted=TYPES)
    if not values["csv_weights"] or sparse.issparse(table.features):
        return table
    return Table(table.features[:, 1:], table.labels, table.features[:, 0])


def _matrix(table: Table, wide: int) -> Any:
    features = table.features
    if sparse.issparse(features) and features.shape[1] < wide:
        features.resize(features.shape[0], wide)
    if features.shape[1] != wide:
        raise CustomerError(f"the channels have {features.shape[1]} and {wide} features")
    return xgboost.DMatrix(features, label=table.needed_labels, weight=table.weights)


ALGORITHM = Algorithm(
    PARAMETERS,
    train,
    load,
    channels=("train", "validation"),
    request_types=(CSV, LIBSVM, recordio.CONTENT_TYPE, JSON, JSON_LINES),
    accept=CSV,
    check=check,
)
