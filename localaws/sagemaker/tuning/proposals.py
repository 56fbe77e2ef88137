"""What a search tries next: Random, Hyperband (which draws as Random does) and Grid."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from localaws.sagemaker.tuning.space import Configuration, Space


@dataclass(frozen=True)
class Past:
    """A combination that was tried, is being tried, or was tried by a parent.

    Attributes:
        configuration: The tuned hyperparameters.
        loss: The objective, less is better; None while it is tried, and when the trial brought none.
        running: Whether it is still being tried.
    """

    configuration: Configuration
    loss: float | None
    running: bool = False


def chance(seed: int, number: int) -> Random:
    """The source of chance of one trial: same seed, same trial, same draws, whatever happened before."""
    return Random(f"{seed}/{number}")  # noqa: S311  # a search, not a secret


def random_proposal(space: Space, seed: int, number: int, past: Sequence[Past]) -> Configuration | None:
    """A combination by chance that was not tried; None when all were."""
    return space.draw_untried(chance(seed, number), {space.key(one.configuration) for one in past})


def grid_proposal(space: Space, position: int) -> Configuration | None:
    """The combination at a position of the grid, from 0; None behind its end."""
    return next(itertools.islice(space.combinations(), position, None), None)
