"""DataProcessing of a transform: which part of a record the model gets, and what is written of its answer.

The JSONPath subset of the filters: ``$``, ``$[i]``, ``$[i:j]``, ``$[a,b,-1]``, ``$.a.b``, ``$['a']`` and
``$['a','b']``. A CSV record is a list of its columns.

Source: Amazon SageMaker Developer Guide, "Associate Prediction Results with Input Records".
"""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass
from typing import Any

from localaws.sagemaker.refusals import invalid, not_implemented

Step = str | int | slice | tuple[Any, ...]
STEP = re.compile(r"\.(?P<name>[A-Za-z_]\w*)|\[(?P<inside>[^\[\]]*)\]")
QUOTED = re.compile(r"""'([^']*)'|"([^"]*)\"""")
INTEGER = re.compile(r"-?\d+")


class NoSuchPart(Exception):
    """A record does not have what a filter names."""


@dataclass(frozen=True)
class Filter:
    """A parsed filter."""

    text: str
    steps: tuple[Step, ...]

    @classmethod
    def parse(cls, text: str) -> Filter:
        """The filter a JSONPath of the subset means.

        Raises:
            AwsError: ValidationException, naming it.
        """
        rest, steps = text.removeprefix("$"), []
        if rest == text and text:
            raise invalid(f"The filter {text!r} does not begin with $")
        while rest:
            found = STEP.match(rest)
            if not found:
                raise not_implemented(
                    f"the filter {text!r}: {rest!r} is none of .name, [i], [i:j], [a,b], ['a','b']"
                )
            steps.append(found["name"] or _inside(found["inside"], text))
            rest = rest[found.end() :]
        if any(isinstance(step, slice | tuple) for step in steps[:-1]):
            raise not_implemented(f"the filter {text!r}: a slice or a list may only come last")
        return cls(text, tuple(steps))

    def apply(self, record: Any) -> Any:
        """The part of a record.

        Raises:
            NoSuchPart: It is not there.
        """
        for step in self.steps:
            try:
                if isinstance(step, tuple) and isinstance(record, dict):
                    record = {name: record[name] for name in step}
                elif isinstance(step, tuple):
                    record = [record[index] for index in step]
                else:
                    record = record[step]
            except (KeyError, IndexError, TypeError) as error:
                raise NoSuchPart(f"the record has nothing at {self.text}") from error
        return record


def _inside(text: str, whole: str) -> Step:
    """The step between square brackets."""
    parts = [part.strip() for part in text.split(",")]
    if all(QUOTED.fullmatch(part) for part in parts):
        names = tuple(part[1:-1] for part in parts)
        return names if len(names) > 1 else names[0]
    if all(INTEGER.fullmatch(part) for part in parts):
        numbers = tuple(int(part) for part in parts)
        return numbers if len(numbers) > 1 else numbers[0]
    bounds = [bound.strip() for bound in text.split(":")]
    if len(bounds) == 2 and all(not bound or INTEGER.fullmatch(bound) for bound in bounds):
        first, last = (int(bound) if bound else None for bound in bounds)
        return slice(first, last)
    raise not_implemented(f"the filter {whole!r}: [{text}] is none of [i], [i:j], [a,b], ['a','b']")


def read_csv(line: str) -> list[str]:
    """The columns of one line."""
    return next(csv.reader([line]), [])


def write_csv(columns: Any) -> str:
    """One line of columns; a single value is a single column."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(columns if isinstance(columns, list) else [columns])
    return buffer.getvalue()


def filtered(record: str, by: Filter, *, is_csv: bool) -> str:
    """A record, as text, cut to what a filter names.

    Raises:
        NoSuchPart: It is not there, or the record is not JSON.
    """
    if not by.steps:
        return record
    return write_csv(by.apply(read_csv(record))) if is_csv else json.dumps(by.apply(_json(record)))


def joined(record: str, output: str, *, is_csv: bool) -> str:
    """A record with the model's answer: as further columns, or as the member SageMakerOutput."""
    if is_csv:
        return f"{record},{output}"
    given, said = _json(record), _json(output)
    whole = given if isinstance(given, dict) else {"SageMakerInput": given}
    return json.dumps({**whole, "SageMakerOutput": said})


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise NoSuchPart(f"the record is not JSON: {text[:200]!r}") from error
