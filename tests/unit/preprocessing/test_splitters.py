"""Splitters are seeded, exact partitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foldline.errors import DataError
from preprocessing.splitters import SPLITTERS, assign


def labels_of(bits: list[bool]) -> np.ndarray:
    return np.array(bits, dtype=np.int8)


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=10, max_size=200), st.integers(2, 10), st.integers(0, 2**32 - 1))
def test_kfold_sizes_differ_by_at_most_one(bits, k, seed):
    """
    Every row validates in exactly one fold and the folds are of equal size, give or take a row.
    """
    sizes = np.bincount(assign("kfold", labels=labels_of(bits), groups=None, k=k, seed=seed), minlength=k)

    assert len(bits) == sizes.sum()
    assert sizes.max() - sizes.min() <= 1
    assert k == sizes.size


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=10, max_size=200), st.integers(2, 10), st.integers(0, 2**32 - 1))
def test_stratified_deals_each_class_evenly(bits, k, seed):
    """
    The rows of each class differ by at most one between folds, and so do the folds.
    """
    labels = labels_of(bits)

    folds = assign("stratified", labels=labels, groups=None, k=k, seed=seed)

    for rows in (folds, folds[labels == 0], folds[labels == 1]):
        sizes = np.bincount(rows, minlength=k)
        assert sizes.max() - sizes.min() <= 1


@settings(deadline=None)
@given(st.lists(st.integers(0, 30), min_size=40, max_size=300), st.integers(2, 5), st.integers(0, 99))
def test_a_group_is_never_cut(values, k, seed):
    """
    All rows of a group are in one fold, and folds differ by no more rows than the largest group has.
    """
    distinct, groups = np.unique(values, return_inverse=True)
    if distinct.size < k:
        return

    folds = assign("group", labels=np.zeros(groups.size, np.int8), groups=groups, k=k, seed=seed)

    assert all(np.unique(folds[groups == group]).size == 1 for group in range(distinct.size))
    sizes = np.bincount(folds, minlength=k)
    assert sizes.min() > 0
    assert sizes.max() - sizes.min() <= np.bincount(groups).max()


@pytest.mark.parametrize(
    ("splitter", "expected"),
    [
        ("kfold", [1, 2, 1, 0, 2, 2, 1, 0, 2, 0, 0, 1]),
        ("stratified", [0, 1, 0, 2, 0, 1, 2, 0, 2, 1, 2, 1]),
        ("group", [0, 0, 2, 2, 1, 1, 0, 0, 1, 1, 2, 2]),
    ],
)
def test_folds_are_the_same_on_any_machine(splitter, expected):
    """
    The folds of a seed are fixed numbers, whatever the version of numpy (kept from a splitmix64 in plain Python).
    """
    labels = labels_of([True, False, False] * 4)

    assert expected == assign(splitter, labels=labels, groups=np.arange(12) // 2, k=3, seed=2013).tolist()


@pytest.mark.parametrize("splitter", SPLITTERS)
def test_another_seed_gives_other_folds(splitter):
    """
    The seed decides who is with whom.
    """
    labels, groups = labels_of([True, False] * 50), np.arange(100) // 2

    first, second = (assign(splitter, labels=labels, groups=groups, k=5, seed=seed) for seed in (1, 2))

    assert (first != second).any()


@pytest.mark.parametrize("splitter", ["kfold", "stratified"])
@pytest.mark.parametrize("k", [-1, 0, 1, 11])
def test_k_must_lie_between_2_and_the_rows(splitter, k):
    """
    The error states the rule, the value and the line to mend.
    """
    with pytest.raises(DataError, match=rf"2 <= k <= rows must hold, got k={k}, rows=10") as caught:
        assign(splitter, labels=labels_of([True, False] * 5), groups=None, k=k, seed=0)

    assert "preprocessing.yaml: folds.k" == caught.value.where


def test_k_larger_than_the_groups_is_refused():
    """
    Three days cannot make five folds.
    """
    with pytest.raises(DataError, match="2 <= k <= groups must hold, got k=5, groups=3"):
        assign("group", labels=labels_of([True, False] * 6), groups=np.arange(12) // 4, k=5, seed=0)


def test_an_unknown_splitter_names_the_nearest():
    """
    `groups` is taken for `group`.
    """
    with pytest.raises(DataError, match="did you mean 'group'"):
        assign("groups", labels=labels_of([True, False]), groups=None, k=2, seed=0)


def test_group_needs_groups():
    """
    Without a column the splitter `group` says which line lacks.
    """
    with pytest.raises(DataError, match="needs a column") as caught:
        assign("group", labels=labels_of([True, False]), groups=None, k=2, seed=0)

    assert "preprocessing.yaml: folds.column" == caught.value.where
