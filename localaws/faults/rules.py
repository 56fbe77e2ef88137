"""The fault rules in force: kept in the document store, asked by every call and every job."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, cast

from localaws.errors import AwsError
from localaws.faults.checks import checked
from localaws.faults.rule import Rule
from localaws.faults.target import Call
from localaws.store import Store

log = logging.getLogger("localaws")
KIND = "localaws:fault-rule"
JobEffect = Literal["capacity", "internal", "spot", "bad_container"]


@dataclass(frozen=True)
class JobFault:
    """What strikes a job.

    Attributes:
        effect: ``capacity`` and ``internal`` end it before its programs start; ``spot`` interrupts a managed
            spot job; ``bad_container`` replaces its program by one that exits with code 127.
        after: Seconds into the running program (``spot``), else 0.
    """

    effect: JobEffect
    after: float = 0.0


class Faults:
    """The rules of one endpoint, oldest first; the first that strikes is the one that acts.

    Rules and their counts are stored as they change, so a restart goes on where the server was.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._rules = {body["id"]: Rule(**body) for body in store.all(KIND)}
        self._note_kinds()

    def on_job(self, kind: str, name: str) -> JobFault | None:
        """What strikes a job, None when nothing does; a run asks once, before its programs start.

        Args:
            kind: ``training``, ``processing``, ``transform`` or ``glue``.
            name: The job's name.
        """
        with self._lock:
            rule = self._first(
                (rule for rule in self._rules.values() if rule.of_job and rule.matches_job(kind, name)),
                f"the {kind} job {name}",
            )
        return JobFault(cast(JobEffect, rule.effect), rule.seconds or 0.0) if rule else None

    def on_call(self, call: Call) -> Rule | None:
        """The rule that strikes a call, None when none does."""
        with self._lock:
            return self._first(
                (rule for rule in self._rules.values() if not rule.of_job and rule.matches(call)),
                f"{call.service}.{call.operation}",
            )

    def _first(self, matching: Iterable[Rule], what: str) -> Rule | None:
        """The first of the matching rules that strikes; their counts are stored."""
        for rule in list(matching):
            counted, strikes = rule.after_a_match()
            self.store.put(KIND, rule.id, counted.document())
            self._rules[rule.id] = counted
            if strikes:
                log.info("fault rule %s (%s) strikes %s", rule.id, rule.effect, what)
                return counted
        return None

    def rules(self) -> list[Rule]:
        """Every rule, oldest first."""
        with self._lock:
            return list(self._rules.values())

    def add(self, members: Any) -> Rule:
        """A new rule, in force when this returns.

        Args:
            members: Its members, as JSON.

        Raises:
            AwsError: ValidationException: what is asked for is no rule.
        """
        given = checked(members)
        with self._lock:
            number = 1 + max((int(name[1:]) for name in self._rules), default=0)
            rule = Rule(id=f"f{number}", **given)
            self.store.put(KIND, rule.id, rule.document())
            self._rules[rule.id] = rule
            self._note_kinds()
        return rule

    def remove(self, name: str) -> Rule:
        """Take a rule back; what it was.

        Raises:
            AwsError: ResourceNotFound.
        """
        with self._lock:
            rule = self._rules.get(name)
            if rule is None:
                there = ", ".join(self._rules) or "there is none"
                raise AwsError("ResourceNotFound", f"no fault rule {name!r}; rules: {there}", 404)
            self._forget([name])
        return rule

    def clear(self) -> int:
        """Take every rule back; how many there were."""
        with self._lock:
            names = list(self._rules)
            self._forget(names)
        return len(names)

    def _forget(self, names: list[str]) -> None:
        for name in names:
            self.store.delete(KIND, name)
            del self._rules[name]
        self._note_kinds()

    def _note_kinds(self) -> None:
        """Keep what is asked at every call, and the store's memory of the past, in step with the rules."""
        self.strike_calls = any(not rule.of_job for rule in self._rules.values())
        self.store.remember(any(rule.effect == "stale" for rule in self._rules.values()))

    def wait(self, seconds: float) -> None:
        """Hold a call up; not longer than the server runs."""
        self._stopped.wait(seconds)

    def stop(self) -> None:
        """Let every call go that is held up."""
        self._stopped.set()
