"""Fixtures of the local endpoint's own tests."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest


@pytest.fixture
def bucket(client: Callable) -> str:
    """A new empty bucket at the session's endpoint."""
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    client("s3").create_bucket(Bucket=name)
    return name
