"""The median rule, successive halving, and when a search is over."""

from __future__ import annotations

from localaws.sagemaker.tuning.early_stopping import Halving, MedianRule
from localaws.sagemaker.tuning.trials import Objective, Trial, best, objective_counters, status_counters
from localaws.sagemaker.tuning.verdict import criterion_met, hopeless, outcome, progress

MORE = Objective("Maximize", "score")


def ended(number: int, value: float | None, status: str = "Completed", reason: str = "") -> Trial:
    """A trial that ended."""
    trial = Trial(number, f"t-{number:03d}-0", 0, {})
    metrics = [] if value is None else [{"MetricName": "score", "Value": value}]
    job = {"TrainingJobStatus": status, "TrainingEndTime": float(number), "FinalMetricDataList": metrics}
    trial.see({**job, "FailureReason": reason} if reason else job, MORE, "")
    return trial


def test_the_median_rule_waits_for_four():
    """
    A trial is judged by the median of the completed ones' averages, once there are four; each epoch once.
    """
    rule, worse = MedianRule(), {9: [5.0, 5.0]}
    three = [[1.0, 1.0]] * 3

    assert [] == rule.losers(worse, three)
    assert [9] == rule.losers(worse, [*three, [9.0, 9.0]])
    assert [] == rule.losers(worse, [*three, [9.0, 9.0]])
    assert [] == MedianRule().losers({9: [0.5]}, [*three, [9.0, 9.0]])


def test_the_median_rule_compares_the_same_epochs():
    """
    Only what completed trials had shown by the same epoch counts.
    """
    curves = [[10.0, 1.0], [10.0, 1.0], [10.0, 1.0], [10.0, 1.0]]

    assert [] == MedianRule().losers({9: [9.0]}, curves)
    assert [9] == MedianRule().losers({9: [9.0, 9.0]}, curves)


def test_halving_lets_one_in_three_go_on():
    """
    At a rung a trial goes on if it is among the best third of those that were there.
    """
    halving = Halving(1, 9)
    there = {1: [1.0], 2: [2.0]}

    assert [] == halving.losers({5: [3.0]}, {})
    assert [] == halving.losers({7: [0.5]}, there)
    assert [9] == halving.losers({9: [1.5]}, there)


def test_brackets_begin_later_and_later():
    """
    Trials in turn are judged from the first, the second, the third rung on; then from the first again.
    """
    halving = Halving(1, 27)

    assert [[1, 3, 9], [3, 9], [9], [1, 3, 9]] == [halving.rungs(number) for number in (1, 2, 3, 4)]


def test_halving_ends_what_goes_on_behind_the_last_epoch():
    """
    A trial may take MaxResource epochs, and not one more.
    """
    assert [] == Halving(1, 3).losers({2: [1.0] * 3}, {})
    assert [2] == Halving(1, 3).losers({2: [1.0] * 4}, {})


def test_the_best_is_the_first_of_equals():
    """
    Trials without an objective are never the best; of equals it is the one that was started first.
    """
    trials = [ended(1, None), ended(2, 3.0), ended(3, 3.0), ended(4, 1.0)]

    assert 2 == best(trials, MORE).number
    assert best([ended(1, None)], MORE) is None


def test_failures_are_told_apart():
    """
    A failure of the platform can be retried, one of the algorithm cannot.
    """
    trials = [
        ended(1, None, "Failed", "InternalServerError: We encountered an internal error.  Please try again."),
        ended(2, None, "Failed", "AlgorithmError: , exit code: 1"),
        ended(3, 1.0, "Stopped"),
        Trial(4, "t-004-0", 0, {}),
    ]

    assert {
        "Completed": 0,
        "InProgress": 1,
        "RetryableError": 1,
        "NonRetryableError": 1,
        "Stopped": 1,
    } == status_counters(trials)
    assert {"Succeeded": 1, "Pending": 1, "Failed": 2} == objective_counters(trials)


def test_less_than_one_percent_is_no_improvement():
    """
    A trial counts as better only when it is so by more than one percent of the best before it.
    """
    assert 1 == progress([ended(1, 100.0), ended(2, 100.5)], MORE).not_improving
    assert 0 == progress([ended(1, 100.0), ended(2, 102.0)], MORE).not_improving


def test_convergence_is_dated():
    """
    Twenty trials in a row without an improvement are convergence, at the end of the twentieth.
    """
    flat = [ended(1, 5.0), *(ended(number, 1.0) for number in range(2, 30))]
    criteria = {"ConvergenceDetected": {"CompleteOnConvergence": "Enabled"}}

    assert 21.0 == progress(flat, MORE).converged_at
    assert progress(flat[:20], MORE).converged_at is None
    assert criterion_met(criteria, flat, MORE)
    assert not criterion_met({}, flat, MORE)


def test_nothing_but_failures_is_hopeless():
    """
    Five trials without an objective are enough, unless one had one.
    """
    failed = [ended(number, None, "Failed") for number in range(1, 6)]

    assert hopeless(failed)
    assert not hopeless(failed[:4])
    assert not hopeless([*failed, ended(6, 1.0)])
    assert "Failed" == outcome(failed).status
    assert "Completed" == outcome([*failed, ended(6, 1.0)]).status
