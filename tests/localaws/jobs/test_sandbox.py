"""Paths under /opt/ml in a request's words become the real folder where there is no private mount."""

from __future__ import annotations

from pathlib import Path

import pytest

from localaws.jobs.sandbox import Instance


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("/opt/ml", "/w/opt/ml"),
        ("/opt/ml/model", "/w/opt/ml/model"),
        ("--data=/opt/ml/input/data:/opt/ml/code", "--data=/w/opt/ml/input/data:/w/opt/ml/code"),
        ("/opt/mlflow", "/opt/mlflow"),
        ("/home/opt/ml", "/home/opt/ml"),
        ("s3://opt/ml", "s3://opt/ml"),
    ],
)
def test_words_are_rewritten(text, seen):
    """
    Whole paths only, wherever they stand; other paths that look alike stay.
    """
    assert seen == Instance("algo-1", Path("/w"), None).translate(text)


def test_words_stay_with_a_private_mount():
    """
    Inside a private mount /opt/ml is what it says.
    """
    assert "/opt/ml/x" == Instance("algo-1", Path("/w"), "/opt").translate("/opt/ml/x")
