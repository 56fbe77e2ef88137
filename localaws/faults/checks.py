"""A rule as somebody asks for it: checked, every problem told at once, with the nearest word."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

import botocore.session

from localaws.errors import AwsError
from localaws.faults.effects import EFFECTS, JOBS, STALE_SERVICES
from localaws.faults.target import SIGNED_AS
from localaws.history import KEPT_SECONDS
from localaws.shapes import service_model

KINDS: dict[str, tuple[type, ...]] = {
    "effect": (str,),
    "service": (str,),
    "operation": (str,),
    "resource": (str,),
    "job": (str,),
    "code": (str,),
    "message": (str,),
    "count": (int,),
    "skip": (int,),
    "every": (int,),
    "seed": (int,),
    "status": (int,),
    "writes": (int,),
    "probability": (int, float),
    "seconds": (int, float),
}
RANGES = {
    "count": (1, 10**9),
    "skip": (0, 10**9),
    "every": (1, 10**9),
    "writes": (1, 1000),
    "status": (400, 599),
    "seed": (-(2**63), 2**63),
    "probability": (0, 1),
    "seconds": (0, 86_400),
}
GLOB = set("*?[")
SPECIAL = ("code", "message", "status", "seconds", "writes")  # members only some effects take


def checked(members: Any) -> dict[str, Any]:
    """A new rule's members, when they make a rule.

    Raises:
        AwsError: ValidationException with every problem in a line of its own.
    """
    if not isinstance(members, dict):
        raise AwsError("ValidationException", 'a rule is a JSON object, such as {"effect": "throttle"}')
    problems = [*_unknown(members), *_wrong_values(members)]
    effect = members.get("effect")
    if effect not in EFFECTS:
        problems.append(
            f"effect: {_not_one(effect, EFFECTS) if effect else 'is needed'}: {', '.join(EFFECTS)}"
        )
    else:
        problems += _misfits(effect, members)
    if problems:
        raise AwsError("ValidationException", "\n".join(problems))
    return members


def _unknown(members: dict[str, Any]) -> list[str]:
    return [f"{name}: {_not_one(name, KINDS)}" for name in members if name not in KINDS]


def _wrong_values(members: dict[str, Any]) -> Iterable[str]:
    for name, value in members.items():
        kinds = KINDS.get(name)
        if kinds is None:
            continue
        if not isinstance(value, kinds) or isinstance(value, bool):
            words = {str: "a text", int: "a whole number", float: "a number"}
            yield f"{name}: must be {words[kinds[-1]]}, got {value!r}"
        elif isinstance(value, int | float) and not RANGES[name][0] <= value <= RANGES[name][1]:
            yield f"{name}: {RANGES[name][0]} <= {name} <= {RANGES[name][1]} must hold, got {value}"


def _misfits(effect: str, members: dict[str, Any]) -> Iterable[str]:
    """What an effect cannot do without, and what it has no use for."""
    entry = EFFECTS[effect]
    if entry.needs and not any(name in members for name in entry.needs):
        yield f"{' or '.join(entry.needs)}: needed by {effect}"
    foreign = [name for name in SPECIAL if name not in entry.needs + entry.takes]
    foreign += ["service", "operation"] if entry.job else ["job"]
    for name in foreign:
        if name in members:
            yield f"{name}: {effect} has no use for it"
    if (
        entry.job
        and isinstance(job := members.get("job"), str)
        and not any(fnmatchcase(kind, job) for kind in JOBS)
    ):
        yield f"job: {_not_one(job, JOBS)}: {', '.join(JOBS)}"
    if effect == "stale":
        yield from _stale_misfits(members)
    if isinstance(service := members.get("service"), str) and not entry.job:
        yield from _misnamed(service, members.get("operation"))


def _misnamed(service: str, operation: object) -> Iterable[str]:
    """A service or operation that no client will ever ask for."""
    known = {*botocore.session.get_session().get_available_services(), *SIGNED_AS}
    if GLOB.intersection(service):
        return
    if service not in known:
        yield f"service: {_not_one(service, known)}"
        return
    operations = service_model(SIGNED_AS.get(service, service)).operation_names
    if isinstance(operation, str) and not any(fnmatchcase(name, operation) for name in operations):
        yield f"operation: {_not_one(operation, operations)} among the operations of {service}"


def _stale_misfits(members: dict[str, Any]) -> Iterable[str]:
    if members.get("service") not in STALE_SERVICES:
        yield f"service: stale needs one of {', '.join(STALE_SERVICES)}; no other service's reads can be"
    if "seconds" in members and "writes" in members:
        yield "seconds, writes: stale takes one of the two"
    if isinstance(seconds := members.get("seconds"), (int, float)) and seconds > KEPT_SECONDS:
        yield f"seconds: stale looks back {KEPT_SECONDS} s at most, got {seconds}"


def _not_one(name: object, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(str(name), list(known), 1, cutoff=0.5)
    return f"{name!r} is not known" + (f"; did you mean {near[0]!r}?" if near else "")
