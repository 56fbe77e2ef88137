"""Bayesian search: a Gaussian process over what was tried; next comes what it expects most improvement of.

Trials that still run count as if they were to bring what the process expects of them, so that several at once
spread out.

Source: Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), ch. 2 and 5; Snoek, Larochelle
and Adams, Practical Bayesian Optimization of Machine Learning Algorithms (2012).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING, Any

from localaws.sagemaker.tuning.proposals import Past, chance
from localaws.sagemaker.tuning.space import Configuration, Space

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]

FIRST_BY_CHANCE = 4  # trials before the process knows anything worth asking
DRAWN = 400  # candidates drawn over the whole space
NEAR = 100  # candidates drawn around the best
NEAR_SPREAD = 0.08  # standard deviation of those, in the unit cube
LENGTHS = (0.1, 0.2, 0.4, 0.8, 1.6)  # of the kernel, in the unit cube
NOISES = (1e-4, 1e-2, 1e-1)  # variance of the objective's noise beside its own


def bayesian_proposal(space: Space, seed: int, number: int, past: Sequence[Past]) -> Configuration | None:
    """The combination that promises most, by chance while too few have ended; None when all were tried."""
    random = chance(seed, number)
    tried = {space.key(one.configuration) for one in past}
    known = [(features, one) for one in past if (features := space.features(one.configuration)) is not None]
    scored = [(features, one.loss) for features, one in known if one.loss is not None]
    if len(scored) < FIRST_BY_CHANCE:
        return space.draw_untried(random, tried)
    pending = [features for features, one in known if one.running]
    best = min((one for _, one in known if one.loss is not None), key=lambda one: one.loss or 0.0)
    candidates = [
        drawn for drawn in _candidates(space, random, best.configuration) if space.key(drawn) not in tried
    ]
    if not candidates:
        return space.draw_untried(random, tried)
    places = [space.features(candidate) or [] for candidate in candidates]
    gains = expected_improvements([f for f, _ in scored], [loss for _, loss in scored], pending, places)
    return candidates[max(range(len(gains)), key=gains.__getitem__)]


def _candidates(space: Space, random: Random, best: Configuration) -> list[Configuration]:
    """Combinations over the whole space, and around the best."""
    drawn = [space.draw(random) for _ in range(DRAWN)]
    for _ in range(NEAR):
        one = {}
        for parameter in space.parameters:
            features = parameter.features(best[parameter.name]) or []
            if len(features) == 1:
                place = min(max(features[0] + random.gauss(0, NEAR_SPREAD), 0.0), 1.0)
                one[parameter.name] = parameter.value(place)
            else:
                keep = random.random() < 1 - 1 / max(2, len(space.parameters))
                one[parameter.name] = best[parameter.name] if keep else parameter.value(random.random())
        drawn.append(one)
    return drawn


def expected_improvements(
    tried: list[list[float]], losses: list[float], pending: list[list[float]], candidates: list[list[float]]
) -> list[float]:
    """How much less than the least loss each candidate may be expected to bring.

    Args:
        tried: Places in the unit cube, n >= 1.
        losses: Theirs, less is better.
        pending: Places whose losses are not known yet.
        candidates: Places to judge.
    """
    import numpy as np

    places, values = np.array(tried), np.array(losses)
    spread = float(values.std()) or 1.0
    values = (values - values.mean()) / spread
    length, noise = max(
        ((length, noise) for length in LENGTHS for noise in NOISES),
        key=lambda pair: _evidence(places, values, *pair),
    )
    if pending:
        means, _ = _posterior(places, values, np.array(pending), length, noise)
        places, values = np.vstack([places, np.array(pending)]), np.concatenate([values, means])
    means, deviations = _posterior(places, values, np.array(candidates), length, noise)
    gaps = float(values.min()) - means
    scores = gaps / deviations
    densities = np.exp(-0.5 * scores**2) / math.sqrt(2 * math.pi)
    below = np.array([0.5 * math.erfc(-score / math.sqrt(2)) for score in scores])
    return [float(gain) for gain in gaps * below + deviations * densities]


def _kernel(left: Array, right: Array, length: float) -> Array:
    """Matérn 5/2."""
    import numpy as np

    squares = ((left[:, None, :] - right[None, :, :]) ** 2).sum(axis=2)
    far = np.sqrt(5 * squares) / length
    kernel: Array = (1 + far + far**2 / 3) * np.exp(-far)
    return kernel


def _evidence(places: Array, values: Array, length: float, noise: float) -> float:
    """The logarithm of the marginal likelihood, but for a constant."""
    import numpy as np

    lower = np.linalg.cholesky(_kernel(places, places, length) + noise * np.eye(len(places)))
    half = np.linalg.solve(lower, values)
    return float(-0.5 * half @ half - np.log(np.diag(lower)).sum())


def _posterior(
    places: Array, values: Array, asked: Array, length: float, noise: float
) -> tuple[Array, Array]:
    """Mean and standard deviation of the process at some places."""
    import numpy as np

    lower = np.linalg.cholesky(_kernel(places, places, length) + noise * np.eye(len(places)))
    cross = np.linalg.solve(lower, _kernel(places, asked, length))
    means: Array = cross.T @ np.linalg.solve(lower, values)
    deviations: Array = np.sqrt(np.maximum(1 - (cross**2).sum(axis=0), 1e-12))
    return means, deviations
