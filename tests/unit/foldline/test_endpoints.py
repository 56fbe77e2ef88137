"""Calls of a rollout that a twin made first, or that a late read refuses."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from foldline.remote.hosting.endpoints import Endpoints
from foldline.remote.latereads import STALE_READ_SECONDS
from foldline.waiting import Staying
from tests.unit.foldline.fakes import FakeClock, refusal


class Refusing:
    """Refuses each update with the next of the given messages."""

    def __init__(self, *messages: str) -> None:
        self.messages = list(messages)
        self.asked = 0

    def update_endpoint(self, **request: Any) -> None:
        self.asked += 1
        if self.messages:
            message = self.messages.pop(0) if len(self.messages) > 1 else self.messages[0]
            raise refusal("ValidationException", message)


def carry_out(client: Refusing, clock: FakeClock) -> None:
    Endpoints(client, None, clock, Staying(clock)).carry_out("update_endpoint", {"EndpointName": "one"})


def test_an_update_that_a_twin_began_is_left_to_the_next_look() -> None:
    """
    A worker that was given up and its successor may both ask; the second one waits and judges what serves.
    """
    client = Refusing('Cannot update in-progress endpoint "arn:aws:sagemaker:…:endpoint/one".')

    carry_out(client, FakeClock())

    assert 1 == client.asked


def test_what_was_just_made_may_be_missing_for_half_a_minute() -> None:
    """
    An endpoint config that CreateEndpointConfig has just made is asked for again, and then given up.
    """
    client, clock = Refusing('Could not find endpoint configuration "two".'), FakeClock()

    with pytest.raises(ClientError):
        carry_out(client, clock)
    assert STALE_READ_SECONDS <= clock.now < 3 * STALE_READ_SECONDS


def test_any_other_refusal_is_raised_at_once() -> None:
    """
    A quota or a wrong request does not pass.
    """
    client = Refusing("The endpoint configuration has no variant.")

    with pytest.raises(ClientError):
        carry_out(client, FakeClock())
    assert 1 == client.asked
