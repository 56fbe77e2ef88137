"""Feature columns of some rows, as every estimator reads them. Container side; numpy only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Labels = NDArray[np.int8]


@dataclass(frozen=True)
class Categories:
    """One categorical column: row i holds ``values[codes[i]]``; the empty string is a missing value."""

    codes: NDArray[np.int32]
    values: tuple[str, ...]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Categories:
        """The column that holds ``texts``, row by row."""
        numbers: dict[str, int] = {}
        codes = [numbers.setdefault(text, len(numbers)) for text in texts]
        return cls(np.array(codes, dtype=np.int32), tuple(numbers))


@dataclass(frozen=True)
class Features:
    """Feature columns by name, in the schema's order; missing numbers are NaN."""

    numeric: dict[str, Numbers]
    categorical: dict[str, Categories]

    @property
    def names(self) -> tuple[str, ...]:
        """All columns: numeric first, then categorical."""
        return (*self.numeric, *self.categorical)

    @property
    def rows(self) -> int:
        """Number of rows."""
        for numbers in self.numeric.values():
            return int(numbers.size)
        for categories in self.categorical.values():
            return int(categories.codes.size)
        return 0
