"""Models: named by their content, so what exists under the name must be what is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from foldline.errors import JobConflict
from foldline.remote.calls import Clock, call, error_code, error_message, find

COMPARED = ("PrimaryContainer", "Containers", "ExecutionRoleArn", "VpcConfig", "EnableNetworkIsolation")


def ensure_model(client: Any, clock: Clock, request: Mapping[str, Any]) -> str:
    """The ARN of the model of ``request``; made when it is not there, reused when it is the same.

    Args:
        client: boto3 SageMaker client without retries of its own.
        clock: Time.
        request: A CreateModel request with a name that follows from its content.

    Raises:
        JobConflict: A model of this name holds something else.
    """
    name = request["ModelName"]
    there = find(client.describe_model, clock, ModelName=name)
    if there is None:
        try:
            return str(call(client.create_model, clock, **request)["ModelArn"])
        except Exception as error:
            # A lost answer or a twin: what is there now is looked at like any other.
            if error_code(error) != "ValidationException" or "already exist" not in error_message(error):
                raise
        there = call(client.describe_model, clock, ModelName=name)
    if other := [member for member in COMPARED if not holds(there.get(member), request.get(member))]:
        raise JobConflict(
            f"model {name} exists and is another one",
            where=str(there["ModelArn"]),
            cause=f"it differs in {', '.join(other)}",
            mend="delete or rename the foreign model; it is never used",
        )
    return str(there["ModelArn"])


def holds(there: Any, wanted: Any) -> bool:
    """Whether what AWS describes has all that was asked for; AWS adds defaults of its own."""
    if wanted is None:
        return True
    if isinstance(wanted, Mapping):
        return isinstance(there, Mapping) and all(
            holds(there.get(key), value) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(there, list) and len(there) == len(wanted) and all(map(holds, there, wanted))
    return bool(there == wanted)
