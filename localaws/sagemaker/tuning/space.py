"""The search space of one training job definition: every combination of its tunable hyperparameters."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from random import Random

from localaws.sagemaker.tuning.parameters import Parameter

COUNTABLE = 10_000  # combinations up to which the untried ones are listed rather than guessed
GUESSES = 100

Configuration = dict[str, str]


@dataclass(frozen=True)
class Space:
    """The tunable hyperparameters, in the order of the request."""

    parameters: tuple[Parameter, ...]

    @property
    def count(self) -> int | None:
        """How many combinations there are, None when one of the ranges is continuous."""
        counts = [parameter.count for parameter in self.parameters]
        return None if None in counts else math.prod(count for count in counts if count is not None)

    def combinations(self) -> Iterator[Configuration]:
        """Every combination of a countable space, the last hyperparameter changing fastest."""
        for combination in itertools.product(*(parameter.listed() for parameter in self.parameters)):
            yield {p.name: value for p, value in zip(self.parameters, combination, strict=True)}

    def draw(self, random: Random) -> Configuration:
        """A combination by chance."""
        return {parameter.name: parameter.value(random.random()) for parameter in self.parameters}

    def draw_untried(self, random: Random, tried: Collection[tuple[str, ...]]) -> Configuration | None:
        """A combination by chance that is not among those tried; None when all are.

        Args:
            random: The source of chance.
            tried: Combinations as ``key`` tells them.
        """
        for _ in range(GUESSES):
            drawn = self.draw(random)
            if self.key(drawn) not in tried:
                return drawn
        if self.count is None or self.count > COUNTABLE:
            return self.draw(random)
        left = [one for one in self.combinations() if self.key(one) not in tried]
        return random.choice(left) if left else None

    def key(self, configuration: Mapping[str, str]) -> tuple[str, ...]:
        """What makes two combinations the same."""
        return tuple(configuration.get(parameter.name, "") for parameter in self.parameters)

    def features(self, configuration: Mapping[str, str]) -> list[float] | None:
        """A combination as coordinates in the unit cube; None when it is not of this space."""
        coordinates: list[float] = []
        for parameter in self.parameters:
            found = parameter.features(configuration.get(parameter.name, ""))
            if found is None:
                return None
            coordinates += found
        return coordinates
