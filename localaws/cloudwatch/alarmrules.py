"""The rule of a composite alarm: ``ALARM("a") AND (OK(b) OR NOT INSUFFICIENT_DATA(c))``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from localaws.cloudwatch.requests import invalid, not_implemented

TOKEN = re.compile(r'\s*(?:(?P<call>ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?P<alarm>"[^"]*"|[^()"]+?)\s*\)'
                   r"|(?P<word>AND|OR|NOT|TRUE|FALSE)\b|(?P<sign>[()]))")  # fmt: skip
State = Callable[[str], str | None]
"""The state of an alarm by name; None where there is none."""


@dataclass(frozen=True)
class Rule:
    """A rule that has been read.

    Attributes:
        children: The names of the alarms it speaks of, in order, each once.
        holds: Whether it is true in the states of alarms.
    """

    children: tuple[str, ...]
    holds: Callable[[State], bool]

    @classmethod
    def read(cls, text: str) -> Rule:
        """A rule off its text.

        Raises:
            AwsError: ValidationError where it cannot be read, NotImplemented for AT_LEAST.
        """
        parser = _Parser(text)
        holds = parser.whole()
        return cls(tuple(dict.fromkeys(parser.children)), holds)


class _Parser:
    """Reads a rule: NOT binds more tightly than AND, AND more than OR."""

    def __init__(self, text: str) -> None:
        if re.search(r"\bAT_LEAST\s*\(", text):
            raise not_implemented("AT_LEAST in an AlarmRule")
        self._text = text.rstrip()
        self._place = 0
        self.children: list[str] = []

    def whole(self) -> Callable[[State], bool]:
        rule = self._any()
        if self._place < len(self._text):
            raise self._unreadable()
        return rule

    def _unreadable(self) -> Exception:
        rest = self._text[self._place :].strip() or "its end"
        return invalid(f"The AlarmRule cannot be read from {rest[:80]!r} on")

    def _next(self) -> re.Match[str] | None:
        return TOKEN.match(self._text, self._place)

    def _accept(self, word: str) -> bool:
        found = self._next()
        if not found or found[0].strip() != word:
            return False
        self._place = found.end()
        return True

    def _any(self) -> Callable[[State], bool]:
        parts = [self._all()]
        while self._accept("OR"):
            parts.append(self._all())
        return lambda state: any(part(state) for part in parts)

    def _all(self) -> Callable[[State], bool]:
        parts = [self._one()]
        while self._accept("AND"):
            parts.append(self._one())
        return lambda state: all(part(state) for part in parts)

    def _one(self) -> Callable[[State], bool]:
        if self._accept("NOT"):
            inner = self._one()
            return lambda state: not inner(state)
        if self._accept("("):
            inside = self._any()
            if not self._accept(")"):
                raise self._unreadable()
            return inside
        if self._accept("TRUE"):
            return lambda state: True
        if self._accept("FALSE"):
            return lambda state: False
        found = self._next()
        if not found or not found["call"]:
            raise self._unreadable()
        self._place = found.end()
        wanted, name = found["call"], _alarm_name(found["alarm"].strip('"'))
        self.children.append(name)
        return lambda state: state(name) == wanted


def _alarm_name(text: str) -> str:
    """A name off itself or an ARN."""
    return text.partition(":alarm:")[2] if text.startswith("arn:") else text
