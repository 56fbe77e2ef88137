"""Training job: logistic regression on the channel `train`, scored on `validation`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ROOT = Path("/opt/ml")


def table(channel: str) -> np.ndarray:
    """All CSV files of a channel, label first."""
    files = sorted((ROOT / "input" / "data" / channel).glob("*.csv"))
    return np.vstack([np.loadtxt(file, delimiter=",") for file in files])


def main() -> None:
    """Fit, print the score, leave the coefficients as JSON."""
    hyperparameters = json.loads((ROOT / "input/config/hyperparameters.json").read_text())
    train, validation = table("train"), table("validation")
    model = make_pipeline(StandardScaler(), LogisticRegression(C=float(hyperparameters["c"]), max_iter=1000))
    model.fit(train[:, 1:], train[:, 0])
    score = roc_auc_score(validation[:, 0], model.predict_proba(validation[:, 1:])[:, 1])
    print(f"validation auc {score:.6f}")
    coefficients = model[-1].coef_[0].tolist()
    (ROOT / "model" / "coefficients.json").write_text(json.dumps(coefficients))


if __name__ == "__main__":
    main()
