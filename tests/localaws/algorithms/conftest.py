"""A lab of built-in algorithms at the session's endpoint."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.localaws.algorithms.lab import Lab


@pytest.fixture
def lab(client: Callable, bucket: str) -> Lab:
    """A lab at the session's endpoint."""
    return Lab(client, bucket)
