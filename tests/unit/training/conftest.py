"""Rows to fit on: two numbers, two categories, and a label that depends on them."""

from __future__ import annotations

import numpy as np
import pytest

from training.features import Categories, Features, Labels


def made(rows: int, seed: int) -> tuple[Features, Labels]:
    """Features with missing values, and labels."""
    random = np.random.default_rng(seed)
    hour = random.integers(5, 24, rows).astype(np.float64)
    temp = np.where(random.random(rows) < 0.1, np.nan, random.normal(50, 20, rows))
    carriers = ["", "AA", "B6", "UA", "DL", "EV", "MQ"]
    carrier = random.integers(0, len(carriers), rows)
    origin = random.integers(0, 2, rows)
    chance = 1 / (1 + np.exp(-((hour - 18) / 3 + np.nan_to_num(temp - 50) / 30 + (carrier % 3) - 1)))
    features = Features(
        {"hour": hour, "temp": temp},
        {
            "carrier": Categories.of(carriers[number] for number in carrier),
            "origin": Categories.of(["EWR", "JFK"][number] for number in origin),
        },
    )
    return features, (random.random(rows) < chance).astype(np.int8)


@pytest.fixture(scope="session")
def train() -> tuple[Features, Labels]:
    return made(1_500, 1)


@pytest.fixture(scope="session")
def unseen() -> tuple[Features, Labels]:
    return made(400, 2)
