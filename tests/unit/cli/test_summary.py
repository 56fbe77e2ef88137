"""The summary at the end of a run: a table on a terminal, plain lines in a pipe, a document for programs."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from foldline.cli.summary import few_features, print_summary, summary_dict, summary_table
from foldline.runs import RunRecord
from tests.unit.foldline.sample_run import rejected_run, whole_run

REPORT = (
    "/home/someone/with/a/rather/long/path/to/the/project/.foldline/reports/manual-2026-01-05/report.html"
)


def plain(run: RunRecord) -> list[str]:
    console = Console(file=io.StringIO(), width=60)
    print_summary(console, run, REPORT)
    return console.file.getvalue().splitlines()


def test_plain_summary():
    """
    In a pipe the summary is plain lines, never broken, whatever the width.
    """
    lines = plain(whole_run())
    assert lines[0].startswith(
        "Live: endpoint flight-delays serves flight-delays version 3. Better than the baseline by 0.0840"
    )
    assert [
        "Cross-validated ROC AUC",
        "Hold-out ROC AUC",
        "Endpoint",
        "Run time",
        "One prediction",
        "Report",
    ] == [line.partition("  ")[0] for line in lines[1:]]
    assert "0.7423 ± 0.0050" in lines[1]
    assert "over 5 folds, trial 3 of 6 trials; baseline 0.6583" in lines[1]
    assert "0.7186 +0.0775" in lines[2]
    assert "baseline 0.6411" in lines[2]
    assert "43 jobs, 2 min 7 s of job time" in lines[4]
    assert "carrier B6, origin JFK, dest AUS" in lines[5]
    assert lines[6].endswith(REPORT)


def test_rejected_run_is_told_too():
    """
    A run that the gate stopped has its verdict and the scores there are.
    """
    lines = plain(rejected_run())
    assert lines[0].startswith("Stopped by the gate. Better than the baseline by 0.0119 ROC AUC")
    assert ["Cross-validated ROC AUC", "Run time", "Report"] == [
        line.partition("  ")[0] for line in lines[1:]
    ]


def test_terminal_summary_has_colours_and_fits():
    """
    On a terminal the verdict is coloured, the table fits the window, and the report's path is in one piece.
    """
    console = Console(file=io.StringIO(), force_terminal=True, width=90, color_system="standard")
    print_summary(console, whole_run(), REPORT)
    assert "\x1b[1;32mLive: endpoint flight-delays" in console.file.getvalue()
    measured = Console(file=io.StringIO(), width=90)
    measured.print(summary_table(whole_run()))
    text = measured.file.getvalue()
    assert max(len(line) for line in text.splitlines()) <= 90


def test_document_for_programs():
    """
    The same figures unrounded, as plain JSON.
    """
    document = json.loads(json.dumps(summary_dict(whole_run(), REPORT)))
    assert {"metric": "roc_auc", "score": 0.7186, "baseline": 0.6411, "rows": 26_824} == document["holdout"]
    assert 5 == len(document["cross_validation"]["by_fold"])
    assert ("good", 3, "flight-delays", 43) == (
        document["state"],
        document["best_trial"],
        document["endpoint"],
        document["jobs"]["count"],
    )


@pytest.mark.parametrize("part", ["holdout", "endpoint", "example"])
def test_document_of_a_rejected_run(part):
    """
    What the run never reached is null.
    """
    assert summary_dict(rejected_run(), REPORT)[part] is None


def test_features_beside_the_prediction():
    """
    Words come first, missing values never, five at most.
    """
    features = {"temp": 33.08, "seats": None, "carrier": "B6", "wind": 1.0, "a": 1, "b": 2, "c": 3}
    assert "carrier B6, temp 33.08, wind 1, a 1, b 2" == few_features({"features": features})
