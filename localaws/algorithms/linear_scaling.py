"""The units a linear model is fitted in: features and labels around 0, of deviation 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from localaws.algorithms.linear_fit import Examples
from localaws.algorithms.tables import Matrix, Table


@dataclass(frozen=True)
class Scaling:
    """What features and labels are measured in: (value - middle) / unit."""

    middle: np.ndarray
    unit: np.ndarray
    label_middle: float
    label_unit: float

    @classmethod
    def of(cls, table: Table, values: Mapping[str, Any]) -> Scaling:
        """That of the hyperparameters; sparse features are not moved, which would make them dense."""
        features, labels = table.features, table.needed_labels.astype(float)
        width, moved = features.shape[1], not sparse.issparse(features) and values["unbias_data"] is not False
        middle = np.asarray(features.mean(0), float).ravel()
        square = features.power(2) if isinstance(features, sparse.csr_matrix) else features.astype(float) ** 2
        deviation = np.sqrt(np.maximum(np.asarray(square.mean(0), float).ravel() - middle**2, 0))
        scaled = values["normalize_data"] is not False
        regressor = values["predictor_type"] == "regressor"
        return cls(
            middle if moved and scaled else np.zeros(width),
            np.where(deviation > 1e-12, deviation, 1.0) if scaled else np.ones(width),
            float(labels.mean()) if regressor and values["unbias_label"] is not False else 0.0,
            (float(labels.std()) or 1.0) if regressor and values["normalize_label"] is not False else 1.0,
        )

    def examples(self, table: Table) -> Examples:
        """Rows as the fit sees them."""
        features = table.features
        if isinstance(features, sparse.csr_matrix):
            scaled: Matrix = sparse.csr_matrix(features.multiply(1 / self.unit))
        else:
            scaled = (features - self.middle) / self.unit
        return Examples(scaled, (table.needed_labels - self.label_middle) / self.label_unit)
