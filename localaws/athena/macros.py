r"""Trino's functions and operators where DuckDB's own mean something else, as DuckDB macros.

A macro ``trino_<name>`` is its name on a line and below it a line for each form: parameters in brackets,
then the body, which may go on in lines set deeper. Typed parameters choose by the arguments' types when
a query is bound, so that ``divide`` is integer division for integers. Names inside lambdas begin with
``__``: no column is caught by them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from localaws.athena.arraymacros import ARRAYS, JSON
from localaws.athena.scalarmacros import CASTS, NUMBERS, OPERATORS, TEXT, TIME


@dataclass(frozen=True)
class Form:
    """One form of a macro.

    Attributes:
        types: DuckDB's types of its parameters, empty for a parameter of any type.
        parameters: The parameters as listed.
        body: What the call stands for.
    """

    types: tuple[str, ...]
    parameters: str
    body: str


def _forms(text: str) -> Iterator[tuple[str, tuple[Form, ...]]]:
    """Each macro of a listing with its forms."""
    for listing in re.split(r"\n(?=\w)", text.strip()):
        name, *lines = listing.split("\n")
        yield name, tuple(_form(form) for form in re.split(r"\n(?=  \()", "\n".join(lines)))


def _form(text: str) -> Form:
    parameters, _, body = text.strip().removeprefix("(").partition(") ")
    words = [parameter.split() for parameter in parameters.split(", ") if parameter]
    return Form(tuple(" ".join(parts[1:]) for parts in words), parameters, body)


FORMS: dict[str, tuple[Form, ...]] = {
    name: forms
    for listing in (OPERATORS, CASTS, TIME, TEXT, NUMBERS, ARRAYS, JSON)
    for name, forms in _forms(listing)
}


def variant(name: str, number: int) -> str:
    """The macro that is one form of a typed one, whatever the arguments' types.

    DuckDB cannot choose among typed forms where an argument is an aggregate, nor in a correlated UNNEST;
    there the form must be chosen beforehand.
    """
    return f"trino_{name}_{number}"


def _statements() -> Iterator[str]:
    for name, forms in FORMS.items():
        yield f"create macro trino_{name}" + ", ".join(
            f"({form.parameters}) as {form.body}" for form in forms
        )
        for number, form in enumerate(forms):
            if any(any(other.types) for other in forms):
                bare = ", ".join(parameter.split()[0] for parameter in form.parameters.split(", "))
                yield f"create macro {variant(name, number)}({bare}) as {form.body}"


STATEMENTS: tuple[str, ...] = tuple(_statements())
