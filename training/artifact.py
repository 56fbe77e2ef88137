"""The artifact of a fit: the model, its card ``foldline.json``, the code that serves it. Container side."""

from __future__ import annotations

import json
import platform
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from foldline.errors import DataError
from foldline.folds import Schema
from training.models import Estimator, estimator_class

CARD = "foldline.json"
PREDICTIONS = "predictions.parquet"
"""The validation rows' predictions, in output.tar.gz: row_id, label, probability, fold."""
PACKAGES = ("foldline", "preprocessing", "training", "deploy")
LIBRARIES = ("numpy", "pyarrow", "sklearn", "xgboost")
SERVE = '''"""SageMaker's entry point; SAGEMAKER_PROGRAM names this file."""

from deploy.serve import input_fn, model_fn, output_fn, predict_fn  # noqa: F401
'''


@dataclass(frozen=True)
class Card:
    """What a fitted model is.

    Attributes:
        estimator: Its dotted name.
        schema: Columns it reads.
        hyperparameters: The estimator's arguments.
        metric: Name of the score.
        score: Score on the validation shard; None for the final fit.
        fold: Number of the fold; None for the final fit.
        label_rates: Share of class 1 by channel.
        versions: Python and libraries it was fitted with.
    """

    estimator: str
    schema: Schema
    hyperparameters: dict[str, Any]
    metric: str
    score: float | None
    fold: int | None
    label_rates: dict[str, float]
    versions: dict[str, str]


def write_artifact(folder: Path, model: Estimator, card: Card) -> None:
    """Leave everything that serving needs in ``folder``."""
    model.save(folder)
    (folder / CARD).write_text(json.dumps(asdict(card), indent=2), "utf-8")
    code = folder / "code"
    root = Path(__file__).parents[1]
    for package in PACKAGES:
        for source in (root / package).rglob("*.py"):
            target = code / source.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    (code / "serve.py").write_text(SERVE, "utf-8")


def read_card(folder: Path) -> Card:
    """The card of the artifact in ``folder``.

    Raises:
        DataError: There is no card.
    """
    path = folder / CARD
    try:
        document = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise DataError(
            "the folder holds no model of ours",
            where=str(path),
            mend="serve the model.tar.gz of training.fit",
        ) from error
    document["schema"] = Schema.from_dict(document["schema"])
    return Card(**document)


def read_model(folder: Path, card: Card) -> Estimator:
    """The fitted model of the artifact in ``folder``."""
    return estimator_class(card.estimator).load(folder)


def loaded_versions() -> dict[str, str]:
    """Python's version and those of the libraries this process has imported."""
    versions = {name: sys.modules[name].__version__ for name in LIBRARIES if sys.modules.get(name)}
    return {"python": platform.python_version(), **versions}
