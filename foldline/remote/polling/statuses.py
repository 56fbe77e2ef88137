"""Whether named things are over, by one call: most kinds are read one by one, queries fifty at a time."""

from __future__ import annotations

from typing import Any

from foldline.remote.calls import is_absent
from foldline.remote.watched import WATCHED

QUERIES_PER_CALL = 50


def batch_size(kind: str) -> int:
    """How many names of a kind one call reads."""
    return QUERIES_PER_CALL if kind == "query" else 1


def statuses(client: Any, kind: str, names: list[str]) -> dict[str, bool | None]:
    """Whether each name is over; None where there is no such thing.

    Args:
        client: boto3 client of the kind's service.
        kind: Key of `foldline.remote.watched.WATCHED`.
        names: At most :func:`batch_size` of them.
    """
    watched = WATCHED[kind]
    found: dict[str, bool | None] = dict.fromkeys(names)
    if kind == "query":
        answer = client.batch_get_query_execution(QueryExecutionIds=names)
        for execution in answer["QueryExecutions"]:
            found[execution["QueryExecutionId"]] = watched.is_over(execution["Status"]["State"])
        return found
    for name in names:
        try:
            status = getattr(client, watched.describe)(**watched.request(watched.member, name))
        except Exception as error:
            if not is_absent(error):
                raise
            continue
        for part in watched.path:
            status = status[part]
        found[name] = watched.is_over(str(status))
    return found
