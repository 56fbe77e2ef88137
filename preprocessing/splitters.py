"""Splitters: which fold each row validates in. Pure numpy, container side.

The shuffle is a fixed function of seed and position (splitmix64), because numpy does not promise the same
random streams in every version and the fold numbers must be the same on a laptop and in any image.

Source of splitmix64: Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014.
"""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

from foldline.errors import DataError
from preprocessing.spelling import suggestion

SPLITTERS = ("kfold", "stratified", "group")
"""kfold: any rows · stratified: each class dealt evenly · group: rows of one group stay together."""

Folds = NDArray[np.int64]


def assign(
    splitter: str, *, labels: NDArray[np.int8], groups: NDArray[np.int64] | None, k: int, seed: int
) -> Folds:
    """The fold of each row, from 0 to k-1; same arguments, same folds, on any machine.

    Args:
        splitter: One of :data:`SPLITTERS`.
        labels: Class of each row; rows in a canonical order (by row id), so that the order of the input files
            does not matter.
        groups: Number of each row's group, from 0 without gaps, in an order given by the groups' values;
            needed by ``group`` only.
        k: Number of folds, 2 <= k <= rows (groups for ``group``).
        seed: Seed of the shuffle.

    Returns:
        int64 of shape (rows,). ``kfold``: sizes differ by at most one. ``stratified``: so do each class's
        sizes. ``group``: whole groups, the largest dealt first to the smallest fold.

    Raises:
        DataError: k is out of range, the splitter is unknown or has no groups to look at.
    """
    if splitter not in SPLITTERS:
        raise DataError(
            f"unknown splitter {splitter!r}",
            where="preprocessing.yaml: folds.splitter",
            mend=suggestion(splitter, SPLITTERS),
        )
    if splitter == "group":
        if groups is None:
            raise DataError(
                "the splitter 'group' needs a column",
                where="preprocessing.yaml: folds.column",
                mend="name the column whose rows must stay together",
            )
        _check(k, int(groups.max()) + 1 if groups.size else 0, "groups")
        return _grouped(groups, k, seed)
    _check(k, labels.size, "rows")
    order = _shuffled(labels.size, seed)
    if splitter == "stratified":
        order = order[np.argsort(labels[order], kind="stable")]
    folds = np.empty(labels.size, dtype=np.int64)
    folds[order] = np.arange(labels.size) % k
    return folds


def _grouped(groups: NDArray[np.int64], k: int, seed: int) -> Folds:
    """Longest-processing-time dealing; the shuffle decides between groups of equal size."""
    sizes = np.bincount(groups)
    order = _shuffled(sizes.size, seed)
    order = order[np.argsort(-sizes[order], kind="stable")]
    fold_of = np.empty(sizes.size, dtype=np.int64)
    smallest = [(0, fold) for fold in range(k)]
    for group in order.tolist():
        rows, fold = heapq.heappop(smallest)
        fold_of[group] = fold
        heapq.heappush(smallest, (rows + int(sizes[group]), fold))
    return fold_of[groups]


def _check(k: int, limit: int, what: str) -> None:
    if not 2 <= k <= limit:
        raise DataError(
            f"2 <= k <= {what} must hold, got k={k}, {what}={limit}",
            where="preprocessing.yaml: folds.k",
            mend=f"choose k between 2 and {limit}" if limit >= 2 else f"there are too few {what} to split",
        )


def _shuffled(size: int, seed: int) -> Folds:
    """A permutation of 0 … size-1: positions sorted by splitmix64 of (seed, position)."""
    golden = np.uint64(0x9E3779B97F4A7C15)
    with np.errstate(over="ignore"):
        start = _mixed(np.array([seed & 0xFFFF_FFFF_FFFF_FFFF], dtype=np.uint64))
        keys = _mixed(start + golden * np.arange(1, size + 1, dtype=np.uint64))
    return np.argsort(keys, kind="stable")


def _mixed(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of splitmix64, elementwise."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
