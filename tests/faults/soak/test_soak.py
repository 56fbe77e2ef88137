"""The storm: short in every test run, thousands of pieces by `make faults`."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.conftest import ROOT


def storm(pieces: int, seed: int, seconds: float) -> dict[str, Any]:
    """The figures of a storm in a process of its own: its workers are forks of it."""
    command = [sys.executable, "-m", "tests.faults.soak.storm", "--pieces", str(pieces), "--seed", str(seed)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def check(figures: dict[str, Any]) -> None:
    bad = ("duplicates", "orphans", "never_ran", "wrong_states", "broken_attempts")
    assert {} == {name: figures[name] for name in bad if figures.get(name)}, figures
    assert figures["kills"] > 0
    assert figures["struck"]["throttle"] > 0
    assert figures["struck"]["commit_then_drop"] > 0


def test_every_kind_of_work_weathers_a_short_storm():
    """
    Jobs, queries, statements and Glue runs under failing calls, lost answers, kills and twins: each ran exactly
    once, nothing is left behind, every end is right.
    """
    figures = storm(40, 7, 240)

    assert set(figures["by_kind"]) == {
        "training", "processing", "query", "statement", "transform", "tuning", "glue",
    }  # fmt: skip
    check(figures)


@pytest.mark.soak
def test_two_thousand_pieces_weather_a_storm():
    """
    The same with 2,000 identities; the figures are printed for docs/reliability.md.
    """
    figures = storm(2000, 1, 3600)
    print(json.dumps(figures, indent=2))

    assert figures["identities"] >= 2000
    check(figures)
