"""Problems: everything wrong with step files at once, each with file, line, path and nearest match."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from foldline.credentials import names_secret
from foldline.errors import ConfigError
from foldline.redaction import MARK, redacted
from foldline.stepfiles.documents import Document, KeyPath, Unreadable
from foldline.steps.fields import slot_at
from foldline.steps.settings import Conflict, Conflicts

MOST = 100
"""Problems that are told of one file: whoever broke more than these broke them all in one way."""
_EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "text; quote it if it looks like something else",
    "date_type": "a date such as 2013-12-31",
    "tuple_type": "a list such as [a, b]",
    "list_type": "a list such as [a, b]",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
    "greater_than_equal": "at least {ge}",
    "greater_than": "above {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "below {lt}",
    "too_long": "a list of at most {max_length} entries",
    "string_too_long": "text of at most {max_length} characters",
}
"""What pydantic's error types ask for, in words."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a step file, an environment file, a query or a request.

    Attributes:
        file: Where it is written, below the project root.
        line: Line number from 1; 0 when the whole file, or no file, is meant.
        path: Key path inside the file, such as ``search.trials``; empty for the whole file.
        message: What is there and what must be.
        expected: What must be there, when it can be said in a few words.
        nearest: The known word most like the one that was written, or empty.
    """

    file: str
    line: int
    path: str
    message: str
    expected: str = ""
    nearest: str = ""

    def __str__(self) -> str:
        text = f"{self.path}: {self.message}" if self.path else self.message
        return f"{text}; did you mean {self.nearest!r}?" if self.nearest else text

    def as_dict(self) -> dict[str, Any]:
        """The problem for ``--output json``."""
        return asdict(self)


def nearest(word: Any, known: Iterable[str]) -> str:
    """The known word most like ``word``, or an empty text when none is near."""
    candidates = {name.lower(): name for name in known}
    match = difflib.get_close_matches(str(word).lower(), candidates, n=1, cutoff=0.6)
    return candidates[match[0]] if match else ""


def path_text(path: Sequence[str | int]) -> str:
    """A key path as a reader writes it: ``tables[2]``, ``columns.temp.min``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.lstrip(".")


def shown(value: Any) -> str:
    """A value as a message quotes it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = redacted(repr(value) if isinstance(value, str) else str(value))
    return text if len(text) <= 60 else text[:57] + "…"


def unreadable(error: Unreadable) -> Problem:
    """The problem of a file that is no document."""
    return Problem(error.file, error.line, "", error.message)


def conflict_problem(conflict: Conflict, document: Document, below: KeyPath = ()) -> Problem:
    """The problem of settings that do not agree."""
    path = (*below, *conflict.path)
    place = document.place(path)
    return Problem(place.file, place.line, path_text(path), conflict.message, nearest=conflict.nearest)


def model_problems(error: ValidationError, model: type[BaseModel], document: Document) -> list[Problem]:
    """All problems pydantic found in ``document``, in the order of their lines."""
    problems: list[Problem] = []
    details = error.errors(include_url=False)
    if len(details) > MOST:
        problems.append(
            Problem(document.file, 1, "", f"has {len(details)} problems; the first {MOST} are told")
        )
    for detail in details[:MOST]:
        path = tuple(part for part in detail["loc"] if part != "[key]")
        cause = detail.get("ctx", {}).get("error")
        if isinstance(cause, Conflicts):
            problems += [conflict_problem(conflict, document, path) for conflict in cause.conflicts]
            continue
        place = document.place(path)
        message, expected, near = _words(detail, path, model)
        if any(names_secret(str(part)) for part in path):
            message = message.replace(shown(detail["input"]), MARK)
        message = redacted(message)
        problems.append(Problem(place.file, place.line, path_text(path), message, expected, near))
    return sorted(set(problems), key=lambda problem: (problem.file, problem.line, problem.path))


def _words(detail: Any, path: KeyPath, model: type[BaseModel]) -> tuple[str, str, str]:
    kind, context, value = detail["type"], detail.get("ctx", {}), detail["input"]
    if kind == "extra_forbidden":
        return _unknown_key(path, model)
    if kind == "missing":
        slot = slot_at(model, path)
        description = (slot.field.description if slot and slot.field else "") or ""
        return "is missing" + (f" ({description.rstrip('.')})" if description else ""), description, ""
    if kind == "literal_error":
        choices = re.findall(r"'((?:[^'\\]|\\.)*)'", context["expected"])
        expected = "one of " + ", ".join(choices) if len(choices) > 1 else repr(choices[0])
        near = nearest(value, choices) if isinstance(value, str) else ""
        return f"{shown(value)}, must be {expected}", expected, near
    if kind in ("too_short", "string_too_short"):
        return "must not be empty", "at least one entry", ""
    if kind in _EXPECTED:
        expected = _EXPECTED[kind].format(**{key: _number(limit) for key, limit in context.items()})
        return f"{shown(value)}, must be {expected}", expected, ""
    return str(context.get("error", detail["msg"])), "", ""


def _number(limit: Any) -> Any:
    """A bound as it would be written: pydantic makes 0.0 of the 0 that bounds a float."""
    return int(limit) if isinstance(limit, float) and limit.is_integer() else limit


def _unknown_key(path: KeyPath, model: type[BaseModel]) -> tuple[str, str, str]:
    around = slot_at(model, path[:-1])
    known = around.keys if around is not None else []
    expected = "one of " + ", ".join(known) if known else "no key at all"
    near = nearest(path[-1], known)
    return ("unknown key" if near else f"unknown key, must be {expected}"), expected, near


def rendered(problems: Iterable[Problem], environment: str = "") -> str:
    """The problems as a reader sees them, file by file."""
    by_file: dict[str, list[Problem]] = {}
    for problem in problems:
        by_file.setdefault(problem.file, []).append(problem)
    blocks = []
    for file, found in by_file.items():
        count = "1 problem" if len(found) == 1 else f"{len(found)} problems"
        where = f" (environment {environment})" if environment else ""
        marks = [f"line {problem.line}" if problem.line else "" for problem in found]
        width = max(map(len, marks))
        lines = [
            f"  {mark:<{width}}{'  ' if width else ''}{problem}"
            for mark, problem in zip(marks, found, strict=True)
        ]
        blocks.append("\n".join([f"{file}{where}: {count}", *lines]))
    return "\n".join(blocks)


def raise_if_any(problems: Sequence[Problem], environment: str, mend: str = "") -> None:
    """Stop at step files with problems.

    Raises:
        ConfigError: There is a problem; all of them are in the message.
    """
    if problems:
        raise ConfigError(rendered(problems, environment), mend=mend)
