"""Ranges, scaling and what the strategies propose."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as some

from localaws.sagemaker.tuning.bayesian import bayesian_proposal, expected_improvements
from localaws.sagemaker.tuning.parameters import parameters
from localaws.sagemaker.tuning.proposals import Past, chance, grid_proposal, random_proposal
from localaws.sagemaker.tuning.space import Space


def numbers(kind: str, low: str, high: str, scaling: str = "Auto") -> dict:
    """Ranges of one number x."""
    return {
        f"{kind}ParameterRanges": [{"Name": "x", "MinValue": low, "MaxValue": high, "ScalingType": scaling}]
    }


def space(ranges: dict) -> Space:
    """The space of some ranges."""
    return Space(tuple(parameters(ranges)))


@pytest.mark.parametrize("scaling", ["Linear", "Logarithmic", "ReverseLogarithmic"])
@given(place=some.floats(0, 1, exclude_max=True))
def test_a_place_and_its_value_are_the_same(scaling, place):
    """
    The value at a place has that place again, on every scale.
    """
    [parameter] = parameters(numbers("Continuous", "0.001", "0.9", scaling))
    value = parameter.value(place)

    assert 0.001 <= float(value) <= 0.9
    assert math.isclose(place, parameter.features(value)[0], abs_tol=1e-9)


def test_scales():
    """
    Half way is the middle, the geometric middle, or the one towards the end, as the scale has it.
    """
    assert 50.5 == float(parameters(numbers("Continuous", "1", "100", "Linear"))[0].value(0.5))
    assert math.isclose(10, float(parameters(numbers("Continuous", "1", "100", "Logarithmic"))[0].value(0.5)))
    assert math.isclose(
        0.9, float(parameters(numbers("Continuous", "0", "0.99", "ReverseLogarithmic"))[0].value(0.5))
    )
    assert math.isclose(0.1, float(parameters(numbers("Continuous", "0.001", "10", "Auto"))[0].value(0.5)))


def test_integers_are_drawn_evenly():
    """
    Every integer of a linear range takes the same part of the unit interval, both ends included.
    """
    [parameter] = parameters(numbers("Integer", "1", "4", "Linear"))
    drawn = [parameter.value((n + 0.5) / 400) for n in range(400)]

    assert {"1": 100, "2": 100, "3": 100, "4": 100} == {value: drawn.count(value) for value in "1234"}


def test_a_countable_space_is_exhausted():
    """
    Random search tries every combination of a countable space once, then none.
    """
    whole = space(
        {**numbers("Integer", "1", "3"), "CategoricalParameterRanges": [{"Name": "c", "Values": ["a", "b"]}]}
    )
    past: list[Past] = []
    while (drawn := random_proposal(whole, 1, len(past) + 1, past)) is not None:
        past.append(Past(drawn, 0.0))

    assert 6 == whole.count
    assert sorted(map(str, whole.combinations())) == sorted(str(one.configuration) for one in past)


def test_a_grid_has_an_order():
    """
    The last hyperparameter of a grid changes fastest, and behind its end there is nothing.
    """
    grid = space({"CategoricalParameterRanges": [{"Name": n, "Values": ["1", "2"]} for n in "ab"]})

    assert [("1", "1"), ("1", "2"), ("2", "1"), ("2", "2")] == [
        tuple(grid_proposal(grid, position).values()) for position in range(4)
    ]
    assert grid_proposal(grid, 4) is None


def best_of(propose, seed: int, trials: int = 20) -> float:
    """The least loss a strategy finds on a smooth function of two numbers and a category."""
    whole = space(
        {
            "ContinuousParameterRanges": [
                {"Name": "x", "MinValue": "0", "MaxValue": "1"},
                {"Name": "y", "MinValue": "0.0001", "MaxValue": "1", "ScalingType": "Logarithmic"},
            ],
            "CategoricalParameterRanges": [{"Name": "c", "Values": ["good", "bad"]}],
        }
    )
    past: list[Past] = []
    for number in range(1, trials + 1):
        one = propose(whole, seed, number, past)
        near = (float(one["x"]) - 0.7) ** 2 + (math.log10(float(one["y"])) + 2) ** 2 / 16
        past.append(Past(one, near + (one["c"] == "bad")))
    return min(one.loss for one in past)


def test_bayesian_search_learns():
    """
    After twenty trials Bayesian search is nearer the optimum than random search, over five seeds.
    """
    bayesian = [best_of(bayesian_proposal, seed) for seed in range(5)]
    random = [best_of(random_proposal, seed) for seed in range(5)]

    assert sum(bayesian) < sum(random) / 3


def test_running_trials_spread_out():
    """
    Where a trial is running already, less improvement is expected than before it was.
    """
    tried, losses = [[n / 8] for n in range(9)], [(n / 8 - 0.4) ** 2 for n in range(9)]
    [before] = expected_improvements(tried, losses, [], [[0.42]])
    [after] = expected_improvements(tried, losses, [[0.42]], [[0.42]])

    assert after < before


def test_chance_depends_on_seed_and_number_only():
    """
    The draws of a trial are the same on every machine, whatever was drawn before.
    """
    assert chance(5, 1).random() == chance(5, 1).random()
    assert chance(5, 1).random() != chance(5, 2).random()
    assert chance(5, 1).random() != chance(6, 1).random()
