"""The gate's verdict."""

from __future__ import annotations

import pytest

from deploy.gate import compared
from foldline.errors import DataError

BASELINE = [0.60, 0.62, 0.61]


def test_the_margin_is_asked_of_the_mean_difference() -> None:
    """
    Better by 0.05 passes a margin of 0.04 and not one of 0.06.
    """
    candidate = [0.65, 0.67, 0.66]

    assert compared(candidate, BASELINE, metric="roc_auc", direction="maximize", margin=0.04).passed
    assert not compared(candidate, BASELINE, metric="roc_auc", direction="maximize", margin=0.06).passed


def test_a_loss_is_better_when_it_is_smaller() -> None:
    """
    With direction minimize, differences are positive where the candidate's loss is lower.
    """
    verdict = compared([0.3, 0.4], [0.5, 0.5], metric="log_loss", direction="minimize", margin=0.1)

    assert pytest.approx((0.2, 0.1)) == verdict.differences
    assert verdict.passed


def test_scores_of_other_folds_are_not_compared() -> None:
    """
    Three folds against two is an error, not a shorter comparison.
    """
    with pytest.raises(DataError, match="same folds, got 3 and 2"):
        compared([1, 1, 1], [1, 1], metric="roc_auc", direction="maximize", margin=0)


def test_the_evidence_holds_every_number() -> None:
    """
    Scores, means, spreads, differences, margin and verdict.
    """
    evidence = compared([0.7, 0.8], [0.6, 0.6], metric="roc_auc", direction="maximize", margin=0.1).evidence()

    assert [0.7, 0.8] == evidence["candidate"]["scores"]
    assert pytest.approx(0.15) == evidence["mean_difference"]
    assert pytest.approx(0.0707107) == evidence["sd_difference"]
    assert evidence["passed"]
