"""What rules do to an API call: refuse it, lose it, hold it up, or let it see the past."""

from __future__ import annotations

from collections.abc import Callable

from localaws.faults.codes import refusal
from localaws.faults.rules import Faults
from localaws.faults.target import called
from localaws.wire import FileRange, Request, Response

Serve = Callable[[Request], Response]


class Lost(ConnectionAbortedError):
    """The connection is closed without an answer, as a rule asks."""


def answered(faults: Faults, service: str, request: Request, serve: Serve) -> Response:
    """A call's answer, after what the rules do to it.

    Raises:
        AwsError: The service's errors, and those that rules ask for.
        Lost: The client is to get no answer.
    """
    if not faults.strike_calls:
        return serve(request)
    call, request = called(service, request)
    rule = faults.on_call(call)
    if rule is None:
        return serve(request)
    match rule.effect:
        case "delay":
            faults.wait(rule.seconds or 0.0)
            return serve(request)
        case "drop":
            raise Lost(f"fault rule {rule.id} dropped {call.operation}")
        case "commit_then_drop":
            response = serve(request)
            if isinstance(response.body, FileRange):
                response.body.file.close()
            raise Lost(f"fault rule {rule.id} dropped the answer of {call.operation}")
        case "stale":
            with faults.store.past(rule.seconds, rule.writes):
                return serve(request)
        case _:
            raise refusal(rule, call)
