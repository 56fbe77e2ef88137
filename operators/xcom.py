"""What may cross from task to task: JSON, short, and no secret; anything else is refused with its key."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from foldline.credentials import KeyPath, findings
from foldline.errors import DataError
from foldline.stepfiles.problems import path_text

LIMIT = 64_000
"""Bytes of a result at most: XCom lies in Airflow's database and is read with every page of the task."""


def short_result(task_id: str, result: Mapping[str, Any], allowed: Collection[str] = ()) -> dict[str, Any]:
    """``result``, when it may be stored in XCom.

    Args:
        task_id: The task, for errors.
        result: What its work returned.
        allowed: Texts that look like secrets and are none.

    Raises:
        DataError: It holds something else than JSON, a secret, or too much; the key is in the message.
    """
    faults = [f"{path_text(path) or 'the result'}: {fault}" for path, fault in _faults(result, ())]
    faults += [
        f"{path_text(finding.path)}: looks like {finding.what}"
        for finding in findings(result, random=False)
        if finding.secret not in allowed
    ]
    if not faults and (size := _size(result)) > LIMIT:
        largest = max(result, key=lambda key: _size(result[key]))
        faults = [f"{largest}: {_size(result[largest]):,} of the {size:,} bytes; at most {LIMIT:,} in all"]
    if faults:
        raise DataError(
            f"the result of task {task_id} cannot go into XCom",
            where=f"task {task_id}",
            cause="\n".join(faults),
            mend="return names, addresses in S3 and a few figures; write data to S3",
        )
    return dict(result)


def _size(value: Any) -> int:
    return len(json.dumps(value).encode())


def _faults(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Parts that are not JSON; subclasses too, since Airflow would store those by their class."""
    if type(value) is dict:
        for key, item in value.items():
            if type(key) is not str:
                yield path, f"the key {key!r} is of type {type(key).__name__}, must be text"
            yield from _faults(item, (*path, str(key)))
    elif type(value) in (list, tuple):
        for number, item in enumerate(value):
            yield from _faults(item, (*path, number))
    elif type(value) is float and not math.isfinite(value):
        yield path, f"{value} is no JSON number"
    elif value is not None and type(value) not in (str, bool, int, float):
        yield (
            path,
            f"is of type {type(value).__name__}; must be text, a number, true, false, null or of these",
        )
