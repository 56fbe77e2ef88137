"""The search is the same search every time."""

from __future__ import annotations

import pytest

from foldline.trials import Dimension, Space
from training.search import Study

SPACE = Space(
    (
        Dimension("max_depth", "int", 3, 9),
        Dimension("learning_rate", "float", 0.01, 0.3, log=True),
        Dimension("booster", "categorical", choices=("gbtree", "dart")),
    )
)


def asked(seed: int, sampler: str = "tpe", batches: int = 6) -> list[dict[str, object]]:
    study = Study(SPACE, sampler, "maximize", seed)
    for _ in range(batches):
        for trial in study.ask(2):
            depth = trial.hyperparameters["max_depth"]
            assert isinstance(depth, int)
            study.tell(trial, [0.6 + depth / 100, 0.61 + depth / 100])
    return [dict(scored.trial.hyperparameters) for scored in study.scored]


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_a_study_that_is_run_again_asks_the_same_trials(sampler: str) -> None:
    """
    A killed tuning task finds its jobs by name because the trials are equal.
    """
    assert asked(7, sampler) == asked(7, sampler)
    assert asked(7, sampler) != asked(8, sampler)


def test_values_stay_inside_the_space() -> None:
    """
    Bounds are inclusive, choices are the listed ones.
    """
    for values in asked(1):
        assert 3 <= values["max_depth"] <= 9  # type: ignore[operator]
        assert 0.01 <= values["learning_rate"] <= 0.3  # type: ignore[operator]
        assert values["booster"] in ("gbtree", "dart")


@pytest.mark.parametrize(("direction", "best"), [("maximize", 1), ("minimize", 0)])
def test_the_best_mean_wins(direction: str, best: int) -> None:
    """
    Selection looks at the mean over the folds, in the metric's direction.
    """
    study = Study(SPACE, "random", direction, 0)
    first, second = study.ask(2)
    study.tell(first, [0.5, 0.7])
    study.tell(second, [0.8, 0.6])

    assert best == study.best().trial.number
    assert pytest.approx(0.141421, abs=1e-6) == study.scored[0].sd


def test_of_two_equal_trials_the_earlier_wins() -> None:
    """
    Ties are broken the same way on every machine.
    """
    study = Study(SPACE, "random", "maximize", 0)
    for trial in study.ask(3):
        study.tell(trial, [0.5])

    assert 0 == study.best().trial.number
