"""How well one column alone separates the label; near 1 it is the label in disguise. Container side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Counts = NDArray[np.float64]

PRIOR_ROWS = 1.0
"""Weight of the overall rate in a category's rate; only orders the rarest categories."""


@dataclass(frozen=True)
class Bins:
    """A column as distinct values: what each row holds, with a last bin for missing values.

    Attributes:
        values: The distinct values, in order of appearance; without the missing one.
        codes: Number of each row's value; ``len(values)`` where it is missing.
    """

    values: pa.Array
    codes: NDArray[np.int64]

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> Bins:
        """The bins of ``column``; NaN counts as missing."""
        if pa.types.is_floating(column.type):
            column = pc.if_else(pc.is_nan(column), None, pc.add(column, 0.0))  # -0.0 + 0.0 is 0.0: one value
        coded = pa.chunked_array(column.chunks, type=column.type).combine_chunks().dictionary_encode()
        codes = pc.fill_null(pc.cast(coded.indices, pa.int64()), len(coded.dictionary))
        return cls(coded.dictionary, np.asarray(codes))

    def counts(self, labels: NDArray[np.int8], rows: slice = slice(None)) -> tuple[Counts, Counts]:
        """Negatives and positives in each bin, among the given rows."""
        codes, size = self.codes[rows], len(self.values) + 1
        positives = np.bincount(codes, weights=labels[rows], minlength=size).astype(np.float64)
        return np.bincount(codes, minlength=size) - positives, positives


def equals_label(bins: Bins, labels: NDArray[np.int8]) -> bool:
    """Whether the column has two values and they stand for the two classes, without exception."""
    negatives, positives = (counts[:-1] for counts in bins.counts(labels))
    pure = np.minimum(negatives, positives) == 0
    return len(bins.values) == 2 and bool(pure.all()) and bool(negatives.any() and positives.any())


def separation(bins: Bins, labels: NDArray[np.int8], *, ordered: bool) -> float:
    """The AUC, 0.5 … 1, that the column alone reaches in its better direction; ties count half.

    Args:
        bins: The column.
        labels: Class of each row; both classes occur.
        ordered: Rank by the value, and rows without one above or below all others, as their rate says.
            Otherwise rank by each category's rate of class 1 as the other half of the rows shows it, so that
            many rare categories do not look like a leak.
    """
    if not ordered:
        return max(0.5, float(np.mean([_out_of_sample(bins, labels, half) for half in (0, 1)])))
    negatives, positives = bins.counts(labels)
    ranks = np.asarray(pc.rank(bins.values, tiebreaker="first")).astype(np.float64)
    rate, overall = positives[-1] / max(positives[-1] + negatives[-1], 1.0), positives.sum() / labels.size
    missing = np.inf if rate > overall else -np.inf
    return max(_area(np.append(sign * ranks, missing), negatives, positives) for sign in (1, -1))


def _out_of_sample(bins: Bins, labels: NDArray[np.int8], half: int) -> float:
    negatives, positives = bins.counts(labels, slice(1 - half, None, 2))
    overall = positives.sum() / max(positives.sum() + negatives.sum(), 1.0)
    rates = (positives + PRIOR_ROWS * overall) / (positives + negatives + PRIOR_ROWS)
    return _area(rates, *bins.counts(labels, slice(half, None, 2)))


def _area(score: Counts, negatives: Counts, positives: Counts) -> float:
    """The AUC of bins ranked by ``score``; 0.5 when a class is missing."""
    _, place = np.unique(score, return_inverse=True)
    below, hits = np.bincount(place, negatives), np.bincount(place, positives)
    pairs = below.sum() * hits.sum()
    return float(np.sum(hits * (np.cumsum(below) - below / 2)) / pairs) if pairs else 0.5
