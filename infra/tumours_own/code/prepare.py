"""Processing job: scikit-learn's breast cancer table → training, validation and unlabelled CSV files."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

OUTPUT = Path("/opt/ml/processing/output")


def main() -> None:
    """Write `train`, `validation` (label first, as XGBoost wants it) and `records` (no label)."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--holdout", type=float, required=True)
    holdout = parser.parse_args().holdout
    features, labels = load_breast_cancer(return_X_y=True)
    rows = np.column_stack([labels, features])
    train, validation = train_test_split(rows, test_size=holdout, random_state=7, stratify=labels)
    tables = {"train": train, "validation": validation, "records": validation[:, 1:]}
    for name, table in tables.items():
        folder = OUTPUT / name
        folder.mkdir(parents=True, exist_ok=True)
        np.savetxt(folder / "part-000.csv", table, delimiter=",", fmt="%.6g")
        print(f"{name}: {len(table)} rows")


if __name__ == "__main__":
    main()
